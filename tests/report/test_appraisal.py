"""The report's sections of appraisal and scorecard, from records that another room wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthassay.errors import DataError, RunError
from synthassay.records.appraisal import Agreement, Answer, Appraisal, AppraisalList, ItemAppraisal, Pointer, Score
from synthassay.records.base import sha256_of
from synthassay.records.instrument import Reply
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.records.scorecard import Criterion, CriterionName, Entry, Scorecard
from synthassay.report.appraisal import appraisals, scorecard
from synthassay.report.build import build_report

NOBODY = Pseudonyms("key", (), ())


def written(run: Path, **changes: object) -> Path:
    stands = Pointer(file="measurements.jsonl", place="line 3", says="of HOSP-4711, 0 copies")
    items = (
        ItemAppraisal(
            item="3.1", domain="leakage", asks="Copies?", reply=Reply.YES,
            answers=(Answer(reply=Reply.YES, by="the run", evidence=(stands,), why="none of HOSP-4711"),),
        ),
        ItemAppraisal(
            item="2.5", domain="separation", asks="Changed?", needs_person=True, conflict="AB: yes; CD: no",
            answers=(
                Answer(reply=Reply.NO_INFORMATION, by="the run", why="only a person can answer this"),
                Answer(reply=Reply.YES, by="AB", where="<b>p. 4</b> on HOSP-4711"),
                Answer(reply=Reply.NO, by="CD"),
            ),
        ),
    )  # fmt: skip
    fields: dict[str, object] = {
        "instrument": "metrics-2024", "title": "METRICS", "purpose": "score", "source": "doi:10.1000/x",
        "instrument_sha256": "", "run_sha256": "", "items": items, "judged": ("pgan",), "appraisers": ("AB", "CD"),
        "files": {"measurements.jsonl": sha256_of(run / "measurements.jsonl")}, "titles": {"leakage": "Leakage"},
        "score": Score(percent=20, at_most=92.5, reached=0.2, reachable=1, open=3),
        "agreement": (Agreement(between=("AB", "CD"), items=4, share=0.75, kappa=0.5, low=-0.1, high=1.0),),
    }  # fmt: skip
    AppraisalList(appraisals=(Appraisal.model_validate({**fields, **changes}),)).write(run / "appraisal.json")
    entry = Entry(of="pgan", title="Coverage", value=0.6, unit="share", n=4, stands=stands, fact="")
    criteria = tuple(Criterion(name=name, asks="Is it so?", entries=(entry,)) for name in CriterionName)
    Scorecard(run_sha256="", criteria=criteria).write(run / "scorecard.json")
    return run


def test_without_records_the_report_has_no_such_sections(make_run):
    text = build_report(make_run()).read_text()
    assert 'id="appraisal"' not in text
    assert 'id="scorecard"' not in text


def test_with_records_it_has_both_and_names_nobody(make_run):
    text = build_report(written(make_run())).read_text()
    assert 'id="appraisal"' in text
    assert 'id="scorecard"' in text
    assert "HOSP-4711" not in text
    assert "<b>p. 4" not in text
    assert "20.0 % of the weight that applies; 92.5 % if the 3 open items were answered yes" in text
    assert "AB and CD: kappa 0.50 [−0.10, 1.00]; 75% of 4 items answered alike" in text
    assert "AB: yes; CD: no" in text


def test_equal_folders_give_equal_bytes(make_run):
    run = written(make_run())
    assert build_report(run).read_bytes() == build_report(run).read_bytes()


def test_a_file_that_changed_since_is_named(make_run):
    run = written(make_run(), files={"measurements.jsonl": "00" * 32, "gone.json": "11" * 32})
    (found,) = appraisals(run, NOBODY)
    assert found.changed == ("measurements.jsonl", "gone.json")
    assert "Changed since this appraisal: measurements.jsonl, gone.json" in build_report(run).read_text()


def test_a_record_cannot_lead_out_of_the_folder(make_run):
    run = written(make_run(), files={"../../etc/passwd": "00" * 32})
    with pytest.raises(DataError, match="leaves this folder"):
        appraisals(run, NOBODY)


def test_damaged_records_are_messages(make_run):
    run = make_run()
    (run / "appraisal.json").write_text('{"appraisals": [{}]}')
    with pytest.raises(RunError, match=r"appraisal\.json"):
        build_report(run)
    (run / "appraisal.json").unlink()
    (run / "scorecard.json").write_text("[")
    with pytest.raises(RunError, match=r"scorecard\.json"):
        scorecard(run, NOBODY)


def test_open_items_say_open_and_answered_ones_where(make_run):
    (found,) = appraisals(written(make_run()), NOBODY)
    rows = {item.item: item for domain in found.domains for item in domain.items}
    assert (rows["2.5"].reply, rows["2.5"].outcome) == ("open", "open")
    assert rows["3.1"].reply == "✓ yes"
    assert rows["3.1"].stands[0][:2] == ("measurements.jsonl", "line 3")
    assert [domain.title for domain in found.domains] == ["Leakage", "separation"]
