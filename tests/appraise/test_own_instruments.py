"""An instrument from outside the package is asked like any other, and a wrong one is refused with its faults."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from synthassay.appraise.own_instruments import chosen_instruments, read_instrument
from synthassay.cli import app
from synthassay.errors import DataError, UnknownName
from synthassay.records.appraisal import AppraisalList, Level

OWN = """\
name = "house-rules"
title = "Rules of our house"
version = "1"
purpose = "risk of bias"
source = "our committee"
licence = "ours"
verification = "written by the committee"
replies = ["yes", "no", "no information"]
[[domains]]
key = "patients"
title = "Patients"
[[items]]
id = "1"
domain = "patients"
asks = "Is the question stated?"
check = "question_stated"
[[items]]
id = "2"
domain = "patients"
asks = "Did the committee agree?"
critical = true
"""


@pytest.fixture
def rules(tmp_path):
    def make(old: str = "", new: str = ""):
        assert not old or old in OWN
        path = tmp_path / "rules.toml"
        path.write_text(OWN.replace(old, new, 1) if old else OWN)
        return path

    return make


def test_a_run_answers_it_and_a_person_completes_it(run, rules, tmp_path):
    answers = {"instrument": "house-rules", "appraiser": "AB", "answers": {"2": {"reply": "no", "why": "not asked"}}}
    (tmp_path / "ab.json").write_text(json.dumps(answers))
    told = CliRunner().invoke(app, ["appraise", str(run), "-i", str(rules()), "-a", str(tmp_path / "ab.json")])
    assert told.exit_code == 0, told.output
    (found,) = AppraisalList.read(run / "appraisal.json").appraisals
    assert found.instrument == "house-rules"
    assert found.items[0].reply is not None and found.items[0].counted.evidence
    assert found.overall is Level.HIGH
    assert (run / "appraisal-house-rules.html").is_file()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('check = "question_stated"', 'check = "question_statd"', "item 1: question_statd.*question_stated"),
        ('name = "house-rules"', 'name = "claim-2024"', "has the name of an instrument"),
        ('name = "house-rules"', 'name = "../rules"', "name: String should match"),
        ('id = "2"', 'id = "1"', "two items have one id"),
        ('domain = "patients"', 'domain = "others"', "the domains and those of the items differ"),
        ('licence = "ours"', 'license = "ours"', "licence: Field required; license: Extra inputs"),
        ('"no information"]', '"maybe"]', "replies.2"),
        ("title", "title =", "cannot be read as TOML"),
    ],
)
def test_a_wrong_one_is_refused(run, rules, old, new, said):
    path = rules(old, new)
    with pytest.raises(DataError, match=said):
        read_instrument(path)
    assert CliRunner().invoke(app, ["appraise", str(run), "-i", str(path)]).exit_code != 0
    assert not (run / "appraisal.json").exists()


def test_names_and_files_may_be_mixed_and_stand_once(rules):
    assert list(chosen_instruments(["claim", str(rules())])) == ["claim-2024", "house-rules"]
    with pytest.raises(DataError, match="a second instrument of one name"):
        chosen_instruments([str(rules()), str(rules())])
    with pytest.raises(UnknownName):
        chosen_instruments(["clam"])
    with pytest.raises(DataError, match="cannot be read"):
        chosen_instruments(["missing.toml"])
