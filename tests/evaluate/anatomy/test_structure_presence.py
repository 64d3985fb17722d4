"""Missing and surplus structures: counted, calibrated on real patients, named."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.structure_presence import rarity, structure_presence
from synthassay.images.specimen import Specimen


def hand(i, fingers=5, extra=0):
    """A picture of fingers; one patient in eight has two rings (label 2), nobody a third label."""
    drawn = np.zeros((20, 40), np.int64)
    drawn[4:12, 2 : 2 + 5 * fingers : 5] = 1
    drawn[15, 4 : 8 if i % 8 else 12 : 4] = 2
    drawn[18, 30 : 30 + extra] = 3
    return Specimen(1.0 * drawn[None], case=str(i), subject=str(i), structures=drawn, structure_names={1: "finger"})


REAL = [hand(i) for i in range(60)]


def shares(images, real=REAL):
    return {finding.stratum: finding for finding in structure_presence(images, real, 0)}


@pytest.mark.parametrize(("fingers", "kind"), [(6, "surplus"), (0, "missing")])
def test_a_sixth_finger_and_a_hand_without_any_are_found(fingers, kind):
    found = shares([hand(100 + i, fingers if i < 4 else 5) for i in range(16)])
    assert found[""].value == found[kind].value == 0.25
    assert found[""].floor == 0
    assert found[""].settings[kind] == "finger in 4"


def test_four_fingers_are_rare_though_nothing_is_missing():
    found = shares([hand(100, 4)])
    assert (found[""].value, found["missing"].value) == (1.0, 0.0)


def test_what_some_patients_have_is_no_failure():
    assert shares([hand(8 * i) for i in range(20)])[""].value == 0


def test_a_structure_that_nobody_has_is_surplus():
    found = shares([hand(100, extra=3), hand(101)])
    assert found["surplus"].value == 0.5
    assert "label 3" in found["surplus"].settings or "label 3" in found[""].settings["surplus"]


def test_rarity_grows_with_the_count_and_is_symmetric_in_order():
    real = np.random.default_rng(0).poisson(3, size=(200, 1))
    found = rarity(np.arange(3, 12)[:, None], real)
    assert (np.diff(found) > -1e-9).all()
    assert found[-1] > 2
    assert np.allclose(rarity(real[::-1], real, own=True)[::-1], rarity(real, real, own=True))


def test_false_alarms_on_real_patients_stay_at_five_percent():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(20):
        real, other = rng.poisson(4, size=(80, 6)), rng.poisson(4, size=(200, 6))
        reach = np.sort(rarity(real, real, own=True))[int(np.ceil(81 * 0.95)) - 1]
        found.append((rarity(other, real) > reach).mean())
    assert 0.02 < np.mean(found) < 0.07


def test_too_few_patients_are_not_measured():
    with pytest.raises(NotMeasured, match="20 are the least"):
        structure_presence(REAL[:5], REAL[:30], 0)
