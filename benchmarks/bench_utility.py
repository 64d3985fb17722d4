"""Measures of ratings beside their peers as ratings grow from 1,000 to 100,000, in one run.

    python benchmarks/bench_utility.py [--quick] [--json FILE] [--repeats 3]

DeLong's test of two readers on the same cases: by midranks (ours), by comparing every positive with every negative as
the paper of 1988 writes it, and by public implementations of midranks. Calibration: beside scikit-learn and
torchmetrics. Each subject runs in a process of its own on one core. Times are of the processor, the best of the
repeats; memory is the peak beyond the inputs and the libraries. All numbers of a group must agree, to what single
precision leaves where the peer computes in it. A peer that cannot be imported is left out with the reason (``pip
install MLstatkit confidenceinterval``). About two minutes; ``--quick`` leaves out 100,000 ratings.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bench_measures import peak_mib

Result = dict[str, Any]
Numbers = tuple[float, ...]
Run = Callable[[np.ndarray, np.ndarray], Numbers]
SIZES = (1000, 10_000, 100_000)
PREVALENCE, QUICK_MOST, BLOCK = 0.3, 10_000, 64
EXACT, SINGLE = 1e-9, 1e-4
"""Largest relative difference from ours: of peers in double, and in single precision."""
OFF_THE_EDGES = 3e-5
"""Added to ratings of four digits: on the very edge of a bin torchmetrics takes the upper, the others the lower one."""


def ratings(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities ``readers cases`` of two readers who err alike, with ties, and who is positive."""
    rng = np.random.default_rng(0)
    positive = np.arange(n) < PREVALENCE * n
    shared = rng.normal(size=n) + 1.2 * positive
    logits = np.stack([shared + rng.normal(size=n), shared + rng.normal(size=n) + 0.1 * positive])
    tied = np.round(1 / (1 + np.exp(1 - logits)), 4) + OFF_THE_EDGES
    return tied, positive


def delong_ours(scores: np.ndarray, positive: np.ndarray) -> Numbers:
    from synthassay.stats.delong import delong

    found = delong(scores, positive)
    return (*found.areas, *found.covariance.ravel()[[0, 1, 3]], found.difference(0, 1)[3])


def delong_direct(scores: np.ndarray, positive: np.ndarray) -> Numbers:
    """Equations 3 to 6 of DeLong et al. 1988: every positive against every negative, block by block to fit memory."""
    from scipy.stats import norm

    above, below = scores[:, positive], scores[:, ~positive]
    won, lost = np.zeros(above.shape), np.zeros(below.shape)
    for reader, (x, y) in enumerate(zip(above, below, strict=True)):
        for start in range(0, len(x), BLOCK):
            block = x[start : start + BLOCK, None]
            wins = 0.5 * ((block > y).astype(np.float32) + (block >= y))
            won[reader, start : start + BLOCK] = wins.mean(axis=1, dtype=np.float64)
            lost[reader] += wins.sum(axis=0, dtype=np.float64)
    lost /= above.shape[1]
    covariance = np.cov(won) / above.shape[1] + np.cov(lost) / below.shape[1]
    areas = won.mean(axis=1)
    spread = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    p = 2 * norm.sf(abs(areas[0] - areas[1]) / spread)
    return (*areas, *covariance.ravel()[[0, 1, 3]], p)


def delong_mlstatkit(scores: np.ndarray, positive: np.ndarray) -> Numbers:
    from MLstatkit import Delong_test

    _, p, *_, one, two, _ = Delong_test(positive.astype(int), *scores)
    return (one, two, np.nan, np.nan, np.nan, p)


def delong_confidenceinterval(scores: np.ndarray, positive: np.ndarray) -> Numbers:
    """One reader at a time: its public function gives no covariance, so there is no test of the difference."""
    from confidenceinterval.delong import delong_roc_variance

    (one, its), (two, others) = (delong_roc_variance(positive, row) for row in scores)
    return (one, two, float(its), np.nan, float(others), np.nan)


def calibration_ours(scores: np.ndarray, positive: np.ndarray) -> Numbers:
    from synthassay.stats.calibration import brier_score, expected_calibration_error

    return tuple(float(f(scores[0], positive)[0]) for f in (expected_calibration_error, brier_score))


