"""Paired measures of two 128^3 volumes: time and memory beside MONAI, torchmetrics, scikit-image and scipy, in one run.

    python benchmarks/bench_pairs.py [--json FILE] [--repeats 3]

Each subject runs in a process of its own on one core. Times are of the processor, the best of the repeats; memory is
the peak beyond what importing and making the inputs took. Multi-scale similarities have five scales with uniform
windows of 7; values differ by convention (covariance, border), as stated.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from bench_measures import Result, in_a_process, timed

Run = Callable[[np.ndarray, np.ndarray], float]
UNIT_RANGE = (0.0, 1.0)


def of_this_package(name: str) -> Run:
    def run(synthetic: np.ndarray, real: np.ndarray) -> float:
        from importlib import import_module
        from inspect import signature

        from synthassay.records.vocabulary import Unit

        measure = getattr(import_module(f"synthassay.evaluate.fidelity.{name}"), name)
        facts = {"data_range": UNIT_RANGE, "spacing_mm": (1.0, 1.0, 1.0), "unit": Unit.HU}
        if name == "ms_ssim_synthrad":
            synthetic, real = 1000 * synthetic, 1000 * real
        if name == "ms_ssim" and min(real.shape) < 28:
            return 0.0  # too small to warm up on
        asked = {fact: value for fact, value in facts.items() if fact in signature(measure).parameters}
        found = measure(synthetic[None], real[None], **asked)
        return next(reversed(found.values())) if isinstance(found, dict) else found

    return run


def monai_multi_scale(synthetic: np.ndarray, real: np.ndarray) -> float:
    import torch
    from monai.metrics import MultiScaleSSIMMetric

    torch.set_num_threads(1)
    if min(real.shape) < 112:
        return 0.0
    metric = MultiScaleSSIMMetric(spatial_dims=3, data_range=1.0, kernel_type="uniform", kernel_size=7)
    return float(metric(torch.from_numpy(synthetic[None, None]), torch.from_numpy(real[None, None])))


def torchmetrics_multi_scale(synthetic: np.ndarray, real: np.ndarray) -> float:
    import torch
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

    torch.set_num_threads(1)
    if min(real.shape) < 112:
        return 0.0
    one, two = (torch.from_numpy(v[None, None]) for v in (synthetic, real))
    return float(
        multiscale_structural_similarity_index_measure(one, two, gaussian_kernel=False, kernel_size=7, data_range=1.0)
    )


def challenge_multi_scale(synthetic: np.ndarray, real: np.ndarray) -> float:
    import sys

    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    from evaluate.fidelity.synthrad import ms_ssim_2025

    one, two = (1000 * v.astype(np.float64) for v in (real, synthetic))
    return ms_ssim_2025(one, two, np.ones(real.shape))


def scikit_image_information(synthetic: np.ndarray, real: np.ndarray) -> float:
    from skimage.metrics import normalized_mutual_information

    return float(normalized_mutual_information(synthetic, real, bins=64))


def scipy_wasserstein(synthetic: np.ndarray, real: np.ndarray) -> float:
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(synthetic.ravel(), real.ravel()))


def numpy_correlation(synthetic: np.ndarray, real: np.ndarray) -> float:
    return float(np.corrcoef(synthetic.ravel(), real.ravel())[0, 1])


def numpy_gradients(synthetic: np.ndarray, real: np.ndarray) -> float:
    steep = [np.sqrt(sum(g**2 for g in np.gradient(v))) for v in (synthetic, real)]
    return float(np.abs(steep[0] - steep[1])[1:-1, 1:-1, 1:-1].mean())


GROUPS: dict[str, dict[str, Run]] = {
    "Multi-scale structural similarity": {
        "synthassay": of_this_package("ms_ssim"),
        "MONAI": monai_multi_scale,
        "torchmetrics (mirrored border)": torchmetrics_multi_scale,
    },
    "The same as in SynthRAD2025": {
        "synthassay": of_this_package("ms_ssim_synthrad"),
        "the challenge's formula": challenge_multi_scale,
    },
    "Normalised mutual information, 64 bins": {
        "synthassay": of_this_package("normalised_mutual_information"),
        "scikit-image (range of the images)": scikit_image_information,
    },
    "Wasserstein distance of values": {
        "synthassay": of_this_package("histogram_distance"),
        "scipy": scipy_wasserstein,
    },
    "Correlation": {"synthassay": of_this_package("normalised_cross_correlation"), "numpy": numpy_correlation},
    "Gradient error": {"synthassay": of_this_package("gradient_error"), "numpy": numpy_gradients},
    "No peer": {
        name: of_this_package(name)
        for name in ("edge_f_score", "mind_distance", "spectral_fidelity", "ct_number_curve")
    },
}
SUBJECTS = {f"{group}: {name}": run for group, subjects in GROUPS.items() for name, run in subjects.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(timed(SUBJECTS[options.measure], options.repeats)))
        return
    report: dict[str, dict[str, Result]] = {}
    print(f"{'two 128^3 volumes':40}{'seconds':>9}{'x ours':>8}{'MiB':>8}{'value':>10}")
    for group, subjects in GROUPS.items():
        print(group)
        report[group] = {}
        for name in subjects:
            report[group][name] = row = in_a_process(f"{group}: {name}", options.repeats, Path(__file__))
            ratio = (
                "" if group == "No peer" else f"{row['seconds'] / next(iter(report[group].values()))['seconds']:.1f}"
            )
            print(f"  {name:38}{row['seconds']:9.2f}{ratio:>8}{row['memory_mib']:8.0f}{row['value']:10.5f}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
