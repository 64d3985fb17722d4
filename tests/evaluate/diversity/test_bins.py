"""Real clusters and who fills them; covers different_bins and mode_coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from evaluate.set_measures import (
    assert_real_images_pass,
    assert_worsens_step_by_step,
    draw,
    shifted,
    shrinking,
)
from synthassay.errors import NotMeasured
from synthassay.evaluate.diversity.bins import bins_for, clusters, nearest_centre, occupied

CENTRES = 20.0 * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [2, 0]])


def modes(counts, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(size=(count, 2)) + at for count, at in zip(counts, CENTRES, strict=True)])


@pytest.mark.parametrize("name", ["different_bins", "mode_coverage"])
def test_real_images_lie_at_the_floor(name):
    assert_real_images_pass(name)


@pytest.mark.parametrize("damage", [shifted, shrinking])
def test_different_bins_worsen_with_growing_damage(damage):
    assert_worsens_step_by_step("different_bins", damage(), slack=0.02)


def test_mode_coverage_worsens_as_images_gather():
    assert_worsens_step_by_step("mode_coverage", shifted(), slack=0.02)
    assert_worsens_step_by_step("mode_coverage", shrinking(), slack=0.05)


def test_a_lost_mode_is_one_of_five():
    found = occupied(modes([60, 60, 60, 60, 0], 1), modes([50] * 5), 5)
    assert found.covered == pytest.approx(0.8)
    assert found.different == pytest.approx(0.2)  # the others hold a quarter instead of a fifth: within chance
    crowded = occupied(modes([200, 25, 25, 25, 25], 1), modes([50] * 5), 5)
    assert (crowded.different, crowded.covered) == (1.0, pytest.approx(0.2))


def test_bins_are_tested_by_the_two_proportion_z_test():
    real, judged = modes([50] * 5), modes([80, 48, 48, 44, 20], 1)
    at_real, at_judged = ([np.bincount(nearest_centre(x, CENTRES))] for x in (real, judged))
    n, m = len(real), len(judged)
    different = []
    for one, other in zip(at_real[0], at_judged[0], strict=True):
        pooled = (one + other) / (n + m)
        z = (one / n - other / m) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        different.append(2 * norm.sf(abs(z)) < 0.05)
    assert occupied(judged, real, 5).different == pytest.approx(np.mean(different))
    assert 0 < np.mean(different) < 1


def test_clusters_are_seeded_and_find_the_modes():
    centres = clusters(modes([50] * 5), 5)
    assert np.array_equal(centres, clusters(modes([50] * 5), 5))
    assert sorted(map(tuple, np.round(centres / 20).astype(int).tolist())) == sorted(
        map(tuple, (CENTRES / 20).astype(int).tolist())
    )


def test_equal_real_images_have_no_clusters():
    with pytest.raises(NotMeasured, match="all alike"):
        occupied(draw(40), np.ones((40, 6)))


def test_the_number_of_bins_follows_the_images():
    assert [bins_for(n) for n in (10, 60, 10**6)] == [2, 3, 50]
