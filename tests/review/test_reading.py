"""Files as databases and people really write them: every format, every nuisance."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthassay.errors import DataError
from synthassay.records.review import Publication
from synthassay.review.formats.bibtex import parse_bibtex, plain_latex
from synthassay.review.formats.nbib import parse_nbib
from synthassay.review.formats.reading import format_of, read_bibliography
from synthassay.review.formats.ris import parse_ris
from synthassay.review.formats.tables import as_written, harmless, parse_table
from synthassay.review.formats.writing import TABLE, record_row, to_bibtex, to_ris, to_table

RIS = """\
TY  - JOUR
T1  - Synthetic CT from
      MRI &amp; its limits
A1  - Müller, Jörg
A1  - van der Berg, K.
Y1  - 2021/05/03/
JF  - Medical Physics
VL  - 48
IS  - 2
SP  - 123
EP  - 131
DO  - 10.5555/mp.1
N2  - Wrapped
abstract text
goes on.
KW  - MRI
KW  - CT
ER  -
"""


def only(text):
    (record,) = read_bibliography(text.encode(), "file").records
    return record


def test_ris_with_old_tags_wrapped_lines_and_entities():
    found = only(RIS)
    assert found["title"] == "Synthetic CT from MRI & its limits"
    assert found["authors"] == ("Müller, Jörg", "van der Berg, K.")
    assert (found["year"], found["journal"], found["pages"]) == (2021, "Medical Physics", "123-131")
    assert found["abstract"] == "Wrapped abstract text goes on."
    assert found["keywords"] == ("MRI", "CT")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_change_nothing(mark, end):
    found = read_bibliography(mark + RIS.replace("\n", end).encode(), "file")
    assert found.records == parse_ris(RIS).records
    assert found.notes == ()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16(encoding):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}[encoding]
    assert read_bibliography(mark + RIS.encode(encoding), "file").records == parse_ris(RIS).records


def test_latin_1_is_read_and_said():
    found = read_bibliography(RIS.encode("latin-1"), "file")
    assert found.records[0]["authors"][0] == "Müller, Jörg"
    assert "not UTF-8" in found.notes[0]


def test_a_missing_er_loses_no_record_and_is_said():
    found = parse_ris("TY  - JOUR\nTI  - One\nTY  - JOUR\nTI  - Two\nER  - \nTY  - JOUR\nTI  - Three\n")
    assert [record["title"] for record in found.records] == ["One", "Two", "Three"]
    assert len(found.notes) == 2


def test_embase_and_scopus_habits():
    embase = only("TY  - JOUR\nM3  - Conference Abstract\nA1  - Kim J., Park S.-H.\nT1  - X\nC5  - 31234567\n"
                  "L2  - http://dx.doi.org/10.5555/e\nUR  - https://www.embase.com/10.5555/e\nU2  - L200\nER  -\n")  # fmt: skip  # noqa: E501
    assert (embase["authors"], embase["pmid"], embase["kind"]) == (
        ("Kim J.", "Park S.-H."),
        "31234567",
        "Conference Abstract",
    )
    assert embase["other"] == {"C5": ("31234567",), "U2": ("L200",)}
    scopus = only('\ufeffAuthors,Title,Year,Source title,Volume,Issue,Art. No.,Page start,Page end,DOI,PubMed ID\n'
                  '"Kim J., Park S.-H.","A, ""quoted""\ntitle",2020,Med Phys,4,1,,10,19,10.5555/s,123\n')  # fmt: skip
    assert scopus["title"] == 'A, "quoted" title'
    assert (scopus["authors"], scopus["pages"]) == (("Kim J.", "Park S.-H."), "10-19")


def test_a_tag_that_repeats_keeps_all_values():
    found = only("TY  - JOUR\nTI  - X\nAU  - Li, A\nAU  - Xu, B\nA1  - Li, A\nN1  - one\nN1  - PMID: 123456\nER  - \n")
    assert found["authors"] == ("Li, A", "Xu, B")
    assert found["other"]["N1"] == ("one", "PMID: 123456")
    assert found["pmid"] == "123456"


def test_nbib_with_wrapped_lines_and_two_records():
    text = (
        "PMID- 30000001\nTI  - A title that is\n      wrapped.\nFAU - Smith, John A\nAU  - Smith JA\nDP  - 2019 May 12\n"  # noqa: E501
        "JT  - Medical physics\nPG  - 123-31\nLID - S1361 [pii]\nLID - 10.5555/abc [doi]\nOT  - CT\nOT  - MRI\n\n"
        "PMID- 30000002\nTI  - Another\nDEP - 20200103\n"
    )
    first, second = parse_nbib(text).records
    assert (first["title"], first["doi"], first["authors"]) == (
        "A title that is wrapped.",
        "10.5555/abc",
        ("Smith, John A",),
    )
    assert (first["year"], first["pages"], first["keywords"]) == (2019, "123-31", ("CT", "MRI"))
    assert (second["pmid"], second["year"]) == ("30000002", 2020)


def test_bibtex_with_braces_accents_strings_and_a_broken_entry():
    text = (
        '@string{mp = "Medical " # "Physics"}\n@comment{ignored}\n'
        '@article{one, title = {Synthetic {CT} from {M}{RI} \\& more}, author = {M{\\"u}ller, J. and {Team and Co} and others},\n'  # noqa: E501
        " journal = mp, year = 2020, pages = {1--8}, doi = {10.5555/a\\_b}}\n"
        '@article{two, title = {never closed\n\n@inproceedings{three, title = "Quoted {"}title{"}", booktitle={ISBI}}'
    )
    found = parse_bibtex(text)
    one = found.records[0]
    assert (one["title"], one["authors"]) == ("Synthetic CT from MRI & more", ("Müller, J.", "Team and Co"))
    assert (one["journal"], one["pages"], one["doi"]) == ("Medical Physics", "1-8", "10.5555/a_b")
    assert any("line 6" in note or "line 5" in note for note in found.notes)
    assert found.records[-1]["title"] == 'Quoted "title"'


def test_latex_commands_leave_words():
    assert plain_latex(r"\textit{in vivo} na{\"\i}ve \v{S}imuni\'c") == "in vivo naïve Šimunić"


def test_a_line_of_ten_million_letters_is_read_in_seconds():
    begun = time.perf_counter()
    long = "x" * 10_000_000
    assert len(only(f"TY  - JOUR\nTI  - T\nAB  - {long}\nER  - \n")["abstract"]) == 10_000_000
    assert len(only(f'Title,Abstract\nT,"{long}"\n')["abstract"]) == 10_000_000
    assert time.perf_counter() - begun < 10


def test_a_hundred_thousand_wrapped_lines_take_linear_time():
    begun = time.perf_counter()
    only("TY  - JOUR\nTI  - T\nAB  - a\n" + "more words\n" * 100_000 + "ER  - \n")
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "a,b\n1,2\n", "@article{x", "ER  - \n"])
def test_a_file_without_records_is_a_message(text):
    with pytest.raises(DataError, match="holds no record"):
        read_bibliography(text.encode(), "odd.ris")


def test_the_format_is_known_by_content():
    assert [format_of(t) for t in ("TY  - JOUR", "PMID- 1", "@book{x,", "title;year")] == [
        "ris",
        "nbib",
        "bibtex",
        "csv",
    ]


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_no_bytes_crash_a_reader(data):
    for head in (b"", b"TY  - JOUR\n", b"PMID- 1\n", b"@a{b,", b"title,doi\n"):
        with contextlib.suppress(DataError):
            read_bibliography(head + data, "file")


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z", "Cf")), min_size=1, max_size=12
)  # fmt: skip
LINE = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
NAME = st.from_regex(r"[A-Zà-ý][a-zà-ý]{2,8}, [A-Z]\.", fullmatch=True)
RECORDS = st.builds(
    Publication,
    id=st.just("x-1"),
    source=st.just("x"),
    title=LINE,
    authors=st.lists(NAME, max_size=4, unique=True).map(tuple),
    year=st.none() | st.integers(1900, 2099),
    journal=LINE,
    volume=st.from_regex(r"[1-9][0-9]{0,2}", fullmatch=True),
    pages=st.from_regex(r"[1-9][0-9]{0,3}-[1-9][0-9]{0,3}", fullmatch=True),
    doi=st.from_regex(r"10\.5555/[a-z0-9.]{1,9}", fullmatch=True),
    pmid=st.from_regex(r"[1-9][0-9]{4,7}", fullmatch=True),
    abstract=st.just("") | LINE,
)
SAME = ("title", "authors", "year", "journal", "volume", "pages", "doi", "pmid", "abstract")


@pytest.mark.parametrize("form", ["ris", "csv", "bibtex"])
@given(record=RECORDS)
@settings(max_examples=120, deadline=None)
def test_what_is_written_is_read_again(form, record):
    text = {
        "ris": lambda: to_ris([record]),
        "csv": lambda: to_table([record_row(record)], TABLE),
        "bibtex": lambda: to_bibtex([record]),
    }[form]()
    parse = {"ris": parse_ris, "csv": parse_table, "bibtex": parse_bibtex}[form]
    (found,) = parse(text).records
    expected = record.model_dump()
    if form == "bibtex":  # accents are composed there
        import unicodedata

        expected = {k: unicodedata.normalize("NFC", v) if isinstance(v, str) else v for k, v in expected.items()}
    assert {name: found[name] for name in SAME} == {name: expected[name] for name in SAME}


@given(st.text(max_size=20))
def test_no_cell_is_a_formula_and_each_comes_back(cell):
    assert not harmless(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert as_written(harmless(cell)) == cell


def test_formulas_in_titles_are_neutralised_in_exports():
    record = Publication(id="a-1", source="s", title='=HYPERLINK("http://evil")', authors=("@cmd", "+x"))
    text = to_table([record_row(record)], TABLE)
    assert "\"'=HYPERLINK" in text and ",'@cmd" in text
