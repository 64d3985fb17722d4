"""Laws of deduplication: nothing lost, order does not matter, once is enough, undo restores; and how much is found."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.labelled_records import labelled_records
from synthassay.records.review import Link, Publication, Tie
from synthassay.review.clusters import clusters
from synthassay.review.deduplicate import propose
from synthassay.review.keys import keys_of
from synthassay.review.matching import RULES, Likeness, judge, likeness

FIRST = {
    "title": "Synthetic CT generation from MRI with a conditional GAN",
    "authors": ("Müller, J.", "Kim, S."),
    "year": 2021,
    "journal": "Medical Physics",
    "volume": "48",
    "pages": "123-131",
    "doi": "10.5555/mp.1",
}


def record(name="a-1", **changes):
    return Publication(id=name, source="s", **{**FIRST, **changes})


def verdict(**changes):
    a, b = keys_of(record()), keys_of(record("b-1", **changes))
    assert judge(a, b) == judge(b, a)
    return judge(a, b)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"doi": "https://doi.org/10.5555/MP.1"}, "doi"),
        ({"doi": "https://doi.org/10.5555/MP.1", "title": "Synthetic CT generation from MRI"}, "doi"),
        ({"doi": "", "journal": "MED PHYS", "authors": ("J. Muller",)}, "title"),
        ({"doi": "", "journal": "Med Phys", "year": 2020, "pages": "123-31"}, "title"),
        ({"doi": "", "title": FIRST["title"].replace("conditional", "condtional")}, "title"),
        ({"doi": "", "authors": (), "journal": ""}, "pages"),
        ({"doi": "", "title": "Synthetic CT generation from MRI", "journal": "Med. Phys."}, "pages"),
    ],
)
def test_the_same_report_is_linked(changes, rule):
    assert verdict(**changes).rule == rule
    assert rule in RULES


@pytest.mark.parametrize(
    "changes",
    [
        {"doi": "10.5555/other", "pages": "9-12"},  # the DOI's veto
        {"doi": "", "title": "Erratum: " + FIRST["title"]},
        {"doi": "", "title": FIRST["title"].replace("CT", "PET"), "pages": "140-149"},
        {"doi": "", "title": FIRST["title"] + ". Part II", "pages": "140-149"},
        {"doi": "", "authors": ("Rossi, A.",)},
        {"doi": "", "year": 2024},
        {"title": "Chest X-ray augmentation", "pages": "900-909"},  # proceedings under one DOI
    ],
)
def test_two_reports_are_neither_linked_nor_asked_about(changes):
    assert verdict(**changes) == ("", "")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"doi": "10.5555/other"}, "identifiers that differ"),
        ({"doi": "", "journal": "Proceedings of SPIE", "pages": "1-6", "volume": ""}, "version"),
        ({"doi": "", "journal": "", "volume": "", "pages": ""}, "too little else"),
        ({"doi": "", "year": None, "pages": ""}, "year is missing"),
    ],
)
def test_doubt_goes_to_a_person(changes, why):
    found = verdict(**changes)
    assert not found.rule
    assert why in found.ask


def test_one_letter_of_a_short_word_is_another_word():
    def alike(a, b):
        return likeness(keys_of(record(title=a)), keys_of(record("b-1", title=b)))

    assert alike("T1 weighted synthesis of brains", "T2 weighted synthesis of brains") is not Likeness.TYPO
    assert alike("Results of 2019 of the group", "Results of 2020 of the group") is not Likeness.TYPO
    assert alike("Harmonisation of scanners", "Harmonsation of scanners") is Likeness.TYPO
    assert alike("Chest X-ray synthesis", "Chest Xray synthesis") is Likeness.EQUAL


def test_a_record_that_fits_two_reports_is_left_to_a_person():
    meeting = record("b-1", doi="10.5555/other")
    bare = record("c-1", doi="")
    found = propose([record(), meeting, bare])
    assert not found.links
    assert {(q.a, q.b) for q in found.questions} == {("a-1", "b-1"), ("a-1", "c-1"), ("b-1", "c-1")}


def publications(entries):
    return [
        Publication(
            id=f"{e.source}-{n:05d}", source=e.source, title=e.title, authors=tuple(e.authors), year=e.year,
            journal=e.journal, volume=e.volume, number=e.number, pages=e.pages, doi=e.doi, pmid=e.pmid, kind=e.kind,
        )
        for n, e in enumerate(entries)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def labelled():
    """A seed that no rule was tried on while it was written."""
    entries = labelled_records(1000, seed=2027)
    records = publications(entries)
    return records, {r.id: e.report for r, e in zip(records, entries, strict=True)}


@pytest.fixture(scope="module")
def proposal(labelled):
    return propose(labelled[0])


def pairs_of(groups):
    return {pair for group in groups for pair in itertools.combinations(sorted(group), 2)}


def test_no_wrong_merge_and_nearly_all_found(labelled, proposal):
    records, report = labelled
    true = defaultdict(list)
    for name, number in report.items():
        true[number].append(name)
    same = pairs_of(true.values())
    found = pairs_of(clusters([r.id for r in records], proposal.links).members.values())
    asked = {(q.a, q.b) for q in proposal.questions}
    assert len(records) >= 2000
    assert not found - same
    assert len(found & same) / len(same) > 0.97
    assert len((found | asked) & same) / len(same) > 0.99


def test_it_is_idempotent_and_finds_the_same_in_any_order(labelled, proposal):
    records, _ = labelled
    again = propose(records, proposal.links)
    assert not again.links
    assert again.questions == proposal.questions
    shuffled = random.Random(1).sample(records, len(records))
    assert propose(shuffled) == proposal


def test_groups_part_the_records(labelled, proposal):
    names = [r.id for r in labelled[0]]
    found = clusters(names, proposal.links)
    assert sorted(itertools.chain(*found.members.values())) == sorted(names)
    assert found.duplicates == len(names) - len(found.members)


def link(a, b, tie=Tie.SAME, by="rule:doi"):
    return Link(tie=tie, a=a, b=b, by=by)


NAMES = ("a-1", "b-1", "c-1", "d-1", "e-1")
LINKS = st.lists(
    st.builds(
        lambda pair, tie, by: link(*pair, tie=tie, by=by),
        st.sampled_from(list(itertools.combinations(NAMES, 2))),
        st.sampled_from(list(Tie)),
        st.sampled_from(["rule:doi", "anna"]),
    ),
    max_size=14,
)


@given(LINKS)
@settings(max_examples=200)
def test_undo_restores_what_was_before(log):
    before = clusters(NAMES, log)
    for a, b in itertools.combinations(NAMES, 2):
        for tie in (Tie.SAME, Tie.APART):
            more = [*log, link(a, b, tie, "bert")]
            assert clusters(NAMES, [*more, link(a, b, Tie.UNDO, "bert")]) == before


@given(LINKS)
@settings(max_examples=200)
def test_no_group_joins_what_a_person_parted(log):
    from synthassay.review.clusters import standing

    found = clusters(NAMES, log)
    for a, b in standing(log).said_apart:
        assert found.leader[a] != found.leader[b]


def test_a_person_outweighs_a_rule_and_contradictions_are_told():
    log = [link("a-1", "b-1"), link("a-1", "b-1", Tie.APART, "anna")]
    assert clusters(("a-1", "b-1"), log).duplicates == 0
    log = [link("a-1", "b-1", by="anna"), link("b-1", "c-1", by="anna"), link("a-1", "c-1", Tie.APART, "bert")]
    found = clusters(("a-1", "b-1", "c-1"), log)
    assert found.contradictions == (("b-1", "c-1"),)


def test_an_undone_rule_does_not_insist():
    records = [record(), record("b-1")]
    (said,) = propose(records).links
    log = (said, link("a-1", "b-1", Tie.UNDO, "anna"))
    assert not propose(records, log).links
