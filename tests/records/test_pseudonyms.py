"""Pseudonyms: stable, distinct, keyed, and put in place of every identifier in a text."""

from __future__ import annotations

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from synthassay.records.pseudonyms import Pseudonyms


def test_a_pseudonym_is_the_head_of_the_hmac_under_the_key():
    expected = hmac.new(b"secret", b"P-1", hashlib.sha256).hexdigest()[:6]
    assert Pseudonyms("secret", ["P-1"], []).subject("P-1") == f"S-{expected}"


def test_another_cohort_gives_another_name():
    assert Pseudonyms("a", ["P-1"], []).subject("P-1") != Pseudonyms("b", ["P-1"], []).subject("P-1")


def test_names_grow_until_no_two_subjects_share_one():
    subjects = [f"subject-{i}" for i in range(20_000)]  # 24 bits: about 12 pairs would collide
    names = Pseudonyms("key", subjects, [])
    assert len({names.subject(subject) for subject in subjects}) == len(subjects)


def test_subject_and_case_of_one_identifier_are_told_apart():
    names = Pseudonyms("key", ["HOSP-1"], ["HOSP-1"])
    assert names.subject("HOSP-1")[0] == "S" and names.case("HOSP-1")[0] == "C"
    assert names.table()["subjects"].values() and names.table()["cases"].values()


def test_identifiers_vanish_from_text_and_words_that_contain_them_stay():
    names = Pseudonyms("key", ["anna", "P-12", "DOE^JOHN"], ["P-12_ses-1"])
    text = names.scrub("anna and P-12_ses-1 of P-12 (DOE^JOHN) in Joanna and XP-123")
    assert "Joanna and XP-123" in text
    for identifier in ("anna and", "P-12_ses", " P-12 ", "DOE"):
        assert identifier not in text.replace("Joanna and XP-123", "")


def test_the_place_of_the_data_vanishes_from_texts():
    names = Pseudonyms("key", ["P-12"], [], places=["/mnt/clinic/dr-quill/"])
    assert names.scrub("/mnt/clinic/dr-quill/P-12/t1.nii is constant").startswith("…/S-")


def test_short_identifiers_do_not_eat_numbers_and_words():
    names = Pseudonyms("key", ["12", "1000", "t1"], [])
    assert names.scrub("12 of 1000 t1 images") == "12 of 1000 t1 images"


@given(st.sets(st.text("abcXYZ0189-_^", min_size=5, max_size=12), min_size=1, max_size=6))
def test_no_identifier_survives_between_spaces(subjects: set[str]):
    scrubbed = Pseudonyms("key", subjects, []).scrub(" ".join(sorted(subjects)))
    assert not subjects & set(scrubbed.split(" "))
