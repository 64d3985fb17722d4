"""The flow: counts come from records, must add up, and are drawn as they are; what is missing is not 0."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.small_review import add_citations, decide, ris, small_review
from synthassay.errors import DataError
from synthassay.records.review import FlowCounts, Stage, Stream
from synthassay.review.adding_up import implied_counts, missing_counts, sum_faults
from synthassay.review.deduplicating import link_duplicates
from synthassay.review.exporting import copy_example
from synthassay.review.flow import build_flow
from synthassay.review.flow_figure import flow_svg
from synthassay.review.formats.tables import rows_of
from synthassay.review.pages import write_flow
from synthassay.review.project import Project

TITLE, TEXT = Stage.TITLE_ABSTRACT, Stage.FULL_TEXT


@pytest.fixture
def finished(tmp_path):
    """8 records, 2 of them duplicates: 2 out by title, 1 not retrieved, 1 out by text, 2 in; of 3 cited ones 1 in."""
    project = small_review(tmp_path / "review")
    add_citations(project, 3)
    link_duplicates(project.path)
    for number in (5, 6):
        decide(project, f"pubmed-0000{number}", TITLE, "exclude")
    for number in (1, 2, 3, 4):
        decide(project, f"pubmed-0000{number}", TITLE, "include")
    decide(project, "pubmed-00004", Stage.RETRIEVAL, "exclude", by=("anna",))
    decide(project, "pubmed-00003", TEXT, "exclude", reason="phantom_only")
    for number in (1, 2):
        decide(project, f"scopus-0000{number}", TEXT, "include")
    decide(project, "reference_lists-00001", TITLE, "exclude")
    for number in (2, 3):
        decide(project, f"reference_lists-0000{number}", TITLE, "include")
    decide(project, "reference_lists-00002", TEXT, "include")
    decide(project, "reference_lists-00003", TEXT, "exclude", reason="no_evaluation")
    return Project(project.path)


def test_counts_come_from_the_records(finished):
    flow = build_flow(finished)
    expected = {
        "databases": {"PubMed": 6, "Scopus": 2}, "registers": {}, "identified": 8, "duplicates": 2, "screened": 6,
        "excluded": 2, "sought": 4, "not_retrieved": 1, "assessed": 3, "full_text_excluded": 1,
        "full_text_reasons": {"Phantoms only": 1}, "other_identified": 3, "other_removed": 1, "other_sought": 2,
        "other_not_retrieved": 0, "other_assessed": 2, "other_full_text_excluded": 1, "included_reports": 3,
        "other_sources": {"Citation searching": 3}, "included_studies": 3,
    }  # fmt: skip
    assert {name: getattr(flow.counts, name) for name in expected} == expected
    assert flow.implied == {} and flow.missing == ()


def state(project, **counts):
    file = project.path / "review.toml"
    lines = "\n".join(f"{name} = {number}" for name, number in counts.items())
    file.write_text(file.read_text(encoding="utf-8") + f"\n[stated]\n{lines}\n", encoding="utf-8")
    return Project(project.path)


def test_a_stated_count_that_the_records_contradict_stops_the_flow(finished, tmp_path):
    changed = state(finished, screened=7, duplicates=2)
    with pytest.raises(DataError, match=r"screened: 7 is stated, and the records say 6\."):
        write_flow(changed, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_undecided_report_stops_the_flow(finished):
    decide(finished, "pubmed-00001", TEXT, "undo")
    decide(finished, "scopus-00001", TEXT, "undo")
    with pytest.raises(DataError, match="pubmed-00001: passed title and abstract and has no final decision"):
        build_flow(Project(finished.path))


def example(tmp_path, **changes):
    path = copy_example(tmp_path / "example")
    text = (path / "review.toml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert f"{old} = " in text
        text = re.sub(rf"^{old} = \d+", f"{old} = {new}", text, flags=re.M)
    (path / "review.toml").write_text(text, encoding="utf-8")
    return Project(path)


def test_the_published_flow_is_reproduced_with_what_it_implies_and_lacks(tmp_path):
    flow = build_flow(example(tmp_path))
    assert [flow.count(n) for n in ("identified", "duplicates", "screened", "assessed", "included_reports")] == [
        1246,
        312,
        934,
        126,
        32,
    ]
    assert flow.implied == {"excluded": 808, "full_text_excluded": 94}
    assert "The 94 reports excluded at full text are not itemised: 4 reasons are named without counts." in flow.missing
    assert flow.count("sought") is None and flow.count("not_retrieved") is None
    figure = flow_svg(flow)
    for words in ("1,246", "312", "934", "808, implied", "126", "94, implied", "32"):
        assert words in figure.replace("\u00a0", " ")
    assert "n\u00a0=\u00a00" not in figure


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"duplicates": 311}, "1246 records identified .* less 311 duplicates are 935, not 934 records screened"),
        ({"identified": 1247}, "1247 .* are 935, not 934"),
        ({"screened": 933}, "are 934, not 933 records screened"),
        ({"assessed": 127}, "excluded: the plan says that 808 follows, and 807 does"),
        ({"included_reports": 31}, "full_text_excluded: the plan says that 94 follows, and 95 does"),
        ({"included_reports": 200}, "200 reports included are more than 126 assessed"),
    ],
)
def test_a_changed_count_of_the_published_flow_fails_with_the_sentence(tmp_path, changes, sentence):
    with pytest.raises(DataError, match=sentence):
        write_flow(example(tmp_path, **changes), tmp_path / "out")
    assert not (tmp_path / "out").exists()


SMALL = st.integers(0, 40)


@st.composite
def flows(draw):
    """A flow that adds up, built from its ends."""
    reasons = draw(st.dictionaries(st.sampled_from(["a", "b", "c"]), SMALL, max_size=3))
    other_reasons = draw(st.dictionaries(st.sampled_from(["a", "b"]), SMALL, max_size=2))
    out, other_out = sum(reasons.values()), sum(other_reasons.values())
    own, other = draw(SMALL), draw(SMALL)
    unread, other_unread, excluded = draw(SMALL), draw(SMALL), draw(SMALL)
    duplicates, automatic, otherwise, removed = draw(SMALL), draw(SMALL), draw(SMALL), draw(SMALL)
    assessed, other_assessed = own + out, other + other_out
    screened = assessed + unread + excluded
    identified = screened + duplicates + automatic + otherwise
    first = draw(st.integers(0, identified))
    return FlowCounts(
        databases={"x": first, "y": identified - first}, identified=identified, duplicates=duplicates,
        excluded_automatic=automatic, excluded_other=otherwise, screened=screened, excluded=excluded,
        sought=assessed + unread, not_retrieved=unread, assessed=assessed, full_text_excluded=out,
        full_text_reasons=reasons, other_identified=other_assessed + other_unread + removed, other_removed=removed,
        other_sought=other_assessed + other_unread, other_not_retrieved=other_unread, other_assessed=other_assessed,
        other_full_text_excluded=other_out, other_full_text_reasons=other_reasons, included_reports=own + other,
    )  # fmt: skip


NAMES = (
    "identified", "duplicates", "excluded_automatic", "screened", "excluded", "sought", "not_retrieved", "assessed",
    "full_text_excluded", "other_identified", "other_sought", "other_not_retrieved", "included_reports",
)  # fmt: skip


@given(flows())
@settings(max_examples=80)
def test_a_flow_that_adds_up_has_no_fault(counts):
    assert sum_faults(counts) == []


@given(flows(), st.sampled_from(NAMES), st.integers(1, 5))
@settings(max_examples=100)
def test_any_changed_count_is_a_fault(counts, name, by):
    changed = counts.model_copy(update={name: getattr(counts, name) + by})
    found = sum_faults(changed)
    assert found
    assert any(str(getattr(changed, name)) in sentence for sentence in found)


@given(flows(), st.sets(st.sampled_from(NAMES), max_size=8))
@settings(max_examples=100)
def test_leaving_counts_out_never_makes_a_fault_or_a_wrong_number(counts, left_out):
    counts = counts.model_copy(update={"excluded_automatic": 0, "excluded_other": 0, "duplicates": counts.duplicates})
    whole = counts.identified - counts.excluded_automatic - counts.excluded_other
    counts = counts.model_copy(update={"screened": whole - counts.duplicates, "databases": {}})
    fewer = counts.model_copy(update={name: None for name in left_out if name not in ("duplicates", "screened")})
    implied = implied_counts(fewer)
    assert all(n >= 0 for n in implied.values() if not sum_faults(fewer))
    for name in ("sought", "not_retrieved"):
        if name in implied and sum_faults(counts) == []:
            assert implied[name] == getattr(counts, name)
    assert all(isinstance(sentence, str) for sentence in missing_counts(fewer))


@pytest.mark.parametrize(("part", "whole"), [("databases", "identified"), ("full_text_reasons", "full_text_excluded")])
@given(flows(), st.integers(1, 5))
@settings(max_examples=40)
def test_parts_add_up_to_their_whole(part, whole, counts, by):
    parts = {**getattr(counts, part), "one more": by}
    changed = counts.model_copy(update={part: parts})
    (sentence,) = sum_faults(changed)
    assert sentence.startswith(f"the parts of the {getattr(counts, whole)} ")
    unknown = counts.model_copy(update={part: {**getattr(counts, part), "one more": None}})
    assert sum_faults(unknown) == []


def test_a_report_that_a_database_found_too_counts_for_the_databases(tmp_path):
    project = small_review(tmp_path / "review", records=2)
    file = tmp_path / "cited.ris"
    file.write_text(ris(0) + ris(9), encoding="utf-8")
    project.import_file(file, source="Reference lists", stream=Stream.CITATION)
    link_duplicates(project.path)
    for report in ("pubmed-00001", "pubmed-00002", "reference_lists-00002"):
        decide(project, report, TITLE, "exclude")
    counts = build_flow(Project(project.path)).counts
    assert (counts.identified, counts.duplicates, counts.screened) == (4, 2, 2)
    assert (counts.other_identified, counts.other_removed, counts.other_sought) == (2, 2, 0)


def test_the_figure_holds_each_count_and_no_script(finished, tmp_path):
    paths = write_flow(finished, tmp_path / "out")
    figure = (tmp_path / "out" / "flow.svg").read_text(encoding="utf-8")
    assert {path.name for path in paths} == {"flow.svg", "flow.html", "flow.csv"}
    assert "Citation searching: 3" in figure and "Phantoms only: 1" in figure
    page = (tmp_path / "out" / "flow.html").read_text(encoding="utf-8")
    assert figure.strip() in page
    assert "<script" not in page


def test_the_table_of_prisma_2020(finished, tmp_path):
    write_flow(finished, tmp_path / "out")
    rows = {row["data"]: row["n"] for row in rows_of((tmp_path / "out" / "flow.csv").read_text(encoding="utf-8"))}
    assert rows["database_results"] == "8" and rows["records_screened"] == "6"
    assert rows["dbr_excluded"] == "Phantoms only, 1"
    assert rows["previous_studies"] == ""


def test_equal_reviews_give_equal_bytes(finished, tmp_path):
    write_flow(finished, tmp_path / "a")
    write_flow(Project(finished.path), tmp_path / "b")
    for name in ("flow.svg", "flow.html", "flow.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_markup_in_a_reason_or_source_is_text_in_the_figure(tmp_path):
    project = small_review(tmp_path / "review", records=2)
    file = tmp_path / "x.ris"
    file.write_text("TY  - JOUR\nTI  - Other\nER  -\n", encoding="utf-8")
    project.import_file(file, source="<b>& Co</b>")
    link_duplicates(project.path)
    for name in ("pubmed-00001", "pubmed-00002", "b_co_b-00001"):
        decide(project, name, TITLE, "exclude")
    write_flow(Project(project.path), tmp_path / "out")
    page = (tmp_path / "out" / "flow.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp; Co&lt;/b&gt;: 1" in page
    assert "<b>" not in page
