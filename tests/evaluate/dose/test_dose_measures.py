"""Dose measures: pass rates, dose-volume points, coverage and high-dose error, on doses written down as formulas.

No data set here comes with dose grids; the doses are boxes with rounded edges and depth attenuation. Tested are
synthassay.evaluate.dose.gamma_pass_rate, dvh_error, dvh_error_of_prescription, coverage_error and dose_error.
"""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.dose.phantom_doses import box_dose
from evaluate.examination import assert_worsens
from evaluate.sets import images
from synthassay.errors import NotMeasured
from synthassay.evaluate.case_pass import measure_cases
from synthassay.evaluate.dose.coverage_error import coverage_error
from synthassay.evaluate.dose.dose_error import dose_error
from synthassay.evaluate.dose.dvh_error import dvh_error
from synthassay.evaluate.dose.dvh_error_of_prescription import dvh_error_of_prescription
from synthassay.evaluate.dose.gamma_pass_rate import CRITERIA, gamma_pass_rate
from synthassay.evaluate.evidence import Evidence
from synthassay.evaluate.metric import METRICS
from synthassay.protocols import PROTOCOLS
from synthassay.records.vocabulary import Better, Unit

SHAPE, SPACING = (20, 18, 12), (2.5, 3.0, 4.0)
REFERENCE = box_dose(SHAPE, SPACING, half_mm=15)
TARGET, SPARED = 1, 2
STRUCTURES = np.zeros(SHAPE, int)
STRUCTURES[6:14, 5:13, 4:8] = TARGET
STRUCTURES[17:, 15:, 9:] = SPARED
NAMES = {TARGET: "PTV", SPARED: "lens"}


def scaled(*shares):
    return [REFERENCE * (1 + share) for share in shares]


def worst(found):
    return max(found.values())


def test_every_measure_of_dose_worsens_with_a_growing_error_of_the_dose():
    doses = scaled(0, 0.02, 0.05, 0.12)
    shifted = [box_dose(SHAPE, SPACING, half_mm=15, shift_mm=mm) for mm in (0, 2.5, 4, 6)]
    for steps in (doses, shifted):
        assert_worsens([dose_error(dose, REFERENCE, 60.0) for dose in steps], Better.LOWER)
        errors = [dvh_error(dose, REFERENCE, STRUCTURES, NAMES, SPACING) for dose in steps]
        assert_worsens([worst(found) for found in errors], Better.LOWER)
    rates = [gamma_pass_rate(dose, REFERENCE, SPACING)["criterion=local 2%/2mm"] for dose in shifted]
    assert_worsens(rates, Better.HIGHER)
    low = [
        coverage_error(d, REFERENCE, STRUCTURES, NAMES, SPACING, 55.0)["structure=PTV"]
        for d in scaled(0, -0.03, -0.06, -0.1)
    ]
    assert_worsens(low, Better.LOWER)


def test_the_four_criteria_are_as_strict_as_their_names():
    found = gamma_pass_rate(box_dose(SHAPE, SPACING, half_mm=15, shift_mm=2.6), REFERENCE, SPACING)
    assert list(found) == [criterion.stratum for criterion in CRITERIA]
    wide, middle, narrow, local = found.values()
    assert wide > middle >= narrow > local


def test_a_spared_organ_has_an_error_in_gray_and_no_exploding_share():
    reference, spared = REFERENCE.copy(), STRUCTURES == SPARED
    reference[spared] = 1e-9
    synthetic = reference.copy()
    synthetic[spared] = 0.2
    found = dvh_error(synthetic, reference, STRUCTURES, NAMES, SPACING)
    assert found["structure=lens point=Dmean"] == pytest.approx(0.2)
    assert found["structure=PTV point=Dmean"] == 0
    shares = dvh_error_of_prescription(synthetic, reference, STRUCTURES, NAMES, SPACING, 60.0)
    assert shares["structure=lens point=Dmean"] == pytest.approx(100 * 0.2 / 60)
    # the published sum of |D - D_ref| / D_ref over the same doses
    assert 0.2 / reference[spared].mean() > 1e8


def test_coverage_is_the_share_of_the_volume_that_crosses_the_line():
    reference = np.full(SHAPE, 60.0)
    synthetic = np.where(np.arange(SHAPE[0])[:, None, None] < 8, 50.0, reference)
    found = coverage_error(synthetic, reference, STRUCTURES, NAMES, SPACING, 60.0)
    assert found == {"structure=PTV": 25.0, "structure=lens": 0.0}  # two of its eight planes


def test_dose_error_is_the_mean_of_the_challenge_and_looks_at_high_dose_alone():
    synthetic = np.where(REFERENCE >= 54, REFERENCE + 1.2, 0.0)
    assert dose_error(synthetic, REFERENCE, 60.0) == pytest.approx(2.0)
    with pytest.raises(NotMeasured, match="nowhere reaches 90 % of the prescription of 90 Gy"):
        dose_error(synthetic, REFERENCE, 90.0)
    with pytest.raises(NotMeasured, match="prescribed dose is not known"):
        dose_error(synthetic, REFERENCE, None)
    with pytest.raises(NotMeasured, match="above 0 Gy"):
        dose_error(synthetic, REFERENCE, 0.0)
    with pytest.raises(NotMeasured, match=r"size \(3,\)"):
        dose_error(np.ones(3), REFERENCE, 60.0)
    with pytest.raises(NotMeasured, match="unknown in 3 voxels of the high-dose region"):
        torn = synthetic.copy()
        torn[np.unravel_index(np.argsort(-REFERENCE, axis=None)[:3], SHAPE)] = np.nan
        dose_error(torn, REFERENCE, 60.0)


