from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from synthassay.appraise.checks import CHECKS
from synthassay.appraise.library import SHORT, instrument, instrument_names, parse
from synthassay.errors import UnknownName
from synthassay.records.instrument import Purpose

SIZES = {  # items, from the originals; STARD-AI, TRIPOD+AI and PRISMA number 40, 27 and 27 of them in so many rows
    "claim-2024": 44, "future-ai-2025": 30, "generative-imaging": 38, "metrics-2024": 30, "prisma-2020": 42,
    "probast-ai-2025": 34, "stard-ai-2025": 48, "tripod-ai-2024": 52,
}  # fmt: skip
REVIEW_DOMAINS = [
    "Dataset representativeness", "Train-test separation", "Leakage", "Preprocessing transparency",
    "Comparator fairness", "Appropriateness of fidelity metrics", "Relevance of utility evaluation", "Clinical review",
]  # fmt: skip


def test_every_instrument_has_the_size_of_its_original():
    assert {name: len(instrument(name).items) for name in instrument_names()} == SIZES


def test_numbered_items_are_as_many_as_the_originals_number():
    numbered = {
        name: len({item.id.rstrip("abcdefg") for item in instrument(name).items})
        for name in ("stard-ai-2025", "tripod-ai-2024", "prisma-2020")
    }
    assert numbered == {"stard-ai-2025": 40, "tripod-ai-2024": 27, "prisma-2020": 27}


def test_the_own_instrument_has_the_eight_domains_of_the_review():
    assert [domain.title for domain in instrument("own").domains] == REVIEW_DOMAINS


def test_probast_has_sixteen_questions_of_development_and_eighteen_of_evaluation():
    ids = [item.id[0] for item in instrument("probast-ai").items]
    assert (ids.count("D"), ids.count("E")) == (16, 18)
    assert len(instrument("probast-ai").domains) == 8


def test_future_ai_counts_its_principles():
    letters = [item.id.rstrip("0123456789") for item in instrument("future-ai").items]
    assert {letter: letters.count(letter) for letter in letters} == {
        "F": 3, "U": 4, "T": 6, "Us": 5, "R": 3, "E": 2, "G": 7,
    }  # fmt: skip


def test_metrics_weights_add_up_to_one_but_for_rounding():
    assert sum(item.weight or 0 for item in instrument("metrics").items) == pytest.approx(1, abs=0.002)
    assert instrument("metrics").item("3").weight == 0.0919
    gates = {item.id: item.conditions for item in instrument("metrics").items if item.conditions}
    assert gates == {
        "8": ("segmentation",), "9": ("segmentation", "automated"), "10": ("segmentation",), "12": ("handcrafted",),
        "14": ("tabular",), "15": ("tabular",), "16": ("tabular",), "17": ("end_to_end",),
    }  # fmt: skip


def test_what_was_not_verified_says_so():
    for number in range(24, 31):
        assert "rounded" in instrument("metrics").item(str(number)).not_verified
    for name in instrument_names():
        assert instrument(name).verification
    assert "not" in instrument("claim").verification


def test_each_check_that_an_instrument_names_exists_and_each_that_exists_is_named():
    named = {item.check for name in instrument_names() for item in instrument(name).items}
    named |= {condition.check for name in instrument_names() for condition in instrument(name).conditions}
    assert named - {""} == set(CHECKS.names())


def test_nothing_is_verbatim_without_attribution():
    assert not [i.id for name in instrument_names() for i in instrument(name).items if i.verbatim]


def test_a_run_answers_nothing_of_a_review():
    assert not any(item.check for item in instrument("prisma").items)
    assert instrument("prisma").purpose is Purpose.REPORTING


def test_short_names_lead_to_instruments():
    assert {instrument(short).name for short in SHORT} == set(instrument_names())


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean: claim-2024"):
        instrument("claim-2025")


@pytest.mark.parametrize(
    "fault",
    [
        'id = "1"\ndomain = "a"\nasks = "Second one?"',  # an id twice
        'id = "2"\ndomain = "b"\nasks = "Elsewhere?"',  # a domain that is not there
        'id = "2"\ndomain = "a"\nasks = "Gated?"\nconditions = ["never"]',
        'id = "2"\ndomain = "a"\nasks = "Copied text?"\nverbatim = true',
        'id = "2"\ndomain = "a"\nasks = "Extra?"\nextra = 1',
    ],
)
def test_a_file_that_does_not_hang_together_is_our_bug(fault):
    whole = (
        'name = "x"\ntitle = "X"\nversion = "1"\npurpose = "risk of bias"\nsource = "s"\nlicence = "l"\n'
        'verification = "seen in full"\nreplies = ["yes", "no"]\n[[domains]]\nkey = "a"\ntitle = "A"\n'
        '[[items]]\nid = "1"\ndomain = "a"\nasks = "First one?"\n'
    )
    assert parse(whole, "x").items[0].id == "1"
    with pytest.raises(ValueError, match="x:"):
        parse(f"{whole}[[items]]\n{fault}\n", "x")


def test_the_reference_page_is_current():
    root = Path(__file__).resolve().parents[2]
    where = importlib.util.spec_from_file_location("instrument_page", root / "scripts" / "instrument_page.py")
    script = importlib.util.module_from_spec(where)
    where.loader.exec_module(script)
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run python scripts/instrument_page.py"
