import numpy as np
import pytest

from bench.small_bench import material
from synthassay.bench.cases import case_metrics, measured_cases, pair_evidence, specimen_set
from synthassay.bench.damage import Pairs, damaged, undamaged
from synthassay.evaluate.fidelity.mae import mae
from synthassay.evaluate.metric import METRICS
from synthassay.failures.failure import FAILURES


@pytest.fixture(scope="module")
def real():
    return material(12)


def test_each_value_stands_at_its_patient(real):
    pairs = undamaged(real, 3)
    some = Pairs((5, 2), (pairs.synthetic[5], pairs.synthetic[2]), (pairs.reference[5], pairs.reference[2]))
    found = measured_cases(real, some, [METRICS.get("mae")])["mae"][""]
    assert np.isfinite(found).nonzero()[0].tolist() == [2, 5]
    one, two = pairs.synthetic[5], pairs.reference[5]
    assert found[5] == pytest.approx(mae(one.pixels, two.pixels, one.mask))


def test_measures_that_apply_are_those_of_the_unit_and_the_drawings(real):
    names = {metric.name for metric in case_metrics(real, undamaged(real, 3))}
    assert {"mae", "ssim", "psnr"} <= names
    assert "hu_error" not in names, "the pictures are not in HU"


def test_lesions_are_known_on_both_sides_once_one_was_inserted(real):
    faultless = undamaged(real, 3)
    assert pair_evidence(real, faultless).lesions is None
    evidence = pair_evidence(real, damaged(FAILURES.get("lesion_erased"), 6.0, faultless, 3))
    assert evidence.lesions.entries[0].load().pixels.any()
    assert not evidence.synthetic_lesions.entries[0].load().pixels.any()


def test_a_set_of_specimens_keeps_what_they_are(real):
    entry = specimen_set("test", real.specimens).entries[0]
    image = entry.load()
    assert (entry.case, entry.subject) == ("case-000", "patient-000")
    assert image.geometry.spacing_mm == (1.0, 1.0)
    assert image.pixels is real.specimens[0].pixels
