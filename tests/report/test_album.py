"""Pictures are embedded fairly, up to a sum, and never pretend to be there."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from synthassay.records.evaluation import NeighbourList, picture_path
from synthassay.report.album import Album
from synthassay.report.build import build_report
from synthassay.report.contents import read_contents

MakeRun = Callable[..., Path]


def album_of(run: Path, **limits: int) -> Album:
    contents = read_contents(run)
    return Album(contents, contents.pseudonyms(), **limits)


def test_an_embedded_picture_is_the_file_byte_by_byte(make_run: MakeRun):
    run = make_run(pictures=True)
    shown = album_of(run).cases()[0].figures[0].pictures[1]
    assert shown.role == "synthetic" and (shown.width, shown.height) == (72, 88)
    png = picture_path(run, "pgan", "HOSP-5023_ses-1_pgan", "synthetic").read_bytes()
    assert base64.b64decode(shown.uri.partition(",")[2]) == png


def test_best_median_and_worst_stand_beside_reference_and_error(make_run: MakeRun):
    cases = album_of(make_run(pictures=True)).cases()
    assert [case_set.of for case_set in cases] == ["pgan", "vae", "linear_regression", "identity"]
    assert [figure.title for figure in cases[0].figures] == ["Best", "Best", "Median", "Worst", "Worst"]
    assert [p.role for p in cases[0].figures[0].pictures] == ["source", "synthetic", "reference", "error"]


def test_a_full_album_keeps_the_first_of_everybody_and_counts_the_rest(make_run: MakeRun):
    album = album_of(make_run(pictures=True), largest_sum=900_000)
    sizes = {case_set.of: (len(case_set.figures), case_set.left_out) for case_set in album.cases()}
    assert all(kept >= 3 for kept, _ in sizes.values()), sizes
    assert all(kept + left_out == 5 for kept, left_out in sizes.values())
    assert sum(left_out for _, left_out in sizes.values()) > 0


def test_embedded_bytes_stay_below_the_sum(make_run: MakeRun):
    album = album_of(make_run(pictures=True), largest_sum=300_000)
    uris = {p.uri for case_set in album.cases() for f in case_set.figures for p in f.pictures}
    uris |= {p.uri for near in album.neighbours() for f in near.figures for p in f.pictures}
    uris |= {shown.uri for _, _, shown in album.samples()}
    assert 0 < sum(len(base64.b64decode(uri.partition(",")[2])) for uri in uris) <= 300_000


def test_a_smaller_report_says_which_samples_it_leaves_out(make_run: MakeRun):
    run = make_run(pictures=True)
    whole = build_report(run).stat().st_size
    page = build_report(run, pictures=0)
    assert page.stat().st_size < whole / 2
    text = page.read_text(encoding="utf-8")
    assert "data:image/png" not in text
    assert "The samples of pgan, vae, linear_regression, identity left out" in text
    assert "samples of pgan" not in build_report(run).read_text(encoding="utf-8")


def test_missing_pictures_and_other_files_named_png_are_left_out(make_run: MakeRun):
    run = make_run(generators=("pgan",), baselines=(), pictures=True)
    for role in ("synthetic", "source", "reference", "error"):
        picture_path(run, "pgan", "HOSP-5023_ses-1_pgan", role).unlink()
    picture_path(run, "pgan", "HOSP-5036_ses-1_pgan", "error").write_bytes(b"<svg onload=alert(1)>")
    (cases,) = album_of(run).cases()
    assert (len(cases.figures), cases.left_out) == (4, 1)
    assert [p.role for p in cases.figures[0].pictures] == ["source", "synthetic", "reference"]


def test_a_synthetic_image_below_the_copy_distance_is_called_a_copy(make_run: MakeRun):
    figures = album_of(make_run(pictures=True)).neighbours()[0].figures
    assert [figure.copied for figure in figures] == [True, False, False, False]  # 1.9, 2.3, 2.7, 3.1 beside 2.0


def test_a_copy_that_was_mirrored_is_called_one_however_far_it_lies(make_run: MakeRun):
    run = make_run(pictures=True)
    path = run / "evaluation" / "pgan" / "neighbours.json"
    found = NeighbourList.read(path)
    mirrored = found.entries[3].model_copy(update={"copy_correlation": 0.9975})
    found.model_copy(update={"entries": (mirrored, *found.entries[:3]), "copies": 1}).write(path)
    near = album_of(run).neighbours()[0]
    assert near.copies == 1
    assert [figure.copied for figure in near.figures] == [True, True, False, False]
    assert [figure.correlation for figure in near.figures] == ["0.998", "", "", ""]
    page = build_report(run).read_text(encoding="utf-8")
    assert "a copy: correlation 0.998 after the best mirroring and shift" in page
    assert "1 synthetic image counts as a copy" in page
    assert "HOSP-" not in page


def test_a_name_that_says_nothing_of_a_patient_is_shown(make_run: MakeRun):
    run = make_run(generators=("pgan",), baselines=(), pictures=True)
    for path in (run / "synthetic/pgan/manifest.json", run / "evaluation/pgan/cases.json"):
        text = path.read_text(encoding="utf-8").replace("HOSP-5023_ses-1_pgan", "pgan-0001")
        path.write_text(text.replace('"HOSP-5023"', '"nobody"'), encoding="utf-8")
    picture_path(run, "pgan", "HOSP-5023_ses-1_pgan", "synthetic").rename(
        picture_path(run, "pgan", "pgan-0001", "synthetic")
    )
    assert album_of(run).cases()[0].figures[0].case.startswith("C-")  # conditioned on a patient's image
    manifest = run / "synthetic/pgan/manifest.json"
    text = manifest.read_text(encoding="utf-8").replace('"reference_case": "HOSP-5023_ses-1"', '"reference_case": ""')
    lines = text.replace('"source_subjects": [\n    "nobody"\n   ]', '"source_subjects": []')
    manifest.write_text(lines, encoding="utf-8")
    assert album_of(run).cases()[0].figures[0].case == "pgan-0001"
