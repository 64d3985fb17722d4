"""Tables as people save them, and what is said of those that are none."""

from __future__ import annotations

import pytest

from synthassay.errors import ReadingError
from synthassay.reading.csv_table import numbers, read_table, scale_of


def table(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path)


ROWS = (("r1", "2.5"), ("r2", "3"))


@pytest.mark.parametrize(
    "text",
    [
        "reader,rating\nr1,2.5\nr2,3\n",
        "\ufeffreader,rating\r\nr1,2.5\r\n\r\nr2,3\r\n",
        "reader;rating\nr1;2,5\nr2;3\n",
        "sep=;\r\nreader;rating\r\nr1;2,5\r\nr2;3\r\n",
        "reader\trating\nr1\t2.5\nr2\t3\n",
        "\n reader , rating \n r1 , 2.5 \n\nr2,3\n , \n",
        '"reader","rating"\n"r1","2.5"\n"r2","3"\n',
    ],
)
def test_one_table_in_many_dresses(tmp_path, text):
    found = table(tmp_path, text)
    assert found.header == ("reader", "rating")
    assert tuple(cells for _, cells in found.rows) == ROWS


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty and holds no readings"),
        (" \n\n", "is empty and holds no readings"),
        ("a,b\n1,2,3\n1,2\n", "another number of columns than the header .row 2"),
        ("a,A\n1,2\n", "two columns of one name"),
        (b"a,b\n\xff\xfe,1\n", "no text in UTF-8"),
        ("a,b\n1,2\0\n", "zero bytes"),
        ('a,b\n"1,2\n', "is no CSV table"),
    ],
)
def test_what_is_no_table(tmp_path, text, why):
    with pytest.raises(ReadingError, match=why) as said:
        table(tmp_path, text)
    assert "table.csv" in str(said.value)


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(ReadingError, match="cannot be read"):
        read_table(tmp_path)


def test_scales():
    assert scale_of("") is None
    for text in ("5,1", "1", "a,b", "1,2,3", "nan,5"):
        with pytest.raises(ReadingError, match="no lowest and highest"):
            scale_of(text)


def test_numbers():
    assert str(numbers("f", [(2, ""), (3, "1e2")], gaps=True)) == "[nan, 100.0]"
    for text in ("", "inf", "nan", "1,5", "five"):
        with pytest.raises(ReadingError, match=r"f: ratings that are not (numbers|finite) .row 7"):
            numbers("f", [(7, text)])
