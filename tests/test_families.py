"""The page and the gallery of families are what the kept records say, and no name of a patient is kept."""

import io
import json
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from synthassay.generators.base import GENERATORS

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
import families  # noqa: E402
import families_page as rules  # noqa: E402

MAE = ("mae", "")
PLANTED_SEEDS = ((1, 1.0, 50), (2, 3.0, 50), (3, 99.0, 10))


def row(value, interval=None, metric="mae", stratum="", **more):
    base = {"metric": metric, "title": "Error", "axis": "fidelity", "stratum": stratum, "value": value}
    base |= {"n": 9, "subjects": 9, "floor": None, "unit": "1", "better": "lower", "target": None}
    return {**base, "interval": interval, **more}


def one(name, *rows, **more):
    cost = {"train_seconds": None, "train_cpu_seconds": None, "sample_seconds": None, "peak_mib": None}
    base = {"name": name, "family": name, "settings": {}, "images_made": None, "parameters": None, "alarms": []}
    return {**base, **cost, "sheet": None, "measured": list(rows), "not_measured": {}, **more}


def record(*sets, comparisons=(), seed=1, **more):
    base = {"study": "planted", "title": "Planted", "modality": "mri", "task": "translate", "data": "d", "seed": seed}
    base |= {"training_cases": 4, "training_subjects": 3, "machine": {"device": "cpu", "threads": 1}}
    return {**base, "sets": list(sets), "comparisons": list(comparisons), **more}


def paired(low, high, of="pgan", against="identity"):
    known = {"metric": "mae", "stratum": "", "difference": (low + high) / 2, "better": "lower"}
    return {**known, "of": of, "against": against, "interval": [low, high]}


@pytest.mark.parametrize(
    ("mine", "other", "comparisons", "expected"),
    [
        ([0.1, 0.2], [0.3, 0.4], [], ("beaten", "intervals")),
        ([0.5, 0.6], [0.3, 0.4], [], ("better", "intervals")),
        ([0.1, 0.35], [0.3, 0.4], [], ("not shown", "intervals")),
        (None, [0.3, 0.4], [], ("not shown", "intervals")),
        ([0.1, 0.35], [0.3, 0.4], [paired(-0.2, -0.01)], ("beaten", "paired")),
        ([0.1, 0.2], [0.3, 0.4], [paired(-0.2, 0.01)], ("not shown", "paired")),
        ([0.1, 0.35], [0.3, 0.4], [paired(0.01, 0.2)], ("better", "paired")),
        ([0.1, 0.35], [0.3, 0.4], [paired(0.01, 0.2, "identity", "pgan")], ("beaten", "paired")),
    ],
)
def test_a_baseline_is_beaten_by_the_paired_difference_or_else_by_intervals_apart(mine, other, comparisons, expected):
    ours, theirs = one("pgan", row(0.15, mine)), one("identity", row(0.35, other))
    assert rules.verdict(record(ours, theirs, comparisons=comparisons), ours, theirs) == expected


def test_where_more_is_better_the_larger_beats():
    ours = one("vae", row(0.9, [0.8, 1.0], "tstr_dice", better="higher"))
    theirs = one("smote", row(0.5, [0.4, 0.6], "tstr_dice", better="higher"))
    kept = record(ours, theirs, task="mask_to_image")
    assert rules.verdict(kept, ours, theirs)[0] == "beaten"
    assert rules.verdict(kept, theirs, ours)[0] == "better"


def test_what_is_missing_is_said_to_be_missing_and_beats_nobody():
    ours, theirs = one("pgan"), one("identity", row(0.3, [0.2, 0.4]))
    text = rules.study_table(record(ours, theirs))
    assert "| `pgan` | GAN | not measured | not measured | not recorded | not recorded |" in text
    assert "nothing is said of beating" in text
    assert "Key figure on 9 unseen subjects." in text
    assert "| one seed |" in rules.review_table([record(ours, theirs)])


def test_the_sentence_counts_who_beats_all_and_who_none():
    best, worst = one("pgan", row(0.1, [0.05, 0.15])), one("bridge", row(0.3, [0.2, 0.4]))
    kept = record(best, worst, one("identity", row(0.3, [0.25, 0.35])))
    assert rules.summary(kept) == "Beats every baseline of the study: `pgan`. Is not shown to beat any: `bridge`."


def test_the_spread_over_seeds_is_of_trainings_that_differ_in_their_seed_alone():
    kept = [record(one("pgan", row(value)), seed=seed) for seed, value in ((1, 1.0), (2, 3.0))]
    kept.append(record(one("pgan", row(99.0), settings={"batch": 2}), seed=3))
    assert rules.seed_spread(kept, kept[0], kept[0]["sets"][0]) == (pytest.approx(2**0.5), 2)
    assert rules.seed_spread(kept, kept[2], kept[2]["sets"][0]) is None


