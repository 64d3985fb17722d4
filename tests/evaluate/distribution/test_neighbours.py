from __future__ import annotations

import numpy as np
import pytest
from prdc import compute_prdc

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution import neighbours
from synthassay.evaluate.distribution.neighbours import blocks, manifolds, radii


@pytest.mark.parametrize(
    ("n", "m", "d", "k", "shift"), [(300, 200, 16, 5, 0.3), (80, 120, 3, 3, 1.0), (90, 90, 64, 5, 0)]
)
def test_all_four_equal_the_authors_package(n, m, d, k, shift, capsys):
    rng = np.random.default_rng(n)
    real, synthetic = rng.normal(size=(n, d)), rng.normal(size=(m, d)) * 0.9 + shift
    found = manifolds(synthetic, real, k)
    expected = compute_prdc(real_features=real, fake_features=synthetic, nearest_k=k)
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-12), name


def test_an_image_is_not_its_own_neighbour():
    assert radii(np.arange(6.0)[:, None], 1) == pytest.approx(1.0)


def test_copies_of_much_repeated_images_count_as_inside():
    # with a ball that excludes its surface, a real image with k duplicates has an empty ball: coverage 0, not 1
    real = np.repeat(np.random.default_rng(0).normal(size=(10, 32)) * 100, 6, axis=0)
    found = manifolds(real[::6], real)
    assert (found.precision, found.coverage) == (1.0, 1.0)
    assert compute_prdc(real, real[::6], 5)["coverage"] < 0.5  # not quite 0: rounding opens some of the balls


def test_equal_rows_have_distance_zero_in_spite_of_rounding():
    rows = np.random.default_rng(1).normal(size=(50, 210)) * 37 + 1000
    (_, squared), *_ = blocks(rows, rows)
    assert (np.diag(squared) == 0).all()
    assert (squared + np.eye(50) > 0).all()


def test_density_may_exceed_one():
    rng = np.random.default_rng(2)
    assert manifolds(rng.normal(size=(200, 5)) * 0.05, rng.normal(size=(200, 5))).density > 1.5


def test_the_size_of_the_blocks_changes_nothing(monkeypatch):
    rng = np.random.default_rng(3)
    synthetic, real = rng.normal(size=(150, 6)), rng.normal(size=(170, 6))
    whole = manifolds(synthetic, real)
    monkeypatch.setattr(neighbours, "ELEMENTS", 700)
    assert manifolds(synthetic, real) == whole


def test_too_few_images_have_no_neighbourhood():
    with pytest.raises(NotMeasured, match="no 5 neighbours"):
        radii(np.zeros((5, 2)))
