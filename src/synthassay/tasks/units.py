"""In which unit a task gives its images, and which values its generators see; declared, never guessed from values."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from synthassay.data.npz.archive import Archive, ArrayCache
from synthassay.data.store import ImageStore
from synthassay.errors import Fault, ImageError, SpecError
from synthassay.images.image import Image
from synthassay.images.intensity import percentile_normalise
from synthassay.records.base import inside
from synthassay.records.cohort import Cohort, Locator
from synthassay.records.spec import StudySpec
from synthassay.records.vocabulary import Modality, Unit
from synthassay.shapes import SpatialMask

CT_WINDOW = (-1024.0, 3071.0)  # a 12-bit scanner's range
RELATIVE_WINDOW = (0.0, 1.5)
RELATIVE_PERCENTILE = 99.5


def is_relative(spec: StudySpec, unit: Unit) -> bool:
    """Whether values mean something only within one acquisition, so that images are given in relative units.

    In a study that translates to CT, an image of arbitrary unit is the MR that it translates from.
    """
    mr = spec.modality == Modality.MRI or (spec.modality == Modality.CT and spec.task.startswith("translate"))
    return mr and unit == Unit.ARBITRARY


def relative(image: Image, mask: SpatialMask, where: str) -> Image:
    """Return the image with its 99.5th percentile inside the mask as 1, and 0 as 0.

    The scale of an MR image is the scanner's own; only ratios within the acquisition are physical. Values above 1 are
    kept.

    Raises:
        ImageError: The mask is of another size, or the percentile is not positive; the message names ``where``.

    Source: doi:10.1109/42.836373 (Nyul et al. 2000, percentile landmarks of the histogram).
    """
    try:
        return image.with_pixels(percentile_normalise(image.pixels, mask, RELATIVE_PERCENTILE))
    except ImageError as problem:
        raise ImageError(
            f"{where}: {problem.where}", problem.what, value=problem.value, remedy=problem.remedy
        ) from None


def stored_type(cohort: Cohort, where: Locator) -> np.dtype:
    """Return the pixel type that an image has on disk; 8 bits declare a range, floating point declares none."""
    if where.path.lower().endswith(".npz"):
        return Archive(inside(Path(cohort.root), where.path), ArrayCache(0)).headers[where.key][1]
    return ImageStore(cohort).read(where).pixels.dtype


def window(spec: StudySpec, unit: Unit, stored: np.dtype, where: str) -> tuple[float, float]:
    """Return the values that the model's scale [-1, 1] stands for, in the unit in which the task gives images.

    The study's own window where it has one; else 0 to 1.5 for MR in relative units, -1024 to 3071 HU for CT, 0 to 255
    for pictures of 8 bits.

    Args:
        spec: The study.
        unit: Unit of the images.
        stored: Pixel type of the images as they are stored.
        where: Name of a case, for the message.

    Raises:
        SpecError: The study gives no window, and neither unit nor pixel type implies one.
    """
    if spec.data.window is not None:
        return spec.data.window
    if unit == Unit.HU:
        return CT_WINDOW
    if is_relative(spec, unit):
        return RELATIVE_WINDOW
    if stored == np.uint8:
        return (0.0, 255.0)
    remedy = "Write the lowest and highest meaningful value, e.g. window = [0, 4095]."
    raise SpecError("study", [Fault("data.window", f"is needed for {stored} pixels ({where})", None, remedy)])
