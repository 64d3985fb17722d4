"""The evidence: each study counted where it belongs, what is unknown apart, and drawn as counted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from review.small_review import decide, ris, small_review
from synthassay.errors import DataError
from synthassay.records.extraction import CATEGORIES, Extraction, Family, SynthesisTask
from synthassay.records.review import Stage
from synthassay.records.vocabulary import Axis, Modality
from synthassay.review.evidence import Cell, Share, gap_of, gather, joined_studies
from synthassay.review.exporting import copy_example, export_records
from synthassay.review.formats.tables import rows_of
from synthassay.review.map_figure import COLOURS, _bubble, map_svg
from synthassay.review.pages import write_evidence
from synthassay.review.project import Project
from synthassay.review.trend_figure import trend_svg

PLACE = (Family.GAN, Modality.CT, SynthesisTask.TRANSLATE)


def row(name, **fields):
    known = {"design": "original", "modality": ["ct"], "family": ["gan"], "task": ["translate"], "year": 2020}
    return Extraction(record=name, **{**known, **fields})


@pytest.fixture
def project(tmp_path):
    project = small_review(tmp_path / "review")
    for record in project.records:
        included = record.startswith("pubmed")
        decide(project, record, Stage.TITLE_ABSTRACT, "include" if included else "exclude")
        if included:
            decide(project, record, Stage.FULL_TEXT, "include")
    project.add_extractions(
        [
            row("pubmed-00001", evaluation=["fidelity"]),
            row("pubmed-00002", evaluation=["fidelity", "utility"], task=["translate", "denoise"], year=2022),
            row("pubmed-00003", evaluation=[], year=None),
            row("pubmed-00004", family=None),
            row("pubmed-00005", design="review", evaluation=["clinical"]),
            row("scopus-00001", evaluation=["clinical"]),  # excluded: must count nowhere
            row("run:ours/vae", family=["vae"], evaluation=["fidelity"]),
        ]
    )
    return Project(project.path)


def test_every_study_is_counted_where_it_belongs(project):
    found = gather(project)
    assert [s.name for s in found.cells[PLACE].studies] == ["pubmed-00001", "pubmed-00002", "pubmed-00003"]
    assert len(found.cells[Family.GAN, Modality.CT, SynthesisTask.DENOISE].studies) == 1
    assert len(found.cells[None, Modality.CT, SynthesisTask.TRANSLATE].studies) == 1
    assert (len(found.studies), len(found.reviews), len(found.runs), found.without_row) == (4, 1, 1, 1)
    ours = found.cells[Family.VAE, Modality.CT, SynthesisTask.TRANSLATE]
    assert (ours.studies, len(ours.runs)) == ((), 1)


def test_not_evaluated_and_not_extracted_are_counted_apart(project):
    gap = gather(project).gaps[0]
    assert (gap.extracted, gap.not_extracted) == (3, 1)
    assert gap.patterns == {"fidelity": 1, "fidelity and utility": 1, "not evaluated": 1}
    assert gap.by[Axis.FIDELITY] == Share(2, 3)
    assert gap.by[Axis.CLINICAL] == Share(0, 3)
    assert gap.also["fidelity also utility"] == Share(1, 2)
    assert gap.also["utility also fidelity"] == Share(1, 1)
    assert sum(gap.patterns.values()) == gap.extracted


def test_the_trend_counts_years_and_says_what_is_unknown(project):
    found = gather(project)
    assert found.years == {2020: {Family.GAN: 1, None: 1}, 2022: {Family.GAN: 1}}
    assert found.without_year == 1
    drawn = trend_svg(found)
    assert "1 of 4 studies stand in no bar" in drawn
    assert all(f">{year}<" in drawn for year in (2020, 2021, 2022))


def test_the_map_draws_bubbles_empty_cells_and_what_was_not_extracted(project):
    drawn = map_svg(gather(project))
    assert "CT, GAN, translate: 3 studies (pubmed-00001, pubmed-00002, pubmed-00003)" in drawn
    assert "judged by fidelity 2, utility 1, clinical 0; not evaluated 1" in drawn
    assert "CT, Not extracted, translate: 1 studies (pubmed-00004); evaluation not extracted 1" in drawn
    assert "MRI, Diffusion, augment: no study" in drawn
    assert "own runs: run:ours/vae" in drawn
    # 4 modalities, 4 architectures and "not extracted", 9 tasks: each cell stands there, filled or empty
    assert drawn.count("<title>") == 4 * 5 * 9


def bubbles(*evaluations):
    """The drawing of one cell with a study per evaluation, and its circle."""
    studies = joined_studies([row(f"a-{n}", evaluation=e) for n, e in enumerate(evaluations)], own=False)
    drawn = _bubble(Cell(*PLACE, studies, ()), 0, 0, 10)
    return drawn[0], drawn[1:]


def test_a_broken_outline_says_that_an_evaluation_was_not_extracted():
    assert "stroke-dasharray" not in bubbles(["fidelity"], [])[0]
    assert "stroke-dasharray" in bubbles(["fidelity"], None)[0]
    assert bubbles(None, None)[1] == []


def test_the_area_of_a_sector_is_the_share_that_judged_from_its_side():
    _, sectors = bubbles(["fidelity"], ["utility"], ["utility"], [])
    radius = dict.fromkeys(CATEGORIES, 0.0)
    for axis in CATEGORIES:
        for sector in sectors:
            if f'fill="{COLOURS[axis]}"' in sector:
                radius[axis] = float(sector.split("A")[1].split()[0])
    areas = [radius[axis] ** 2 / 10**2 for axis in CATEGORIES]
    assert areas == pytest.approx([1 / 4, 2 / 4, 0], abs=1e-3)


def test_two_reports_of_one_study_are_one_study():
    (study,) = joined_studies(
        [row("a-1", study="s", evaluation=["fidelity"]), row("b-1", study="s", evaluation=["clinical"], year=2019)],
        own=False,
    )
    assert (study.reports, study.year) == (("a-1", "b-1"), 2019)
    assert study.evaluation == (Axis.FIDELITY, Axis.CLINICAL)


def test_files_hold_the_numbers_behind_the_drawings(project, tmp_path):
    write_evidence(project, tmp_path / "out")
    table = rows_of((tmp_path / "out" / "map.csv").read_text(encoding="utf-8"))
    line = next(r for r in table if (r["task"], r["architecture"]) == ("translate", "gan"))
    assert (line["studies"], line["fidelity"], line["not_evaluated"]) == ("3", "2", "1")
    gap = json.loads((tmp_path / "out" / "gap.json").read_text(encoding="utf-8"))[0]
    assert (gap["fidelity"]["count"], gap["fidelity"]["of"], gap["not_extracted"]) == (2, 3, 1)
    first = (tmp_path / "out" / "evidence.html").read_bytes()
    write_evidence(Project(project.path), tmp_path / "out")
    assert (tmp_path / "out" / "evidence.html").read_bytes() == first


def test_script_in_a_title_or_quote_stays_text(tmp_path):
    evil = "<script>alert(1)</script>"
    project = small_review(tmp_path / "review", texts=[ris(0, title=evil), ris(1)])
    for record in project.records:
        decide(project, record, Stage.TITLE_ABSTRACT, "include")
        decide(project, record, Stage.FULL_TEXT, "include")
    quote = {"field": "task", "words": evil, "place": evil}
    project.add_extractions([row("pubmed-00001", study=evil, evidence=[quote])])
    write_evidence(Project(project.path), tmp_path / "out")
    for file in ("evidence.html", "map.svg"):
        text = (tmp_path / "out" / file).read_text(encoding="utf-8")
        assert "<script" not in text
        assert "&lt;script&gt;" in text
    export_records(project.path, tmp_path / "all.csv", included=True)
    assert "script" in (tmp_path / "all.csv").read_text(encoding="utf-8")


def test_nothing_extracted_is_a_message(tmp_path):
    with pytest.raises(DataError, match="nothing was extracted"):
        gather(small_review(tmp_path / "review"))


def test_shares_have_wilsons_interval():
    assert str(Share(0, 0)) == "0 of 0"
    assert Share(0, 10).interval == pytest.approx((0, 0.27753), abs=1e-5)
    assert Share(50, 100).interval == pytest.approx((0.40383, 0.59617), abs=1e-5)
    empty = gap_of("none", [])
    assert (empty.extracted, empty.patterns) == (0, {})


def test_the_example_says_what_the_review_says(tmp_path):
    project = Project(copy_example(tmp_path / "example"))
    found = gather(project)
    assert (len(found.studies), len(found.reviews), found.without_row) == (21, 8, 3)
    assert {s.name for s in found.cells[PLACE].studies} == {"ref-01", "ref-07", "ref-20"}
    assert found.gaps[0].by[Axis.CLINICAL].count == 0
    assert all(row.evidence for row in project.extractions().values())
    for row_ in project.extractions().values():  # each value was read somewhere
        said = {quote.field for quote in row_.evidence}
        named = {n for n in ("modality", "family", "task", "evaluation") if getattr(row_, n) is not None}
        assert row_.design == "review" or named <= said
    tables = [rows_of(file.read_text(encoding="utf-8")) for file in sorted((project.path / "tables").glob("*.csv"))]
    assert [len(table) for table in tables] == [6, 8]
    write_evidence(project, tmp_path / "out")
    assert "Hallucinated structures" in (tmp_path / "out" / "evidence.html").read_text(encoding="utf-8")


def test_quotes_of_the_example_stand_in_the_review(tmp_path):
    file = os.environ.get("SYNTHASSAY_REVIEW_TEXT", "")
    if not file or not Path(file).is_file():
        pytest.skip("the review's text is not here: set SYNTHASSAY_REVIEW_TEXT to it")
    text = Path(file).read_text(encoding="utf-8")
    for row_ in Project(copy_example(tmp_path / "example")).extractions().values():
        assert all(quote.words in text for quote in row_.evidence)
