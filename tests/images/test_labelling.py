"""The label: one image, one identity, the same on every machine; and texts that come back."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.examination import LABEL, ct_volume, rgb_picture
from synthassay.images.labelling import Mark, entries_in, geometry_in, mark_in, payload, text_of, unit_in


def test_uids_are_valid_stable_and_different():
    uids = [LABEL.uid("instance", number) for number in range(200)] + [LABEL.uid("series"), LABEL.uid("study")]
    assert len(set(uids)) == len(uids)
    for uid in uids:
        assert uid.startswith("2.25.")
        assert len(uid) <= 64
        made = uuid.UUID(int=int(uid.removeprefix("2.25.")))
        assert (made.version, made.variant) == (8, uuid.RFC_4122)
    assert LABEL.uid("study") == replace(LABEL).uid("study")


@pytest.mark.parametrize(
    "other", [{"seed": 1}, {"case": "b"}, {"study": "b"}, {"generator": "b"}, {"weights_sha256": ""}]
)
def test_whatever_differs_gives_another_identity(other):
    assert replace(LABEL, **other).identifier != LABEL.identifier
    assert replace(LABEL, **other).uid("study") != LABEL.uid("study")


def test_the_identifier_does_not_tell_the_case():
    assert LABEL.case not in LABEL.identifier
    assert LABEL.case not in str(payload(ct_volume(), LABEL))


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_texts_come_back(entries):
    assert entries_in(text_of(entries)) == entries


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"a": 1}', '{"synthassay:a": 1}', "[" * 100_000])
def test_other_texts_are_no_mark(text):
    assert entries_in(text) == {}
    assert not mark_in(entries_in(text))


def test_unit_and_geometry_come_back_from_the_text():
    for image in (ct_volume(), rgb_picture()):
        entries = entries_in(text_of(payload(image, LABEL)))
        found = geometry_in(entries, "a")
        assert unit_in(entries, "a") is image.unit
        assert found.mpp == image.geometry.mpp
        assert found.spacing_mm == image.geometry.spacing_mm
        assert (found.affine is None) or (found.affine == image.geometry.affine).all()
    assert unit_in({}, "a") is None


def test_a_mark_is_true_or_says_why_not():
    assert Mark()
    assert Mark(weakened=("seed is gone",))
    assert not Mark("because")
    assert not mark_in({"synthetic": "NO"})
