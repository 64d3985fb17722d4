"""Features of training, held-out and judged images for tests of leakage."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import METRICS, Finding

D = 12


def normal(n: int, seed: int, d: int = D) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


TRAINING, UNSEEN = normal(300, 1), normal(240, 2)


def found(name: str, synthetic: np.ndarray, memo: dict | None = None, **more) -> Finding:
    metric = METRICS.get(name)
    given = {"seed": 3} if "seed" in metric.takes else {"rng": np.random.default_rng(3), "bootstrap": 300}
    given |= {
        "synthetic_features": synthetic,
        "synthetic_subjects": [f"s{i}" for i in range(len(synthetic))],
        "training_features": TRAINING,
        "training_subjects": [f"t{i}" for i in range(len(TRAINING))],
        "test_features": UNSEEN,
        "test_subjects": [f"u{i}" for i in range(len(UNSEEN))],
        "real_memo": {} if memo is None else memo,
    }
    return metric.compute(**{**given, **more})


def copying(shares=(0.0, 0.3, 0.7, 1.0), n: int = 160, noise: float = 0.02) -> list[np.ndarray]:
    """More and more images are training images with a little noise."""
    fresh = normal(n, 4)
    copies = TRAINING[:n] + noise * normal(n, 5)
    return [np.where(np.arange(n)[:, None] < share * n, copies, fresh) for share in shares]
