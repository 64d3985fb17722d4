"""Radiomic features beside pyradiomics-cuda 1.0.4 (its CPU path): the same 93 features, equal to 1e-6, in one run.

    pip install "synthassay[peers]"
    python benchmarks/bench_radiomics.py [--rounds 3] [--json FILE]

Real images where SYNTHASSAY_DATA lies, else smooth noise; 200 pictures of 128x128 and 20 volumes of 64^3. Each round
runs each subject in a process of its own on one core; loading, imports and our compilation are left out of the times
and shown apart. Times are of the processor, so that other work on the machine does not count; ratios are taken within a
round. Memory is the peak of the process beyond the images: with libraries and, for ours, the compiler.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

BINS = 5.0
PICTURES, VOLUMES = (200, (128, 128)), (20, (64, 64, 64))


def images(kind: str) -> np.ndarray:
    from scipy.ndimage import zoom

    count, shape = PICTURES if kind == "pictures" else VOLUMES
    folder = os.environ.get("SYNTHASSAY_DATA", "")
    if not folder:
        return smooth_noise(count, shape)
    if kind == "pictures":
        small = np.load(Path(folder, "xray-kermany-pneumonia", "kermany_pneumonia_64.npz"))["images"][::26][:count]
        return np.stack([np.clip(zoom(i.astype(float), 2, order=3), 0, 255) for i in small])
    brains = np.load(Path(folder, "mri-ixi-hh-t1", "ixi_hh_t1_2mm.npz"))["t1"][:count]
    return brains[:, 8:72, 16:80, 8:72].astype(float)


def smooth_noise(count: int, shape: tuple[int, ...]) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    rows = np.random.default_rng(0).normal(size=(count, *shape))
    rows = np.stack([gaussian_filter(row, 1.5) for row in rows])
    return (rows - rows.min()) / np.ptp(rows) * 255


def ours(image: np.ndarray) -> dict[str, float]:
    from synthassay.evaluate.features.radiomics.discretise import Binning
    from synthassay.evaluate.features.radiomics.extract import radiomic_features

    return radiomic_features(image, binning=Binning(width=BINS))


def pyradiomics(image: np.ndarray) -> dict[str, float]:
    import SimpleITK
    from radiomics import firstorder, glcm, gldm, glrlm, glszm, ngtdm

    logging.disable(logging.CRITICAL)
    picture = SimpleITK.GetImageFromArray(image)
    mask = SimpleITK.GetImageFromArray(np.ones(image.shape, np.uint8))
    classes = {
        "firstorder": firstorder.RadiomicsFirstOrder,
        "glcm": glcm.RadiomicsGLCM,
        "glrlm": glrlm.RadiomicsGLRLM,
        "glszm": glszm.RadiomicsGLSZM,
        "gldm": gldm.RadiomicsGLDM,
        "ngtdm": ngtdm.RadiomicsNGTDM,
    }
    out = {}
    for family, make in classes.items():
        features = make(picture, mask, binWidth=BINS)
        features.enableAllFeatures()
        out |= {f"{family}_{name}": float(np.squeeze(value)) for name, value in features.execute().items()}
    return out


SUBJECTS = {"synthassay": ours, "pyradiomics-cuda": pyradiomics}


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(subject: str, kind: str) -> None:
    run, rows = SUBJECTS[subject], images(kind)
    before, start = peak_mib(), time.process_time()
    run(rows[0])
    first = time.process_time() - start
    times, found = [], []
    for row in rows:
        start = time.process_time()
        found.append(run(row))
        times.append(time.process_time() - start)
    names = sorted(found[0].keys() - {"firstorder_StandardDeviation"})  # pyradiomics has deprecated this one
    result = {
        "total_s": sum(times),
        "median_ms": 1e3 * statistics.median(times),
        "first_s": first,
        "memory_mib": peak_mib() - before,
        "features": [[row[name] for name in names] for row in found],
    }
    print(json.dumps(result))


def in_a_process(subject: str, kind: str) -> dict:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--measure", subject, kind]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def compare(kind: str, rounds: int) -> dict:
    results = {subject: [] for subject in SUBJECTS}
    for _ in range(rounds):
        for subject in SUBJECTS:
            results[subject].append(in_a_process(subject, kind))
    one, two = (np.array(results[subject][0].pop("features")) for subject in SUBJECTS)
    worst = float(np.max(np.abs(one - two) / np.maximum(np.abs(two), 1e-12)))
    ratios = [b["total_s"] / a["total_s"] for a, b in zip(*results.values(), strict=True)]
    keys = ("total_s", "median_ms", "first_s", "memory_mib")
    table = {s: {k: statistics.median(r[k] for r in rows) for k in keys} for s, rows in results.items()}
    return {**table, "ratio": statistics.median(ratios), "ratios": ratios, "largest_relative_difference": worst}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(*options.measure)
        return
    report = {kind: compare(kind, options.rounds) for kind in ("pictures", "volumes")}
    for kind, found in report.items():
        print(f"\n{kind}: {'200 x 128^2' if kind == 'pictures' else '20 x 64^3'}, bin width {BINS:g}, one core")
        print(f"{'':18}{'total s':>9}{'median ms':>11}{'first s':>9}{'memory MiB':>12}")
        for subject in SUBJECTS:
            row = found[subject]
            times = f"{row['total_s']:9.2f}{row['median_ms']:11.2f}{row['first_s']:9.2f}"
            print(f"{subject:18}{times}{row['memory_mib']:12.1f}")
        spread = ", ".join(f"{r:.1f}" for r in found["ratios"])
        worst = found["largest_relative_difference"]
        print(f"faster by {found['ratio']:.1f} (rounds: {spread}); largest relative difference {worst:.1e}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
