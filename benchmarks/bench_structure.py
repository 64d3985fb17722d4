"""Dice, HD95 and surface Dice of eight structures in 128^3 beside surface-distance and MONAI, in one run.

    python benchmarks/bench_structure.py [--json FILE] [--repeats 3]

Each subject runs in a process of its own on one core. Times are of the processor, the best of the repeats; memory is
the peak beyond what importing and making the inputs took. MONAI's surface is another one (border voxels without areas).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import ndimage

SIDE, LABELS = 128, 8
SPACING = (1.0, 1.0, 2.0)
Result = dict[str, float]


def label_maps(side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Eight organs, balls that were bent, and the same bent a little more."""
    rng = np.random.default_rng(0)
    grid = np.indices((side,) * 3).astype(np.float32)
    bent = grid + side / 10 * ndimage.gaussian_filter(rng.normal(size=grid.shape), (0, *(side / 10,) * 3)) * 40
    more = bent + 1.5 * np.sign(bent - side / 2)
    maps = []
    for field in (bent, more):
        found = np.zeros((side,) * 3, np.uint8)
        for label, middle in enumerate(np.ndindex(2, 2, 2), 1):
            away = sum((field[axis] - side * (0.27 + 0.46 * middle[axis])) ** 2 for axis in range(3))
            found[away < (side * 0.18) ** 2] = label
        maps.append(found)
    return maps[0], maps[1]


def peak_mib() -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def forget_peak() -> None:
    """Let the peak begin anew (Linux): making the inputs takes more memory than measuring them."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def timed(run: Callable[[np.ndarray, np.ndarray], tuple[float, float, float]], repeats: int) -> Result:
    run(*label_maps(32))  # imports, and what is compiled or kept once
    real, synthetic = label_maps()
    forget_peak()
    before, seconds = peak_mib(), []
    for _ in range(repeats):
        start = time.process_time()
        dice, distance, surface = run(real, synthetic)
        seconds.append(time.process_time() - start)
    memory = peak_mib() - before
    return {"dice": dice, "hd95_mm": distance, "surface": surface, "seconds": min(seconds), "memory_mib": memory}


def ours(real: np.ndarray, synthetic: np.ndarray) -> tuple[float, float, float]:
    from synthassay.evaluate.structure.label_maps import structure_pairs

    found = []
    for _, pair in structure_pairs(synthetic, real):
        distances = pair.distances(SPACING)
        found.append((pair.dice(), distances.percentile(95), distances.within(2.0)))
    dice, distance, surface = np.mean(found, 0)
    return float(dice), float(distance), float(surface)


def surface_distance(real: np.ndarray, synthetic: np.ndarray) -> tuple[float, float, float]:
    import surface_distance as peer

    found = []
    for label in range(1, LABELS + 1):
        one, two = real == label, synthetic == label
        distances = peer.compute_surface_distances(one, two, SPACING)
        hd95 = peer.compute_robust_hausdorff(distances, 95)
        surface = peer.compute_surface_dice_at_tolerance(distances, 2.0)
        found.append((peer.compute_dice_coefficient(one, two), hd95, surface))
    dice, distance, surface = np.mean(found, 0)
    return float(dice), float(distance), float(surface)


def monai(subvoxels: bool) -> Callable[[np.ndarray, np.ndarray], tuple[float, float, float]]:
    def run(real: np.ndarray, synthetic: np.ndarray) -> tuple[float, float, float]:
        import torch
        from monai.metrics import compute_dice, compute_hausdorff_distance, compute_surface_dice

        torch.set_num_threads(1)
        hot = lambda labels: torch.nn.functional.one_hot(torch.from_numpy(labels).long(), LABELS + 1)  # noqa: E731
        one, two = (hot(labels).movedim(-1, 0)[None].to(torch.uint8) for labels in (real, synthetic))
        dice = compute_dice(two, one, include_background=False)
        hd95 = compute_hausdorff_distance(two, one, percentile=95, spacing=SPACING)
        tolerances = [2.0] * LABELS
        surface = compute_surface_dice(two, one, tolerances, spacing=SPACING, use_subvoxels=subvoxels)
        return float(dice.mean()), float(hd95.mean()), float(surface.mean())

    return run


SUBJECTS: dict[str, Callable[[np.ndarray, np.ndarray], tuple[float, float, float]]] = {
    "synthassay": ours,
    "surface-distance": surface_distance,
    "MONAI, border voxels": monai(False),
    "MONAI, surface elements": monai(True),
}


def in_a_process(subject: str, repeats: int) -> Result:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", __file__, "--measure", subject, "--repeats", str(repeats)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        warnings.simplefilter("ignore")
        print(json.dumps(timed(SUBJECTS[options.measure], options.repeats)))
        return
    report: dict[str, Result] = {}
    heads = ("seconds", "x ours", "MiB", "Dice", "HD95", "surface")
    print(f"{f'{LABELS} structures in {SIDE}^3':28}" + "".join(f"{head:>9}" for head in heads))
    for name in SUBJECTS:
        report[name] = row = in_a_process(name, options.repeats)
        ratio = row["seconds"] / next(iter(report.values()))["seconds"]
        values = f"{row['dice']:9.4f}{row['hd95_mm']:9.3f}{row['surface']:9.4f}"
        print(f"{name:28}{row['seconds']:9.2f}{ratio:9.1f}{row['memory_mib']:9.0f}{values}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
