"""What every measure must pass: it gets worse, step by step, while an image or a set is damaged more and more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import ndimage

from synthassay.records.vocabulary import Better


def growing_damage(image: np.ndarray, *, seed: int = 0) -> Mapping[str, list[np.ndarray]]:
    """Return, per kind of damage, the image undamaged and then damaged more and more (five steps).

    Args:
        image: ``channels *space``; noise and offset are in units of its standard deviation.
        seed: Noise has the same pattern in every step, so that only its strength grows.
    """
    rng = np.random.default_rng(seed)
    image = image.astype(np.float64)
    spread = image.std()
    pattern = rng.normal(size=image.shape)
    steps = (0.0, 0.05, 0.15, 0.4, 1.0)
    blurred = [image, *(ndimage.gaussian_filter(image, (0, *[s] * (image.ndim - 1))) for s in (0.6, 1.0, 1.8, 3.0))]
    return {
        "noise": [image + step * spread * pattern for step in steps],
        "offset": [image + step * spread for step in steps],
        "blur": blurred,
        "shift": [np.roll(image, pixels, axis=-1) for pixels in range(5)],
    }


def assert_worsens(values: Sequence[float], better: Better, *, target: float | None = None, slack: float = 0.0) -> None:
    """Fail unless ``values`` (least damage first) get worse at every step, by more than ``-slack``."""
    numbers = np.asarray(values, float)
    if better is Better.HIGHER:
        numbers = -numbers
    elif better is Better.TARGET:
        assert target is not None
        numbers = np.abs(numbers - target)
    assert (np.diff(numbers) > -slack).all(), f"does not worsen with growing damage: {list(values)}"
    assert numbers[-1] > numbers[0], f"the worst damage is not worse than none: {list(values)}"


def assert_worsens_with_damage(
    measure: Callable[[np.ndarray], float], image: np.ndarray, better: Better, *, kinds: Sequence[str] = ()
) -> None:
    """Fail unless ``measure`` worsens with every kind of growing damage to ``image`` (or those in ``kinds``)."""
    for kind, damaged in growing_damage(image).items():
        if not kinds or kind in kinds:
            try:
                assert_worsens([measure(d) for d in damaged], better)
            except AssertionError as problem:
                raise AssertionError(f"{kind}: {problem}") from None
