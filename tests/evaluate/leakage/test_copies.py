"""Copies of real radiographs are found between two sets whatever was done to them, and other patients are not.

Covers what synthassay.evaluate.leakage.copies rests on: sketches, likeness, natural.
"""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from evaluate.sets import images
from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.copies import copies_between, natural_bound
from synthassay.evaluate.leakage.likeness import Likeness, likeness
from synthassay.evaluate.leakage.natural import FIXED_BOUND, natural_likeness
from synthassay.evaluate.leakage.prints import take_prints
from synthassay.evaluate.leakage.sketches import averaged_down, mirrorings, sharpened, sketches_of, spectrum


def jpeg(picture, quality=50):
    file = io.BytesIO()
    Pillow.fromarray(picture.astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Pillow.open(file)).astype(np.float32)


def part(picture, share, corner):
    size = round(64 * share)
    start = (0, 0) if corner else ((64 - size) // 2,) * 2
    cut = Pillow.fromarray(picture[start[0] : start[0] + size, start[1] : start[1] + size].astype(np.uint8))
    return np.asarray(cut.resize((64, 64), Pillow.Resampling.BICUBIC)).astype(np.float32)


DISGUISES = {
    "mirrored": lambda x: x[:, ::-1],
    "upside down": lambda x: x[::-1],
    "turned by half": lambda x: x[::-1, ::-1],
    "moved": lambda x: np.pad(x, ((0, 0), (3, 0)), mode="edge")[:, :-3],
    "middle part": lambda x: part(x, 0.9, corner=False),
    "corner part": lambda x: part(x, 0.9, corner=True),
    "contrast": lambda x: np.round(0.8 * x),
    "compressed": jpeg,
    "noise": lambda x: np.clip(x + np.random.default_rng(1).normal(scale=4, size=x.shape), 0, 255),
}


@pytest.fixture(scope="module")
def radiographs(real_data):
    with np.load(real_data / "xray-kermany-pneumonia" / "kermany_pneumonia_64.npz") as archive:
        pixels, patient = archive["images"].astype(np.float32), archive["patient"].astype(str)
    _, first = np.unique(patient, return_index=True)
    kept = np.random.default_rng(0).permutation(first)[:400]
    return pixels[kept], patient[kept]


def prints(pixels, subjects):
    taken = images("s", pixels[:, None], subjects=subjects)
    return take_prints(taken, taken.subjects)


@pytest.fixture(scope="module")
def originals(radiographs):
    """Two hundred children, and how alike they are by nature, found once for all disguises."""
    pixels, patient = radiographs
    taken = prints(pixels[:200], patient[:200])
    return taken, natural_bound(taken)


@pytest.mark.parametrize("disguise", DISGUISES)
def test_disguised_copies_are_found_and_other_patients_are_not(radiographs, originals, disguise):
    pixels, _ = radiographs
    taken, bound = originals
    copied = np.stack([DISGUISES[disguise](picture) for picture in pixels[:10]])
    judged = np.concatenate([copied, pixels[200:240]])
    found = copies_between(prints(judged, ["x"] * 50), taken, None if disguise == "noise" else bound)
    assert found.bound == bound
    assert found.copied[:10].sum() >= 9
    assert (found.position[:10] == np.arange(10))[found.copied[:10]].all()
    assert not found.copied[10:].any()


def test_equal_pixels_are_exact_copies(radiographs):
    pixels, patient = radiographs
    found = copies_between(prints(pixels[5:8], ["x"] * 3), prints(pixels[:7], patient[:7]), bound=0.99)
    assert found.exact.tolist() == [True, True, False]
    assert found.position[:2].tolist() == [5, 6]
    assert found.bound == 0.99


def test_sets_that_cannot_be_compared_say_so(radiographs):
    pixels, patient = radiographs
    flat = prints(pixels[:2], patient[:2])
    volumes = images("v", np.random.default_rng(0).normal(size=(2, 1, 8, 8, 8)))
    with pytest.raises(NotMeasured, match="volumes"):
        copies_between(take_prints(volumes, volumes.subjects), flat)


def test_images_of_any_size_lie_on_one_grid_and_are_averaged():
    steps = np.repeat(np.repeat(np.arange(64.0 * 64).reshape(64, 64), 3, 0), 2, 1)[None]
    small = averaged_down(steps)
    assert small.shape == (64, 64)
    np.testing.assert_array_equal(small, np.round(np.arange(64 * 64).reshape(64, 64) * 255 / (64 * 64 - 1)))
    assert averaged_down(np.ones((1, 7, 9, 11))).shape == (24, 24, 24)
    assert not averaged_down(np.full((1, 9, 9), 3.7)).any()


def test_detail_forgets_slow_changes_and_constant_images_have_none():
    rng = np.random.default_rng(0)
    fine = rng.normal(size=(1, 64, 64)).astype(np.float32)
    ramp = np.linspace(0, 40, 64, dtype=np.float32)[None, None]
    assert float((sharpened(fine) * sharpened(fine + ramp)).sum()) > 0.95
    assert not sharpened(np.full((1, 64, 64), 9.0, np.float32)).any()


def test_an_image_mirrored_along_all_axes_keeps_its_spectrum():
    detail = sharpened(np.random.default_rng(0).normal(size=(2, 24, 24, 24)).astype(np.float32))
    for one, other in mirrorings(3):
        np.testing.assert_allclose(spectrum(np.flip(detail, one)), spectrum(np.flip(detail, other)), atol=1e-3)
    assert {frozenset(axes) for pair in mirrorings(3) for axes in pair} == {
        frozenset(axes) for axes in [(), (1,), (2,), (3,), (1, 2), (1, 3), (2, 3), (1, 2, 3)]
    }


def test_no_image_is_its_own_like_and_others_subjects_are_always_compared():
    rng = np.random.default_rng(0)
    one = rng.normal(size=(64, 64))
    pictures = [one + 0.1 * rng.normal(size=one.shape) for _ in range(9)] + [rng.normal(size=(64, 64))]
    sketches = sketches_of(np.stack([averaged_down(picture[None]) for picture in pictures]))
    owner = np.array([0] * 9 + [1])
    found = likeness(sketches, sketches, owner=owner, owner_among=owner)
    assert not (found.position == np.arange(10)[:, None]).any()
    assert (found.position[:9] == 9).any(axis=1).all()
    for row in found.position:
        kept = row[row >= 0]
        assert len(set(kept.tolist())) == len(kept)


def likes(first, others=None):
    """Likeness of images of as many subjects: the first and the third of each."""
    count = len(first)
    near, far = (np.arange(count) + 1) % count, (np.arange(count) + 2) % count
    return Likeness(np.stack([near, far], 1), np.stack([first, first - 0.1 if others is None else others], 1))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.45])
