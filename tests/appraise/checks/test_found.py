from __future__ import annotations

import shutil

import pytest

from appraise.asking import check
from synthassay.appraise.checks import CHECKS
from synthassay.appraise.checks.found import no, yes
from synthassay.appraise.dossier import read_dossier
from synthassay.appraise.filling import appraise
from synthassay.appraise.library import instrument, instrument_names
from synthassay.records.appraisal import RUN, Answer, Level
from synthassay.records.instrument import Reply

TWICE_PROVEN = {"external_set", "differences_tested"}  # by the cohort or a measurement; by comparisons or gains
NEVER_YES = {"subjects_are_patients"}  # whom subjects stand for, only a person can tell


@pytest.mark.parametrize("name", [n for n in CHECKS.names() if not n.startswith("has_")])
def test_a_run_that_proves_everything_gets_a_yes(whole_run, name):
    found = check(whole_run, name)
    assert found.reply is (Reply.NO_INFORMATION if name in NEVER_YES else Reply.YES), found.why
    assert bool(found.evidence) != (name in NEVER_YES)
    for pointer in found.evidence:
        assert (whole_run / pointer.file).is_file(), pointer


CITED = [
    (name, item.id)
    for name in instrument_names()
    for item in instrument(name).items
    if item.check and item.check not in NEVER_YES
]


@pytest.mark.parametrize("name", sorted({name for name, _ in CITED}))
def test_never_yes_without_evidence(whole_run, tmp_path, name):
    """Take away each file that a yes points at: the yes goes with it, in every item of every instrument."""
    whole = appraise(read_dossier(whole_run), instrument(name))
    yeses = {item.item: item.answers[0] for item in whole.items if item.reply is Reply.YES}
    assert set(yeses) == {identifier for one, identifier in CITED if one == name}
    for file in sorted({pointer.file for answer in yeses.values() for pointer in answer.evidence}):
        cut = shutil.copytree(whole_run, tmp_path / file.replace("/", "-"))
        (cut / file).unlink()
        filled = appraise(read_dossier(cut), instrument(name))
        for item in filled.items:
            own = item.answers[0]
            rested = item.item in yeses and any(p.file == file for p in yeses[item.item].evidence)
            if rested and instrument(name).item(item.item).check not in TWICE_PROVEN:
                assert item.reply is not Reply.YES, f"{item.item} says yes without {file}"
            assert not own.reply.good or all((cut / p.file).is_file() for p in own.evidence)


@pytest.mark.parametrize("name", sorted(TWICE_PROVEN))
def test_what_can_be_proven_twice_needs_one_proof(run, name):
    while (found := check(run, name)).reply is Reply.YES:
        for file in {pointer.file for pointer in found.evidence}:
            (run / file).unlink()
    assert found.reply is not Reply.YES


def test_an_empty_folder_gets_no_yes_and_no_no(tmp_path):
    for name in instrument_names():
        filled = appraise(read_dossier(tmp_path), instrument(name))
        assert {item.reply for item in filled.items} == {None}


def test_a_yes_or_no_without_evidence_cannot_be_made():
    for make in (yes, no):
        with pytest.raises(ValueError, match="without evidence"):
            make("because")
    with pytest.raises(ValueError, match="without evidence"):
        Answer(reply=Reply.YES, by="AB")
    with pytest.raises(ValueError, match="without evidence"):
        Answer(reply=Reply.NO, by=RUN)


def test_what_the_run_alone_can_settle_is_unclear_at_worst(whole_run):
    filled = appraise(read_dossier(whole_run), instrument("own"))
    levels = {d.domain: d.level for d in filled.domains}
    assert levels.pop("leakage") is Level.LOW
    assert set(levels.values()) == {Level.UNCLEAR}


def test_evidence_names_neither_subjects_nor_cases_nor_places(whole_run):
    for name in instrument_names():
        text = appraise(read_dossier(whole_run), instrument(name)).model_dump_json()
        assert "HOSP-" not in text
        assert "/secret" not in text
