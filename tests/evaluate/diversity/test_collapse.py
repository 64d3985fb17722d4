from __future__ import annotations

import numpy as np
import pytest

from evaluate.set_measures import PATIENTS, assert_real_images_pass, assert_worsens_step_by_step, draw, repeating
from synthassay.evaluate.metric import METRICS


def test_real_images_lie_at_the_floor():
    assert_real_images_pass("collapse")


@pytest.mark.parametrize("damage", [repeating])
def test_it_worsens_with_growing_damage(damage):
    assert_worsens_step_by_step("collapse", damage(), slack=0.02)


def test_repeats_among_visits_of_one_real_patient_do_not_loosen_the_yardstick():
    twins = np.repeat(draw(120, 4), 2, axis=0)
    result = METRICS.get("collapse").compute(draw(), [str(i) for i in range(200)], twins, PATIENTS, 5)
    assert result.floor == pytest.approx(0.05, abs=0.06)
    assert result.value == pytest.approx(0.05, abs=0.1)
