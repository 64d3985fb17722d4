"""Evidence refuses contradictions by name, reads lazily, and never guesses a range or a unit."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.sets import fields, images, paired
from synthassay.data.image_set import Entry, ImageSet
from synthassay.errors import DataError, NotMeasured
from synthassay.evaluate.evidence import Evidence
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.needs import lacking
from synthassay.protocols import PROTOCOLS
from synthassay.records.vocabulary import Unit


def unpaired(**changes):
    facts = {
        "of": "g",
        "protocol": PROTOCOLS.get("xray"),
        "synthetic": images("synthetic", fields(6, 1)),
        "test": images("test", fields(6, 2)),
        "data_range": (0.0, 255.0),
    }
    return Evidence(**{**facts, **changes})


def test_aligned_sets_must_have_one_entry_per_synthetic_image():
    with pytest.raises(DataError, match=r"reference: has 11 images for 12 synthetic ones"):
        paired(reference=images("reference", fields(11, 1)))


def test_a_reference_of_another_patient_is_refused():
    with pytest.raises(DataError, match="shows subject p0 but its reference shows subject q0"):
        paired(reference=images("reference", fields(12, 1), subjects=[f"q{i // 2}" for i in range(12)]))


@pytest.mark.parametrize("side", ["training", "holdout"])
def test_a_patient_on_two_sides_is_refused_by_name(side):
    test = images("test", fields(6, 2), subjects=[f"p{i}" for i in range(6)])
    other = images(side, fields(3, 3), subjects=["p4", "x", "y"])
    with pytest.raises(DataError, match=r"1 subjects stand on both sides.*p4"):
        unpaired(test=test, **{side: other})


def test_images_in_another_unit_than_the_protocols_are_refused():
    evidence = unpaired(protocol=PROTOCOLS.get("ct"))
    with pytest.raises(DataError, match="values in unit arbitrary, but the ct protocol measures HU"):
        evidence.check_units()


def test_the_protocols_range_stands_where_the_study_gives_none():
    hounsfield = images("synthetic", fields(3, 1), unit=Unit.HU)
    assert unpaired(protocol=PROTOCOLS.get("ct"), synthetic=hounsfield, data_range=None).data_range == (-1024.0, 3071.0)


def test_a_range_is_never_taken_from_the_images():
    with pytest.raises(NotMeasured, match="guessing"):
        unpaired(data_range=None).declared_range()


def test_a_range_upside_down_is_refused():
    with pytest.raises(DataError, match="low < high"):
        unpaired(data_range=(255.0, 0.0))


def test_no_synthetic_images_are_refused():
    with pytest.raises(DataError, match="no synthetic images"):
        unpaired(synthetic=ImageSet("synthetic", ()))


def test_nothing_is_read_to_tell_whether_a_metric_applies():
    def explode():
        raise AssertionError("an image was read")

    unread = ImageSet("synthetic", tuple(Entry(f"c{i}", f"s{i}", explode) for i in range(4)))
    evidence = unpaired(synthetic=unread, test=ImageSet("test", unread.entries))
    reasons = {name: lacking(evidence, found) for name, found in METRICS.items()}
    assert reasons["mae"] == "no real image exists that a synthetic one should equal"
    assert reasons["tstr_auc"].endswith("carry no class label")
    assert reasons["copied_images"] == "the training images were not given"
    assert not reasons["frechet_distance"]


def test_images_of_different_sizes_stop_set_measures_only():
    pixels = [fields(1, 1)[0], fields(1, 1, size=20)[0]]
    odd = ImageSet("test", tuple(images("test", p[None]).entries[0] for p in pixels))
    with pytest.raises(NotMeasured, match="one size"):
        unpaired(test=odd).set_fixture("test_images", "m")


def test_values_that_are_not_finite_are_counted():
    torn = fields(6, 2)
    torn[2, 0, 3, 3] = np.nan
    with pytest.raises(NotMeasured, match="1 of 6 test images"):
        unpaired(test=images("test", torn)).set_fixture("test_images", "m")


def test_what_rests_on_real_images_is_shared_between_generators():
    memo = {}
    one, other = (unpaired(of=name, real_memo=memo) for name in "ab")
    assert one.set_fixture("test_images", "m") is other.set_fixture("test_images", "m")
    assert one.set_fixture("synthetic_images", "m") is not other.set_fixture("synthetic_images", "m")


def test_streams_depend_on_the_metric_and_the_seed_alone():
    first = unpaired(seed=1).set_fixture("rng", "m").random(3)
    assert (unpaired(seed=1, of="other").set_fixture("rng", "m").random(3) == first).all()
    assert (unpaired(seed=1).set_fixture("rng", "n").random(3) != first).any()
    assert (unpaired(seed=2).set_fixture("rng", "m").random(3) != first).any()


def test_an_unconditional_image_is_its_own_subject():
    synthetic = images("synthetic", fields(3, 1), subjects=["", "", "p"])
    subjects = unpaired(synthetic=synthetic).set_fixture("synthetic_subjects", "m")
    assert subjects == ["case:synthetic-000", "case:synthetic-001", "p"]


def test_classifiers_are_not_tested_on_patients_whom_synthetic_images_show():
    subjects = [f"p{i}" for i in range(6)]
    labels = ["a", "b"] * 3
    evidence = unpaired(
        synthetic=images("synthetic", fields(6, 1), subjects=subjects, labels=labels),
        test=images("test", fields(6, 2), subjects=subjects, labels=labels),
        training=images("training", fields(6, 3), labels=labels),
    )
    with pytest.raises(NotMeasured, match="6 of the test patients, p0 first"):
        evidence.set_fixture("classifier_trial", "tstr_auc")