def test_the_bound_follows_nature_and_not_the_copies(share):
    rng = np.random.default_rng(0)
    owner = np.arange(4000)
    nature, others = np.tanh(rng.normal(0.7, 0.1, size=4000)), np.tanh(rng.normal(0.6, 0.1, size=4000))
    copied = round(share * 4000)
    nature[:copied] = rng.uniform(0.9, 1, size=copied)
    found = natural_likeness(likes(nature, others), owner, owner)
    assert found.bound == pytest.approx(np.tanh(0.7 + 4.2 * 0.1), abs=0.02)
    assert found.images >= 4000 - copied - 3
    assert found.highest == nature.max()


def test_copies_of_one_subject_and_equal_pixels_say_nothing_of_nature():
    nature = np.tanh(np.random.default_rng(0).normal(0.7, 0.1, size=400))
    owner = np.arange(400)
    clean = natural_likeness(likes(nature), owner, owner)
    nature[:40:2] = 0.999
    same = owner.copy()
    same[1:40:2] = same[:40:2]
    assert natural_likeness(likes(nature), same, owner).bound == pytest.approx(clean.bound, abs=0.02)
    assert natural_likeness(likes(nature), same, owner).highest < 0.9
    assert natural_likeness(likes(nature), owner, same).highest < 0.9


def test_a_small_set_gets_the_fixed_bound_or_a_stricter_one():
    assert natural_likeness(likes(np.full(9, 0.5)), np.arange(9), np.arange(9)).bound == FIXED_BOUND
    assert natural_likeness(likes(np.full(9, 0.5)), np.arange(9), np.arange(9)).images == 0
    assert natural_likeness(likes(np.full(20, 0.5)), np.arange(20), np.arange(20)).bound == FIXED_BOUND
    alike = np.tanh(np.random.default_rng(0).normal(1.5, 0.1, size=40))
    assert natural_likeness(likes(alike, alike - 0.005), np.arange(40), np.arange(40)).bound > FIXED_BOUND
