from __future__ import annotations

import numpy as np
import pytest

from evaluate.examination import assert_worsens
from evaluate.sets import fields
from synthassay.errors import NotMeasured
from synthassay.evaluate.diversity.intra_class_ms_ssim import Side, intra_class_ms_ssim, likenesses
from synthassay.evaluate.fidelity.ms_ssim import ms_ssim
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Better

RANGE = (0.0, 255.0)


def textures(count, seed):
    return fields(count, seed, size=32)


def found(synthetic, *, labels=None, memo=None, real=None, **more):
    real = textures(60, 1) if real is None else real
    given = [
        [Specimen(pixels, case=f"{name}{i}") for i, pixels in enumerate(images)]
        for name, images in (("s", synthetic), ("r", real))
    ]
    people = [[f"{name}{i}" for i in range(len(images))] for name, images in (("s", synthetic), ("r", real))]
    return intra_class_ms_ssim(
        given[0], people[0], given[1], people[1], RANGE, 3, 300,
        synthetic_labels=None if labels is None else labels[0], test_labels=None if labels is None else labels[1],
        real_memo={} if memo is None else memo, **more,
    )  # fmt: skip


def test_pairs_are_compared_by_ms_ssim():
    images = textures(6, 2)
    side = Side.of([Specimen(x) for x in images], [f"s{i}" for i in range(6)], None)
    values = likenesses(side, "", RANGE, np.random.default_rng(0), "synthetic")
    order = np.random.default_rng(0).permutation([f"s{i}" for i in range(6)])
    at = [int(name[1:]) for name in order]
    assert values == [ms_ssim(images[a], images[b], RANGE) for a, b in zip(at[::2], at[1::2], strict=True)]


def test_it_grows_as_images_repeat_each_other_and_real_ones_lie_at_the_floor():
    fresh, memo = textures(60, 4), {}
    rows = []
    for share in (0.0, 0.4, 0.7, 1.0):
        repeated = np.where((np.arange(60) < share * 60)[:, None, None, None], fresh[:1], fresh)
        rows.append(found(repeated, memo=memo))
    assert_worsens([row.value for row in rows], Better.LOWER)
    assert rows[0].interval.low < rows[0].floor_interval.high
    assert rows[0].interval.high > rows[0].floor_interval.low
    assert rows[-1].value == pytest.approx(1.0)


def test_a_collapsed_class_is_seen_in_its_stratum():
    images = textures(60, 4)
    labels = ["a", "b"] * 30
    images[::2] = images[0]
    whole, first, second = found(images, labels=(labels, labels))
    assert [row.stratum for row in (whole, first, second)] == ["", "class=a", "class=b"]
    assert first.value == pytest.approx(1.0)
    assert second.value < 0.5
    assert whole.value == pytest.approx((first.value + second.value) / 2)


def test_images_of_one_subject_are_never_a_pair():
    images = np.repeat(textures(10, 5), 3, axis=0)
    people = [f"p{i // 3}" for i in range(30)]
    side = Side.of([Specimen(x) for x in images], people, None)
    assert max(likenesses(side, "", RANGE, np.random.default_rng(0), "synthetic")) < 0.99


def test_a_class_with_too_few_subjects_is_a_row_with_its_reason():
    labels = (["a"] * 58 + ["b"] * 2, ["a"] * 60)
    rows = {row.stratum: row for row in found(textures(60, 4), labels=labels)}
    assert rows["class=b"].not_measured == "0 unseen real subjects of class b make fewer than 3 pairs"
    assert rows[""].value == rows["class=a"].value
    with pytest.raises(NotMeasured, match="4 synthetic subjects make fewer than 3 pairs"):
        found(textures(4, 4))


def test_sizes_that_differ_are_said():
    mixed = [*textures(20, 1), *fields(20, 2, size=28)]
    with pytest.raises(NotMeasured, match="images of one size"):
        found(mixed)


def test_the_same_seed_gives_the_same_pairs():
    assert found(textures(30, 6)).value == found(textures(30, 6)).value
