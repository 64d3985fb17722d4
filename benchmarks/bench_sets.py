"""Measures of sets beside their peers, and their cost as sets grow to 100,000 images, in one run.

    python benchmarks/bench_sets.py [--quick] [--json FILE]

Each subject runs in a process of its own on one core. Times are of the processor; memory is the peak beyond the inputs
and the libraries. About five minutes; ``--quick`` leaves out the largest sets and takes about one.
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


def sets(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    return normal(n, d, 0) + 0.1, normal(n, d, 1)


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(run: Callable[[], float]) -> Result:
    before, start = peak_mib(), time.process_time()
    value = run()
    return {"seconds": time.process_time() - start, "memory_mib": peak_mib() - before, "value": float(value)}


def alone(rows: np.ndarray) -> object:
    from synthassay.evaluate.distribution.equal_n import Sample

    return Sample(rows, np.arange(len(rows)))


def frechet_ours(n: int, d: int) -> Result:
    from synthassay.evaluate.distribution.gaussian import frechet_from_features

    frechet_from_features(normal(9, 3, 0), normal(9, 3, 1))
    first, second = sets(n, d)
    return timed(lambda: frechet_from_features(first, second))


def frechet_scipy(n: int, d: int) -> Result:
    from scipy.linalg import sqrtm

    def run() -> float:
        one, two, shift = np.cov(first.T), np.cov(second.T), first.mean(0) - second.mean(0)
        return float(shift @ shift + np.trace(one) + np.trace(two) - 2 * np.trace(sqrtm(one @ two)).real)

    sqrtm(np.eye(3))
    first, second = sets(n, d)
    return timed(run)


def neighbours_ours(n: int, d: int) -> Result:
    from synthassay.evaluate.distribution.neighbours import manifolds

    manifolds(normal(20, 3, 0), normal(20, 3, 1))
    judged, real = sets(n, d)
    return timed(lambda: manifolds(judged, real).coverage)


def neighbours_prdc(n: int, d: int) -> Result:
    from prdc import compute_prdc

    compute_prdc(normal(20, 3, 0), normal(20, 3, 1), 5)
    judged, real = sets(n, d)
    return timed(lambda: compute_prdc(real, judged, 5)["coverage"])


def sliced_ours(n: int, d: int) -> Result:
    from synthassay.evaluate.distribution.sliced import sliced_distance

    first, second = sets(n, d)
    sliced_distance(first[:5], second[:5])
    return timed(lambda: sliced_distance(first, second))


def sliced_pot(n: int, d: int) -> Result:
    import ot

    from synthassay.evaluate.distribution.sliced import directions

    first, second = sets(n, d)
    along = np.array(directions(d))
    ot.sliced_wasserstein_distance(first[:5], second[:5], projections=along)
    return timed(lambda: ot.sliced_wasserstein_distance(first, second, projections=along, p=2))


def kernel_ours(n: int, d: int) -> Result:
    from synthassay.evaluate.distribution.kernel_mmd import kernel_discrepancy

    first, second = (alone(rows) for rows in sets(n, d))
    kernel_discrepancy(alone(normal(9, 3, 0)), alone(normal(9, 3, 1)))
    return timed(lambda: kernel_discrepancy(first, second).value)


def kernel_torchmetrics(n: int, d: int) -> Result:
    import torch
    from torchmetrics.image.kid import poly_mmd

    torch.set_num_threads(1)
    first, second = (torch.from_numpy(rows) for rows in sets(n, d))
    poly_mmd(first[:9], second[:9])
    return timed(lambda: float(poly_mmd(first, second)))


def streamed(n: int, d: int) -> Result:
    from synthassay.evaluate.distribution.gaussian import Moments, frechet_from_moments

    def run() -> float:
        first, second, rng = Moments(d), Moments(d), np.random.default_rng(0)
        for start in range(0, n, 500):
            first.add(rng.normal(size=(min(500, n - start), d)))
            second.add(rng.normal(size=(min(500, n - start), d)))
        return frechet_from_moments(first, second)

    frechet_from_moments(*(_warm() for _ in range(2)))
    return timed(run)


def _warm():
    from synthassay.evaluate.distribution.gaussian import Moments

    moments = Moments(3)
    moments.add(normal(9, 3, 0))
    return moments


def authentic_share(n: int, d: int) -> Result:
    from synthassay.evaluate.leakage.authenticity import authentic, nearest_other

    judged, training = sets(n, d)
    return timed(lambda: authentic(judged, training, nearest_other(alone(training))).mean())


PAIRS = {
    "Fréchet, n = 2,000, d = 2,048": (frechet_ours, frechet_scipy, "scipy sqrtm", 2000, 2048),
    "Fréchet, n = 500, d = 210": (frechet_ours, frechet_scipy, "scipy sqrtm", 500, 210),
    "precision to coverage, n = 5,000, d = 210": (neighbours_ours, neighbours_prdc, "prdc", 5000, 210),
    "sliced Wasserstein, n = 5,000, d = 210": (sliced_ours, sliced_pot, "POT", 5000, 210),
    "kernel distance, n = 5,000, d = 210": (kernel_ours, kernel_torchmetrics, "torchmetrics poly_mmd", 5000, 210),
}
GROWTH = {
    "Fréchet, streamed, d = 210": (streamed, 210, (1000, 10_000, 100_000)),
    "sliced Wasserstein, d = 64": (sliced_ours, 64, (1000, 10_000, 100_000)),
    "precision to coverage, d = 64": (neighbours_ours, 64, (2000, 8000, 32_000)),
    "kernel distance with its interval, d = 64": (kernel_ours, 64, (2000, 8000, 32_000)),
    "authenticity, d = 64": (authentic_share, 64, (2000, 8000, 32_000)),
}
QUICK_MOST = 10_000


def subjects(quick: bool) -> dict[str, Callable[[], Result]]:
    found: dict[str, Callable[[], Result]] = {}
    for name, (ours, theirs, peer, n, d) in PAIRS.items():
        if quick and d > 1000:
            continue
        found[f"{name}: synthassay"] = lambda run=ours, n=n, d=d: run(n, d)
        found[f"{name}: {peer}"] = lambda run=theirs, n=n, d=d: run(n, d)
    for name, (run, d, sizes) in GROWTH.items():
        for n in sizes:
            if not quick or n <= QUICK_MOST:
                found[f"{name}, n = {n:,}"] = lambda run=run, n=n, d=d: run(n, d)
    return found


def in_a_process(subject: str) -> Result:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--measure", subject]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(subjects(quick=False)[options.measure]()))
        return
    report: dict[str, Result] = {}
    print(f"{'':64}{'seconds':>9}{'MiB':>8}{'value':>12}")
    for name in subjects(options.quick):
        report[name] = row = in_a_process(name)
        print(f"{name:64}{row['seconds']:9.2f}{row['memory_mib']:8.0f}{row['value']:12.5f}", flush=True)
    for name, (_, _, peer, _, _) in PAIRS.items():
        ours, theirs = report.get(f"{name}: synthassay"), report.get(f"{name}: {peer}")
        if ours and theirs:
            print(f"{name}: {theirs['seconds'] / max(ours['seconds'], 1e-3):.1f} times as fast as {peer}, "
                  f"memory {ours['memory_mib']:.0f} against {theirs['memory_mib']:.0f} MiB, "
                  f"difference {abs(ours['value'] - theirs['value']):.1e}")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
