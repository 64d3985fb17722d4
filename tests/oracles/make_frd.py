"""Writes frd.json: features of the Fréchet radiomics distance, version 1, as pyradiomics-cuda 1.0.4 computes them.

Run again, with ``pip install synthassay[peers]``, by ``python tests/oracles/make_frd.py``.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

STORED = Path(__file__).with_name("frd.json")
SETTINGS = {
    "normalize": True, "normalizeScale": 100, "interpolator": "sitkBSpline", "resampledPixelSpacing": [2, 2, 0],
    "padDistance": 10, "preCrop": True, "force2D": True, "force2Ddimension": 0, "binWidth": 5, "voxelArrayShift": 300,
    "label": 1,
}  # fmt: skip
GLCM = [
    "Autocorrelation", "JointAverage", "ClusterProminence", "ClusterShade", "ClusterTendency", "Contrast",
    "Correlation", "DifferenceAverage", "DifferenceEntropy", "DifferenceVariance", "JointEnergy", "JointEntropy",
    "Imc1", "Imc2", "Idm", "Idmn", "Id", "Idn", "InverseVariance", "MaximumProbability", "SumEntropy", "SumSquares",
]  # fmt: skip
FAMILIES = {"firstorder": [], "glcm": GLCM, "glrlm": [], "glszm": [], "ngtdm": []}


def picture(size: tuple[int, int] = (48, 40)) -> np.ndarray:
    """A smooth texture whose middle, an ellipse, is the mask in the second case."""
    noise = np.random.default_rng(20241215).normal(size=size)
    smooth = gaussian_filter(noise, 1.2)
    return np.round(120 + 60 * smooth / smooth.std(), 3)


def ellipse(size: tuple[int, int] = (48, 40)) -> np.ndarray:
    rows, columns = np.indices(size)
    return ((rows - 23.5) / 18) ** 2 + ((columns - 19.5) / 14) ** 2 < 1


def by_pyradiomics(image: np.ndarray, mask: np.ndarray, **changes) -> dict[str, float]:
    import SimpleITK
    from radiomics import featureextractor

    logging.getLogger("radiomics").setLevel(logging.ERROR)
    extractor = featureextractor.RadiomicsFeatureExtractor(**{**SETTINGS, **changes})
    extractor.disableAllImageTypes()
    for kind, extra in (("Original", {}), ("LoG", {"sigma": [2.0, 3.0, 4.0, 5.0]}), ("Wavelet", {})):
        extractor.enableImageTypeByName(kind, customArgs=extra)
    extractor.disableAllFeatures()
    extractor.enableFeaturesByName(**FAMILIES)
    parts = (SimpleITK.GetImageFromArray(a[None]) for a in (image.astype(np.float64), mask.astype(np.uint8)))
    found = extractor.execute(*parts)
    out = {}
    for name, value in found.items():
        number = np.asarray(value)
        if number.ndim == 0 and number.dtype.kind in "fiu":
            out[name] = float(number)
    return out


def cases() -> dict[str, dict[str, float]]:
    whole = np.ones((48, 40), bool)
    whole[0, 0] = False
    return {
        "whole picture": by_pyradiomics(picture(), whole),
        "ellipse": by_pyradiomics(picture(), ellipse()),
        "ellipse, not resampled": by_pyradiomics(picture(), ellipse(), resampledPixelSpacing=None),
    }


if __name__ == "__main__":
    STORED.write_text(json.dumps(cases(), indent=1) + "\n")
    print({name: len(found) for name, found in json.loads(STORED.read_text()).items()})
