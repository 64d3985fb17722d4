"""The section on a reader study: curves, tables, words; no name of a reader, nothing loaded."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from reading.studies import named, simulated
from synthassay.reading.analysis import Order, analyse
from synthassay.reading.clinical import clinical_measurements
from synthassay.reading.generalising import Judging
from synthassay.records.reader_result import READER_RESULT, Artefact
from synthassay.report import build_report
from synthassay.report.reader_study import reader_study, write_reader_page


@pytest.fixture(scope="module")
def found():
    ratings = simulated(1.8, 1.2, 2.5, readers=4, cases=40, seed=1)
    ratings = replace(ratings, readers=("Dr Who", "Dr No", "Dr Jekyll", "Dr <b>Zhivago"), score=np.round(ratings.score))
    seen = Artefact(artefact="<script>", cases=50, present=5, share=0.1, ci=(0.03, 0.22), readers=3, agreement=0.7)
    order = Order(cut=1.0, agree=True, turing=True, positive_controls=("spoiled",), judging=Judging(0.5, 0.05))
    return analyse(named(ratings, "vae", "pgan", "spoiled"), order, title="Two <i>generators", artefacts=(seen,))


def test_curves_have_a_line_per_reader_and_end_in_the_corners(found):
    pictures = reader_study(found).pictures
    assert [p.treatment for p in pictures] == ["vae", "pgan"]
    for picture in pictures:
        assert len(picture.readers) == 4
        for line in (*picture.readers, picture.mean):
            assert line.startswith("54.0,238.0 ")
            assert line.endswith(" 284.0,8.0")
        assert "mean curve finds" in picture.description


def test_tables_show_differences_figures_controls_and_agreement(found):
    tables = {t.caption: t for t in reader_study(found).tables}
    (differences,) = [t for c, t in tables.items() if c.startswith("Differences")]
    assert differences.rows[0][0] == "vae − pgan"
    each = tables["AUC of each reader"]
    assert each.columns[1:5] == ("Reader 1", "Reader 2", "Reader 3", "Reader 4")
    assert float(each.rows[0][-1]) == pytest.approx(found.mean["vae"], abs=5e-4)
    assert any(c.startswith("Control arms") for c in tables)
    assert any(c.startswith("Agreement") for c in tables)
    assert all(len(row) == len(t.columns) for t in tables.values() for row in t.rows)


def test_the_page_stands_alone_and_names_no_reader(found, tmp_path):
    text = write_reader_page(found, tmp_path / "page.html").read_text()
    assert "Two &lt;i&gt;generators" in text
    assert "&lt;script&gt;" in text
    assert not re.search(r"<script|src=|href=.https?:|Dr ", text)
    assert text.count("<svg") == 2 + 3
    again = write_reader_page(found, tmp_path / "again.html").read_text()
    assert again == text


def test_a_run_with_a_result_shows_it_and_one_without_does_not(make_run, found):
    run = make_run()
    without = build_report(run).read_text()
    found.write(run / READER_RESULT)
    text = build_report(run).read_text()
    assert 'id="readers"' in text
    assert 'href="#readers"' in text
    assert "Two &lt;i&gt;generators" in text
    assert "No clinical reader has judged" not in text
    assert 'id="readers"' not in without
    assert "No clinical reader has judged" in without
    assert "Dr " not in text


def test_clinical_measurements_stand_in_the_table_of_their_axis(make_run, found):
    run = make_run()
    rows = clinical_measurements(found.model_copy(update={"treatments": ("pgan",)}))
    lines = [row.model_dump_json() for row in rows if row.of == "pgan"]
    with (run / "measurements.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    text = build_report(run).read_text()
    assert "Readers&#39; AUC, mean over readers" in text
    assert "No clinical reader has judged" not in text
