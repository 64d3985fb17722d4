"""Denoisers by PSNR and by what an observer still finds, on real CT at a quarter of the dose; and what observers cost.

    SYNTHASSAY_DATA=... python benchmarks/bench_observers.py [--patients 40] [--json FILE]

The first table shows that both orders differ. The second gives the time to reduce, train and test a channelised
Hotelling observer on n images of each kind, beside a Hotelling observer on the pixels themselves (dense covariance),
and the d' of both against the closed form.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from synthassay.data.dose import simulate_low_dose
from synthassay.data.lesions import lesion_kinds, lesion_signal, lesion_sites, patch_reach
from synthassay.evaluate.observers.channelised import held_out_ratings, outputs
from synthassay.evaluate.observers.channels import laguerre_gauss
from synthassay.evaluate.observers.detection import dprime_from
from synthassay.evaluate.observers.inserted import LesionView
from synthassay.evaluate.observers.known import prewhitening, template
from synthassay.evaluate.observers.lesion_detectability import lesion_detectability

SPACING = (4.0, 4.0, 4.0)
Filter = Callable[[np.ndarray, float], np.ndarray]


def patches(strength: float) -> Filter:
    return lambda picture, noise: denoise_nl_means(picture, 5, 6, h=strength * noise, fast_mode=True)


def variation(weight: float) -> Filter:
    return lambda picture, noise: denoise_tv_chambolle(picture / noise, weight=weight) * noise


def gauss(sigma: float) -> Filter:
    return lambda picture, noise: ndimage.gaussian_filter(picture, sigma)


FILTERS: dict[str, Filter] = {
    "source": lambda picture, noise: picture,
    "non-local means, mild": patches(0.8),
    "non-local means, strong": patches(1.5),
    "total variation, mild": variation(1.0),
    "total variation, strong": variation(2.0),
    "Gaussian, 0.7 pixels": gauss(0.7),
    "Gaussian, 2 pixels": gauss(2.0),
    "median, 3 pixels": lambda picture, noise: ndimage.median_filter(picture, 3),
}


def places(patients: int) -> list[tuple[str, np.ndarray, np.ndarray, tuple[int, ...]]]:
    """Slices of real heads with a place for lesions: patient, routine dose, quarter dose, place."""
    path = Path(os.environ["SYNTHASSAY_DATA"]) / "ct-openkbp-headneck" / "openkbp_hn_4mm.npz"
    with np.load(path) as stored:
        volumes = stored["ct"][:patients]
    rng, found = np.random.default_rng(0), []
    for i, volume in enumerate(volumes):
        hu = volume.transpose(2, 1, 0).astype(np.float32) - 1000
        for site in lesion_sites(hu, hu > -300, SPACING, 2, rng):
            reference = hu[..., site[2]]
            source = simulate_low_dose(reference, spacing_mm=SPACING[:2], dose_fraction=0.25, rng=rng)
            found.append((f"p{i}", reference.astype(float), source.astype(float), site[:2]))
    return found


def compare(found: list[tuple[str, np.ndarray, np.ndarray, tuple[int, ...]]]) -> list[dict[str, Any]]:
    noise = float(np.std([source - reference for _, reference, source, _ in found]))
    reach = patch_reach(max(d for d, _ in lesion_kinds(SPACING)), SPACING[0])
    rows = []
    for name, apply in FILTERS.items():
        views, squared = [], []
        for patient, reference, source, site in found:
            plain = apply(source, noise)
            squared.append(np.mean((plain - reference)[reference > -300] ** 2))
            cut = tuple(slice(c - reach, c + reach + 1) for c in site)
            absent = {"reference": reference[cut], "source": source[cut], "synthetic": plain[cut]}
            for diameter, contrast in lesion_kinds(SPACING):
                signal = lesion_signal(reference.shape, SPACING[:2], site, diameter, contrast)
                present = {kind: absent[kind] + signal[cut] for kind in ("reference", "source")}
                present["synthetic"] = apply(source + signal, noise)[cut]
                views.append(LesionView(patient, patient, str(site), diameter, contrast, SPACING[:2], absent, present))
        seen = {f.stratum: f for f in lesion_detectability(views, 1, 500)}
        gain = seen["gain over the source"]
        rows.append(
            {
                "filter": name,
                "psnr_db": 20 * np.log10(4095) - 10 * np.log10(np.mean(squared)),
                "dprime": seen[""].value,
                "gain": gain.value,
                "gain_low": gain.interval.low if gain.interval else None,
                "gain_high": gain.interval.high if gain.interval else None,
            }
        )
    return rows


def cost(count: int, side: int = 32) -> dict[str, float]:
    rng = np.random.default_rng(0)
    signal = lesion_signal((side, side), (1.0, 1.0), (side // 2, side // 2), 6.0, 0.35)
    absent, present = rng.normal(size=(2, count, side, side))
    present = present + signal
    start = time.process_time()
    channels = laguerre_gauss((side + 1, side + 1), (1.0, 1.0), width_mm=6.0, count=4)[:, :side, :side]
    ratings = held_out_ratings(
        outputs(absent, channels), outputs(present, channels), [str(i) for i in range(count)], seed=0
    )
    reduced, channelised = time.process_time() - start, dprime_from(*ratings)
    start, pixels = time.process_time(), float("nan")
    half = count // 2
    if half > side * side:
        a, b = absent.reshape(count, -1), present.reshape(count, -1)
        spread = (np.cov(a[:half], rowvar=False) + np.cov(b[:half], rowvar=False)) / 2
        weights = template(b[:half].mean(0) - a[:half].mean(0), spread)
        pixels = dprime_from(a[half:] @ weights, b[half:] @ weights)
    return {
        "images": count,
        "closed_form": prewhitening(signal, 1.0),
        "channelised": channelised,
        "channelised_seconds": reduced,
        "pixels": pixels,
        "pixels_seconds": time.process_time() - start,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--patients", type=int, default=40)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rows = compare(places(asked.patients))
    print(f"{'filter':26} {'PSNR, dB':>9} {'d-prime':>8} {'gain over the source':>24}")
    for row in rows:
        interval = f"[{row['gain_low']:+.2f}, {row['gain_high']:+.2f}]"
        print(f"{row['filter']:26} {row['psnr_db']:9.2f} {row['dprime']:8.2f} {row['gain']:+8.2f} {interval}")
    costs = [cost(count) for count in (100, 1000, 4000)]
    print(f"\n{'images':>7} {'true d-prime':>12} {'channelised':>12} {'s':>6} {'pixels':>8} {'s':>6}")
    for line in costs:
        print(
            f"{line['images']:7.0f} {line['closed_form']:12.2f} {line['channelised']:12.2f} "
            f"{line['channelised_seconds']:6.2f} {line['pixels']:8.2f} {line['pixels_seconds']:6.2f}"
        )
    if asked.json:
        asked.json.write_text(json.dumps({"denoisers": rows, "cost": costs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
