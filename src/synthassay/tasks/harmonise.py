"""Harmonisation: images of all scanners or sites as one of them would have made them."""

from __future__ import annotations

from typing import ClassVar

from synthassay.tasks.appearances import AppearanceTask
from synthassay.tasks.base import TASKS


@TASKS.add("harmonise")
class Harmonise(AppearanceTask):
    """Give images the appearance of the site or scanner ``[domains] to``.

    A source from a site without a training image is refused before training by families that must have learnt every
    site (``combat``), and adapted by the others, which take it for any other source; the manifest says
    ``unseen`` of each such image.
    """

    name: ClassVar[str] = "harmonise"
    baselines: ClassVar[tuple[str, ...]] = ("identity", "histogram_matching", "combat")
