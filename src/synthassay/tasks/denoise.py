"""Denoising: routine-dose CT from low-dose CT, whose noise is simulated in the projection domain."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from torch import Tensor

from synthassay.data.dose import simulate_low_dose
from synthassay.data.lesions import lesion_kinds, lesion_signal, lesion_sites
from synthassay.errors import ImageError
from synthassay.images.image import Image
from synthassay.networks.batch import Batch
from synthassay.randomness import stream
from synthassay.records.cohort import Case
from synthassay.records.manifest import InsertedLesion
from synthassay.records.vocabulary import Role, Unit
from synthassay.tasks.base import TASKS, Request
from synthassay.tasks.paired import PairedTask
from synthassay.tasks.slices import WHOLE_AXES, Pair, stacked, to_model


@TASKS.add("denoise")
class Denoise(PairedTask):
    """Make the routine-dose image from what ``[denoise] dose_fraction`` of its photons would have shown.

    The reference is the real image; the source is the real image plus the projection-domain noise of the missing
    photons (``data.dose``). Each case draws its noise from its own stream, so that its source is the same in training,
    synthesis and evaluation, and in every run of the study. Lesions that are added to see whether denoising keeps them
    are added to that same source, so that a slice with and a slice without a lesion have the same noise.
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

    @property
    def inserts(self) -> bool:
        """Whether the study wants lesions added."""
        return self.spec.evaluation.inserted_lesions > 0

    def inserted(self) -> tuple[Request, ...]:
        """The slice through each lesion that is added to each site of each case of the sampling split."""
        found = []
        for ordinary in self.requests() if self.inserts else ():
            spacing = self.pairs(ordinary.reference_case).reference.geometry.spacing_mm
            for at, centre in enumerate(self._sites(ordinary.reference_case)):
                for diameter, contrast in lesion_kinds(spacing):
                    lesion = InsertedLesion(centre=centre, diameter_mm=diameter, contrast=contrast)
                    name = f"{ordinary.case}-site{at + 1}-{diameter:g}mm-{contrast:g}hu"
                    told = {**ordinary.condition, "lesion": f"{diameter:g} mm, {contrast:g} HU at {list(centre)}"}
                    found.append(replace(ordinary, case=name, condition=told, lesion=lesion))
        return tuple(found)

    def condition(self, request: Request, neighbours: int = 1) -> Batch:
        """The slices of the request's source; of a source with a lesion the one through its centre."""
        if request.lesion is None:
            return super().condition(request, neighbours)
        source, lesion = self.pairs(request.reference_case).source, request.lesion
        signal = lesion_signal(
            source.space, source.geometry.spacing_mm, lesion.centre, lesion.diameter_mm, lesion.contrast
        )
        shown = source.with_pixels(source.pixels + signal)
        return Batch(source=to_model([stacked(shown, [request.first_slice], neighbours)], self.scale))

    def image(self, request: Request, generated: Tensor) -> Image:
        """The generated slices as one image; a slice through a lesion lies where it does in the volume."""
        if request.lesion is not None and generated.ndim == WHOLE_AXES:
            generated = generated[..., request.first_slice]
        whole = super().image(request, generated)
        affine = whole.geometry.affine
        if request.lesion is None or len(whole.space) == 2 or affine is None:
            return whole
        moved = affine.copy()
        moved[:3, 3] += affine[:3, 2] * request.first_slice
        return replace(whole, geometry=replace(whole.geometry, affine=moved))

    def _sites(self, case: str) -> tuple[tuple[int, ...], ...]:
        if case not in self._found_sites:
            reference, known = self.pairs(case).reference, self._cases[case]
            self._found_sites[case] = lesion_sites(
                reference.pixels[0],
                self.mask(known),
                reference.geometry.spacing_mm,
                self.spec.evaluation.inserted_lesions,
                stream(self.spec.seed, "lesion sites", case),
            )
        return self._found_sites[case]

    @cached_property
    def _found_sites(self) -> dict[str, tuple[tuple[int, ...], ...]]:
        return {}

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
