"""Structural similarity of two 128^3 volumes: time and memory beside torchmetrics, MONAI and scikit-image, in one run.

    python benchmarks/bench_measures.py [--json FILE] [--repeats 3]

Each subject runs in a process of its own on one core. Times are of the processor, the best of the repeats; memory is
the peak beyond what importing and making the inputs took. Values differ by convention (window, border), as stated.
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
from scipy import ndimage

SIDE = 128
Result = dict[str, float]


def volumes(side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    real = ndimage.gaussian_filter(rng.normal(size=(side, side, side)), 2)
    real = (real - real.min()) / np.ptp(real)
    return (real + rng.normal(scale=0.05, size=real.shape)).astype(np.float32), real.astype(np.float32)


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(run: Callable[[np.ndarray, np.ndarray], float], repeats: int) -> Result:
    run(*volumes(24))  # imports, and buffers that are made once
    synthetic, real = volumes()
    before, seconds = peak_mib(), []
    for _ in range(repeats):
        start = time.process_time()
        value = run(synthetic, real)
        seconds.append(time.process_time() - start)
    return {"value": value, "seconds": min(seconds), "memory_mib": peak_mib() - before}


def ours(synthetic: np.ndarray, real: np.ndarray) -> float:
    from synthassay.evaluate.fidelity.ssim import ssim

    return ssim(synthetic[None], real[None], (0.0, 1.0))


def scikit_image(synthetic: np.ndarray, real: np.ndarray) -> float:
    from skimage.metrics import structural_similarity

    return float(structural_similarity(synthetic, real, data_range=1.0))


def torchmetrics_default(synthetic: np.ndarray, real: np.ndarray) -> float:
    import torch
    from torchmetrics.functional.image import structural_similarity_index_measure

    torch.set_num_threads(1)
    one, two = (torch.from_numpy(v[None, None]) for v in (synthetic, real))
    return float(structural_similarity_index_measure(one, two, data_range=1.0))


def monai(kernel: str) -> Callable[[np.ndarray, np.ndarray], float]:
    def run(synthetic: np.ndarray, real: np.ndarray) -> float:
        import torch
        from monai.metrics import SSIMMetric

        torch.set_num_threads(1)
        metric = SSIMMetric(
            spatial_dims=3, data_range=1.0, kernel_type=kernel, win_size=7 if kernel == "uniform" else 11
        )
        return float(metric(torch.from_numpy(synthetic[None, None]), torch.from_numpy(real[None, None])))

    return run


SUBJECTS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "synthassay, uniform 7": ours,
    "scikit-image, uniform 7": scikit_image,
    "MONAI, uniform 7": monai("uniform"),
    "MONAI, Gaussian 11 (default)": monai("gaussian"),
    "torchmetrics, Gaussian 11 (default)": torchmetrics_default,
}


def in_a_process(subject: str, repeats: int, script: Path = Path(__file__)) -> Result:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(script), "--measure", subject, "--repeats", str(repeats)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(timed(SUBJECTS[options.measure], options.repeats)))
        return
    report: dict[str, Result] = {}
    print(f"{f'SSIM of two {SIDE}^3 volumes':40}{'seconds':>9}{'x ours':>8}{'MiB':>8}{'value':>10}")
    for name in SUBJECTS:
        report[name] = row = in_a_process(name, options.repeats)
        ratio = row["seconds"] / next(iter(report.values()))["seconds"]
        print(f"{name:40}{row['seconds']:9.2f}{ratio:8.1f}{row['memory_mib']:8.0f}{row['value']:10.5f}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
