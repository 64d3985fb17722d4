"""Tables of ratings: what is accepted, and that every fault names its rows."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.errors import ReadingError
from synthassay.reading.ratings_file import read_ratings

GOOD = """reader,treatment,case,truth,rating
r1,a,c1,0,1
r1,a,c2,1,3
r2,a,c1,0,2
r2,a,c2,1,1.5
"""


def read(tmp_path, text, **options):
    path = tmp_path / "ratings.csv"
    path.write_text(text)
    return read_ratings(path, **options)


def test_rows_become_places(tmp_path):
    found = read(tmp_path, GOOD)
    assert (found.treatments, found.readers, found.cases) == (("a",), ("r1", "r2"), ("c1", "c2"))
    assert found.truth.tolist() == [False, True]
    np.testing.assert_array_equal(found.score, [[[1, 3], [2, 1.5]]])


def test_the_order_of_rows_and_columns_does_not_matter(tmp_path):
    turned = "\n".join(",".join(line.split(",")[::-1]) for line in GOOD.splitlines()[:1] + GOOD.splitlines()[:0:-1])
    a, b = read(tmp_path, GOOD), read(tmp_path, turned)
    assert (a.readers, a.cases) == (b.readers, b.cases)
    np.testing.assert_array_equal(a.score, b.score)


def test_readers_are_sorted_as_people_count(tmp_path):
    rows = "".join(f"r{k},a,c{t},{t},{k}\n" for k in (10, 2, 1) for t in (0, 1))
    assert read(tmp_path, "reader,treatment,case,truth,rating\n" + rows).readers == ("r1", "r2", "r10")


@pytest.mark.parametrize(
    "truth",
    ["truth,c1,truth,0\ntruth,c2,truth,1\n", "-1,c1,0,0\n-1,c2,0,1.0\n", "-1,c1,-1,0\n-1,c2,-1,1\n"],
)
def test_imrmc_columns(tmp_path, truth):
    found = read(tmp_path, f"readerID,caseID,modalityID,score\n{truth}r1,c1,A,-0.5\nr1,c2,A,2e-1\n")
    assert found.treatments == ("A",)
    assert found.truth.tolist() == [False, True]
    np.testing.assert_array_equal(found.score, [[[-0.5, 0.2]]])


def test_imrmc_files_with_a_preamble(tmp_path):
    found = read(tmp_path, "A study, of ours\nN0: 1\nBEGIN DATA:\n-1,1,0,0\n-1,2,0,1\n1,1,1,3\n1,2,1,4\n")
    assert (found.readers, found.treatments, found.cases) == (("1",), ("1",), ("1", "2"))


def test_readings_that_were_not_made_stay_empty(tmp_path):
    found = read(tmp_path, GOOD + "r2,a,c3,0,1\n")
    assert np.isnan(found.score[0, 0, 2])
    assert found.design == "partly crossed"


def test_another_column_may_name_the_cases(tmp_path):
    rows = "reader,treatment,case,truth,rating,own\nr1,a,1,0,1,x\nr1,a,2,1,1,y\nr2,a,1,0,1,z\nr2,a,2,1,1,w\n"
    assert read(tmp_path, rows).design == "crossed"
    assert read(tmp_path, rows, case_column="own").design == "cases nested in readers"
    with pytest.raises(ReadingError, match=r"no such column \(mine\).*reader, treatment"):
        read(tmp_path, rows, case_column="mine")


FAULTS = {
    "twice": ("r1,a,c1,0,4", r"reader r1 rated case c1 twice in treatment a \(rows 2, 6\)"),
    "two truths": ("r2,b,c1,1,4", r"case c1 has two truths \(rows 2, 6\)"),
    "not a number": ("r1,a,c9,0,high", r"not numbers \(row 6\)"),
    "no number": ("r1,a,c9,0,", r"not numbers \(row 6\)"),
    "NaN": ("r1,a,c9,0,nan", r"not finite \(row 6\)"),
    "infinite": ("r1,a,c9,0,inf", r"not finite \(row 6\)"),
    "truth": ("r1,a,c9,2,1", r"neither 0 nor 1 \(row 6\)"),
    "columns": ("r1,a,c9,0", r"another number of columns than the header \(row 6\)"),
    "nameless": (",a,c9,0,1", r"without a name \(row 6\)"),
    "one-sided": ("r3,a,c1,0,1", r"reader r3 read no positive case \(1 readings"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_name_their_rows(tmp_path, fault):
    row, message = FAULTS[fault]
    with pytest.raises(ReadingError, match=message):
        read(tmp_path, GOOD + row + "\n")


def test_many_faulty_rows_are_counted(tmp_path):
    with pytest.raises(ReadingError, match=r"rows 6, 7, 8, 9, 10 and 3 more"):
        read(tmp_path, GOOD + "".join(f"r1,a,d{k},0,?\n" for k in range(8)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("reader,treatment,case,truth,rating\nr1,a,c1,0,1\nr1,a,c2,0,2\n", "no positive case"),
        ("reader,treatment,case,truth,rating\nr1,a,c1,1,1\n", "no negative case"),
        ("reader,case,truth,rating\nr1,c1,0,1\n", "lacks the column treatment"),
        ("reader,rating\nr1,1\n", "lacks the columns treatment, case"),
        ("readerID,caseID,modalityID,score\ntruth,c1,truth,0\nr1,c1,A,1\nr1,c2,A,1\n", r"not stated \(row 4\)"),
        ("", "holds no readings"),
        ("reader,treatment,case,truth,rating\n", "holds no readings"),
    ],
)
def test_what_cannot_be_analysed_is_refused(tmp_path, text, message):
    with pytest.raises(ReadingError, match=message):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ReadingError, match="cannot be read"):
        read_ratings(tmp_path / "nothing.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00r")
    with pytest.raises(ReadingError, match="cannot be read"):
        read_ratings(tmp_path / "binary.csv")


WITH_PATIENTS = """reader,treatment,case,truth,rating,{name}
r1,a,c1,0,1,p1
r1,a,c2,1,3,p2
r1,a,c3,1,2,p2
"""


@pytest.mark.parametrize("name", ["patient", "Cluster", "subject", "patientID"])
def test_patients_are_read(tmp_path, name):
    found = read(tmp_path, WITH_PATIENTS.format(name=name))
    assert found.patients == ("p1", "p2", "p2")
    assert found.clustered
    assert read(tmp_path, WITH_PATIENTS.format(name="site")).patients == ()
    assert read(tmp_path, WITH_PATIENTS.format(name="site"), patient_column="site").patients == ("p1", "p2", "p2")


def test_patients_may_stand_in_the_rows_of_truth_alone(tmp_path):
    rows = ["truth,c1,truth,0,p1", "truth,c2,truth,1,p1", "r1,c1,a,3,", "r1,c2,a,4,"]
    found = read(tmp_path, "readerID,caseID,modalityID,score,patient\n" + "\n".join(rows))
    assert found.patients == ("p1", "p1")


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("r1,a,c3,1,2,p2", "r1,a,c3,1,2,", "patient is not stated .row 4"),
        ("r1,a,c3,1,2,p2", "r1,a,c3,1,2,p2\nr2,a,c3,1,2,p3\nr2,a,c1,0,1,p1", "case c3 has two patients .rows 4, 5"),
    ],
)
def test_faults_of_patients(tmp_path, before, after, why):
    with pytest.raises(ReadingError, match=why):
        read(tmp_path, WITH_PATIENTS.format(name="patient").replace(before, after))
    with pytest.raises(ReadingError, match="no such column"):
        read(tmp_path, GOOD, patient_column="patient")


def test_ratings_outside_the_scale_are_refused(tmp_path):
    assert read(tmp_path, GOOD, scale=(1, 3)).score.max() == 3
    with pytest.raises(ReadingError, match="outside the scale of 1 to 2 .row 3"):
        read(tmp_path, GOOD, scale=(1, 2))
    stated = "readerID,caseID,modalityID,score\ntruth,c1,truth,0\ntruth,c2,truth,1\nr1,c1,a,3\nr1,c2,a,4\n"
    assert read(tmp_path, stated, scale=(3, 4)).cases == ("c1", "c2")


def test_a_table_of_a_european_spreadsheet(tmp_path):
    found = read(tmp_path, "\ufeff" + GOOD.replace(",", ";").replace("1.5", "1,5"))
    np.testing.assert_array_equal(found.score, read(tmp_path, GOOD).score)
