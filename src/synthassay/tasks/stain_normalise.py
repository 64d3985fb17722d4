"""Stain normalisation: tiles of any laboratory or scanner, with the colours of one."""

from __future__ import annotations

from typing import ClassVar

from synthassay.errors import Fault, ImageError, SpecError
from synthassay.images.stain import WHITE
from synthassay.networks.batch import Facts
from synthassay.records.vocabulary import Unit
from synthassay.tasks.appearances import AppearanceTask
from synthassay.tasks.base import TASKS


@TASKS.add("stain_normalise")
class StainNormalise(AppearanceTask):
    """Give stained tiles the colours of the site or scanner ``[domains] to``, from one other or from many.

    Where the same field was scanned on the target scanner too (same subject and session, same size), that scan is the
    reference.
    """

    name: ClassVar[str] = "stain_normalise"
    baselines: ClassVar[tuple[str, ...]] = ("identity", "reinhard", "macenko", "vahadane")

    def facts(self, neighbours: int = 1) -> Facts:
        """What a generator is built for.

        Raises:
            ImageError: The images are not RGB.
            SpecError: The study gives a window of its own: dyes are told by how much of 255 levels of light they stop.
        """
        first = self._first_target
        unit = self.given(first).unit
        if unit is not Unit.RGB:
            remedy = "Use harmonise for images that are not stained sections."
            raise ImageError(first.case.case, "is not an RGB picture", value=unit.value, remedy=remedy)
        if self.data_range != (0.0, WHITE):
            remedy = "Leave [data] window out."
            raise SpecError("study", [Fault("data.window", "must be that of RGB, 0 to 255", self.data_range, remedy)])
        return super().facts(neighbours)