def calibration_scikit_learn(scores: np.ndarray, positive: np.ndarray) -> Numbers:
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import brier_score_loss

    frequency, mean = calibration_curve(positive, scores[0], n_bins=10)
    inner = np.linspace(0, 1, 11)[1:-1]
    sizes = np.bincount(np.searchsorted(inner, scores[0]), minlength=10)
    sizes = sizes[sizes > 0]
    return float(np.average(abs(frequency - mean), weights=sizes)), float(brier_score_loss(positive, scores[0]))


def calibration_torchmetrics(scores: np.ndarray, positive: np.ndarray) -> Numbers:
    """It has no Brier score of two classes; the mean squared error of probabilities is one."""
    import torch
    from torchmetrics.functional import mean_squared_error
    from torchmetrics.functional.classification import binary_calibration_error

    torch.set_num_threads(1)
    chance, truth = torch.from_numpy(scores[0]), torch.from_numpy(positive.astype(np.int64))
    error = binary_calibration_error(chance, truth, n_bins=10, norm="l1")
    return float(error), float(mean_squared_error(chance, truth.double()))


GROUPS: dict[str, dict[str, Run]] = {
    "DeLong, two readers": {
        "synthassay": delong_ours,
        "every pair": delong_direct,
        "MLstatkit": delong_mlstatkit,
        "confidenceinterval, no test": delong_confidenceinterval,
    },
    "Calibration error and Brier score": {
        "synthassay": calibration_ours,
        "scikit-learn": calibration_scikit_learn,
        "torchmetrics": calibration_torchmetrics,
    },
}
IN_SINGLE = ("confidenceinterval, no test", "torchmetrics")


def timed(run: Run, n: int, repeats: int) -> Result:
    try:
        run(*ratings(200))  # imports
    except ImportError as problem:
        return {"missing": str(problem)}
    scores, positive = ratings(n)
    before, seconds = peak_mib(), []
    for _ in range(repeats):
        start = time.process_time()
        numbers = run(scores, positive)
        seconds.append(time.process_time() - start)
    return {"seconds": min(seconds), "memory_mib": peak_mib() - before, "numbers": [float(v) for v in numbers]}


def in_a_process(group: str, name: str, n: int, repeats: int) -> Result:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--measure", group, name, str(n), "--repeats", str(repeats)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def check_equal(name: str, ours: list[float], theirs: list[float]) -> float:
    """Return the largest relative difference from ours of what both compute.

    Raises:
        SystemExit: They disagree.
    """
    both = [(a, b) for a, b in zip(ours, theirs, strict=True) if not np.isnan(b)]
    off = max(abs(a - b) / max(abs(a), 1e-300) for a, b in both)
    if off > (SINGLE if name in IN_SINGLE else EXACT):
        raise SystemExit(f"{name} disagrees by {off:.1e} of ours: {ours} and {theirs}")
    return off


def compare(group: str, n: int, repeats: int) -> dict[str, Result]:
    found: dict[str, Result] = {}
    print(f"{group}, n = {n:,}")
    for name in GROUPS[group]:
        row = in_a_process(group, name, n, repeats)
        if "missing" in row:
            print(f"  {name:36}  left out: {row['missing']}")
            continue
        found[name] = row
        ours = found["synthassay"]
        row["off"] = check_equal(name, ours["numbers"], row["numbers"])
        ratio = row["seconds"] / ours["seconds"]
        print(
            f"  {name:36}{row['seconds']:10.4f}{ratio:9.2f}{row['memory_mib']:8.0f}{row['off']:9.0e}"
            f"{row['numbers'][0]:10.5f}",
            flush=True,
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        group, name, n = options.measure
        print(json.dumps(timed(GROUPS[group][name], int(n), options.repeats)))
        return
    print(f"{'':38}{'seconds':>10}{'x ours':>9}{'MiB':>8}{'off':>9}{'value':>10}")
    sizes = [n for n in SIZES if not options.quick or n <= QUICK_MOST]
    report = {f"{group}, n = {n:,}": compare(group, n, options.repeats) for group in GROUPS for n in sizes}
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