def test_what_lies_outside_the_body_or_the_dose_grid_is_not_judged():
    body = np.zeros(SHAPE, bool)
    body[4:16, 4:14, 3:9] = True
    synthetic = np.where(body, REFERENCE, np.nan)
    assert set(gamma_pass_rate(synthetic, REFERENCE, SPACING, body).values()) == {100.0}
    with pytest.raises(NotMeasured, match="unknown at .* points where the reference dose is judged"):
        gamma_pass_rate(synthetic, REFERENCE, SPACING)
    half = REFERENCE.copy()
    half[:, :, 6:] = np.nan  # the dose grid ends here
    assert set(gamma_pass_rate(half, half, SPACING).values()) == {100.0}
    with pytest.raises(NotMeasured, match="mask has"):
        gamma_pass_rate(REFERENCE, REFERENCE, SPACING, body[1:])


def test_structures_that_are_missing_empty_or_outside_the_dose_are_reasons():
    with pytest.raises(NotMeasured, match="no structure is drawn"):
        dvh_error(REFERENCE, REFERENCE, np.zeros(SHAPE, int), NAMES, SPACING)
    with pytest.raises(NotMeasured, match="no structure is drawn"):
        dvh_error(REFERENCE, REFERENCE, STRUCTURES, NAMES, SPACING, structures_drawn={7})
    torn = REFERENCE.copy()
    torn[17:, 15:, 9:] = np.nan
    with pytest.raises(NotMeasured, match="lens: the dose is unknown in 27 of the structure's 27 voxels"):
        dvh_error(torn, REFERENCE, STRUCTURES, NAMES, SPACING)
    assert set(dvh_error(torn, REFERENCE, STRUCTURES, NAMES, SPACING, structures_drawn={TARGET})) == {
        f"structure=PTV point={point}" for point in ("D98", "D95", "D50", "D2", "Dmean")
    }


def evidence(**changes):
    """Four CT volumes, each with a dose 2 % too high on the synthetic one."""
    rng = np.random.default_rng(0)
    count = 4
    ct = rng.normal(0, 20, (count, 1, *SHAPE)).astype(np.float32)
    stack = lambda array: np.stack([array[None]] * count)  # noqa: E731
    subjects = [f"p{i}" for i in range(count)]
    facts = {
        "of": "g", "protocol": PROTOCOLS.get("ct"), "task": "translate",
        "synthetic": images("synthetic", ct + 5, subjects=subjects, unit=Unit.HU),
        "test": images("test", ct, subjects=subjects, unit=Unit.HU),
        "reference": images("reference", ct, subjects=subjects, unit=Unit.HU),
        "structures": images("structures", stack(STRUCTURES), subjects=subjects, unit=Unit.LABEL),
        "masks": images("masks", stack(np.ones(SHAPE, bool)), subjects=subjects, unit=Unit.LABEL),
        "structure_names": NAMES,
        "doses": images("doses", stack(REFERENCE), subjects=subjects, unit=Unit.GY),
        "synthetic_doses": images("synthetic doses", stack(1.02 * REFERENCE), subjects=subjects, unit=Unit.GY),
        "prescription_gy": 60.0,
    }  # fmt: skip
    return Evidence(**(facts | changes))


def rows_of(evidence, *names):
    found = measure_cases(evidence, [METRICS.get(name) for name in names])
    return {(row.metric, row.stratum): row for _, rows in found for row in rows}


def test_doses_reach_the_measures_and_structures_have_rows_of_their_own():
    rows = rows_of(evidence(), "gamma_pass_rate", "dvh_error", "coverage_error", "dose_error")
    assert rows["gamma_pass_rate", "criterion=global 3%/3mm"].value == 100
    assert rows["dvh_error", "structure=PTV point=Dmean"].value == pytest.approx(
        0.02 * REFERENCE[STRUCTURES == TARGET].mean()
    )
    assert rows["dvh_error", "structure=PTV point=Dmean"].unit == "Gy"
    assert rows["coverage_error", "structure=lens"].value == 0
    assert rows["dose_error", ""].n == 4


def test_without_doses_or_a_prescription_rows_say_so():
    rows = rows_of(evidence(doses=None), "gamma_pass_rate", "dose_error")
    assert {row.not_measured for row in rows.values()} == {"no dose calculated on the real images was given"}
    rows = rows_of(evidence(prescription_gy=None), "dose_error", "dvh_error")
    assert "prescribed dose is not known" in rows["dose_error", ""].not_measured
    assert rows["dvh_error", "structure=PTV point=D50"].value > 0
