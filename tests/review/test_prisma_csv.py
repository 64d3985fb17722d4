"""A flow in the CSV of the R package PRISMA2020 is read back, and what does not add up is refused."""

from __future__ import annotations

import pytest

from synthassay.errors import DataError, RunError
from synthassay.review.flow import build_flow
from synthassay.review.pages import prisma_table
from synthassay.review.prisma_csv import read_prisma, start_from_prisma
from synthassay.review.project import Project

TEMPLATE = """\
data,node,box,description,boxtext,tooltips,url,n
NA,node4,prevstud,Grey title box; Previous studies,Previous studies,Grey title box,prevstud.html,
previous_studies,node5,box1,Studies included in previous version,Studies included,Previous,p.html,NA
database_results,node8,box2,Records identified from: Databases,Databases,Records,d.html,"1,200"
database_specific_results,node8,box2,,Specific Databases,,d.html,"PubMed, 900; Scopus, 300"
register_results,node8,box2,,Registers,,d.html,46
website_results,node9,box11,,Websites,,w.html,7
citations_results,node9,box11,,Citation searching,,w.html,3
duplicates,node11,box3,,Duplicate records,,d.html,300
excluded_automatic,node11,box3,,Automation,,d.html,10
excluded_other,node11,box3,,Other reasons,,d.html,2
records_screened,node12,box4,,Records screened,,s.html,934
records_excluded,node13,box5,,Records excluded,,s.html,800
dbr_sought_reports,node14,box6,,Reports sought,,s.html,134
dbr_notretrieved_reports,node15,box7,,Not retrieved,,s.html,8
dbr_assessed,node18,box8,,Reports assessed,,s.html,126
dbr_excluded,node19,box9,,Reports excluded:,,s.html,"No images, CT or MRI, 90; Phantoms, 4"
other_sought_reports,node16,box12,,Reports sought,,s.html,10
other_notretrieved_reports,node17,box13,,Not retrieved,,s.html,0
other_assessed,node20,box14,,Reports assessed,,s.html,10
other_excluded,node21,box15,,Reports excluded:,,s.html,"No images, 9"
new_studies,node22,box10,,New studies,,s.html,30
new_reports,node22,box10,,New reports,,s.html,33
"""
ASKED = {"title": "A published review", "question": "What do synthetic images show?"}


@pytest.fixture
def table(tmp_path):
    def make(old: str = "", new: str = ""):
        assert not old or old in TEMPLATE
        path = tmp_path / "prisma.csv"
        path.write_text(TEMPLATE.replace(old, new) if old else TEMPLATE, encoding="utf-8")
        return path

    return make


def test_every_row_is_read(table):
    counts = read_prisma(table())
    assert (counts.identified, counts.other_identified, counts.previous_studies) == (1246, 10, None)
    assert counts.databases == {"PubMed": 900, "Scopus": 300}
    assert counts.full_text_reasons == {"No images, CT or MRI": 90, "Phantoms": 4}
    assert (counts.full_text_excluded, counts.other_full_text_excluded) == (94, 9)
    assert counts.other_sources == {"Websites": 7, "Citation searching": 3}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",934", ",935", "less 300 duplicates and 10 records removed by automation"),
        ("Phantoms, 4", "Phantoms, 5", "less 95 excluded at full text"),
        (",134", ",130", "934 records screened less 800"),
        (",33", ",34", "are 33, not 34 reports included"),
        ("PubMed, 900", "PubMed, 1900", "add up to"),
        (",46", ",some", "is no whole number"),
        (",46", ",-46", "is no whole number"),
        ("new_reports", "new_report", "is no row of PRISMA2020"),
        ("new_studies", "new_reports", "stands twice"),
        ("No images, CT or MRI, 90", "Phantoms, 90", "names one reason twice"),
        (",n\n", ",count\n", "has no columns data and n"),
    ],
)
def test_what_is_wrong_is_refused_with_the_sentence(table, tmp_path, old, new, said):
    with pytest.raises(DataError, match=said):
        start_from_prisma(tmp_path / "review", table(old, new), **ASKED)
    assert not (tmp_path / "review").exists()


def test_a_review_starts_from_it_and_writes_the_same_counts(table, tmp_path):
    start_from_prisma(tmp_path / "review", table(), **ASKED)
    flow = build_flow(Project(tmp_path / "review"))
    assert flow.counts == read_prisma(table())
    (tmp_path / "again.csv").write_text(prisma_table(flow), encoding="utf-8")
    again = read_prisma(tmp_path / "again.csv")
    assert again == flow.counts
    with pytest.raises(RunError, match="exists already"):
        start_from_prisma(tmp_path / "review", table(), **ASKED)
