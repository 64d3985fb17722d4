"""Two stages, two people: outcomes, conflicts, sheets, agreement, logs that survive a kill."""

from __future__ import annotations

import pytest

from review.small_review import add_citations, decide, ris, small_review
from synthassay.errors import DataError, RunError
from synthassay.records.review import Choice, Decision, Link, Stage, Stream, Tie
from synthassay.review.agreement import agreements
from synthassay.review.deduplicating import ask_sheet, link_duplicates, say_of_pairs, say_of_sheet
from synthassay.review.formats.tables import rows_of
from synthassay.review.formats.writing import to_table
from synthassay.review.log import append, read_log
from synthassay.review.project import Project, read_plan, start_project
from synthassay.review.screening import Screening, State, checked
from synthassay.review.sheets import COLUMNS, read_sheet, write_sheet
from synthassay.review.status import status_lines
from synthassay.stats.agreement.two_raters import ac1_of_two

TITLE, TEXT = Stage.TITLE_ABSTRACT, Stage.FULL_TEXT
ONE = "pubmed-00001"


@pytest.fixture
def project(tmp_path):
    return small_review(tmp_path / "review")


def state(project, stage=TITLE, report=ONE):
    return Screening(Project(project.path)).outcome(report, stage).state


def test_a_report_waits_for_two_and_differing_words_are_a_conflict(project):
    assert state(project) is State.OPEN
    decide(project, ONE, TITLE, "include", by=("anna",))
    assert state(project) is State.OPEN
    decide(project, ONE, TITLE, "exclude", by=("bert",))
    assert state(project) is State.CONFLICT
    decide(project, ONE, TITLE, "include", by=("consensus",))
    assert state(project) is State.INCLUDED
    decide(project, ONE, TITLE, "undo", by=("consensus",))
    assert state(project) is State.CONFLICT
    decide(project, ONE, TITLE, "include", by=("bert",))
    assert state(project) is State.INCLUDED


def test_unsure_is_a_conflict_even_with_itself(project):
    decide(project, ONE, TITLE, "unsure")
    assert state(project) is State.CONFLICT


def test_two_reasons_for_one_exclusion_are_a_conflict_at_full_text(project):
    decide(project, ONE, TITLE, "include")
    decide(project, ONE, TEXT, "exclude", by=("anna",), reason="phantom_only")
    decide(project, ONE, TEXT, "exclude", by=("bert",), reason="no_evaluation")
    assert state(project, TEXT) is State.CONFLICT
    decide(project, ONE, TEXT, "exclude", by=("consensus",), reason="phantom_only")
    assert Screening(project).outcome(ONE, TEXT).reason == "phantom_only"


def test_a_decision_on_a_duplicate_counts_for_the_report(project):
    link_duplicates(project.path)
    decide(project, "scopus-00001", TITLE, "include")
    assert state(project) is State.INCLUDED
    assert "scopus-00001" not in Screening(project).reports


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"record": "pubmed-00009"}, "no record has this identifier"),
        ({"record": "pubmd-00001"}, "no record has this identifier"),
        ({"reviewer": "ana"}, "Did you mean: anna"),
        ({"choice": Choice.EXCLUDE, "reason": "phantoms_only"}, "Did you mean: phantom_only"),
        ({"stage": TEXT, "choice": Choice.EXCLUDE}, "without a reason"),
        ({"reviewer": "consensus", "choice": Choice.UNSURE}, "cannot be unsure"),
    ],
)
def test_wrong_decisions_are_refused_with_a_remedy(project, changes, says):
    good = {"record": ONE, "stage": TITLE, "reviewer": "anna", "choice": Choice.INCLUDE}
    with pytest.raises(DataError, match=says):
        checked([Decision(**good), Decision(**{**good, **changes})], project)


def faults(project):
    return " ".join(Screening(Project(project.path)).faults())


def test_a_report_that_passes_a_stage_without_a_decision_at_the_next_is_a_fault(project):
    decide(project, ONE, TITLE, "include")
    assert f"{ONE}: passed title and abstract and has no final decision at full text." in faults(project)
    decide(project, ONE, Stage.RETRIEVAL, "exclude", by=("anna",))
    assert f"{ONE}:" not in faults(project)
    decide(project, ONE, TEXT, "include")
    assert f"{ONE}: was not retrieved, and has a decision at full text." in faults(project)


