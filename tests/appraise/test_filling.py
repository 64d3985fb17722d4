from __future__ import annotations

import pytest

from synthassay.appraise.dossier import read_dossier
from synthassay.appraise.filling import appraise
from synthassay.appraise.library import instrument
from synthassay.errors import DataError
from synthassay.records.appraisal import AnswerFile, Level
from synthassay.records.instrument import Reply


def answers(appraiser: str, *, name: str = "generative-imaging", judgements: dict | None = None, **given):
    """A file of answers; ``_2_5=("yes", "p. 4")`` answers item 2.5."""
    rows = {
        key.removeprefix("_").replace("_", "."): dict(zip(("reply", "where", "why"), value, strict=False))
        for key, value in given.items()
    }
    file = {"instrument": name, "appraiser": appraiser, "answers": rows, "judgements": judgements or {}}
    return f"{appraiser}.json", AnswerFile.model_validate(file)


def filled(run, *files, name: str = "own"):
    return appraise(read_dossier(run), instrument(name), files)


def item(appraisal, identifier: str):
    return next(i for i in (*appraisal.conditions, *appraisal.items) if i.item == identifier)


def domain(appraisal, key: str):
    return next(d for d in appraisal.domains if d.domain == key)


def test_what_only_a_person_can_tell_is_open_until_one_does(whole_run):
    assert item(filled(whole_run), "2.5").reply is None
    done = filled(whole_run, answers("AB", _2_5=("yes", "protocol, p. 4")))
    assert item(done, "2.5").reply is Reply.YES
    assert item(done, "2.5").counted.by == "AB"
    assert domain(done, "separation").level is Level.LOW


def test_two_who_differ_leave_it_open_and_are_named(whole_run):
    done = filled(whole_run, answers("AB", _2_5=("yes", "p. 4")), answers("CD", _2_5=("no",)))
    assert item(done, "2.5").reply is None
    assert item(done, "2.5").conflict == "AB: yes; CD: no"
    assert [i.item for i in done.conflicts] == ["2.5"]
    assert domain(done, "separation").level is Level.UNCLEAR


def agreed(run, **given):
    """Filled with a consensus of two who answered nothing else."""
    return filled(run, answers("AB"), answers("CD"), answers("consensus", **given))


def test_a_consensus_ends_a_conflict(whole_run):
    files = [answers("AB", _2_5=("yes", "p. 4")), answers("CD", _2_5=("no",)), answers("consensus", _2_5=("no",))]
    done = filled(whole_run, *files)
    assert item(done, "2.5").reply is Reply.NO
    assert not done.conflicts
    assert domain(done, "separation").level is Level.SOME


def test_nobody_alone_talks_a_leak_away(change):
    run = change("copied_images", value=0.02, interval={"low": 0.01, "high": 0.03, "method": "exact"})
    files = [answers("AB", _3_1=("yes", "we looked")), answers("CD", _3_1=("yes", "me too"))]
    done = filled(run, *files)
    assert item(done, "3.1").reply is Reply.NO
    assert item(done, "3.1").conflict == "the run: no; AB: yes; CD: yes"
    assert domain(done, "leakage").level is Level.HIGH


def test_a_yes_of_the_run_that_a_person_doubts_is_open(whole_run):
    done = filled(whole_run, answers("AB", _3_1=("no", "", "figure 2 shows a copy")))
    assert item(done, "3.1").reply is None
    assert domain(done, "leakage").level is Level.UNCLEAR


def test_a_consensus_against_the_run_needs_a_reason_and_shows(whole_run):
    with pytest.raises(DataError, match=r"item 3\.1.*without a reason"):
        agreed(whole_run, _3_1=("no",))
    done = agreed(whole_run, _3_1=("no", "", "figure 2 shows a copy"))
    assert item(done, "3.1").reply is Reply.NO
    assert "set aside by consensus: figure 2 shows a copy" in item(done, "3.1").overruled


def test_only_a_consensus_may_set_a_level_below_the_rule(change):
    run = change("copied_images", value=0.02, interval={"low": 0.01, "high": 0.03, "method": "exact"})
    own = {"leakage": {"level": "low", "why": "they are phantoms"}}
    alone = domain(filled(run, answers("AB", judgements=own)), "leakage")
    assert (alone.level, alone.by) == (Level.HIGH, "the rule")
    assert "only a consensus may" in alone.why
    together = domain(agreed(run, judgements=own), "leakage")
    assert (together.level, together.by) == (Level.LOW, "consensus")
    assert "by the rule high" in together.why


def test_anybody_may_set_a_level_above_the_rule(whole_run):
    raised = domain(
        filled(whole_run, answers("AB", judgements={"leakage": {"level": "high", "why": "see p. 3"}})), "leakage"
    )
    assert (raised.level, raised.by) == (Level.HIGH, "AB")


def test_appraisers_who_judge_differently_leave_the_rule(whole_run):
    one = answers("AB", judgements={"leakage": {"level": "high", "why": "see p. 3"}})
    other = answers("CD", judgements={"leakage": {"level": "some concerns", "why": "see p. 3"}})
    assert domain(filled(whole_run, one, other), "leakage").level is Level.LOW


def test_reporting_never_says_no_for_the_authors(run, change):
    change("coverage", interval=None)
    done = filled(run, name="claim")
    assert item(done, "29").reply is None
    assert "no interval" in item(done, "29").answers[0].why
    assert not [i for i in done.items if i.reply is not None and not i.reply.good]


def test_agreement_of_two_is_told(whole_run):
    one = answers("AB", _2_5=("yes", "p"), _4_4=("yes", "p"), _5_5=("no",), _6_5=("no",), _8_2=("yes", "p"))
    other = answers("CD", _2_5=("yes", "p"), _4_4=("no",), _5_5=("no",), _6_5=("no",), _7_5=("yes", "p"))
    (pair,) = filled(whole_run, one, other).agreement
    assert (pair.between, pair.items, pair.share) == (("AB", "CD"), 4, 0.75)
    assert pair.kappa == pytest.approx(0.5)  # chance: 0.5 * 0.25 + 0.5 * 0.75 = 0.5
    assert pair.low < 0.5 < pair.high


def test_files_that_evidence_points_at_are_hashed(whole_run):
    done = filled(whole_run)
    cited = {p.file for i in done.items for a in i.answers for p in a.evidence}
    assert set(done.files) == cited
    assert "cohort.json" in cited


def test_equal_runs_give_equal_appraisals(whole_run):
    assert filled(whole_run).model_dump_json() == filled(whole_run).model_dump_json()
