"""DeLong's areas and covariance: equal to the definition written out, and to a published multi-reader data set."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from synthassay.stats.delong import delong


def by_definition(scores, positive):
    """Structural components as DeLong et al. write them, pair by pair."""
    areas, above, below = [], [], []
    for row in scores:
        gap = row[positive][:, None] - row[~positive][None, :]
        kernel = (gap > 0) + 0.5 * (gap == 0)
        areas.append(kernel.mean())
        above.append(kernel.mean(axis=1))
        below.append(kernel.mean(axis=0))
    return np.array(areas), np.cov(above) / positive.sum() + np.cov(below) / (~positive).sum()


def test_it_equals_the_definition_with_ties():
    rng = np.random.default_rng(0)
    positive = rng.random(90) < 0.4
    scores = np.round(rng.normal(size=(3, 90)) + positive * np.array([[0.5], [1.0], [2.0]]), 1)
    found = delong(scores, positive)
    areas, covariance = by_definition(scores, positive)
    np.testing.assert_allclose(found.areas, areas, atol=1e-12)
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-14)
    assert found.areas.tolist() == pytest.approx([roc_auc_score(positive, row) for row in scores])


def test_it_reproduces_published_covariances(real_data):
    """Mean variance and covariance of areas over readers of Van Dyke's data, as published software prints them."""
    folder = real_data.parent / "mrmc"
    if not (folder / "VanDyke.csv").exists():
        pytest.skip("the published reader study is not here")
    rows = list(csv.DictReader((folder / "VanDyke.csv").read_text().splitlines()))
    cases = sorted({row["case"] for row in rows}, key=int)
    pairs = sorted({(row["treatment"], row["reader"]) for row in rows})
    rating = {(r["treatment"], r["reader"], r["case"]): float(r["rating"]) for r in rows}
    truth = np.array([next(int(r["truth"]) for r in rows if r["case"] == case) for case in cases], bool)
    found = delong([[rating[(*pair, case)] for case in cases] for pair in pairs], truth)
    expected = expected_components(folder / "expected.json")
    same_reader = [
        found.covariance[i, j] for i, (t, r) in enumerate(pairs) for j, (u, s) in enumerate(pairs) if t != u and r == s
    ]
    assert np.mean(np.diag(found.covariance)) == pytest.approx(expected["var"], rel=2e-6)
    assert np.mean(same_reader) == pytest.approx(expected["cov1"], rel=2e-6)


def expected_components(path: Path) -> dict[str, float]:
    """DeLong's variance components wherever the file of published numbers has them."""

    def search(node, inside=False):
        if isinstance(node, dict):
            lower = {str(key).lower(): value for key, value in node.items()}
            if inside and {"var", "cov1"} <= lower.keys():
                return lower
            for key, value in node.items():
                found = search(value, inside or "delong" in str(key).lower())
                if found:
                    return found
        return None

    found = search(json.loads(path.read_text()))
    if not found:
        pytest.skip("the published numbers have no DeLong components")
    return found


def test_a_difference_is_tested_with_its_covariance():
    rng = np.random.default_rng(1)
    positive = np.arange(400) % 2 == 0
    one = rng.normal(size=400) + positive
    found = delong([one, one + rng.normal(scale=0.1, size=400), rng.normal(size=400)], positive)
    gap, low, high, p = found.difference(0, 2)
    assert low < gap < high and p < 1e-6
    alike = found.difference(0, 1)
    assert alike[2] - alike[1] < 0.2 * (high - low)  # near-equal rankings move together
    assert found.difference(0, 0) == (0.0, 0.0, 0.0, 1.0)
    low, high = found.interval(2)
    assert low < 0.5 < high


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng, held = np.random.default_rng(2), 0
    positive = np.arange(120) < 60
    true = 0.7602499389065233  # area for two normal laws one deviation apart: Phi(1 / sqrt 2)
    for _ in range(400):
        low, high = delong(rng.normal(size=120) + positive, positive).interval(0)
        held += low <= true <= high
    assert 0.92 <= held / 400 <= 0.98


def test_one_case_on_a_side_is_refused():
    with pytest.raises(ValueError, match="not 1 and 3"):
        delong([0.1, 0.2, 0.3, 0.4], [True, False, False, False])