def test_a_decision_at_full_text_needs_the_stage_before(project):
    decide(project, ONE, TITLE, "exclude")
    decide(project, ONE, TEXT, "include", by=("anna",))
    assert f"{ONE}: has a decision at full text without having passed" in faults(project)


def fill(path, choices):
    rows = rows_of(path.read_text(encoding="utf-8-sig"))
    filled = [{**row, **choices.get(row["id"], {})} for row in rows]
    path.write_text(to_table(filled, COLUMNS), encoding="utf-8")


def test_sheets_carry_decisions_once(project, tmp_path):
    sheet = tmp_path / "anna.csv"
    assert write_sheet(project, TITLE, "anna", sheet) == 8
    fill(sheet, {ONE: {"choice": "Include"}, "pubmed-00002": {"choice": "exclude", "note": "=1+1"}})
    assert read_sheet(project, TITLE, "anna", sheet) == 2
    assert read_sheet(project, TITLE, "anna", sheet) == 0
    assert [d.note for d in project.decisions()] == ["", "=1+1"]
    assert write_sheet(project, TITLE, "anna", sheet) == 6


def test_a_wrong_word_in_a_sheet_adds_nothing(project, tmp_path):
    sheet = tmp_path / "anna.csv"
    write_sheet(project, TITLE, "anna", sheet)
    fill(sheet, {ONE: {"choice": "include"}, "pubmed-00002": {"choice": "exclud"}})
    with pytest.raises(DataError, match=r"row 3: no choice has this name \(exclud\)\. Did you mean: exclude"):
        read_sheet(project, TITLE, "anna", sheet)
    assert project.decisions() == ()


def test_a_sheet_does_not_tell_what_others_chose(project, tmp_path):
    decide(project, ONE, TITLE, "include", by=("bert",))
    write_sheet(project, TITLE, "anna", tmp_path / "anna.csv")
    assert "bert" not in (tmp_path / "anna.csv").read_text(encoding="utf-8")


def test_ac1_against_hand_computed_numbers():
    pairs = [("yes", "yes")] * 118 + [("yes", "no")] * 5 + [("no", "no")] * 2
    assert ac1_of_two(pairs) == pytest.approx((0.96 - 2 * 0.964 * 0.036) / (1 - 2 * 0.964 * 0.036))
    assert ac1_of_two([("a", "a")] * 9, ("a", "b")) == 1.0
    assert ac1_of_two([("a", "a")] * 9) is None and ac1_of_two([]) is None
    some = [("a", "a")] * 6 + [("a", "b")] + [("b", "b")] * 2
    assert ac1_of_two(some) == pytest.approx((8 / 9 - 130 / 324) / (1 - 130 / 324))
    by_chance = 130 / 324 / 2  # a category that nobody chose could have been guessed all the same
    assert ac1_of_two(some, "abc") == pytest.approx((8 / 9 - by_chance) / (1 - by_chance))


def test_agreement_leaves_the_consensus_out(project):
    for number, (anna, bert) in enumerate([("include", "include"), ("exclude", "include"), ("exclude", "exclude")], 1):
        decide(project, f"pubmed-0000{number}", TITLE, anna, by=("anna",))
        decide(project, f"pubmed-0000{number}", TITLE, bert, by=("bert",))
    decide(project, "pubmed-00002", TITLE, "include", by=("consensus",))
    (found,) = agreements(Screening(project))
    assert (found.cohen.n, found.cohen.share) == (3, pytest.approx(2 / 3))
    assert found.cohen.kappa == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))
    assert found.ac1 == pytest.approx((2 / 3 - 0.5) / 0.5)


def test_status_counts_what_is_open(project):
    decide(project, ONE, TITLE, "include", by=("anna",))
    lines = "\n".join(status_lines(project.path))
    assert "records: 8 (PubMed 6, Scopus 2)" in lines
    assert "anna: 7 to decide" in lines and "bert: 8 to decide" in lines
    assert "open before the flow is final: 8" in lines


def test_a_torn_last_line_is_cut_and_whole_lines_stay(tmp_path):
    log = tmp_path / "log.jsonl"
    lines = [Link(tie=Tie.SAME, a="a-1", b=f"b-{n}", by="rule:doi") for n in range(3)]
    append(log, lines[:2])
    with log.open("ab") as stream:
        stream.write(b'{"tie": "same", "a": "a-1", "b"')
    assert read_log(log, Link) == tuple(lines[:2])
    append(log, lines[2:])
    assert read_log(log, Link) == tuple(lines)


