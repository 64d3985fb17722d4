"""hu_error and hu_bias (classes from synthassay.evaluate.fidelity.tissue): numbers by hand, and on real CT."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.examination import assert_worsens
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.hu_bias import hu_bias
from synthassay.evaluate.fidelity.hu_error import hu_error
from synthassay.evaluate.fidelity.tissue import STRATA
from synthassay.records.vocabulary import Better, Unit

REAL = np.array([[-1000.0, -201.0, -200.0, 0.0, 249.0, 250.0, 1500.0]])
BODY = np.array([False, True, True, True, True, True, True])


def test_classes_follow_the_real_image_at_the_stated_thresholds():
    shift = np.array([[999.0, 1.0, 2.0, 4.0, -8.0, 16.0, -32.0]])
    assert hu_error(REAL + shift, REAL, BODY, Unit.HU) == {
        "tissue=body": 63 / 6,
        "tissue=air": 1.0,
        "tissue=soft": 14 / 3,
        "tissue=bone": 24.0,
    }
    assert hu_bias(REAL + shift, REAL, BODY, Unit.HU) == {
        "tissue=body": -17 / 6,
        "tissue=air": 1.0,
        "tissue=soft": -2 / 3,
        "tissue=bone": -8.0,
    }


def test_a_synthetic_image_cannot_move_its_error_into_another_class():
    turned_to_air = np.where(REAL >= 250, -1000.0, REAL)
    found = hu_error(turned_to_air, REAL, BODY, Unit.HU)
    assert found["tissue=air"] == 0
    assert found["tissue=bone"] == 1875.0


def test_an_absent_tissue_has_no_number():
    soft = np.zeros((1, 4))
    assert set(hu_error(soft + 1, soft, np.ones(4, bool), Unit.HU)) == {"tissue=body", "tissue=soft"}


def test_arbitrary_units_have_no_tissues():
    with pytest.raises(NotMeasured, match="Hounsfield"):
        hu_error(REAL, REAL, BODY, Unit.ARBITRARY)


@pytest.mark.parametrize(
    ("measure", "better", "target"), [(hu_error, Better.LOWER, None), (hu_bias, Better.TARGET, 0.0)]
)
def test_errors_by_tissue_grow_with_a_growing_offset(measure, better, target):
    found = [measure(REAL + shift, REAL, BODY, Unit.HU) for shift in (0, 5, 20, 80)]
    for stratum in STRATA:
        assert_worsens([one[stratum] for one in found], better, target=target)


def test_real_ct_has_all_tissues_and_bone_hides_in_the_body_mean(real_data):
    with np.load(real_data / "ct-openkbp-headneck" / "openkbp_hn_4mm.npz") as archive:
        real = archive["ct"][0].astype(np.float64)[None] - 1000.0
    body = real[0] > -900
    without_bone = np.where(real >= 250, 40.0, real)
    found = hu_error(without_bone, real, body, Unit.HU)
    assert set(found) == set(STRATA)
    assert found["tissue=bone"] > 300
    assert found["tissue=body"] < 0.2 * found["tissue=bone"]
    assert found["tissue=soft"] == found["tissue=air"] == 0
