"""What stands on two sides: by hand-made portraits."""

from __future__ import annotations

import pytest

from synthassay.audit.crossings import cross_split_exact, crossing, exact_groups, split_tables, splits_in_order
from synthassay.audit.portraits import Portrait
from synthassay.records.cohort import Locator


def portrait(name, split="", **facts):
    known = dict.fromkeys(("subject", "site", "scanner", "label", "study", "series", "date", "pixels"), "") | facts
    where = Locator(path=name)
    return Portrait(name=name, case=name, role="image", where=where, split=split, dimensions=2, place=0, **known)


def test_splits_stand_in_the_order_of_use():
    images = [portrait(word, word) for word in ("zebra", "test", "external", "dev", "apple", "training")]
    assert splits_in_order([*images, portrait("none")]) == ["training", "dev", "test", "external", "apple", "zebra"]


def test_a_fact_crosses_only_between_named_splits():
    images = [portrait("1", "a", subject="s"), portrait("2", "", subject="s"), portrait("3", "a", subject="t")]
    assert crossing(images, lambda image: image.subject) == ()
    images += [portrait("4", "b", subject="t"), portrait("5", "b"), portrait("6", "a")]
    assert crossing(images, lambda image: image.subject) == ("t",)


def test_every_pair_of_splits_has_its_entry_and_lists_images_of_the_second():
    images = [
        portrait("1", "train", pixels="p"), portrait("2", "train", pixels="p"), portrait("3", "val", pixels="p"),
        portrait("4", "test", pixels="q"), portrait("5", "val"), portrait("6", "train"),
    ]  # fmt: skip
    groups = exact_groups(images)
    assert [[image.name for image in group] for group in groups] == [["1", "2", "3"]]
    assert cross_split_exact(groups, ["train", "val", "test"]) == {
        "train|val": ("3",),
        "train|test": (),
        "val|test": (),
    }


def test_label_shift_is_half_the_sum_of_differences_of_shares():
    images = [portrait(f"{i}", "train", label="ab"[i % 2]) for i in range(4)]
    images += [portrait(f"v{i}", "val", label="aaab"[i], date=f"2020010{i + 1}") for i in range(4)]
    tables = split_tables([*images, portrait("alone")], ["train", "val"])
    assert tables["train"].label_shift == 0
    assert tables["val"].label_shift == pytest.approx(0.25)
    assert (tables["val"].first_date, tables["val"].last_date) == ("20200101", "20200104")
    assert tables[""].images == 1
    assert tables[""].label_shift is None
