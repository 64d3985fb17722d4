"""A lesion somewhere: an observer that looks everywhere and reports the most suspicious place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage, signal

from synthassay.errors import NotMeasured
from synthassay.stats.roc import auc as empirical_auc

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Search:
    """How well an observer finds a lesion whose place it does not know.

    Attributes:
        auc: Chance that the highest rating anywhere is higher with a lesion than without.
        lroc: Chance that it is higher *and* at the lesion: the area under the localisation ROC curve.
        located: Share of images with a lesion whose highest rating lies at the lesion.
    """

    auc: float
    lroc: float
    located: float


def scan(picture: ArrayLike, template: ArrayLike) -> Floats:
    """Return the template's response at every place of a picture, of the picture's size.

    Args:
        picture: ``rows columns``.
        template: ``rows columns``, of odd sides, its centre at the lesion's; less its mean, so that brightness alone
            does not count.

    Raises:
        NotMeasured: A side of the template is even or larger than the picture.
    """
    image, form = np.asarray(picture, np.float64), np.asarray(template, np.float64)
    if any(n % 2 == 0 or n > m for n, m in zip(form.shape, image.shape, strict=True)):
        raise NotMeasured(f"a template of {form.shape} cannot scan a picture of {image.shape}")
    response: Floats = signal.fftconvolve(np.pad(image, [(n // 2, n // 2) for n in form.shape], mode="reflect"),
                                          form[::-1, ::-1], mode="valid")  # fmt: skip
    return response


def most_suspicious(response: ArrayLike, region: ArrayLike) -> tuple[float, tuple[int, ...]]:
    """Return the highest response inside the region that is searched, and where it is.

    Raises:
        NotMeasured: The region is empty.

    >>> most_suspicious([[0.0, 3.0], [9.0, 1.0]], [[True, True], [False, True]])
    (3.0, (0, 1))
    """
    where = np.asarray(region, bool)
    if not where.any():
        raise NotMeasured("there is no region to search")
    values = np.where(where, np.asarray(response, np.float64), -np.inf)
    place = np.unravel_index(int(np.argmax(values)), values.shape)
    return float(values[place]), tuple(int(i) for i in place)


def search(absent: ArrayLike, present: ArrayLike, located: ArrayLike) -> Search:
    """Return the areas under the ROC and the localisation ROC curve of highest ratings.

    With M places of equal, independent, normal noise the localised area is ∫ φ(x - d') Φ(x)^(2M-1) dx.

    Args:
        absent: Highest rating per image without a lesion.
        present: Highest rating per image with one.
        located: Whether that highest rating lies at the lesion.

    Source: Swensson, Med Phys 23:1709 (1996), doi:10.1118/1.597758.

    >>> search([0.0, 1.0], [2.0, 0.5], [True, False])
    Search(auc=0.75, lroc=0.5, located=0.5)
    """
    without, with_lesion = np.asarray(absent, np.float64), np.asarray(present, np.float64)
    right = np.asarray(located, bool)
    ratings = np.concatenate([without, with_lesion])
    positive = np.repeat([False, True], [len(without), len(with_lesion)])
    won = (with_lesion[:, None] > without[None]) + 0.5 * (with_lesion[:, None] == without[None])
    return Search(
        auc=float(empirical_auc(ratings, positive)[0]),
        lroc=float((won * right[:, None]).mean()),
        located=float(right.mean()),
    )


def within(place: tuple[int, ...], centre: tuple[float, ...], spacing_mm: tuple[float, ...], reach_mm: float) -> bool:
    """Whether a place, in pixels, lies within ``reach_mm`` of a centre.

    >>> within((3, 4), (0.0, 0.0), (1.0, 1.0), 5.0)
    True
    """
    steps = [(p - c) * s for p, c, s in zip(place, centre, spacing_mm, strict=True)]
    return float(np.hypot.reduce(steps)) <= reach_mm + 1e-9


def disc(shape: tuple[int, int], spacing_mm: tuple[float, float], radius_mm: float) -> NDArray[np.bool_]:
    """Return a disc around the centre of a picture, as a region to search."""
    centre = np.ones(shape, bool)
    centre[shape[0] // 2, shape[1] // 2] = False
    return ndimage.distance_transform_edt(centre, sampling=spacing_mm) <= radius_mm
