"""Volumes made slice by slice: slices that jump, that are blank, that repeat, and a step from one slice on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.failures.failure import OURS, Matter, failure
from synthassay.failures.movement import direction, moved, slice_axis, slices_with_tissue
from synthassay.failures.tissue import AIR_HU, inside, with_values
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality, Unit

VOLUMES = (Modality.MRI, Modality.CT)
LEAST_SLICES = 4
GEOMETRIC = Matter(
    2.0, "geometric accuracy asked of MR images from which radiotherapy is planned", "doi:10.1002/mp.14695"
)


@failure(
    title="Slice jitter",
    unit="mm (RMS)",
    severities=(0.5, 1.0, 2.0, 3.0, 4.0, 6.0),
    modalities=VOLUMES,
    dimensions=(3,),
    needs=("spacing_mm",),
    matters=GEOMETRIC,
)
def slice_jitter(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Shift every slice within its plane by a random vector of its own; their RMS length is ``severity`` mm."""
    axis = slice_axis(specimen)
    drawn = rng.standard_normal((specimen.space[axis], 2))
    tissue = slices_with_tissue(specimen, inside(specimen), axis)
    drawn -= drawn[tissue].mean(axis=0)
    drawn /= max(float(np.sqrt((drawn[tissue] ** 2).sum(axis=1).mean())), 1e-12)
    return _slices_shifted(specimen, axis, severity * drawn)


@failure(
    title="3D discontinuity",
    unit="mm",
    severities=(0.5, 1.0, 2.0, 3.0, 5.0, 8.0),
    modalities=VOLUMES,
    dimensions=(3,),
    needs=("spacing_mm",),
    matters=GEOMETRIC,
)
def volume_discontinuity(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Shift all slices from one on, drawn in the middle half of the tissue, by ``severity`` mm within their plane."""
    axis = slice_axis(specimen)
    tissue = slices_with_tissue(specimen, inside(specimen), axis)
    first = int(tissue[0] + (0.25 + 0.5 * rng.random()) * (tissue[-1] - tissue[0] + 1))
    shifts = np.zeros((specimen.space[axis], 2))
    shifts[first:] = severity * direction(rng, 2)
    return _slices_shifted(specimen, axis, shifts)


@failure(
    title="Slice dropout",
    unit="% of the slices",
    severities=(2.0, 5.0, 10.0, 20.0, 40.0),
    modalities=VOLUMES,
    dimensions=(3,),
    matters=Matter(2.0, "one blank slice may have been the one with the lesion", OURS),
)
def slice_dropout(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Blank ``severity`` % of the slices that hold tissue, at least one: air in HU, else the image's least value.

    No structure and no lesion is drawn on a blank slice; the mask, which says where the body is, stays.
    """
    axis = slice_axis(specimen)
    lost = slices_lost(specimen, axis, severity, rng)
    pixels = np.moveaxis(specimen.pixels.copy(), axis + 1, 1)
    for plane in pixels:
        plane[lost] = AIR_HU if specimen.unit is Unit.HU else plane.min()
    blank = with_values(specimen, np.moveaxis(pixels, 1, axis + 1))
    return _drawn_again(blank, axis, lambda drawn: _emptied(drawn, lost))


@failure(
    title="Slice repetition",
    unit="% of the slices",
    severities=(2.0, 5.0, 10.0, 20.0, 40.0),
    modalities=VOLUMES,
    dimensions=(3,),
    matters=Matter(2.0, "one slice that was never made may have been the one with the lesion", OURS),
)
def slice_repetition(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Replace ``severity`` % of the slices that hold tissue, at least one, by the nearest slice that is kept."""
    axis = slice_axis(specimen)
    lost = slices_lost(specimen, axis, severity, rng)
    kept = np.setdiff1d(np.arange(specimen.space[axis]), lost)
    source = np.arange(specimen.space[axis])
    source[lost] = kept[np.abs(lost[:, None] - kept[None, :]).argmin(axis=1)]
    repeated = specimen.replace(pixels=np.take(specimen.pixels, source, axis=axis + 1))
    return _drawn_again(repeated, axis, lambda drawn: drawn[source])


def slices_lost(specimen: Specimen, axis: int, percent: float, rng: np.random.Generator) -> np.ndarray:
    """Indices of the slices that a dose takes; a larger dose takes those of a smaller one and more.

    Raises:
        NotMeasured: Fewer than four slices hold tissue.
    """
    tissue = slices_with_tissue(specimen, inside(specimen), axis)
    if len(tissue) < LEAST_SLICES:
        where = specimen.case or "the image"
        raise NotMeasured(f"{where} has {len(tissue)} slices with tissue, fewer than {LEAST_SLICES}")
    order = rng.permutation(tissue)
    return np.sort(order[: int(np.clip(round(percent / 100 * len(tissue)), 1, len(tissue) - 1))])


def _slices_shifted(specimen: Specimen, axis: int, shifts_mm: np.ndarray) -> Specimen:
    in_plane = [spacing for other, spacing in enumerate(specimen.spacing_mm) if other != axis]
    shifts = shifts_mm / np.asarray(in_plane)

    def move(array: np.ndarray, order: int) -> np.ndarray:
        slices = np.moveaxis(array, axis, 0)
        found = [
            ndimage.shift(one, shift, order=order, mode="nearest") if shift.any() else one
            for one, shift in zip(slices, shifts, strict=True)
        ]
        return np.ascontiguousarray(np.moveaxis(np.stack(found), 0, axis))

    return moved(specimen, move)


def _drawn_again(specimen: Specimen, axis: int, change: Callable[[np.ndarray], np.ndarray]) -> Specimen:
    changes = {}
    for name in ("structures", "lesion"):
        drawn: np.ndarray | None = getattr(specimen, name)
        if drawn is not None:
            changes[name] = np.moveaxis(change(np.moveaxis(drawn, axis, 0).copy()), 0, axis)
    return specimen.replace(**changes)


def _emptied(drawn: np.ndarray, lost: np.ndarray) -> np.ndarray:
    drawn[lost] = 0
    return drawn
