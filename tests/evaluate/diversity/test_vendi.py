from __future__ import annotations

import numpy as np
import pytest

from evaluate.set_measures import assert_real_images_pass, assert_worsens_step_by_step, draw, repeating
from synthassay.evaluate.diversity.vendi import vendi_score


def shrinking_directions():
    """Variation along fewer and fewer features."""
    return [draw() * (np.arange(6) < keep) + 1e-3 for keep in (6, 4, 2, 1)]


def test_real_images_lie_at_the_floor():
    assert_real_images_pass("vendi")


@pytest.mark.parametrize("damage", [shrinking_directions, repeating])
def test_it_worsens_with_growing_damage(damage):
    assert_worsens_step_by_step("vendi", damage())


@pytest.mark.parametrize("order", [0.5, 1.0, 2.0, 5.0])
def test_the_order_is_honoured(order):
    # one public implementation gives the same number for every order
    rows = draw(40)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    share = np.linalg.eigvalsh(unit @ unit.T / 40)
    share = share[share > 1e-12]
    entropy = -(share * np.log(share)).sum() if order == 1 else np.log((share**order).sum()) / (1 - order)
    assert vendi_score(rows, order) == pytest.approx(np.exp(entropy), rel=1e-9)


def test_it_counts_distinct_images():
    assert vendi_score(np.repeat(np.eye(7), 3, axis=0)) == pytest.approx(7)
    assert vendi_score(np.ones((9, 4))) == pytest.approx(1)


def test_a_row_of_zeros_counts_as_one_more_kind():
    assert vendi_score(np.vstack([np.eye(3), np.zeros((1, 3))])) == pytest.approx(4)


def test_it_grows_with_the_number_of_images_so_its_floor_has_the_same():
    rows = np.random.default_rng(0).normal(size=(400, 60))
    assert vendi_score(rows) > 1.3 * vendi_score(rows[:60])


def test_a_negative_order_is_refused():
    with pytest.raises(ValueError, match="at least 0"):
        vendi_score(draw(5), -1)
