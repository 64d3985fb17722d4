"""Which images of one set are copies of images of another, pixel by pixel or disguised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.likeness import likeness
from synthassay.evaluate.leakage.natural import FEWEST_IMAGES, natural_likeness
from synthassay.evaluate.leakage.prints import Prints
from synthassay.evaluate.leakage.sketches import Sketches, averaged_down, sketches_of


@dataclass(frozen=True)
class Copies:
    """Per judged image whether it is a copy, and of what.

    Attributes:
        exact: It has the same pixels as an original.
        near: It does not, but is more alike to an original than the bound.
        position: The original that it equals or is most alike to.
        correlation: Of the detail of the two, after the best zoom, mirroring and shift; 1 where exact.
        bound: What ``near`` is measured against.
    """

    exact: NDArray[np.bool_]
    near: NDArray[np.bool_]
    position: NDArray[np.intp]
    correlation: NDArray[np.float64]
    bound: float

    @property
    def copied(self) -> NDArray[np.bool_]:
        """Whether an image is an exact or a near copy."""
        return self.exact | self.near


def copies_between(judged: Prints, originals: Prints, bound: float | None = None) -> Copies:
    """Return which judged images are copies of which originals, also mirrored, moved, cut out, or in other contrast.

    Args:
        judged: Such as synthetic images.
        originals: Such as real test images.
        bound: Correlation above which an image is a near copy. Where absent it is calibrated on the originals: beyond
            it two images of different subjects do not lie by nature (``natural_likeness``).

    Raises:
        NotMeasured: A set is empty, or one holds pictures and the other volumes.

    Example:
        >>> from synthassay.evaluate.leakage.prints import pattern, pixel_hash
        >>> def prints(pictures):
        ...     names = tuple(str(i) for i in range(len(pictures)))
        ...     return Prints(np.stack([pattern(p) for p in pictures]), tuple(map(pixel_hash, pictures)), names, names)
        >>> draw = np.random.default_rng(0).normal(size=(6, 1, 64, 64))
        >>> found = copies_between(prints([draw[0], draw[1, :, :, ::-1] * 2, draw[5]]), prints(draw[:5]))
        >>> found.exact.tolist(), found.near.tolist(), found.position[:2].tolist()
        ([True, False, False], [False, True, False], [0, 1])
    """
    if not len(judged) or not len(originals):
        raise NotMeasured("there are no images to look for copies among")
    if judged.patterns.ndim != originals.patterns.ndim:
        raise NotMeasured("pictures cannot be compared with volumes")
    mine, theirs = _sketches(judged), _sketches(originals)
    if bound is None:
        bound = _bound_of(originals, theirs)
    correlation, position = np.full(len(judged), -2.0), np.zeros(len(judged), np.intp)
    # Both ways: a part cut out of an original is found by zooming the original, and the other way round.
    forward, backward = likeness(mine, theirs), likeness(theirs, mine)
    _take(correlation, position, np.arange(len(judged)), forward.position[:, 0], forward.correlation[:, 0])
    for column in range(backward.position.shape[1]):
        at = np.flatnonzero(backward.position[:, column] >= 0)
        _take(correlation, position, backward.position[at, column], at, backward.correlation[at, column])
    by_hash = {code: i for i, code in reversed(list(enumerate(originals.hashes)))}
    equal = np.array([by_hash.get(code, -1) for code in judged.hashes])
    exact = equal >= 0
    return Copies(
        exact=exact,
        near=~exact & (correlation > bound),
        position=np.where(exact, equal, position),
        correlation=np.where(exact, 1.0, correlation),
        bound=bound,
    )


def natural_bound(originals: Prints) -> float:
    """Return the correlation of detail beyond which two images of different subjects do not lie by nature.

    Ten images at least say how alike patients are; of fewer nothing but equal pixels can be called a copy by its
    detail, and the bound is infinite.
    """
    return _bound_of(originals, _sketches(originals)) if len(originals) >= FEWEST_IMAGES else float("inf")


def _bound_of(originals: Prints, sketches: Sketches) -> float:
    _, owner = np.unique(originals.subjects, return_inverse=True)
    _, pixels = np.unique(originals.hashes, return_inverse=True)
    found = likeness(sketches, sketches, owner=owner, owner_among=owner)
    return natural_likeness(found, owner, pixels).bound


def _take(
    correlation: NDArray[np.float64],
    position: NDArray[np.intp],
    judged: NDArray[np.intp],
    original: NDArray[np.intp],
    found: NDArray[np.float64],
) -> None:
    """Keep, per judged image, the original that is most alike so far."""
    order = np.argsort(found, kind="stable")
    for i, o, r in zip(judged[order], original[order], found[order], strict=True):
        if r > correlation[i]:
            correlation[i], position[i] = r, o


def _sketches(prints: Prints) -> Sketches:
    return sketches_of(np.stack([averaged_down(pattern) for pattern in prints.patterns]))
