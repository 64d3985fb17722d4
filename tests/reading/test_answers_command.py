"""Choices and points from tables: the numbers, the pairing, the refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from synthassay.cli import app
from synthassay.errors import ReadingError
from synthassay.records.reader_result import ReaderResult
from synthassay.stats.detection import forced_choice_d_prime
from synthassay.stats.mrmc.crossed_means import crossed_mean


def run(*words):
    found = CliRunner().invoke(app, [*map(str, words)])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.stdout


def written(tmp_path, header, rows):
    path = tmp_path / "answers.csv"
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def choosing(tmp_path, share=0.7, *, cases=60, readers=4, arm="made", more=()):
    rng = np.random.default_rng(1)
    rows = [(f"r{r}", arm, f"c{c}", int(rng.random() < share)) for r in range(readers) for c in range(cases)]
    return written(tmp_path, "reader,treatment,case,right", [*rows, *more]), rows


@pytest.mark.parametrize("alternatives", [2, 4])
def test_choices_are_held_against_guessing(tmp_path, alternatives):
    path, rows = choosing(tmp_path)
    found = json.loads(run("choices", path, "-m", alternatives, "--margin", 0.1, "--json"))
    right = sum(row[3] for row in rows if row[0] == "r0")
    assert found["choices"][0]["right"] == right
    assert found["choices"][0]["d_prime"] == forced_choice_d_prime(right, 60, alternatives)
    (mean,) = found["rrrc"]["single"]
    assert mean["reference"] == 1 / alternatives
    assert mean["p"] < 0.01
    assert mean["within"]["equivalent_p"] > 0.05
    assert "They told it apart." in found["says"]


def test_guessing_within_a_margin_is_equivalent_to_guessing(tmp_path):
    path, _ = choosing(tmp_path, 0.5, cases=400, readers=6)
    text = run("choices", path, "--margin", 0.1)
    assert "equivalent to guessing within the margin of 0.1" in " ".join(text.split())


def test_controls_of_choices(tmp_path):
    rows = [(f"r{r}", "spoiled", f"c{c}", int(c > 0)) for r in range(4) for c in range(60)]
    path, _ = choosing(tmp_path, 0.5, more=rows)
    found = json.loads(run("choices", path, "--positive-control", "spoiled", "--json"))
    assert [(c["treatment"], c["passed"]) for c in found["controls"]] == [("spoiled", True)]
    with pytest.raises(ReadingError, match="no such treatment"):
        run("choices", path, "--negative-control", "other")


def pointing(tmp_path, *, patients=None, effect=0.9, seed=0, gap=False):
    """Two arms on the same 24 cases, five readers; the case matters more than the arm."""
    rng = np.random.default_rng(seed)
    case, reader = rng.normal(0, 1, 24), rng.normal(0, 0.4, 5)
    header, rows = "reader,treatment,case,rating" + (",patient" if patients else ""), []
    for k, arm in enumerate(("real", "made")):
        for r in range(5):
            for c in range(24):
                value = 3.4 - effect * k + case[c] + reader[r] + rng.normal(0, 0.5)
                row = (f"r{r}", arm, f"c{c}", int(np.clip(round(value), 1, 5)))
                rows.append((*row, patients[c]) if patients else row)
    return written(tmp_path, header, rows[1:] if gap else rows), rows


def test_points_are_compared_case_by_case_and_as_odds(tmp_path):
    path, rows = pointing(tmp_path)
    found = json.loads(run("points", path, "--margin", 0.5, "--scale", "1,5", "--json"))
    (pair,) = found["rrrc"]["differences"]
    said = {row[:3]: row[3] for row in rows}
    table = {a: np.array([[said[f"r{r}", a, f"c{c}"] for c in range(24)] for r in range(5)]) for a in ("real", "made")}
    by_hand = crossed_mean(table["real"] - table["made"])
    assert (pair["estimate"], pair["se"]) == pytest.approx((by_hand.estimate, by_hand.se))
    assert pair["within"]["margin"] == 0.5
    (odds,) = found["odds"]
    assert odds["answers"] == [1, 2, 3, 4, 5]
    (ratio,) = odds["differences"]
    assert (ratio["a"], ratio["b"], ratio["df"]) == ("real", "made", 4)
    assert ratio["estimate"] > 0
    assert ratio["p"] < 0.05
    assert odds["spread"]["case"] > odds["spread"]["reader in arm"]
    assert any(line.startswith("Odds of more points for real are") for line in found["says"])


def test_points_are_shown_and_written(tmp_path):
    path, _ = pointing(tmp_path)
    text = run("points", path, "--out", tmp_path / "reader_result.json", "--page", tmp_path / "page.html")
    assert "log odds of more points" in text
    assert ReaderResult.read(tmp_path / "reader_result.json").odds[0].differences
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Odds ratio" in page
    assert "real − made" in page


def test_patients_with_several_cases_widen_the_interval(tmp_path):
    path, rows = pointing(tmp_path, patients=[f"p{c // 6}" for c in range(24)])
    found = json.loads(run("points", path, "--json"))
    assert found["patients"] == 4
    assert found["mean"]["real"] == pytest.approx(np.mean([row[3] for row in rows if row[1] == "real"]))
    assert "patient" in found["odds"][0]["spread"]
    one, _ = pointing(tmp_path)
    alone = json.loads(run("points", one, "--json"))
    assert alone["patients"] is None
    assert found["rrrc"]["single"][0]["df"] < alone["rrrc"]["single"][0]["df"] + 3


def test_arms_without_overlap_and_equal_answers_are_told(tmp_path):
    rows = [
        (f"r{r}", arm, f"c{c}", p + (c + r) % 2) for arm, p in (("a", 1), ("b", 4)) for r in range(3) for c in range(9)
    ]
    found = json.loads(run("points", written(tmp_path, "reader,treatment,case,rating", rows), "--json"))
    assert found["odds"][0]["differences"] == []
    assert any("do not overlap" in line for line in found["says"])
    rows = [(*row[:3], 3) for row in rows]
    found = json.loads(run("points", written(tmp_path, "reader,treatment,case,rating", rows), "--json"))
    assert any("all answers are equal" in line for line in found["says"])
    assert found["rrrc"]["differences"][0]["estimate"] == 0


@pytest.mark.parametrize(
    ("header", "rows", "why"),
    [
        ("reader,case,rating", [("r1", "c1", 1)], "lacks the column treatment"),
        ("reader,treatment,case,rating", [], "holds no readings"),
        ("reader,treatment,case,rating", [("r1", "a", "c1", "good")], "answers that are not numbers .row 2"),
        ("reader,treatment,case,rating", [("r1", "a", "c1", 6)], "outside the scale of 1 to 5 .row 2"),
        ("reader,treatment,case,rating", [("", "a", "c1", 5)], "without a name .row 2"),
        (
            "reader,treatment,case,rating",
            [("r1", "a", "c1", 5)] * 2,
            "answered case c1 twice in treatment a .rows 2, 3",
        ),
        ("reader,treatment,case,rating", [("r1", "a", "c1", 5), ("r1", "a", "c2", 5)], r"1 reader\(s\) and 2 case"),
        (
            "reader,treatment,case,rating,patient",
            [(f"r{r}", "a", f"c{c}", 5, "p") for r in "12" for c in "12"],
            "has one patient",
        ),
    ],
)
def test_what_points_cannot_be(tmp_path, header, rows, why):
    with pytest.raises(ReadingError, match=why):
        run("points", written(tmp_path, header, rows), "--scale", "1,5")


def test_missing_answers_are_named(tmp_path):
    path, _ = pointing(tmp_path, gap=True)
    with pytest.raises(ReadingError, match="lacks 1 answers in treatment real .reader r0, case c0"):
        run("points", path)


def test_choices_are_0_or_1(tmp_path):
    path = written(tmp_path, "reader,treatment,case,right", [("r1", "a", "c1", 2)])
    with pytest.raises(ReadingError, match="neither 0 nor 1 .row 2"):
        run("choices", path)
    with pytest.raises(ReadingError, match="must be above 0"):
        run("choices", choosing(tmp_path)[0], "--margin", 0)
