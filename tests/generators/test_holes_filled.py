"""harmonic and biharmonic: what is known stays, and what is not follows its border."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from synthassay.generators.biharmonic import Biharmonic
from synthassay.generators.harmonic import Harmonic, fill
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

FAMILIES = {"harmonic": Harmonic, "biharmonic": Biharmonic}


def filled(family: str, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    source = np.concatenate([np.where(hole, -1.0, image)[None], np.where(hole, 1.0, -1.0)[None]])[None]
    made = build_generator(family, {}, Facts(1, 2, (), image.shape, ("image", "hole")), seed=0)
    assert isinstance(made, FAMILIES[family])
    return made.sample(Batch(source=torch.from_numpy(source).float()), [torch.Generator()])[0, 0].numpy()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_plane_is_continued_exactly_and_known_pixels_stay(family):
    rows, columns = np.mgrid[0:16, 0:16]
    plane = 0.02 * rows + 0.03 * columns - 0.3
    hole = np.zeros((16, 16), bool)
    hole[5:10, 6:12] = True
    out = filled(family, plane, hole)
    np.testing.assert_allclose(out, plane, atol=2e-3 if family == "biharmonic" else 1e-5)
    np.testing.assert_array_equal(out[~hole], plane.astype(np.float32)[~hole])


@pytest.mark.parametrize("family", FAMILIES)
def test_what_stood_in_the_hole_is_never_seen(family):
    rng = np.random.default_rng(0)
    image = rng.uniform(-0.5, 0.5, (12, 12))
    hole = np.zeros((12, 12), bool)
    hole[3:7, 3:7] = True
    np.testing.assert_array_equal(filled(family, image, hole), filled(family, np.where(hole, 0.9, image), hole))
    assert np.isfinite(filled(family, image, np.ones_like(hole))).all()


def test_the_laplacian_is_zero_in_the_hole_and_nothing_flows_out_of_the_picture():
    rng = np.random.default_rng(1)
    image, hole = rng.uniform(-1, 1, (9, 9)), np.zeros((9, 9), bool)
    hole[0:4, 2:7] = True
    out = fill(image, hole)
    padded = np.pad(out, 1, mode="edge")
    laplacian = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * out
    np.testing.assert_allclose(laplacian[hole], 0, atol=1e-12)
