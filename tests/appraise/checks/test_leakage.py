from __future__ import annotations

import pytest

from appraise.asking import level, reply
from appraise.conftest import SUBJECTS, rewrite
from synthassay.appraise.dossier import read_dossier
from synthassay.appraise.filling import appraise
from synthassay.appraise.library import instrument
from synthassay.records.appraisal import Level
from synthassay.records.audit import AboutImage, NearPair
from synthassay.records.vocabulary import Split


@pytest.mark.parametrize(
    ("metric", "value", "interval", "name"),
    [
        ("copied_images", 0.02, (0.01, 0.03), "no_copies"),
        ("closer_to_training", 0.6, (0.52, 0.7), "not_nearer_to_training"),
    ],
)
def test_leakage_makes_the_domain_high(change, metric, value, interval, name):
    low, high = interval
    run = change(metric, value=value, interval={"low": low, "high": high, "method": "bootstrap"})
    assert reply(run, name) == "no"
    assert level(run, "leakage") is Level.HIGH
    assert appraise(read_dossier(run), instrument("own")).overall is Level.HIGH


def test_copies_among_the_baseline_are_not_the_generators(change):
    run = change("copied_images", of="resample_real", value=1.0, interval=None)
    assert reply(run, "no_copies") == "yes"


def test_exposed_patients_are_a_concern(change):
    run = change("exposed_patients", value=0.01, interval={"low": 0.001, "high": 0.02, "method": "exact"})
    assert reply(run, "no_patient_exposed") == "no"
    assert level(run, "leakage") is Level.SOME


@pytest.mark.parametrize(
    ("settings", "expected"), [({}, "no"), ({"p_corrected": 0.2}, "no information"), ({"p_corrected": 0.01}, "no")]
)
def test_membership_counts_after_correction(change, settings, expected):
    interval = {"low": 0.05, "high": 0.3, "method": "bootstrap"}
    run = change("membership_inference", value=0.2, interval=interval, settings=settings)
    assert reply(run, "membership_not_inferred") == expected


@pytest.mark.parametrize("metric", ["copied_images", "exposed_patients", "closer_to_training", "membership_inference"])
def test_nothing_found_among_few_images_is_no_yes(change, metric):
    run = change(metric, interval={"low": 0.0, "high": 0.9, "method": "exact"})
    assert level(run, "leakage") is Level.UNCLEAR


@pytest.mark.parametrize(("ours", "expected"), [((0, 6), "yes"), ((0, 4), "no"), ((0, 999), "yes")])
def test_an_audit_is_held_against_this_split(run, ours, expected):
    """Two training patients alike are no leak, a training and a test patient are; unknown images say nothing."""
    names = [f"HOSP-{i:03}_1" for i in ours]
    assert SUBJECTS["HOSP-000"] is SUBJECTS["HOSP-006"] is Split.TRAIN
    assert SUBJECTS["HOSP-004"] is Split.TEST
    about = {name: AboutImage(case=name, role="image", file="x.png") for name in names}
    pair = NearPair(a=names[0], b=names[1], correlation=0.99, splits="|")
    rewrite(
        run / "audit.json",
        near_duplicates=[pair.model_dump()],
        about={name: one.model_dump() for name, one in about.items()},
    )
    assert reply(run, "audit_clean") == expected


def test_an_audit_of_other_data_or_of_less_says_nothing(run):
    rewrite(run / "audit.json", data="elsewhere")
    assert reply(run, "audit_clean") == "no information"
    rewrite(run / "audit.json", data="hand-made", images=10)
    assert reply(run, "audit_clean") == "no information"


@pytest.mark.parametrize(
    "values",
    [
        {"value": float("nan")},
        {"n": 0},
        {"interval": {"low": 0.0, "high": float("nan"), "method": "exact"}},
        {"interval": None},
    ],
)
def test_a_number_that_is_none_shows_nothing(change, values):
    assert reply(change("copied_images", **values), "no_copies") == "no information"


def test_two_rows_that_contradict_each_other_are_a_no(run):
    lines = (run / "measurements.jsonl").read_text().splitlines()
    row = next(line for line in lines if '"copied_images"' in line and '"vae"' in line)
    (run / "measurements.jsonl").write_text("\n".join([*lines, row.replace('"value": 0.0', '"value": 0.5')]) + "\n")
    assert reply(run, "no_copies") == "no"
