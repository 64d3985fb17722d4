"""Writes radiomics.json: features of real images as pyradiomics-cuda 1.0.4 computes them.

Run again, with ``pip install synthassay[peers]`` and ``SYNTHASSAY_DATA`` set, by
``python tests/oracles/make_radiomics.py``.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

STORED = Path(__file__).with_name("radiomics.json")


class Case(NamedTuple):
    name: str
    image: np.ndarray
    mask: np.ndarray
    binning: dict[str, float]


def virtual_cases() -> Iterator[Case]:
    rng = np.random.default_rng(20240607)
    noise = rng.normal(100.0, 30.0, (24, 31))
    yield Case("noise, everywhere", noise, np.ones(noise.shape, bool), {"width": 7.5})
    ramp = np.round(np.indices((9, 12, 10)).sum(0) * 4.0 + rng.normal(0, 6, (9, 12, 10)))
    yield Case("ramp volume, ball", ramp, np.hypot(*np.indices((9, 12, 10))[:2] - 5.0) < 5, {"count": 16})
    line = np.zeros((7, 7), bool)
    line[3, ::2], line[3, 1] = True, True
    yield Case("broken line", np.indices((7, 7)).sum(0) * 10.0, line, {"width": 15.0})


def real_cases(folder: Path) -> Iterator[Case]:
    xray = np.load(folder / "xray-kermany-pneumonia" / "kermany_pneumonia_64.npz")["images"].astype(float)
    for number in (0, 1700, 5000):
        yield Case(f"x-ray {number}", xray[number], np.ones((64, 64), bool), {"width": 5})
    yield Case("x-ray 9, 32 bins", xray[9], np.ones((64, 64), bool), {"count": 32})
    ct = np.load(folder / "ct-openkbp-headneck" / "openkbp_hn_4mm.npz")["ct"][7].astype(float) - 1000
    yield Case("CT slice, body", ct[20], largest(ct[20] > -400), {"width": 25})
    part = ct[8:32, 8:56, 8:56]
    yield Case("CT volume, body", part, largest(part > -400), {"width": 25})
    brain = np.load(folder / "mri-ixi-hh-t1" / "ixi_hh_t1_2mm.npz")["t1"][3, 20:60, 20:60, 20:60].astype(float)
    yield Case("MRI volume, brain", brain, largest(brain > 0), {"count": 32})


def largest(mask: np.ndarray) -> np.ndarray:
    """The largest connected part: no lonely elements, which pyradiomics and IBSI treat differently."""
    parts, _ = ndimage.label(mask)
    return parts == np.bincount(parts[mask]).argmax()


def by_pyradiomics(case: Case) -> dict[str, float]:
    import SimpleITK
    from radiomics import firstorder, glcm, gldm, glrlm, glszm, ngtdm

    classes = {
        "firstorder": firstorder.RadiomicsFirstOrder,
        "glcm": glcm.RadiomicsGLCM,
        "glrlm": glrlm.RadiomicsGLRLM,
        "glszm": glszm.RadiomicsGLSZM,
        "gldm": gldm.RadiomicsGLDM,
        "ngtdm": ngtdm.RadiomicsNGTDM,
    }
    settings = {{"width": "binWidth", "count": "binCount"}[k]: v for k, v in case.binning.items()}
    image, mask = (SimpleITK.GetImageFromArray(a) for a in (case.image.astype(float), case.mask.astype(np.uint8)))
    out: dict[str, float] = {}
    for family, make in classes.items():
        features: Any = make(image, mask, **settings)
        features.enableAllFeatures()
        out |= {f"{family}_{name}": float(np.squeeze(value)) for name, value in features.execute().items()}
    return out


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    cases = [*virtual_cases(), *real_cases(Path(os.environ["SYNTHASSAY_DATA"]))]
    STORED.write_text(json.dumps({case.name: by_pyradiomics(case) for case in cases}, indent=1) + "\n")
