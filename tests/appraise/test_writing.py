from __future__ import annotations

import csv
import io

import pytest

from appraise.test_filling import answers, filled
from synthassay.appraise.dossier import read_dossier
from synthassay.appraise.scorecard import fill_scorecard
from synthassay.appraise.writing import CARD_COLUMNS, COLUMNS, card_table, table, write_appraisals
from synthassay.errors import RunError
from synthassay.records.appraisal import AppraisalList
from synthassay.records.scorecard import Scorecard


def test_records_are_written_and_read_back(run):
    done, card = filled(run), fill_scorecard(read_dossier(run))
    written = write_appraisals(run, [done], card)
    assert [path.name for path in written] == ["appraisal.json", "appraisal.csv", "scorecard.json", "scorecard.csv"]
    assert AppraisalList.read(run / "appraisal.json").appraisals == (done,)
    assert Scorecard.read(run / "scorecard.json") == card


def test_another_instrument_stays_and_the_same_is_replaced(run):
    card = fill_scorecard(read_dossier(run))
    write_appraisals(run, [filled(run)], card)
    write_appraisals(run, [filled(run, name="claim")], card)
    again = filled(run, answers("AB", _2_5=("no",)))
    write_appraisals(run, [again], card)
    found = AppraisalList.read(run / "appraisal.json").appraisals
    assert [a.instrument for a in found] == ["claim-2024", "generative-imaging"]
    assert found[1] == again


def test_equal_runs_give_equal_bytes(run):
    def all_bytes() -> list[bytes]:
        return [p.read_bytes() for p in write_appraisals(run, [filled(run)], fill_scorecard(read_dossier(run)))]

    assert all_bytes() == all_bytes()


def test_a_damaged_appraisal_is_not_overwritten(run):
    (run / "appraisal.json").write_text("{")
    with pytest.raises(RunError, match=r"appraisal\.json"):
        write_appraisals(run, [filled(run)], fill_scorecard(read_dossier(run)))
    assert (run / "appraisal.json").read_text() == "{"


def test_a_row_for_every_item_and_condition(run):
    done = filled(run, name="metrics")
    rows = list(csv.DictReader(io.StringIO(table([done]))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["item"] for row in rows] == [i.item for i in (*done.conditions, *done.items)]
    first = next(row for row in rows if row["item"] == "18")
    assert (first["reply"], first["by"]) == ("yes", "the run")
    assert first["evidence"].startswith("cohort.json, split")


def test_a_cell_cannot_become_a_formula(run):
    done = filled(run, answers("AB", _2_5=("yes", '=HYPERLINK("http://evil")', "+1")))
    row = next(r for r in csv.DictReader(io.StringIO(table([done]))) if r["item"] == "2.5")
    assert row["where"].startswith("'=")
    assert row["why"] == "'+1"


def test_several_runs_have_a_column_of_their_own(run):
    rows = list(csv.reader(io.StringIO(table([filled(run), filled(run)], ["a", "=b"]))))
    assert rows[0][0] == "run"
    assert {row[0] for row in rows[1:]} == {"a", "'=b"}


def test_the_card_as_a_table_has_every_entry_and_every_gap(change):
    run = change("shape_plausibility", value=None, interval=None, not_measured="=too few")
    card = fill_scorecard(read_dossier(run))
    rows = list(csv.DictReader(io.StringIO(card_table(card))))
    assert tuple(rows[0]) == CARD_COLUMNS
    assert len(rows) == sum(len(c.entries) + len(c.not_measured) for c in card.criteria)
    first = rows[0]
    assert (first["criterion"], first["value"], first["low"], first["high"], first["floor"]) == (
        "congruence", "40.0", "35.0", "46.0", "6.0",
    )  # fmt: skip
    gap = next(row for row in rows if row["criterion"] == "constraint")
    assert gap["fact"] == "not measured: Shape plausibility: =too few"


def test_a_folder_without_a_run_gets_no_card(tmp_path):
    written = write_appraisals(tmp_path, [filled(tmp_path, name="prisma")], None)
    assert [path.name for path in written] == ["appraisal.json", "appraisal.csv"]
