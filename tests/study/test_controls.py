"""Controls in a study file: what is wrong with them is said before anything is trained, with line and remedy."""

from __future__ import annotations

import pytest

from study.small_studies import CHEST, write_translation_study
from synthassay.errors import SpecError
from synthassay.study.plan import plan_study

GOOD = 'name = "worse"\nof = "vae"\nfailure = "added_noise"\nseverity = 2\n'


def faults(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as problem:
        plan_study(path)
    return problem.value.faults


def changed(old, new):
    return CHEST + "[[controls]]\n" + GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "field", "what", "remedy"),
    [
        ('"added_noise"', '"added_nois"', "failure", "failure", "added_noise"),
        ('"added_noise"', '"hu_shift"', "failure", "does not occur in xray", "added_noise"),
        ('"added_noise"', '"missing_structure"', "failure", "does not occur in xray", "added_noise"),
        ('"added_noise"', '"background_garbage"', "failure", "needs mask", "another"),
        ("= 2", "= 0", "severity", "greater than 0", ""),
        ("= 2", "= -1", "severity", "greater than 0", ""),
        ("= 2", "= inf", "severity", "finite", ""),
        ('"vae"', '"vea"', "of", "no generator or baseline", "vae"),
        ('"worse"', '"resample_real"', "name", "is the name of another set", "its own"),
        ('"added_noise"\nseverity = 2', '"mode_collapse"\nseverity = 120', "severity", "more than 100", "0 to 100"),
        ("severity = 2", "severity = 2\nspacing_mm = 4.0", "spacing_mm", "state their spacing", "Leave it out"),
    ],
)
def test_a_wrong_control_is_a_fault_with_its_line(tmp_path, old, new, field, what, remedy):
    text = changed(old, new)
    (fault,) = faults(tmp_path, text)
    line = next(i for i, at in enumerate(text.splitlines(), 1) if i > 20 and at.startswith(f"{field} ="))
    assert fault.place == f"line {line}, controls[0].{field}"
    assert what in fault.what
    assert remedy in fault.remedy


def test_two_controls_of_one_name_and_a_control_of_a_control_are_faults(tmp_path):
    second = "[[controls]]\n" + GOOD.replace('"vae"', '"worse"')
    found = faults(tmp_path, CHEST + "[[controls]]\n" + GOOD + second)
    assert {fault.place.split(", ")[1] for fault in found} == {"controls[1].name", "controls[1].of"}


def test_a_failure_of_other_dimensions_or_without_classes_is_a_fault(tmp_path):
    study = write_translation_study(tmp_path)
    text = study.read_text() + '[[controls]]\nname = "x"\nof = "linear_regression"\nseverity = 2\nfailure = '
    study.write_text(text + '"label_noise"\n')
    with pytest.raises(SpecError, match="needs label"):
        plan_study(study)
    chest = changed('"added_noise"', '"dropped_slices"')
    assert any("failure" in fault.place for fault in faults(tmp_path, chest))


def test_good_controls_stand_behind_what_they_are_made_of(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(CHEST + "[[controls]]\n" + GOOD, encoding="utf-8")
    plan = plan_study(path)
    assert [judged.name for judged in plan.judged] == ["vae", "resample_real", "worse"]
    assert [generator.name for generator in plan.generators] == ["vae", "resample_real"]
    assert plan.controls[0].baseline
