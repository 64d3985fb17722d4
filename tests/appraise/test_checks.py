from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from appraise.conftest import SUBJECTS, manifest, rewrite
from synthassay.appraise.checks import CHECKS
from synthassay.appraise.checks.found import no, yes
from synthassay.appraise.dossier import read_dossier
from synthassay.appraise.filling import appraise
from synthassay.appraise.library import instrument, instrument_names
from synthassay.records.appraisal import RUN, Answer, Level
from synthassay.records.audit import AboutImage, NearPair
from synthassay.records.instrument import Reply
from synthassay.records.vocabulary import Axis, Split

TWICE_PROVEN = {"external_set", "differences_tested"}  # by the cohort or a measurement; by comparisons or gains
NEVER_YES = {"subjects_are_patients"}  # whom subjects stand for, only a person can tell


def check(run: Path, name: str, of: tuple[str, ...] = ()):
    return CHECKS.get(name)(read_dossier(run, of))


def reply(run: Path, name: str) -> str:
    return check(run, name).reply.value


@pytest.mark.parametrize("name", [n for n in CHECKS.names() if not n.startswith("has_")])
def test_a_run_that_proves_everything_gets_a_yes(whole_run, name):
    found = check(whole_run, name)
    assert found.reply is (Reply.NO_INFORMATION if name in NEVER_YES else Reply.YES), found.why
    assert bool(found.evidence) != (name in NEVER_YES)
    for pointer in found.evidence:
        assert (whole_run / pointer.file).is_file(), pointer


CITED = [
    (name, item.id)
    for name in instrument_names()
    for item in instrument(name).items
    if item.check and item.check not in NEVER_YES
]


@pytest.mark.parametrize("name", sorted({name for name, _ in CITED}))
def test_never_yes_without_evidence(whole_run, tmp_path, name):
    """Take away each file that a yes points at: the yes goes with it, in every item of every instrument."""
    whole = appraise(read_dossier(whole_run), instrument(name))
    yeses = {item.item: item.answers[0] for item in whole.items if item.reply is Reply.YES}
    assert set(yeses) == {identifier for one, identifier in CITED if one == name}
    for file in sorted({pointer.file for answer in yeses.values() for pointer in answer.evidence}):
        cut = shutil.copytree(whole_run, tmp_path / file.replace("/", "-"))
        (cut / file).unlink()
        filled = appraise(read_dossier(cut), instrument(name))
        for item in filled.items:
            own = item.answers[0]
            rested = item.item in yeses and any(p.file == file for p in yeses[item.item].evidence)
            if rested and instrument(name).item(item.item).check not in TWICE_PROVEN:
                assert item.reply is not Reply.YES, f"{item.item} says yes without {file}"
            assert not own.reply.good or all((cut / p.file).is_file() for p in own.evidence)


@pytest.mark.parametrize("name", sorted(TWICE_PROVEN))
def test_what_can_be_proven_twice_needs_one_proof(run, name):
    while (found := check(run, name)).reply is Reply.YES:
        for file in {pointer.file for pointer in found.evidence}:
            (run / file).unlink()
    assert found.reply is not Reply.YES


def test_an_empty_folder_gets_no_yes_and_no_no(tmp_path):
    for name in instrument_names():
        filled = appraise(read_dossier(tmp_path), instrument(name))
        assert {item.reply for item in filled.items} == {None}


def test_a_yes_or_no_without_evidence_cannot_be_made():
    for make in (yes, no):
        with pytest.raises(ValueError, match="without evidence"):
            make("because")
    with pytest.raises(ValueError, match="without evidence"):
        Answer(reply=Reply.YES, by="AB")
    with pytest.raises(ValueError, match="without evidence"):
        Answer(reply=Reply.NO, by=RUN)


def level(run: Path, domain: str) -> Level:
    filled = appraise(read_dossier(run), instrument("own"))
    return next(d.level for d in filled.domains if d.domain == domain)


