"""Gamma index of two dose grids: time and memory beside pymedphys, in one run.

    python benchmarks/bench_dose.py [--json FILE] [--repeats 3] [--side 48]

Each subject runs in a process of its own on one core. Times are of the processor, the best of the repeats; memory is
the peak beyond what importing, compiling and making the inputs took. Doses are boxes with rounded edges, moved by 2 mm
and raised by 1 %. The nearest agreeing point is searched up to gamma 2; the last column is the pass rate over all
points above the cut-off of 10 %. pymedphys at ten steps per distance to agreement is its default.
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

SPACING = (2.5, 2.5, 2.5)
CUTOFF = 10.0
Result = dict[str, float]
Subject = Callable[[np.ndarray, np.ndarray], np.ndarray]


def box(side: int, shift_mm: float = 0.0) -> np.ndarray:
    axes = [(np.arange(side) - (side - 1) / 2) * s for s in SPACING]
    grid = list(np.meshgrid(*axes, indexing="ij"))
    grid[0] = grid[0] - shift_mm
    field = np.prod([1 / (1 + np.exp((np.abs(a) - side * 0.6) / 4)) for a in grid], axis=0)
    return 70 * field * np.exp(-0.004 * (grid[2] + side))


def doses(side: int) -> tuple[np.ndarray, np.ndarray]:
    return 1.01 * box(side, 2.0), box(side)


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(run: Subject, side: int, repeats: int) -> Result:
    run(*doses(12))  # imports, and what is compiled once
    synthetic, reference = doses(side)
    before, seconds = peak_mib(), []
    for _ in range(repeats):
        start = time.process_time()
        gamma = run(synthetic, reference)
        seconds.append(time.process_time() - start)
    judged = reference >= CUTOFF / 100 * reference.max()
    rate = 100 * float((gamma[judged] <= 1).mean())
    return {"pass_rate": rate, "seconds": min(seconds), "memory_mib": peak_mib() - before, "points": int(judged.sum())}


def ours(local: bool) -> Subject:
    def run(synthetic: np.ndarray, reference: np.ndarray) -> np.ndarray:
        from synthassay.evaluate.dose.gamma import Criterion, gamma_index

        return gamma_index(synthetic, reference, SPACING, Criterion(2, 2, local=local, cutoff_percent=CUTOFF))

    return run


def pymedphys(local: bool, steps: int) -> Subject:
    def run(synthetic: np.ndarray, reference: np.ndarray) -> np.ndarray:
        from pymedphys import gamma

        axes = tuple(np.arange(n) * s for n, s in zip(reference.shape, SPACING, strict=True))
        return gamma(
            axes, reference, axes, synthetic, 2, 2, lower_percent_dose_cutoff=CUTOFF, max_gamma=2.0,
            interp_fraction=steps, local_gamma=local,
        )  # fmt: skip

    return run


SUBJECTS: dict[str, Subject] = {
    "synthassay, global 2%/2mm": ours(False),
    "pymedphys, global, 10 steps": pymedphys(False, 10),
    "synthassay, local 2%/2mm": ours(True),
    "pymedphys, local, 10 steps": pymedphys(True, 10),
}


def in_a_process(subject: str, side: int, repeats: int) -> Result:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--measure", subject, "--repeats", str(repeats), "--side", str(side)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--side", type=int, default=48)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(timed(SUBJECTS[options.measure], options.side, options.repeats)))
        return
    report: dict[str, Result] = {}
    print(
        f"{f'gamma of two doses of {options.side}^3':34}{'points':>9}{'seconds':>9}{'x ours':>8}{'MiB':>8}"
        f"{'passing %':>11}"
    )
    base = 1.0
    for name in SUBJECTS:
        report[name] = row = in_a_process(name, options.side, options.repeats)
        base = row["seconds"] if name.startswith("synthassay") else base
        print(
            f"{name:34}{row['points']:9.0f}{row['seconds']:9.3f}{row['seconds'] / base:8.1f}{row['memory_mib']:8.0f}"
            f"{row['pass_rate']:11.2f}",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
