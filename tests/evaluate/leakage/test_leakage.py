"""Leakage: injected copies are found however they are disguised, and held-out real patients are not accused.

Covers synthassay.evaluate.leakage.proximity, synthassay.evaluate.leakage.matching and the metrics built on them.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from sklearn.neighbors import NearestNeighbors

from evaluate.examination import assert_worsens
from evaluate.sets import fields, images, paired
from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.closer_to_training import closer_to_training
from synthassay.evaluate.leakage.copied_images import copied_images as share_copied
from synthassay.evaluate.leakage.matching import best_match, shifted_correlation
from synthassay.evaluate.leakage.nearest_training_ratio import nearest_training_ratio
from synthassay.evaluate.leakage.neighbours import nearest_training
from synthassay.evaluate.leakage.prints import take_prints
from synthassay.evaluate.leakage.proximity import neighbourhood, one_sided
from synthassay.evaluate.leakage.training_copies import copies_of_training
from synthassay.records.vocabulary import Better


def prints(name, pixels, subjects=()):
    taken = images(name, pixels, subjects=subjects)
    return take_prints(taken, taken.subjects)


def copied_images(synthetic, training, holdout=None, memo=None):
    return share_copied(copies_of_training(synthetic, training, holdout, memo))


@pytest.fixture(scope="module")
def radiographs(real_data):
    with np.load(real_data / "xray-kermany-pneumonia" / "kermany_pneumonia_64.npz") as archive:
        pixels = archive["images"].astype(np.float32)[:, None]
        split, patient = archive["split"], archive["patient"].astype(str)
    rng = np.random.default_rng(0)
    taken = {}
    for name, size in (("train", 150), ("val", 60), ("test", 120)):
        rows = np.sort(rng.choice(np.flatnonzero(split == name), size, replace=False))
        taken[name] = pixels[rows], patient[rows]
    return taken


def real_prints(radiographs, name):
    return prints(name, *radiographs[name])


@pytest.fixture(scope="module")
def memo():
    """What rests on real images alone, computed once for all disguises."""
    return {}


DISGUISES = {
    "none": lambda x: x,
    "mirrored": lambda x: x[..., ::-1],
    "shifted": lambda x: np.pad(x, ((0, 0), (0, 0), (4, 0), (3, 0)), mode="edge")[..., :-4, :-3],
    "contrast": lambda x: 0.7 * x + 20,
    "noise": lambda x: x + np.random.default_rng(1).normal(scale=3, size=x.shape),
    "mirrored and shifted": lambda x: np.roll(x[..., ::-1], 5, axis=-1),
    "strong noise": lambda x: x + np.random.default_rng(1).normal(scale=8, size=x.shape),
    "moved by half a pixel": lambda x: ndimage.shift(x, (0, 0, 0.5, 0.5), order=1, mode="nearest"),
    "cut to 90 %": lambda x: ndimage.zoom(x[..., 3:-3, 3:-3], (1, 1, 64 / 58, 64 / 58), order=1),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_copies_of_real_radiographs_are_found_however_disguised(radiographs, disguise, memo):
    training = real_prints(radiographs, "train")
    synthetic = radiographs["test"][0][:40].copy()
    synthetic[:8] = DISGUISES[disguise](radiographs["train"][0][40:48])
    found = copied_images(prints("synthetic", synthetic), training, real_prints(radiographs, "val"), memo)
    assert found.value == 0.2
    assert found.interval.low < 0.2 < found.interval.high
    assert found.settings["copies_pixel_by_pixel"] == (8 if disguise == "none" else 0)


def test_too_few_patients_do_not_tell_how_alike_detail_is_by_nature(radiographs):
    pixels, subjects = radiographs["train"]
    noisy = DISGUISES["strong noise"](pixels[:2])
    synthetic = prints("synthetic", np.concatenate([noisy, pixels[2:3], radiographs["test"][0][:3]]))
    for size, copies in ((9, 1), (60, 3)):  # noise hides the whole pattern; of nine patients equal pixels alone convict
        found = copied_images(synthetic, prints("t", pixels[:size], subjects[:size]))
        assert found.settings["copies"] == copies, size
        assert str(found.settings["bound_of_detail"]).startswith("not searched") == (size == 9)


def test_held_out_real_patients_are_not_accused(radiographs, memo):
    training, holdout, test = (real_prints(radiographs, name) for name in ("train", "val", "test"))
    rng = np.random.default_rng(0)
    copies = copied_images(test, training, holdout, memo)
    assert (copies.value, copies.floor) == (0.0, 0.0)
    assert copies.interval.high == pytest.approx(1 - 0.025 ** (1 / 120))
    ratio = nearest_training_ratio(test, training, test, rng, 500, holdout)
    assert ratio.interval.low < 1 < ratio.interval.high
    assert ratio.settings["p"] > 0.05
    share = closer_to_training(test, training, test, rng, 500, holdout)
    assert share.interval.low < 0.5 < share.interval.high


def test_memorised_radiographs_pull_every_measure_from_its_target(radiographs, memo):
    training, holdout, test = (real_prints(radiographs, name) for name in ("train", "val", "test"))
    memorised = radiographs["train"][0][:100] + np.random.default_rng(3).normal(scale=6, size=(100, 1, 64, 64))
    synthetic = prints("synthetic", memorised)
    rng = np.random.default_rng(0)
    ratio = nearest_training_ratio(synthetic, training, test, rng, 500, holdout)
    assert ratio.interval.high < 1
    assert ratio.settings["p"] < 0.01
    assert abs(ratio.floor - 1) < 0.05
    share = closer_to_training(synthetic, training, test, rng, 500, holdout)
    assert share.value > share.floor
    assert copied_images(synthetic, training, holdout, memo).value > 0.9


def test_more_copies_are_worse_by_every_measure():
    train, hold, free = fields(60, 1), fields(30, 2), fields(30, 3)
    training, holdout, test = prints("t", train), prints("h", hold), prints("e", fields(20, 4))
    ratios, shares, copies, memo = [], [], [], {}
    for count in (0, 6, 15, 30):
        mixed = np.concatenate([train[:count], free[count:]])
        synthetic = prints("s", mixed)
        rng = np.random.default_rng(0)
        ratios.append(nearest_training_ratio(synthetic, training, test, rng, 200, holdout).value)
        shares.append(closer_to_training(synthetic, training, test, rng, 200, holdout).value)
        copies.append(copied_images(synthetic, training, holdout, memo).value)
    assert copies == [0.0, 0.2, 0.5, 1.0]
    assert_worsens(copies, Better.LOWER)
    assert_worsens(ratios, Better.HIGHER)
    assert_worsens(shares, Better.LOWER)


@pytest.mark.parametrize("sizes", [(200, 40), (40, 200)])
def test_unequal_sets_alone_do_not_look_like_leakage(sizes):
    training, holdout = prints("t", fields(sizes[0], 1)), prints("h", fields(sizes[1], 2))
    synthetic, test = prints("s", fields(150, 3)), prints("e", fields(30, 4))
    rng = np.random.default_rng(0)
    ratio = nearest_training_ratio(synthetic, training, test, rng, 200, holdout)
    assert ratio.interval.low < 1 < ratio.interval.high
    assert abs(ratio.settings["ratio_before_chance"] - 1) > 0.04  # sizes alone would have moved it
    share = closer_to_training(synthetic, training, test, rng, 200, holdout)
    assert share.interval.low < 0.5 < share.interval.high


def test_relabelling_is_calibrated():
    training, holdout, test = prints("t", fields(60, 1)), prints("h", fields(30, 2)), prints("e", fields(5, 4))
    ps = [
        nearest_training_ratio(
            prints("s", fields(20, 10 + i)), training, test, np.random.default_rng(i), 10, holdout
        ).settings["p"]
        for i in range(60)
    ]
    assert 0.3 < np.mean(ps) < 0.7
    assert np.mean(np.array(ps) < 0.05) < 0.15


def test_distances_equal_scikit_learns_neighbours():
    judged, training, holdout = (prints(n, fields(k, i)) for i, (n, k) in enumerate((("s", 30), ("t", 50), ("h", 40))))
    near = neighbourhood(judged, training, holdout)
    for rows, ours in zip((training.rows, holdout.rows), near.nearest(near.trained), strict=True):
        oracle, _ = NearestNeighbors(n_neighbors=1).fit(rows).kneighbors(judged.rows)
        np.testing.assert_allclose(ours, oracle[:, 0], atol=2e-4)


def test_a_translated_image_is_not_excused_by_its_own_patient():
    hold = fields(30, 2)
    synthetic = prints("s", hold + 1, [f"h{i:03d}" for i in range(30)])  # its own patient's image, nearly
    training, holdout = prints("t", fields(60, 1)), prints("h", hold)
    assert nearest_training_ratio(synthetic, training, holdout, np.random.default_rng(0), 200).value == pytest.approx(
        1, abs=0.1
    )


def test_without_a_holdout_the_test_images_stand_for_it_and_there_is_no_floor():
    training, test = prints("t", fields(40, 1)), prints("e", fields(40, 2))
    found = nearest_training_ratio(prints("s", fields(30, 3)), training, test, np.random.default_rng(0), 100)
    assert found.floor is None
    assert found.settings["holdout_images"] == 40


def test_likeness_among_patients_is_not_called_copying():
    base = fields(1, 1, size=24)
    alike = lambda seed: base + np.random.default_rng(seed).normal(scale=4, size=(30, 1, 24, 24))  # noqa: E731
    training, holdout, synthetic = prints("t", alike(1)), prints("h", alike(2)), prints("s", alike(3))
    natural = best_match(holdout, training).correlation.max()
    assert natural > 0.99
    assert copied_images(synthetic, training).value > 0.9
    calibrated = copied_images(synthetic, training, holdout)
    assert calibrated.settings["bound"] == pytest.approx(natural)
    assert calibrated.value < 0.2


def test_copies_by_patient_are_counted():
    train = fields(20, 1)
    training = prints("t", train, [f"p{i // 4}" for i in range(20)])
    found = copied_images(prints("s", np.concatenate([train[:4], train[:1], fields(5, 9)])), training)
    assert found.settings["copies"] == 5
    assert found.settings["training_subjects_copied"] == 1
    assert found.settings["most_copies_of_one_subject"] == 5


def test_correlation_over_shifts_equals_the_best_of_all_overlaps():
    one, other = fields(2, 5, size=32)
    other[:, 3:, 2:] = 0.6 * one[:, :-3, :-2] + 0.4 * other[:, 3:, 2:]
    ours = shifted_correlation(one[None], other[None], np.zeros((1, 1), int))[0, 0]
    oracle = max(
        np.corrcoef(
            one[0, max(0, -dy) : 32 - max(0, dy), max(0, -dx) : 32 - max(0, dx)].ravel(),
            other[0, max(0, dy) : 32 - max(0, -dy), max(0, dx) : 32 - max(0, -dx)].ravel(),
        )[0, 1]
        for dy in range(-4, 5)
        for dx in range(-4, 5)
    )
    assert ours == pytest.approx(oracle, abs=1e-4)


def test_volumes_are_compared_as_volumes():
    rng = np.random.default_rng(0)
    volumes = rng.normal(size=(12, 1, 20, 18, 16)).astype(np.float32)
    training = prints("t", volumes[:6])
    moved = np.concatenate([volumes[:2, :, ::-1], np.roll(volumes[2:4], 2, axis=3), volumes[6:8]])
    assert copied_images(prints("s", moved), training).settings["copies"] == 4


def test_too_few_subjects_and_other_sizes_are_not_measured():
    few, rng = prints("t", fields(8, 1), ["a", "b"] * 4), np.random.default_rng(0)
    with pytest.raises(NotMeasured, match="fewer than three subjects"):
        nearest_training_ratio(prints("s", fields(5, 2)), few, prints("e", fields(5, 3)), rng, 10)
    with pytest.raises(NotMeasured, match="differ in size"):
        copied_images(prints("s", fields(5, 2, size=20)), few)


def test_p_is_never_zero():
    assert one_sided(0.0, np.ones(499), low=True) == 1 / 500


def test_neighbours_are_listed_nearest_first():
    train = fields(12, 3)
    synthetic = np.concatenate([fields(11, 1), train[4:5]])
    evidence = paired(
        12, synthetic=images("synthetic", synthetic), reference=None, masks=None, training=images("training", train)
    )
    found = nearest_training(evidence, shown=5, each=3)
    assert found.searched == (12, 12)
    assert len(found.entries) == 5
    first = found.entries[0]
    assert (first.synthetic, first.nearest[0].case) == ("synthetic-011", "training-004")
    assert first.nearest[0].distance == pytest.approx(0, abs=1e-3)
    assert first.nearest[0].distance < first.threshold < found.entries[1].nearest[0].distance
    distances = [entry.nearest[0].distance for entry in found.entries]
    assert distances == sorted(distances)
    assert nearest_training(paired()) is None


def test_disguised_copies_are_listed_first_one_of_each_patient_before_the_second_of_any():
    train = fields(12, 3)
    copies = np.concatenate([train[4:5], train[4:5] + 1, train[7:8, :, :, ::-1], np.roll(train[2:3], 2, 3)])
    evidence = paired(
        12,
        synthetic=images("synthetic", np.concatenate([fields(8, 1), copies])),
        reference=None,
        masks=None,
        training=images("training", train),
    )
    found = nearest_training(evidence, shown=6)
    assert found.copies == 4
    pairs = [(entry.synthetic[-2:], entry.nearest[0].case[-2:]) for entry in found.entries[:4]]
    assert pairs[0] == ("08", "04")
    assert set(pairs[:3]) == {("08", "04"), ("10", "07"), ("11", "02")}
    assert pairs[3] == ("09", "04")
    assert all(entry.copy_correlation > 0.99 for entry in found.entries[:4])
    mirrored = next(entry for entry in found.entries if entry.synthetic.endswith("10"))
    assert mirrored.nearest[0].distance > mirrored.threshold
    assert mirrored.copied
    assert not any(entry.copied for entry in found.entries[4:])
