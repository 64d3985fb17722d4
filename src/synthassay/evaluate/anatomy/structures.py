"""Where the body is and which structures are seen in it, found in the same way on both sides of a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from synthassay.errors import ImageError, NotMeasured
from synthassay.images.image import Geometry, Image
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Spatial, SpatialMask
from synthassay.tasks.foreground import foreground

BONE_FROM_HU = 250.0
AIR_BELOW_HU = -300.0
AXES = {2: ("rows", "columns"), 3: ("x", "y", "z")}
LEFT_RIGHT = {2: 1, 3: 0}

Specimens = Sequence[Specimen]


@dataclass(frozen=True)
class Footing:
    """Which drawings every set of a comparison has; one that a set lacks is used for none of them.

    Attributes:
        masks: Whether masks are drawn on all sets; else the body is found in each image's own pixels.
        structures: Whether label maps are; else structures are found by thresholds.
        spacing_mm: Size of a pixel that all sets share; empty where it is unknown.
    """

    masks: bool
    structures: bool
    spacing_mm: tuple[float, ...]

    @classmethod
    def of(cls, *sets: Specimens | None, stained: bool = False) -> Footing:
        """Look at the first image of each set.

        Raises:
            NotMeasured: Images are stained tissue and ``stained`` is false, or the sets have pixels of different size
                or of different dimensions.
        """
        firsts = [images[0] for images in sets if images is not None and len(images)]
        if not stained and any(first.unit is Unit.RGB for first in firsts):
            raise NotMeasured("stained tissue shows cells, not organs: see the measures of pathology")
        spacings = {tuple(round(mm, 3) for mm in first.spacing_mm) for first in firsts}
        if len({len(first.space) for first in firsts}) > 1 or len(spacings) > 1:
            shown = " and ".join(sorted(" x ".join(f"{mm:g}" for mm in s) or "unknown" for s in spacings))
            raise NotMeasured(f"the sets differ in dimension or in the size of a pixel ({shown} mm): resample first")
        return cls(
            masks=all(first.mask is not None for first in firsts),
            structures=all(first.structures is not None for first in firsts),
            spacing_mm=firsts[0].spacing_mm if firsts else (),
        )

    def settings(self) -> dict[str, str | float | int | bool]:
        """For the record of a measurement."""
        return {
            "body": "the drawn masks" if self.masks else "found in each image",
            "structures": "label maps" if self.structures else "thresholds",
            "spacing_mm": " x ".join(f"{mm:g}" for mm in self.spacing_mm) or "unknown; lengths are in pixels",
        }


def grey(specimen: Specimen) -> Spatial:
    """The image as one channel, as floats; channels are averaged."""
    return specimen.pixels.astype(np.float64).mean(axis=0)


def body_of(specimen: Specimen, footing: Footing) -> SpatialMask:
    """Where the subject is: the drawn mask, or the foreground of the image's own pixels; all of a stained section.

    Raises:
        NotMeasured: There is none, or a value inside it is not finite.
    """
    values = grey(specimen)
    if footing.masks:
        if specimen.mask is None or not specimen.mask.any():
            raise NotMeasured("its mask is empty or missing")
        body = specimen.mask
    elif specimen.unit is Unit.RGB:
        body = np.ones(specimen.space, bool)
    else:
        if not np.isfinite(values).all():
            raise NotMeasured("it holds values that are not finite, and no mask says where to measure")
        image = Image(specimen.pixels, Geometry(spacing_mm=specimen.spacing_mm), specimen.unit)
        try:
            body = foreground(image, specimen.case)
        except ImageError as problem:
            raise NotMeasured("it shows nothing but background") from problem
    if not np.isfinite(values[body]).all():
        raise NotMeasured("it holds values inside the body that are not finite")
    return body


def structures_of(specimen: Specimen, body: SpatialMask, footing: Footing) -> Iterator[tuple[str, SpatialMask]]:
    """Yield each structure's name and where it is; one that the image lacks is not yielded.

    Drawn label maps are taken as they are. Without them: the body; in CT its bone (from 250 HU) and its air (below -300
    HU); elsewhere its bright part, above Otsu's threshold of the body, after a Gaussian of one pixel.

    Raises:
        NotMeasured: Label maps are used and this image has none.
    """
    if footing.structures:
        if specimen.structures is None:
            raise NotMeasured("no structures are drawn on it")
        labels = np.nan_to_num(specimen.structures).astype(np.int64)
        for label, place in enumerate(ndimage.find_objects(labels), start=1):
            if place is not None:
                yield named(label, specimen.structure_names), labels == label
        return
    yield "body", body
    values = np.where(body, grey(specimen), 0.0)
    if specimen.unit is Unit.HU:
        found = {"bone": body & (values >= BONE_FROM_HU), "air": body & (values < AIR_BELOW_HU)}
    else:
        smooth = smoothed(values, body)
        inside = smooth[body]
        found = {}
        if np.ptp(inside) > 1e-6 * np.abs(inside).max():
            found["bright part"] = body & (smooth > threshold_otsu(inside))
    for name, where in found.items():
        if where.any():
            yield name, where


def smoothed(values: Spatial, body: SpatialMask) -> Spatial:
    """Gaussian of one pixel that sees the body alone."""
    weight = ndimage.gaussian_filter(body.astype(np.float64), 1.0)
    return np.where(body, ndimage.gaussian_filter(values, 1.0) / np.maximum(weight, 1e-12), 0.0)


def named(label: int, names: Mapping[int, str]) -> str:
    """A structure's name, or its label where it has none."""
    return names.get(label, f"label {label}")
