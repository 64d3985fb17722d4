"""Tables of paths, and (``synthassay.data.listing``) how cases are named."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Picture

from synthassay.data.listing import Fields, case_name
from synthassay.data.tables import file_stem, list_table
from synthassay.errors import DataError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "im").mkdir()
    for i in range(4):
        Picture.fromarray(np.full((8, 8), 40 * i + 1, np.uint8)).save(tmp_path / "im" / f"p{i}.png")
    return tmp_path


def table(folder, text, name="t.csv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_rows_become_cases_with_all_that_is_known(folder):
    path = table(
        folder,
        "case,subject,session,site,label,split,image,mask,age\n"
        "a,s1,1,rome,normal,train,im/p0.png,im/p1.png,50\n"
        "b,s2,2,oslo,ill,test,im/p2.png,,61\n",
    )
    listing = list_table(path, Fields())
    one, two = listing.cases
    assert (one.case, one.subject, one.session, one.site, one.label) == ("a", "s1", "1", "rome", "normal")
    assert {role: where.path for role, where in one.images.items()} == {"image": "im/p0.png", "mask": "im/p1.png"}
    assert list(two.images) == ["image"]
    assert {name: str(side) for name, side in listing.given.items()} == {"a": "train", "b": "test"}
    assert listing.notes == ("Columns that were not used: age.",)


def test_other_columns_can_be_named_for_class_subject_and_site(folder):
    path = table(folder, "file,patient,grade,hospital\nim/p0.png,x,2,A\nim/p1.png,x,3,B\n")
    cases = list_table(path, Fields(label="grade", subject="patient", site="hospital")).cases
    assert [(c.case, c.subject, c.label, c.site) for c in cases] == [("p0", "x", "2", "A"), ("p1", "x", "3", "B")]


def test_contrast_columns_become_roles_and_cases_are_named_by_subject_and_session(folder):
    path = table(
        folder, "subject\tsession\tt1\tt2\ns1\t1\tim/p0.png\tim/p1.png\ns1\t2\tim/p2.png\tim/p3.png\n", "t.tsv"
    )
    assert [(c.case, sorted(c.images)) for c in list_table(path, Fields()).cases] == [
        ("s1_1", ["t1", "t2"]),
        ("s1_2", ["t1", "t2"]),
    ]


def test_semicolons_byte_order_marks_and_windows_paths_are_read(folder):
    path = table(folder, "\ufeffsubject;image\ns1;im\\p0.png\ns2;im\\p1.png\n")
    assert [c.images["image"].path for c in list_table(path, Fields()).cases] == ["im/p0.png", "im/p1.png"]


def test_parquet_gives_the_same_cases_as_csv(folder):
    frame = pd.DataFrame({"subject": [1, 2], "label": ["a", None], "image": ["im/p0.png", "im/p1.png"]})
    frame.to_parquet(folder / "t.parquet")
    frame.to_csv(folder / "t.csv", index=False)
    assert list_table(folder / "t.parquet", Fields()).cases == list_table(folder / "t.csv", Fields()).cases


def test_rows_without_subject_are_their_own_with_a_note(folder):
    listing = list_table(table(folder, "path\nim/p0.png\nim/p1.png\n"), Fields())
    assert [c.subject for c in listing.cases] == ["p0", "p1"]
    assert "2 of 2 cases have no subject" in listing.notes[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "image\nim/p0.png\nim/none.png\nim/gone.png\n",
            r"2 file\(s\) that it lists are missing \(im/none.png, im/gone",
        ),
        ("image\n../../etc/passwd.png\n", "leaves this folder"),
        ("image\n/etc/passwd.png\n", "leaves this folder"),
        ("case,image\na,im/p0.png\na,im/p1.png\n", r"1 case\(s\) are listed twice \(a\)"),
        ("case,image\na,im/p0.png\nb,im/p0.png\n", r"lists a file twice in the column image \(im/p0.png\)"),
        ("subject,age\ns1,4\n", "no column of image paths.*subject, age"),
        ("image,label\nim/p0.png\n", "row 2: has 1 cells where the header has 2"),
        ("image,image\nim/p0.png,im/p1.png\n", "two columns of one name"),
        ("image\n", "has no rows below its header"),
        ("image,split\nim/p0.png,trian\n", r"is not the name of a split \(trian\).*Did you mean: train"),
    ],
)
def test_faulty_tables_are_refused_with_the_fault(folder, text, said):
    with pytest.raises(DataError, match=said):
        list_table(table(folder, text), Fields())


def test_a_named_column_that_is_not_there_is_refused_with_the_nearest(folder):
    path = table(folder, "image,diagnosis\nim/p0.png,a\n")
    with pytest.raises(
        DataError, match=r"\[data\] label: names no column of t.csv \(diagnose\).*Did you mean: diagnosis"
    ):
        list_table(path, Fields(label="diagnose"))


def test_a_file_that_is_no_parquet_is_refused(folder):
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        list_table(table(folder, "image\n", "t.parquet"), Fields())


@pytest.mark.parametrize(
    ("text", "name"), [("sub 01/T1", "sub-01-T1"), ("__x", "x"), ("é-ray", "ray"), ("a" * 200, "a" * 128)]
)
def test_case_names_are_safe_in_file_names(text, name):
    assert case_name(text) == name


def test_a_name_without_letters_is_refused():
    with pytest.raises(DataError, match="no letter or digit"):
        case_name("___")


@pytest.mark.parametrize(("path", "stem"), [("a/b.nii.gz", "b"), ("x.y.png", "x.y"), ("plain", "plain")])
def test_stems_lose_the_image_ending_only(path, stem):
    assert file_stem(path) == stem
