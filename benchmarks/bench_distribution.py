"""Measures between sets beside scipy's matrix square root and prdc, and their cost as images grow, in one run.

    python benchmarks/bench_distribution.py [--json FILE]

Each subject runs in a process of its own on one core. Times are of the processor; memory is the peak beyond the inputs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

Result = dict[str, float]


def normal(n: int, d: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def timed(run: Callable[[], object]) -> tuple[object, Result]:
    before, start = peak_mib(), time.process_time()
    found = run()
    return found, {"seconds": time.process_time() - start, "memory_mib": peak_mib() - before}


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def frechet_ours() -> Result:
    from synthassay.evaluate.distribution.gaussian import frechet_from_features

    frechet_from_features(normal(9, 3, 0), normal(9, 3, 1))
    first, second = normal(500, 2048, 0), normal(500, 2048, 1) + 0.1
    value, cost = timed(lambda: frechet_from_features(first, second))
    return {"value": float(value), **cost}


def frechet_scipy() -> Result:
    from scipy.linalg import sqrtm

    def by_square_root() -> float:
        one, two = np.cov(first.T), np.cov(second.T)
        shift = first.mean(0) - second.mean(0)
        return float(shift @ shift + np.trace(one) + np.trace(two) - 2 * np.trace(sqrtm(one @ two)).real)

    first, second = normal(500, 2048, 0), normal(500, 2048, 1) + 0.1
    value, cost = timed(by_square_root)
    return {"value": float(value), **cost}


def manifolds_ours() -> Result:
    from synthassay.evaluate.distribution.neighbours import manifolds

    real, synthetic = normal(5000, 210, 0), normal(5000, 210, 1)
    found, cost = timed(lambda: manifolds(synthetic, real))
    return {"value": found.coverage, **cost}


def manifolds_prdc() -> Result:
    from prdc import compute_prdc

    real, synthetic = normal(5000, 210, 0), normal(5000, 210, 1)
    found, cost = timed(lambda: compute_prdc(real, synthetic, 5))
    return {"value": float(found["coverage"]), **cost}


def streamed(n: int) -> Result:
    from synthassay.evaluate.distribution.gaussian import Moments, frechet_from_moments

    def run() -> float:
        first, second = Moments(210), Moments(210)
        rng = np.random.default_rng(0)
        for start in range(0, n, 500):
            first.add(rng.normal(size=(min(500, n - start), 210)))
            second.add(rng.normal(size=(min(500, n - start), 210)))
        return frechet_from_moments(first, second)

    value, cost = timed(run)
    return {"value": float(value), **cost}


def neighbours_of(n: int) -> Result:
    from synthassay.evaluate.distribution.neighbours import manifolds

    real, synthetic = normal(n, 32, 0), normal(n, 32, 1)
    found, cost = timed(lambda: manifolds(synthetic, real))
    return {"value": found.coverage, **cost}


SUBJECTS: dict[str, Callable[[], Result]] = {
    "Fréchet, d = 2048, n = 500: synthassay": frechet_ours,
    "Fréchet, d = 2048, n = 500: scipy sqrtm": frechet_scipy,
    "precision to coverage, d = 210, n = 5,000: synthassay": manifolds_ours,
    "precision to coverage, d = 210, n = 5,000: prdc": manifolds_prdc,
    **{f"Fréchet streamed, d = 210, n = {n:,}": lambda n=n: streamed(n) for n in (1000, 10_000, 100_000)},
    **{f"precision to coverage, d = 32, n = {n:,}": lambda n=n: neighbours_of(n) for n in (2000, 4000, 8000, 16_000)},
}


def in_a_process(subject: str) -> Result:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--measure", subject]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(SUBJECTS[options.measure]()))
        return
    report: dict[str, Result] = {}
    print(f"{'':56}{'seconds':>9}{'MiB':>8}{'value':>12}")
    for name in SUBJECTS:
        report[name] = row = in_a_process(name)
        print(f"{name:56}{row['seconds']:9.2f}{row['memory_mib']:8.0f}{row['value']:12.5f}", flush=True)
    rows = list(report.values())
    for title, ours, theirs in (("Fréchet", rows[0], rows[1]), ("precision to coverage", rows[2], rows[3])):
        print(f"{title}: {theirs['seconds'] / ours['seconds']:.1f} times as fast, "
              f"difference {abs(ours['value'] - theirs['value']):.1e}")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
