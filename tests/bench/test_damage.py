import numpy as np
import pytest

from bench.small_bench import material
from synthassay.bench.damage import damaged, damaged_set, undamaged, with_what_is_lacking
from synthassay.errors import NotMeasured
from synthassay.failures.failure import FAILURES


@pytest.fixture(scope="module")
def real():
    return material(12)


def test_undamaged_pairs_are_two_scans_of_one_patient(real):
    pairs = undamaged(real, 3)
    again = undamaged(real, 3)
    for one, two, twin in zip(pairs.synthetic, pairs.reference, again.synthetic, strict=True):
        assert one.case == two.case
        assert 0 < np.abs(one.pixels - two.pixels).mean() < 12
        np.testing.assert_array_equal(one.pixels, twin.pixels)


def test_a_larger_severity_is_more_of_the_same_damage(real):
    faultless, failure = undamaged(real, 3), FAILURES.get("oversmoothing")
    sizes = []
    for severity in (1.0, 2.0, 4.0):
        pairs = damaged(failure, severity, faultless, 3)
        sizes.append(np.mean([np.abs(d.pixels - u.pixels).mean()
                              for d, u in zip(pairs.synthetic, faultless.synthetic, strict=True)]))  # fmt: skip
    assert sizes == sorted(sizes)
    assert sizes[0] > 0
    assert with_what_is_lacking(pairs, faultless) is None


def test_an_erased_lesion_is_in_the_reference_and_in_both_undamaged_images(real):
    faultless = undamaged(real, 3)
    pairs = damaged(FAILURES.get("lesion_erased"), 6.0, faultless, 3)
    both = with_what_is_lacking(pairs, faultless)
    for i in range(len(pairs.positions)):
        where = pairs.reference[i].lesion
        assert where.any()
        assert pairs.synthetic[i].lesion is None or not pairs.synthetic[i].lesion.any()
        np.testing.assert_array_equal(both.synthetic[i].lesion, where)
        added = both.synthetic[i].pixels - faultless.synthetic[i].pixels
        assert np.abs(added[0][where]).mean() > 10 * np.abs(added[0][~where]).mean()


def test_who_cannot_carry_a_failure_is_left_out(real):
    faultless = undamaged(real, 3)
    with pytest.raises(NotMeasured, match="no image can carry it: .*volume"):
        damaged(FAILURES.get("slice_jitter"), 1.0, faultless, 3)


def test_a_set_is_damaged_as_much_as_was_asked(real):
    judged, training = real.specimens[:8], real.specimens[8:]
    found = damaged_set(FAILURES.get("memorised_copies"), 50.0, judged, training, 3)
    copies = sum(any(np.array_equal(s.pixels, t.pixels) for t in training) for s in found)
    assert len(found) == 8
    assert copies == 4
