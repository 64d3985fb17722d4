"""What every failure promises through the registry, on a small smooth image."""

import numpy as np
import pytest

from synthassay.errors import NotMeasured, UnknownName
from synthassay.failures.failure import FAILURES, NEEDS, Damaged, Failure, Matter, failure
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality


def brighter(specimen, severity, rng):
    return specimen.replace(pixels=specimen.pixels + np.float32(severity))


def declared(apply=brighter, **changes):
    facts = {"matters_at": 2.0, "matters_why": "because", "source": "doi:x", "scope": "case"} | changes
    return Failure("brighter", "Brighter", "HU", (1, 2, 3, 4, 5), (Modality.CT,), apply=apply, **facts)


@pytest.fixture
def specimen():
    return Specimen(np.arange(24, dtype=np.float32).reshape(1, 4, 6), (1.0, 1.0), case="a", mask=np.ones((4, 6), bool))


def test_severity_zero_is_the_same_object(specimen):
    found = declared().inject(specimen, 0.0, np.random.default_rng(0))
    assert found.synthetic is specimen
    assert found.reference is specimen


def test_a_two_sided_failure_brings_its_own_reference(specimen):
    def erased(specimen, severity, rng):
        return Damaged(specimen, brighter(specimen, severity, rng))

    pair = declared(erased).inject(specimen, 3.0, np.random.default_rng(0))
    assert pair.synthetic is specimen
    assert np.array_equal(pair.reference.pixels, specimen.pixels + 3)


def test_nan_outside_the_mask_stays_there_and_nan_inside_is_refused(specimen):
    pixels, mask = specimen.pixels.copy(), specimen.mask.copy()
    pixels[0, 0, 0] = np.nan
    with pytest.raises(NotMeasured, match="1 values inside the mask of a are NaN"):
        declared().inject(specimen.replace(pixels=pixels), 1.0, np.random.default_rng(0))
    mask[0, 0] = False
    found = declared().inject(specimen.replace(pixels=pixels, mask=mask), 1.0, np.random.default_rng(0)).synthetic
    assert np.argwhere(np.isnan(found.pixels)).tolist() == [[0, 0, 0]]
    assert found.pixels.dtype == np.float32


@pytest.mark.parametrize("severity", [-1.0, np.nan, np.inf])
def test_an_impossible_severity_is_our_bug(specimen, severity):
    with pytest.raises(ValueError, match="finite and not negative"):
        declared().inject(specimen, severity, np.random.default_rng(0))


def test_what_a_specimen_lacks_is_said(specimen):
    with pytest.raises(NotMeasured, match="brighter needs structures and lesion, which a does not have"):
        declared(needs=("structures", "lesion")).inject(specimen, 1.0, np.random.default_rng(0))
    with pytest.raises(NotMeasured, match="needs a volume, and a has 2 dimensions"):
        declared(dimensions=(3,)).inject(specimen, 1.0, np.random.default_rng(0))
    with pytest.raises(NotMeasured, match="needs spacing_mm"):
        declared(needs=("spacing_mm",)).inject(specimen.replace(spacing_mm=()), 1.0, np.random.default_rng(0))


def test_sets_and_cases_are_not_confused(specimen):
    with pytest.raises(ValueError, match="failure of a case, not of a set"):
        declared().inject_set([specimen, specimen], [], 1.0, np.random.default_rng(0))


def test_a_modality_may_have_its_own_dose_that_matters():
    own = declared(matters_in={Modality.MRI: Matter(3.0, "small", "doi:y")})
    assert own.matter(Modality.MRI).at == 3.0
    assert own.matter(Modality.CT) == Matter(2.0, "because", "doi:x")


@pytest.mark.parametrize(
    "fault",
    [{"severities": (1.0, 2.0)}, {"severities": (0.0, 1, 2, 3, 4)}, {"needs": ("hope",)}, {"title": ""}],
)
def test_a_declaration_that_contradicts_itself_is_found_on_import(fault):
    facts = {
        "title": "T",
        "unit": "mm",
        "severities": (1.0, 2.0, 3.0, 4.0, 5.0),
        "modalities": (Modality.CT,),
        "matters": Matter(1.0, "why", "doi:x"),
    }
    with pytest.raises(TypeError, match="failure brighter"):
        failure(**facts | fault)(brighter)


def test_every_registered_failure_is_fully_declared():
    with pytest.raises(UnknownName, match="Did you mean: oversmoothing"):
        FAILURES.get("oversmooting")
    for name, entry in FAILURES.items():
        assert entry.name == name
        assert entry.apply.__doc__, name
        assert set(entry.needs) <= set(NEEDS)
        for modality in entry.modalities:
            assert entry.severities[0] <= entry.matter(modality).at <= entry.severities[-1], name
