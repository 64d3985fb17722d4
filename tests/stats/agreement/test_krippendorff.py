"""Alpha: Krippendorff's canonical example on every scale, its definition written out, published standard error."""

from __future__ import annotations

import numpy as np
import pytest

from stats.agreement.test_categories import raw
from stats.mrmc.published import expected, printed
from synthassay.stats.agreement.categories import coded
from synthassay.stats.agreement.krippendorff import alpha_of, alpha_standard_error, interval_alpha, krippendorff_alpha

NAN = float("nan")
# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: four observers, twelve units
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]


@pytest.mark.parametrize(("scale", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_the_canonical_example(scale, alpha):
    assert krippendorff_alpha(np.array(OBSERVERS).T, scale) == pytest.approx(alpha, abs=5e-4)


def test_the_published_estimate_and_standard_error():
    estimate, error = expected()["agreement_raw4raters"]["published"]["krippendorff_alpha_nominal"]
    assert krippendorff_alpha(raw()) == printed(estimate)
    # the port that printed this error centres with the corrected agreement in one place; Gwet's own package does not
    assert linearised(coded(raw()).counts, slip=True) == printed(error)
    assert alpha_standard_error(coded(raw()), "nominal") == pytest.approx(linearised(coded(raw()).counts, slip=False))


def linearised(counts, *, slip):
    """Gwet's formula for the standard error of a nominal alpha, written out."""
    counts = counts[counts.sum(axis=1) >= 2]
    rated = counts.sum(axis=1)
    mean, n = rated.mean(), len(rated)
    agree = (counts * (counts - 1)).sum(axis=1) / (mean * (rated - 1))
    share = counts.mean(axis=0) / mean
    chance = (share**2).sum()
    alpha = (agree.mean() - chance) / (1 - chance)
    centre = (1 - 1 / rated.sum()) * agree.mean() + 1 / rated.sum() if slip else agree.mean()
    off = (rated - mean) / mean
    guessed = counts @ share / mean - chance * off
    linear = (agree - centre * off - chance) / (1 - chance) - 2 * (1 - alpha) * (guessed - chance) / (1 - chance)
    return np.sqrt(((linear - alpha) ** 2).sum() / (n * (n - 1)))


def by_definition(table, distance):
    """Observed over expected disagreement, pair by pair."""
    units = [[v for v in row if not np.isnan(v)] for row in table]
    units = [unit for unit in units if len(unit) > 1]
    values = [v for unit in units for v in unit]
    observed = sum(
        sum(distance(a, b) for i, a in enumerate(unit) for j, b in enumerate(unit) if i != j) / (len(unit) - 1)
        for unit in units
    ) / len(values)
    pairs = [distance(a, b) for i, a in enumerate(values) for j, b in enumerate(values) if i != j]
    return 1 - observed / np.mean(pairs)


def test_it_equals_its_definition():
    rng = np.random.default_rng(0)
    table = rng.integers(1, 6, (25, 3)).astype(float)
    table[rng.random(table.shape) < 0.2] = np.nan
    assert krippendorff_alpha(table) == pytest.approx(by_definition(table, lambda a, b: a != b))
    assert krippendorff_alpha(table, "interval") == pytest.approx(by_definition(table, lambda a, b: (a - b) ** 2))


def test_an_ordinal_alpha_ignores_the_spacing_and_an_interval_alpha_the_scale():
    table = np.random.default_rng(1).integers(1, 5, (30, 3)).astype(float)
    assert krippendorff_alpha(table**3, "ordinal") == pytest.approx(krippendorff_alpha(table, "ordinal"))
    assert krippendorff_alpha(table**3, "interval") != pytest.approx(krippendorff_alpha(table, "interval"))
    assert krippendorff_alpha(7 * table - 3, "interval") == pytest.approx(krippendorff_alpha(table, "interval"))


def test_weights_count_units():
    table = np.array(OBSERVERS).T
    weights = np.ones((1, 12))
    weights[0, 5] = 2
    twice = coded(np.repeat(table, [1] * 5 + [2] + [1] * 6, axis=0))
    for scale in ("nominal", "ordinal", "interval"):
        np.testing.assert_allclose(alpha_of(coded(table), scale, weights), alpha_of(twice, scale))


def test_without_pairs_or_variation_nothing_is_known():
    with pytest.raises(ValueError, match="two readers"):
        krippendorff_alpha([[1, NAN], [NAN, 2]])
    assert np.isnan(krippendorff_alpha([[1, 1], [1, 1]]))


def test_alpha_of_measurements_is_that_of_categories_draw_by_draw():
    rng = np.random.default_rng(3)
    table = rng.integers(1, 6, (20, 4)).astype(float) + 1000
    table[0, :3], table[3, 1], table[5] = np.nan, np.nan, np.nan
    weights = rng.multinomial(20, np.full(20, 0.05), size=6).astype(float)
    kept = ~np.isnan(table).all(axis=1)
    np.testing.assert_allclose(
        interval_alpha(table, weights), alpha_of(coded(table), "interval", weights[:, kept]), rtol=1e-9
    )
    with pytest.raises(ValueError, match="two readers"):
        interval_alpha([[1.0, np.nan]], np.ones((1, 1)))
