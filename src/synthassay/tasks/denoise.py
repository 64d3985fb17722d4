"""Denoising: routine-dose CT from low-dose CT, whose noise is simulated in the projection domain."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from synthassay.data.dose import simulate_low_dose
from synthassay.errors import ImageError
from synthassay.images.image import Image
from synthassay.randomness import stream
from synthassay.records.cohort import Case
from synthassay.records.vocabulary import Role, Unit
from synthassay.tasks.base import TASKS
from synthassay.tasks.paired import PairedTask
from synthassay.tasks.slices import Pair


@TASKS.add("denoise")
class Denoise(PairedTask):
    """Make the routine-dose image from what ``[denoise] dose_fraction`` of its photons would have shown.

    The reference is the real image; the source is the real image plus the projection-domain noise of the missing
    photons (``data.dose``). Each case draws its noise from its own stream, so that its source is the same in training,
    synthesis and evaluation, and in every run of the study.
    """

    name: ClassVar[str] = "denoise"
    baselines: ClassVar[tuple[str, ...]] = ("identity", "linear_regression", "non_local_means")

    def roles(self) -> tuple[str, ...]:
        """The routine-dose image alone: its low-dose version is made from it."""
        return (self.spec.data.image or Role.IMAGE.value,)

    def pair(self, case: Case) -> Pair:
        """Read the routine-dose image and simulate its low-dose version.

        Raises:
            ImageError: The image is not in HU, or its voxel size is unknown.
        """
        reference = self.store.image(case, self.roles()[0])
        if reference.unit != Unit.HU or not reference.geometry.spacing_mm:
            what = "is not in HU with a known voxel size, so the noise of a dose cannot be simulated"
            remedy = "Denoising studies need CT images in Hounsfield units."
            raise ImageError(f"{case.case}: {self.roles()[0]}", what, value=reference.unit, remedy=remedy)
        planes = [self._low_dose(channel, reference, case, at) for at, channel in enumerate(reference.pixels)]
        return Pair(reference.with_pixels(np.stack(planes)), reference.with_pixels(reference.pixels.astype(np.float32)))

    def words(self, case: Case) -> dict[str, str]:
        """The simulated dose."""
        return {"dose_fraction": f"{self.spec.denoise.dose_fraction:g}"}

    def _low_dose(self, channel: np.ndarray, reference: Image, case: Case, at: int) -> np.ndarray:
        return simulate_low_dose(
            channel.astype(np.float32),
            spacing_mm=reference.geometry.spacing_mm,
            dose_fraction=self.spec.denoise.dose_fraction,
            rng=stream(self.spec.seed, "dose", case.case, at),
        )
