"""Tables of free-response marks."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from synthassay.cli import app
from synthassay.errors import ReadingError
from synthassay.reading.marks_file import read_marks

HEADER = "reader,treatment,case,lesions,rating,lesion\n"
GOOD = HEADER + "r1,a,n1,0,,\nr1,a,p1,2,3,2\nr1,a,p1,2,5,2\nr1,a,p1,2,1,\nr1,a,n2,0,2,\nr1,a,n2,0,4,\nr1,a,p2,1,,\n"


def read(tmp_path, text):
    path = tmp_path / "marks.csv"
    path.write_text(text)
    return read_marks(path)


def test_the_highest_marks_count(tmp_path):
    found = read(tmp_path, GOOD)
    assert found.ratings.cases == ("n1", "n2", "p1", "p2")
    assert found.ratings.truth.tolist() == [False, False, True, True]
    assert found.ratings.score[0, 0].tolist() == [-np.inf, 4, 1, -np.inf]
    np.testing.assert_array_equal(found.lesion[0, 0, 2], [-np.inf, 5])
    np.testing.assert_array_equal(found.lesion[0, 0, 3], [-np.inf, np.nan])
    assert np.isnan(found.lesion[0, 0, :2]).all()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("r1,a,p1,3,1,1", "case p1 has two numbers of lesions"),
        ("r1,a,p3,1,1,2", "hits lesion 2 of 1"),
        ("r1,a,p3,1,,1", "hits lesion 1 of 1 without a rating"),
        ("r1,a,p3,one,1,1", "no number"),
        ("r1,a,p3,1,inf,1", "not finite"),
    ],
)
def test_faults_name_their_row(tmp_path, row, why):
    with pytest.raises(ReadingError, match=f"row 9.*{why}"):
        read(tmp_path, GOOD + row + "\n")


def test_unusable_tables(tmp_path):
    with pytest.raises(ReadingError, match="lacks the columns lesions, lesion"):
        read(tmp_path, "reader,treatment,case,rating\n")
    with pytest.raises(ReadingError, match="holds no readings"):
        read(tmp_path, HEADER)
    with pytest.raises(ReadingError, match="no negative case"):
        read(tmp_path, HEADER + "r1,a,p1,1,1,1\n")
    with pytest.raises(ReadingError, match="cannot be read"):
        read_marks(tmp_path / "none.csv")


def test_the_command_analyses_marks(tmp_path):
    rng = np.random.default_rng(0)
    lines = [HEADER.strip()]
    for r in range(4):
        for k in range(40):
            lesions = (k % 3) if k >= 20 else 0
            lesions = max(lesions, int(k >= 20))
            lines.append(f"r{r},a,c{k},{lesions},{rng.normal():.3f},")
            lines += [
                f"r{r},a,c{k},{lesions},{rng.normal(2):.3f},{m + 1}" for m in range(lesions) if rng.random() < 0.8
            ]
    path = tmp_path / "marks.csv"
    path.write_text("\n".join(lines))
    ran = CliRunner().invoke(app, ["mrmc", str(path), "--figure", "wafroc", "--json"])
    found = json.loads(ran.stdout)
    assert found["figure"] == "weighted AFROC area"
    assert 0.6 < found["rrrc"]["single"][0]["estimate"] < 0.95
    assert found["auc"]["a"]["r0"] is None
    assert found["curves"] == {}


def test_patients_of_marks(tmp_path):
    head = HEADER.strip() + ",patient\n"
    found = read(tmp_path, head + "r1,a,c1,1,3,1,p1\nr1,a,c1,1,2,,\nr1,a,c2,0,,,p1\n")
    assert found.ratings.patients == ("p1", "p1")
    with pytest.raises(ReadingError, match="patient is not stated .row 3"):
        read(tmp_path, head + "r1,a,c1,1,3,1,p1\nr1,a,c2,0,,,\n")
    with pytest.raises(ReadingError, match="row 2.*has no reader"):
        read(tmp_path, HEADER + ",a,c1,1,3,1\nr1,a,c2,0,,\n")
