"""The commands, as a user types them, from an export to the map."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from review.small_review import ris
from review.test_extracting import kept_run
from review.test_screening import fill
from synthassay.cli import app
from synthassay.errors import DataError, RunError
from synthassay.review.formats.reading import read_bibliography
from synthassay.review.formats.tables import rows_of
from synthassay.review.formats.writing import to_table


def run(*words):
    found = CliRunner().invoke(app, ["review", *map(str, words)], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


def test_a_review_from_export_to_map(tmp_path):
    review = tmp_path / "review"
    run("new", review, "--title", "A review", "--question", "What helps whom, and when?", "-r", "anna", "-r", "bert")
    for name, count in (("PubMed", 4), ("Scopus", 2)):
        (tmp_path / f"{name}.ris").write_text("".join(ris(n) for n in range(count)) + "\n" * count, encoding="utf-8")
        assert f"{count} records of {name}, read as ris" in run(
            "import", review, tmp_path / f"{name}.ris", "--source", name
        )
    assert "2 new links; 2 duplicates in all" in run("deduplicate", review, "--questions", tmp_path / "pairs.csv")
    chosen = {f"pubmed-0000{n}": {"choice": "include" if n < 3 else "exclude"} for n in range(1, 5)}
    for stage, choices in (("title_abstract", chosen), ("full_text", chosen)):
        for reviewer in ("anna", "bert"):
            sheet = tmp_path / f"{reviewer}.csv"
            run("sheet", review, "-r", reviewer, "-s", stage, "-o", sheet)
            fill(sheet, choices)
            run("decide", review, sheet, "-r", reviewer, "-s", stage)
    assert "open before the flow is final: 0" in run("status", review)
    assert "flow.html" in run("flow", review)
    assert "2 reports" in run("extract", review, "--sheet", tmp_path / "x.csv")
    rows = rows_of((tmp_path / "x.csv").read_text(encoding="utf-8-sig"))
    for row in rows:
        row |= {"design": "original", "modality": "ct", "family": "gan", "task": "translate", "evaluation": "fidelity"}
    (tmp_path / "x.csv").write_text(to_table(rows, rows[0]), encoding="utf-8")
    assert "2 rows are new or changed" in run("extract", review, tmp_path / "x.csv")
    assert "run:xray-utility/vae: vae; judged by fidelity" in run("add-run", review, kept_run(tmp_path))
    assert "map.svg" in run("map", review)
    assert "CT, GAN, translate: 2 studies" in (review / "out" / "map.svg").read_text(encoding="utf-8")
    for name in ("all.ris", "all.bib", "all.csv"):
        run("export", review, "--out", tmp_path / name)
        assert len(read_bibliography((tmp_path / name).read_bytes(), name).records) == 4
    with pytest.raises(DataError, match="End it in"):
        run("export", review, "--out", tmp_path / "all.doc")


def test_the_example_is_one_command(tmp_path):
    run("example", tmp_path / "example")
    assert "flow.svg" in run("flow", tmp_path / "example", "--out", tmp_path / "out")
    run("map", tmp_path / "example", "--out", tmp_path / "out")
    assert (tmp_path / "out" / "evidence.html").is_file()
    with pytest.raises(RunError, match="exists already"):
        run("example", tmp_path / "example")


def test_pairs_are_judged_and_mistakes_answered(tmp_path):
    review = tmp_path / "review"
    run("new", review, "--title", "A review", "--question", "What helps whom, and when?", "-r", "anna")
    (tmp_path / "a.ris").write_text(ris(0) + ris(1), encoding="utf-8")
    run("import", review, tmp_path / "a.ris", "--source", "PubMed")
    assert "1 pairs judged" in run("judge", review, "-r", "anna", "--same", "pubmed-00001", "pubmed-00002")
    assert "duplicates: 1" in run("status", review)
    run("judge", review, "-r", "anna", "--undo", "pubmed-00001", "pubmed-00002")
    assert "duplicates: 0" in run("status", review)
    for words, says in (
        (("judge", review, "-r", "anna"), "nothing to judge"),
        (("judge", review, "-r", "anna", "--same", "pubmed-00001", "pubmed-00001"), "two different records"),
        (("sheet", review, "-r", "anna", "-o", tmp_path / "s.csv", "-s", "fulltext"), "Did you mean: full_text"),
        (("import", review, tmp_path / "a.ris", "--source", "x", "--stream", "databse"), "Did you mean: database"),
        (("extract", review), "give either"),
        (("screen", review, "-r", "nobody"), "nobody screens under this name"),
    ):
        with pytest.raises(DataError, match=says):
            run(*words)


def test_help_of_the_room_imports_nothing_heavy():
    import subprocess
    import sys

    code = (
        "import sys, synthassay.review.commands; "
        "print([m for m in ('numpy', 'pydantic', 'rapidfuzz', 'fastapi', 'torch') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
