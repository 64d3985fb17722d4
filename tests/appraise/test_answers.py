from __future__ import annotations

import json
from pathlib import Path

import pytest

from appraise.test_filling import answers
from synthassay.appraise.answers import held_against, read_answers
from synthassay.appraise.library import instrument
from synthassay.errors import DataError
from synthassay.records.instrument import Reply

OWN = "generative-imaging"


def written(folder: Path, text: str, name: str = "answers.json") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_json_and_toml_say_the_same(tmp_path):
    table = {"instrument": OWN, "appraiser": "AB", "answers": {"2.5": {"reply": "yes", "where": "p. 4"}}}
    as_json = read_answers(written(tmp_path, json.dumps(table)))
    toml = f'instrument = "{OWN}"\nappraiser = "AB"\n[answers."2.5"]\nreply = "yes"\nwhere = "p. 4"\n'
    assert read_answers(written(tmp_path, toml, "answers.toml")) == as_json
    assert as_json.answers["2.5"].reply is Reply.YES


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "neither JSON nor TOML"),
        ("[]", "is no file of answers"),
        ('{"instrument": "generative-imaging"}', "appraiser"),
        ('{"instrument": "a", "appraiser": "x", "answers": {}, "answers": {}}', "'answers' stands twice"),
        ('{"instrument": "a", "appraiser": "x", "answers": {"1.1": {"reply": "maybe"}}}', "reply"),
        ('{"instrument": "a", "appraiser": "x", "risk": "low"}', "risk"),
        ('{"instrument": "a", "appraiser": "x", "judgements": {"leakage": {"level": "low", "why": ""}}}', "why"),
        pytest.param("[" * 100_000, "neither JSON nor TOML", id="deep"),
        ("\x00\x01", "neither JSON nor TOML"),
    ],
)
def test_tampered_or_broken_files_are_messages(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_answers(written(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_answers(tmp_path / "nothing.json")


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "answers.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(DataError, match="neither JSON nor TOML"):
        read_answers(tmp_path / "answers.json")


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (answers("AB", _2_9=("no",)), r"item 2\.9: .*no such item.*Did you mean: 2\.\d"),
        (answers("AB", _2_5=("yes",)), r"item 2\.5: says yes and not where"),
        (answers("AB", _2_5=("probably yes", "  ")), "not where it stands"),
        (answers("the run", _2_5=("no",)), "only the run itself"),
        (answers("AB", judgements={"leakages": {"level": "low", "why": "because"}}), "Did you mean: leakage"),
    ],
)
def test_answers_that_cannot_be_followed_name_the_item(file, message):
    with pytest.raises(DataError, match=message):
        held_against(instrument("own"), "", [file])


def test_a_reply_that_the_instrument_does_not_allow():
    file = answers("AB", name="claim-2024", _5=("probably yes", "p. 1"))
    with pytest.raises(DataError, match=r"item 5: cannot be answered so \(probably yes\)\. Allowed: yes, no, not app"):
        held_against(instrument("claim"), "", [file])


def test_a_condition_holds_or_does_not():
    file = answers("AB", name="metrics-2024", segmentation=("not applicable",))
    with pytest.raises(DataError, match="item segmentation: cannot be answered so"):
        held_against(instrument("metrics"), "", [file])


def test_two_files_of_one_appraiser():
    with pytest.raises(DataError, match="a second file of one appraiser"):
        held_against(instrument("own"), "", [answers("AB"), answers("AB")])


def test_another_run_or_another_version_is_refused():
    where, file = answers("AB")
    for change in ({"run_sha256": "ab" * 32}, {"instrument_sha256": "cd" * 32}):
        with pytest.raises(DataError, match="another"):
            held_against(instrument("own"), "12" * 32, [(where, file.model_copy(update=change))])
    same = {"run_sha256": "12" * 32, "instrument_sha256": instrument("own").digest()}
    assert held_against(instrument("own"), "12" * 32, [(where, file.model_copy(update=same))])


def test_people_come_by_name_and_consensus_last():
    files = [answers("consensus"), answers("CD"), answers("AB"), answers("EF", name="claim-2024")]
    assert [f.appraiser for f in held_against(instrument("own"), "", files)] == ["AB", "CD", "consensus"]


@pytest.mark.parametrize("others", [[], ["AB"]])
def test_nobody_is_a_consensus_alone(others):
    files = [answers("consensus", _2_5=("no",)), *(answers(name) for name in others)]
    with pytest.raises(DataError, match="at least two who agreed"):
        held_against(instrument("own"), "", files)
