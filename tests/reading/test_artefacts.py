"""Artefacts: majorities, exact intervals, agreement."""

from __future__ import annotations

import pytest

from synthassay.errors import ReadingError
from synthassay.reading.artefacts import read_artefacts


def table(tmp_path, rows):
    path = tmp_path / "artefacts.csv"
    path.write_text("reader,case,artefact,present\n" + "\n".join(rows))
    return path


def test_the_majority_decides_and_the_interval_is_exact(tmp_path):
    seen = {"r1": {1, 2, 3}, "r2": {1, 2}, "r3": {2, 9}}
    rows = [f"{r},{c},ringing,{int(c in cases)}" for r, cases in seen.items() for c in range(20)]
    rows += [f"r1,{c},seam,0" for c in range(100)]
    ringing, seam = read_artefacts(table(tmp_path, rows))
    assert (ringing.present, ringing.cases, ringing.readers) == (2, 20, 3)
    assert ringing.ci == (pytest.approx(0.0123, abs=1e-4), pytest.approx(0.317, abs=1e-3))
    assert 0 < ringing.agreement < 1
    assert (seam.present, seam.agreement) == (0, None)
    assert seam.ci == (0, pytest.approx(0.0362, abs=1e-4))


def test_a_tie_of_readers_is_no_majority(tmp_path):
    (found,) = read_artefacts(table(tmp_path, ["r1,1,seam,1", "r2,1,seam,0", "r1,2,seam,1", "r2,2,seam,1"]))
    assert found.present == 1


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (["r1,1,seam,yes"], "row 2: present is neither"),
        (["r1,1,seam,1"] * 2, "row 3: reader r1 answered twice"),
        ([], "holds no readings"),
    ],
)
def test_faults(tmp_path, rows, why):
    with pytest.raises(ReadingError, match=why):
        read_artefacts(table(tmp_path, rows))
    (tmp_path / "other.csv").write_text("reader,case\n")
    with pytest.raises(ReadingError, match="lacks the columns artefact, present"):
        read_artefacts(tmp_path / "other.csv")