def test_a_changed_line_is_named(tmp_path):
    log = tmp_path / "log.jsonl"
    append(log, [Link(tie=Tie.SAME, a="a-1", b="b-1", by="x")] * 2)
    log.write_text(log.read_text().replace('"a-1"', '"z-1"', 1))
    with pytest.raises(DataError, match=r"log\.jsonl, line 1: is not a link"):
        read_log(log, Link)


def test_an_import_is_kept_numbered_and_not_repeated(project, tmp_path):
    file = tmp_path / "more.ris"
    file.write_text(ris(7) + ris(8), encoding="utf-8")
    made = project.import_file(file, source="PubMed")
    assert [p.id for p in made.publications] == ["pubmed-00007", "pubmed-00008"]
    with pytest.raises(DataError, match=r"was imported before, as more\.ris"):
        project.import_file(file, source="PubMed")
    (kept,) = (project.path / "sources").glob("*-more.ris")
    assert kept.read_bytes() == file.read_bytes()
    with pytest.raises(DataError, match="cannot be read"):
        project.import_file(tmp_path / "none.ris", source="PubMed")
    assert len(Project(project.path).records) == 10


def test_questions_are_judged_by_file_and_undone_by_hand(tmp_path):
    texts = [ris(0), ris(0, doi="10.5555/other"), ris(2)]
    project = small_review(tmp_path / "review", texts=texts)
    found, duplicates = link_duplicates(project.path)
    assert duplicates == 2
    assert ("pubmed-00001", "pubmed-00002") in {(q.a, q.b) for q in found.questions}
    sheet = ask_sheet(project.path, found.questions, tmp_path / "pairs.csv")
    rows = rows_of(sheet.read_text(encoding="utf-8-sig"))
    for row in rows:
        row["same_or_apart"] = "same" if (row["a"], row["b"]) == ("pubmed-00001", "pubmed-00002") else ""
    sheet.write_text(to_table(rows, rows[0]), encoding="utf-8")
    assert say_of_sheet(project.path, sheet, "anna") == 1
    assert Screening(project).clusters.duplicates == 3
    say_of_pairs(project.path, {"undo": ("pubmed-00002", "pubmed-00001")}, "anna")
    assert Screening(project).clusters.duplicates == 2
    say_of_pairs(project.path, {"apart": ("pubmed-00001", "scopus-00001")}, "anna")
    assert Screening(project).clusters.duplicates == 1
    assert len(project.records) == 5
    with pytest.raises(DataError, match="Did you mean: anna"):
        say_of_pairs(project.path, {"same": ("pubmed-00001", "pubmed-00003")}, "ann")


def test_records_found_by_citation_keep_their_way(project):
    add_citations(project, 2)
    assert project.records["reference_lists-00002"].stream is Stream.CITATION


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = 3", "title"),
        ("titel = 'A review'", "Did you mean: title"),
        ("title = ", "cannot be read as TOML"),
        ("[stated]\nscrened = 3", "Did you mean: screened"),
        ("reviewers = ['a', 'a']", "different names"),
    ],
)
def test_plans_that_cannot_be_followed_say_why(tmp_path, text, says):
    good = {"title": "'A review'", "question": "'What is asked here?'", "reviewers": "['a', 'b']"}
    head = "\n".join(f"{key} = {value}" for key, value in good.items() if not text.startswith(key))
    (tmp_path / "review.toml").write_text(f"{head}\n{text}\n", encoding="utf-8")
    with pytest.raises(DataError, match=says):
        read_plan(tmp_path / "review.toml")


def test_a_started_review_can_be_read_and_is_not_overwritten(tmp_path):
    start_project(tmp_path / "r", title='A "quoted" \\ title', question="What is asked\nhere?", reviewers=["anna"])
    plan = Project(tmp_path / "r").plan
    assert (plan.title, plan.decisions_needed) == ('A "quoted" \\ title', 1)
    with pytest.raises(RunError, match="exists already"):
        start_project(tmp_path / "r", title="Another", question="What is asked?", reviewers=["anna"])
    with pytest.raises(DataError, match="this folder is no review"):
        Project(tmp_path)
