"""The command that sizes studies."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from stats.mrmc.published import expected, folder
from synthassay.cli import app
from synthassay.errors import ReadingError


def run(*words):
    found = CliRunner().invoke(app, ["mrmc-size", *map(str, words)])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.stdout


STATED = ("--var", 0.0008, "--cov1", 0.00035, "--cov2", 0.00034, "--cov3", 0.00024, "--var-tr", 0.0002, "--cases", 114)


def test_a_pilot_gives_the_published_number():
    wanted = expected()["power_sample_size"]["VanDyke"][4]
    found = json.loads(run("--pilot", folder() / "VanDyke.csv", "--readers", wanted["J"], "--json"))
    assert found["table"][0]["cases"] == wanted["K_for_80pct"]


def test_published_components_do_without_a_pilot():
    text = run(*STATED, "--effect", 0.05, "--readers", "2,6,12")
    rows = {int(line.split()[0]): line.split()[1:] for line in text.splitlines()[2:]}
    assert rows[2][0] == "–" or int(rows[2][0]) > int(rows[6][0])
    assert int(rows[6][0]) > int(rows[12][0])
    assert float(rows[12][1]) >= 0.8


@pytest.mark.parametrize("aim", ["non-inferiority", "equivalence"])
def test_margins(aim):
    strict, loose = (
        json.loads(run(*STATED, "--aim", aim, "--margin", m, "--readers", 8, "--json"))["table"][0]["cases"]
        for m in (0.04, 0.08)
    )
    assert loose < strict


def test_another_ratio_needs_a_pilot():
    with pytest.raises(ReadingError, match="ratio needs"):
        run(*STATED, "--effect", 0.05, "--ratio", 2)
    found = json.loads(run("--pilot", folder() / "VanDyke.csv", "--ratio", 9, "--readers", 6, "--json"))
    own = json.loads(run("--pilot", folder() / "VanDyke.csv", "--readers", 6, "--json"))
    assert found["table"][0]["cases"] > own["table"][0]["cases"]


def test_one_treatment_is_held_against_a_constant():
    pilot = ("--pilot", folder() / "VanDyke.csv", "--reference", 0.8, "--readers", "6,12", "--json")
    found = json.loads(run(*pilot, "--treatment", 1))
    mean = expected()["VanDyke"]["published"]["treatment_means"][0]
    assert found["effect"] == pytest.approx(mean - 0.8, abs=1e-6)
    assert found["table"][1]["cases"] < found["table"][0]["cases"]
    with pytest.raises(ReadingError, match="needs one treatment.*--treatment NAME"):
        run(*pilot)
    with pytest.raises(ReadingError, match="no such treatment"):
        run(*pilot, "--treatment", 3)
    text = run("--var", 0.0008, "--cov2", 0.0003, "--var-r", 0.0005, "--cases", 114, "--reference", 0.5,
               "--aim", "equivalence", "--margin", 0.05, "--readers", "3,10")  # fmt: skip
    assert "difference from 0.5" in text
    assert text.splitlines()[2].split()[1] == "–"
    assert float(text.splitlines()[3].split()[2]) >= 0.8


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "knows no variance"),
        ((*STATED,), "state the effect"),
        ((*STATED, "--aim", "equivalence"), "needs a margin"),
        ((*STATED, "--effect", 0.05, "--readers", "six"), "no list of whole numbers"),
        ((*STATED, "--effect", 0.05, "--aim", "superiority"), "no such choice"),
        ((*STATED, "--effect", 0.05, "--readers", "1"), "one reader"),
        ((*STATED, "--effect", 0.05, "--readers", "0", "--fixed", "readers"), "no list of whole numbers above 0"),
        ((*STATED, "--effect", 0.05, "--level", 1.5), "must lie between 0 and 1"),
        ((*STATED, "--effect", 0.05, "--ratio", 0), "must be above 0"),
        ((*STATED, "--pilot", "pilot.csv"), "a pilot and components"),
    ],
)
def test_faults_are_told(words, why):
    with pytest.raises(ReadingError, match=why):
        run(*words)