def test_a_run_with_another_seed_is_named_by_its_command_and_as_many_pictures_are_compared():
    kept = [record(one("pgan", row(v), images_made=n), seed=i, study=f"planted-seed-{i}") for i, v, n in PLANTED_SEEDS]
    assert "`synthassay run studies/planted.toml --seed 2`" in rules.study_table(kept[1])
    assert rules.seed_spread(kept, kept[0], kept[0]["sets"][0]) == (pytest.approx(2**0.5), 2)


def test_a_resumed_stage_costs_the_sum_of_its_parts_and_the_largest_memory():
    lines = [
        json.dumps({"stage": stage, "of": of, "seconds": s, "cpu_seconds": s / 2, "peak_mib": peak})
        for stage, of, s, peak in [("train", "a", 10, 300), ("train", "a", 6, 200), ("train", "b", 99, 999)]
    ]
    assert families.costs(lines, "a") == {
        "train_seconds": 16, "train_cpu_seconds": 8, "sample_seconds": None, "peak_mib": 300,
    }  # fmt: skip


def planted_run(folder, reason=""):
    run = folder / "planted"
    run.mkdir()
    study = 'title = "T"\nmodality = "mri"\ntask = "translate"\nseed = 1\n[data]\nsource = "d"\n'
    (run / "study.toml").write_text(study + '[[generators]]\nfamily = "pgan"\n')
    case = {"case": "case-smith", "subject": "smith-1950", "session": ""}
    (run / "cohort.json").write_text(json.dumps({"cases": [case], "split": {"smith-1950": "train"}}))
    kept = row(0.5) | {"of": "pgan", "settings": {}, "per_case": {"case-smith": 0.5}, "failed_cases": {}}
    missing = row(None) | {"of": "pgan", "settings": {}, "metric": "ssim", "not_measured": reason}
    (run / "measurements.jsonl").write_text(f"{json.dumps(kept)}\n{json.dumps(missing)}\n")
    return run


def test_no_name_of_a_case_or_subject_is_kept(tmp_path):
    got = families.collect(planted_run(tmp_path, "no mask"), tmp_path / "kept")
    text = (tmp_path / "kept" / "planted" / "record.json").read_text()
    assert "smith" not in text
    assert (got["training_cases"], got["training_subjects"]) == (1, 1)
    assert got["sets"][0]["not_measured"] == {"ssim": "no mask"}


def test_a_reason_that_names_a_patient_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="name of a patient"):
        families.collect(planted_run(tmp_path, "case-smith: no mask"), tmp_path / "kept")
    assert not (tmp_path / "kept" / "planted" / "record.json").exists()


def test_a_sheet_is_small_and_keeps_the_first_pictures_of_each_row():
    grid = Image.effect_noise((8 * 132 + 4, 300), 90).convert("RGB")
    png = io.BytesIO()
    grid.save(png, "PNG")
    with Image.open(io.BytesIO(families.sheet(png.getvalue(), 8))) as small:
        assert small.size == (4 * 132 + 4, 300)
    assert len(families.sheet(png.getvalue(), 8, 60_000)) <= 60_000


def test_measured_families_lose_their_reason_and_others_keep_it():
    text = '[augment]\nvae = "no time"\nddpm = "no time"\n[generate]\nvae = "no time"\n'
    left = tomllib.loads(families.drop_reasons(text, [("augment", "vae")]))
    assert left == {"augment": {"ddpm": "no time"}, "generate": {"vae": "no time"}}


def test_every_family_has_one_kind():
    assert sorted(name for names in rules.KINDS.values() for name in names) == GENERATORS.names()


def test_every_family_and_task_has_a_row_or_a_reason_and_never_both():
    measured = {(kept["task"], s["family"]) for kept in families.kept_records() for s in kept["sets"]}
    excused = {(task, family) for task, found in families.reasons().items() for family in found}
    served = {(task, name) for name, cls in GENERATORS.items() for task in cls.serves}
    assert not measured & excused
    assert measured | excused == served


def test_the_page_and_the_gallery_come_from_the_kept_records():
    records = families.kept_records()
    assert records
    assert families.PAGE.read_text(encoding="utf-8") == families.page(records, families.reasons())
    assert families.GALLERY.read_text(encoding="utf-8") == families.gallery(records)


def test_records_and_sheets_are_small_and_every_sheet_exists():
    sheets = [
        families.KEPT / r["study"] / s["sheet"]["file"]
        for r in families.kept_records()
        for s in r["sets"]
        if s["sheet"]
    ]
    assert max(path.stat().st_size for path in sheets) < 60_000
    assert sum(path.stat().st_size for path in sheets) + families.GALLERY.stat().st_size < 3_000_000
    assert sum(path.stat().st_size for path in families.KEPT.rglob("*") if path.is_file()) < 6_000_000
