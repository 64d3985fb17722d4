from __future__ import annotations

import pytest

from synthassay.appraise.dossier import read_dossier
from synthassay.errors import RunError


def test_roles_are_the_studys(whole_run):
    dossier = read_dossier(whole_run)
    assert (dossier.judged, dossier.others, dossier.roles_known) == (("vae",), ("resample_real",), True)


def test_without_a_study_all_are_judged_and_it_is_known_to_be_a_guess(run):
    (run / "study.toml").unlink()
    dossier = read_dossier(run)
    assert (dossier.judged, dossier.others, dossier.roles_known) == (("vae", "resample_real"), (), False)


def test_asked_for_sets_are_judged_and_the_rest_stands_beside(run):
    dossier = read_dossier(run, ["resample_real"])
    assert (dossier.judged, dossier.others) == (("resample_real",), ("vae",))


def test_an_unknown_set_offers_the_nearest(run):
    with pytest.raises(RunError, match="Did you mean: vae"):
        read_dossier(run, ["vea"])


def test_not_a_folder(tmp_path):
    with pytest.raises(RunError, match="is not a folder"):
        read_dossier(tmp_path / "nowhere")


def test_a_damaged_line_is_named(run):
    with (run / "measurements.jsonl").open("a") as stream:
        stream.write('{"metric": 1}\n')
    count = len((run / "measurements.jsonl").read_text().splitlines())
    with pytest.raises(RunError, match=f"line {count}"):
        read_dossier(run)


def test_any_change_of_a_record_changes_the_fingerprint(run):
    before = read_dossier(run).digest
    (run / "report.html").write_text("not a record")
    assert read_dossier(run).digest == before
    with (run / "cohort.json").open("a") as stream:
        stream.write("\n")
    assert read_dossier(run).digest != before


def test_a_pointer_gives_line_and_number(whole_run):
    line = next(x for x in read_dossier(whole_run).lines if x.m.metric == "copied_images")
    assert str(line.pointer) == (
        "measurements.jsonl, line 5: vae, Copied images: 0 [0, 0.01] over 400 images, 200 subjects"
    )