def test_what_the_run_alone_can_settle_is_unclear_at_worst(whole_run):
    filled = appraise(read_dossier(whole_run), instrument("own"))
    levels = {d.domain: d.level for d in filled.domains}
    assert levels.pop("leakage") is Level.LOW
    assert set(levels.values()) == {Level.UNCLEAR}


# leakage


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


# separation


def test_a_generator_that_learnt_from_others_is_found(run):
    rewrite(run / "synthetic/vae/manifest.json", training_subjects_sha256="00" * 32)
    assert reply(run, "learnt_from_training_only") == "no"
    assert reply(run, "leakage_avoided") == "no"
    assert level(run, "separation") is Level.HIGH


def test_a_manifest_that_does_not_say_is_no_yes(run):
    rewrite(run / "synthetic/vae/manifest.json", training_subjects_sha256="")
    assert reply(run, "learnt_from_training_only") == "no information"
    assert reply(run, "leakage_avoided") == "no information"


def test_images_made_from_test_subjects_are_found_where_others_learn_from_them(run):
    leaked = manifest("vae").model_dump(mode="json")
    leaked["images"][0]["source_subjects"] = ["HOSP-004"]
    rewrite(run / "synthetic/vae/manifest.json", images=leaked["images"])
    assert reply(run, "sources_not_from_test") == "no"
    study = (run / "study.toml").read_text().replace('"augment"', '"denoise"').replace("[classification]\n", "")
    (run / "study.toml").write_text(study.replace('network = "convnet"\n', ""))
    assert reply(run, "sources_not_from_test") == "not applicable"


def test_one_side_only_keeps_nothing_out(run):
    rewrite(run / "cohort.json", split=dict.fromkeys(SUBJECTS, "train"))
    assert reply(run, "subjects_disjoint") == "no"
    assert reply(run, "validation_apart") == "no"
    assert reply(run, "internal_test") == "no"


# patients


def test_without_an_external_set_there_is_a_no(run, change):
    change("tstr_auc_external")
    rewrite(run / "cohort.json", split={s: "test" if side == "external" else side for s, side in SUBJECTS.items()})
    assert reply(run, "external_set") == "no"
    assert reply(run, "external_utility") == "no"
    assert level(run, "utility") is Level.SOME


def test_use_that_could_not_be_measured_elsewhere_is_a_no_with_its_line(change):
    run = change("tstr_auc_external", value=None, interval=None, not_measured="no images from elsewhere")
    found = check(run, "external_utility")
    assert found.reply is Reply.NO
    assert "no images from elsewhere" in found.evidence[0].says


def test_virtual_patients_stand_for_nobody(run):
    rewrite(run / "cohort.json", source="phantom:chest-xray")
    assert reply(run, "subjects_are_patients") == "no"
    assert level(run, "representativeness") is Level.HIGH


def test_sites_are_counted(run):
    cases = [{**case.model_dump(mode="json"), "site": "north"} for case in read_dossier(run).cohort.cases]
    rewrite(run / "cohort.json", cases=cases)
    assert reply(run, "several_sites") == "no"
    rewrite(run / "cohort.json", cases=[{**case, "site": ""} for case in cases])
    assert reply(run, "several_sites") == "no information"


def test_few_subjects_are_a_no_and_the_least_is_the_protocols(change):
    run = change("frechet_distance", subjects=3)
    found = check(run, "enough_subjects")
    assert found.reply is Reply.NO
    assert "3 subjects" in found.why


# comparators


def test_a_missing_comparator_makes_the_domain_high(run):
    lines = (run / "measurements.jsonl").read_text().splitlines()
    (run / "measurements.jsonl").write_text("".join(f"{x}\n" for x in lines if '"resample_real"' not in x))
    shutil.rmtree(run / "synthetic" / "resample_real")
    assert reply(run, "comparator_present") == "no"
    assert level(run, "comparators") is Level.HIGH


