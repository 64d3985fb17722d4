"""What every measure between sets must pass: it sits at its floor for real images and leaves it as damage grows."""

from __future__ import annotations

import numpy as np

from evaluate.examination import assert_worsens
from synthassay.evaluate.metric import METRICS, Finding

D = 6
REAL = np.random.default_rng(1).normal(size=(240, D))
PATIENTS = [f"patient {i // 2}" for i in range(240)]


def draw(n: int = 200, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, D))


def found(name: str, synthetic: np.ndarray, memo: dict | None = None) -> Finding:
    subjects = [f"case {i}" for i in range(len(synthetic))]
    return METRICS.get(name).compute(synthetic, subjects, REAL, PATIENTS, 5, real_memo=memo)


def assert_real_images_pass(name: str) -> None:
    result = found(name, draw())
    assert result.interval.low <= result.floor_interval.high
    assert result.interval.high >= result.floor_interval.low


def assert_worsens_step_by_step(name: str, damaged: list[np.ndarray], *, slack: float = 0.0) -> None:
    metric, memo = METRICS.get(name), {}
    results = [found(name, rows, memo) for rows in damaged]
    assert_worsens([r.value for r in results], metric.better, target=metric.target, slack=slack)
    away = results[-1].interval.low > results[-1].floor_interval.high
    assert away or results[-1].interval.high < results[-1].floor_interval.low


def shifted() -> list[np.ndarray]:
    return [draw() + step for step in (0.0, 0.4, 1.0, 3.0)]


def repeating() -> list[np.ndarray]:
    """More and more images repeat one of ten, as a collapsed generator's do."""
    rows = draw()
    return [np.where(np.arange(len(rows))[:, None] < share * len(rows), rows[np.arange(len(rows)) % 10], rows)
            for share in (0.0, 0.3, 0.6, 1.0)]  # fmt: skip


def shrinking() -> list[np.ndarray]:
    return [draw() * scale for scale in (1.0, 0.7, 0.4, 0.1)]