def test_who_is_a_comparator_is_not_guessed(run):
    (run / "study.toml").unlink()
    assert reply(run, "comparator_present") == "no information"
    assert check(run, "comparator_present", ("vae",)).reply is Reply.YES


def test_other_cases_are_a_no(change):
    run = change("auc_gain", n=399)
    found = check(run, "same_cases")
    assert found.reply is Reply.NO
    assert "399" in found.why


def test_sizes_of_sets_and_of_worst_subgroups_say_nothing_of_cases(change):
    change("coverage", n=7, subjects=7)
    run = change("subgroup_gain", n=11, subjects=11)
    assert reply(run, "same_cases") == "yes"


def test_gains_corrected_stand_for_comparisons(run):
    (run / "evaluation/comparisons.json").unlink()
    assert check(run, "differences_tested").evidence[0].file == "measurements.jsonl"


# judgement


@pytest.mark.parametrize(("metric", "name"), [("frechet_distance", "fidelity"), ("shape_plausibility", "failures")])
def test_an_unmet_requirement_is_a_no(run, metric, name):
    statuses = read_dossier(run).requirements.model_dump(mode="json")["requirements"]
    for status in statuses:
        status["met"] = status["metric"] != metric
    rewrite(run / "evaluation/requirements.json", requirements=statuses)
    assert reply(run, f"{name}_required") == "no"


def test_unmet_requirements_of_baselines_are_not_held_against_the_generator(run):
    statuses = read_dossier(run).requirements.model_dump(mode="json")["requirements"]
    for status in statuses:
        status["met"] = status["of"] == "vae"
    rewrite(run / "evaluation/requirements.json", requirements=statuses)
    assert reply(run, "fidelity_required") == "yes"


def test_a_number_without_an_interval_is_found(change):
    assert reply(change("coverage", interval=None), "intervals_given") == "no"


def test_trained_once_is_a_no(change):
    assert reply(change("auc_gain", settings={"repeats": 1}), "utility_repeated") == "no"


def test_no_reader_is_a_no_with_its_reason(change):
    run = change("reader_study", value=None, interval=None, not_measured="no clinician has read these images")
    assert reply(run, "readers_read") == "no"
    assert level(run, "clinical") is Level.HIGH


def test_no_row_of_readers_is_no_information(change):
    assert reply(change("reader_study"), "readers_read") == "no information"


def test_use_required_and_not_measured_is_a_no(run):
    lines = (run / "measurements.jsonl").read_text().splitlines()
    (run / "measurements.jsonl").write_text("".join(f"{x}\n" for x in lines if '"utility"' not in x))
    assert reply(run, "utility_measured") == "no information"
    wanted = read_dossier(run).requirements.requirements[0].model_copy(update={"axis": Axis.UTILITY, "met": False})
    rewrite(run / "evaluation/requirements.json", requirements=[wanted.model_dump(mode="json")])
    assert reply(run, "utility_measured") == "no"


@pytest.mark.parametrize(
    ("table", "segmentation", "features", "network"),
    [
        ('[classification]\nnetwork = "convnet"\n', "no", "no", "yes"),
        ('[classification]\nnetwork = "features"\n', "no", "yes", "no"),
        ("[segmentation]\nrepeats = 2\n", "yes", "no", "yes"),
        ("", "no information", "no information", "no information"),
    ],
)
def test_conditions_are_read_off_the_study(run, table, segmentation, features, network):
    text = (run / "study.toml").read_text().split("[classification]")[0] + table
    (run / "study.toml").write_text(text)
    assert [reply(run, f"has_{x}") for x in ("segmentation", "features", "network")] == [
        segmentation, features, network,
    ]  # fmt: skip


def test_evidence_names_neither_subjects_nor_cases_nor_places(whole_run):
    for name in instrument_names():
        text = appraise(read_dossier(whole_run), instrument(name)).model_dump_json()
        assert "HOSP-" not in text
        assert "/secret" not in text
