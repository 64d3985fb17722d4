"""Lesions one by one (matching, contrast): closed forms, SimpleITK, erased and invented lesions, real lesions."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from evaluate.examination import assert_worsens
from evaluate.structure.label_pairs import real_arrays
from synthassay.errors import NotMeasured
from synthassay.evaluate.structure.contrast import lesion_contrasts
from synthassay.evaluate.structure.invented_lesions import invented_lesions
from synthassay.evaluate.structure.lesion_agreement import lesion_agreement
from synthassay.evaluate.structure.lesion_contrast import CONTRAST, TO_NOISE, lesion_contrast
from synthassay.evaluate.structure.lesion_sensitivity import lesion_sensitivity
from synthassay.evaluate.structure.lesions import lesions_one_by_one, match_lesions
from synthassay.evaluate.structure.lost_lesions import lost_lesions
from synthassay.records.vocabulary import Better

MM = (1.0, 1.0, 1.0)
ROOM = (40, 40, 40)


def balls(*places, radius=4, space=ROOM):
    grid = np.indices(space)
    found = np.zeros(space, bool)
    for place in places:
        found |= ((grid - np.reshape(place, (-1, *(1,) * len(space)))) ** 2).sum(0) <= radius**2
    return found


TWO = balls((10, 10, 10), (30, 30, 30))


def test_each_lesion_counts_alike_whatever_its_size():
    real = balls((10, 10, 10), radius=8) | balls((30, 30, 30), radius=3)
    lost = balls((10, 10, 10), radius=8)
    assert lesion_agreement(lost, real, MM) == 0.5
    measures = sitk.LabelOverlapMeasuresImageFilter()
    measures.Execute(*(sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (real, lost)))
    assert measures.GetDiceCoefficient(1) > 0.97  # what one Dice coefficient says of a lost lesion


def test_dice_of_each_lesion_is_simple_itks():
    synthetic = balls((11, 10, 10), (30, 32, 30))
    expected = []
    for real in lesions_one_by_one(TWO, MM):
        near = np.pad(real, 0) if not real.any() else real
        half = np.s_[:20] if near[:20].any() else np.s_[20:]
        measures = sitk.LabelOverlapMeasuresImageFilter()
        measures.Execute(*(sitk.GetImageFromArray(mask[half].astype(np.uint8)) for mask in (real, synthetic)))
        expected.append(measures.GetDiceCoefficient(1))
    assert match_lesions(synthetic, TWO, MM).dice == pytest.approx(expected)
    assert lesion_agreement(synthetic, TWO, MM) == pytest.approx(np.mean(expected))


def test_lost_and_invented_lesions_count_as_nothing():
    one = balls((10, 10, 10))
    elsewhere = balls((10, 10, 10), (30, 10, 10))
    assert lesion_sensitivity(one, TWO, MM) == 0.5
    assert invented_lesions(one, TWO, MM) == 0
    assert invented_lesions(elsewhere, TWO, MM) == 1
    assert lesion_agreement(elsewhere, TWO, MM) == pytest.approx(1 / 3)
    assert lesion_agreement(TWO, TWO, MM) == lesion_sensitivity(TWO, TWO, MM) == 1


def test_one_mass_over_everything_detects_nothing_and_two_pieces_make_one_lesion():
    everything = np.ones(ROOM, bool)
    assert lesion_sensitivity(everything, TWO, MM) == 0
    assert invented_lesions(everything, TWO, MM) == 0
    split = TWO.copy()
    split[10] = False
    found = match_lesions(split, TWO, MM)
    assert len(found.dice) == 2
    assert min(found.dice) > 0.85
    assert found.invented == 0


def test_specks_are_no_lesions_in_either_image():
    speck = np.zeros(ROOM, bool)
    speck[20, 20, 20:23] = True  # 3 mm^3; a ball of 3 mm has 14
    assert invented_lesions(TWO | speck, TWO, MM) == 0
    assert lesion_sensitivity(TWO, TWO | speck, MM) == 1
    assert invented_lesions(TWO | speck, TWO, (2.0, 2.0, 2.0)) == 1  # 24 mm^3


def test_lesions_touch_by_corners():
    diagonal = np.zeros((20, 20), bool)
    diagonal[5:9, 5:9] = diagonal[9:13, 9:13] = True
    assert len(lesions_one_by_one(diagonal, (1.0, 1.0))) == 1


def test_healthy_patients_and_unknown_voxels():
    healthy = np.zeros(ROOM, bool)
    assert invented_lesions(healthy, healthy, MM) == 0
    assert invented_lesions(TWO, healthy, MM) == 2
    assert lesion_agreement(TWO, healthy, MM) == 0
    with pytest.raises(NotMeasured, match="real image has no lesion"):
        lesion_sensitivity(TWO, healthy, MM)
    with pytest.raises(NotMeasured, match="neither image"):
        lesion_agreement(healthy, healthy, MM)
    for measure in (invented_lesions, lesion_sensitivity, lesion_agreement):
        with pytest.raises(NotMeasured, match="voxels is unknown"):
            measure(TWO, TWO, ())
        with pytest.raises(NotMeasured, match="size"):
            measure(TWO[:30], TWO, MM)


def test_agreement_falls_as_lesions_move_shrink_and_vanish():
    moved = [np.roll(TWO, step, 0) for step in range(0, 10, 2)]
    assert_worsens([lesion_agreement(m, TWO, MM) for m in moved], Better.HIGHER)
    small = [balls((10, 10, 10), (30, 30, 30), radius=radius) for radius in (4, 3, 2)]
    assert_worsens([lesion_agreement(m, TWO, MM) for m in small], Better.HIGHER)
    many = [balls((6, 6, 6)), balls((6, 6, 6), (20, 6, 6)), balls((6, 6, 6), (20, 6, 6), (34, 34, 6))]
    assert_worsens([invented_lesions(m, balls((6, 6, 6)), MM) for m in many], Better.LOWER)
    gone = [balls((6, 6, 6), (20, 6, 6), (34, 34, 6)), balls((6, 6, 6), (20, 6, 6)), balls((6, 6, 6))]
    assert_worsens([lesion_sensitivity(m, gone[0], MM) for m in gone], Better.HIGHER)


def picture(strength=60.0, noise=4.0, seed=0):
    return np.random.default_rng(seed).normal(100, noise, ROOM)[None] + strength * TWO


def test_contrast_is_what_was_put_in():
    (first, second) = lesion_contrasts(picture(30), picture(60), TWO, MM, None)
    for found in (first, second):
        assert found.real == pytest.approx(60, abs=1)
        assert found.ratio == pytest.approx(0.5, abs=0.02)
        assert found.real_noise == pytest.approx(4, abs=0.3)
        assert found.noise_ratio == pytest.approx(0.5, abs=0.03)


def test_contrast_falls_as_a_lesion_fades_and_the_share_of_lost_lesions_rises():
    real = picture()
    faded = [real - lost * TWO for lost in (0, 10, 25, 45, 60)]
    found = [lesion_contrast(image, real, TWO, MM) for image in faded]
    for name in (CONTRAST, TO_NOISE):
        assert_worsens([each[name] for each in found], Better.TARGET, target=1.0)
    assert found[-1][CONTRAST] == pytest.approx(0, abs=0.02)
    assert [lost_lesions(image, real, TWO, MM) for image in faded] == [0, 0, 0, 1, 1]


def test_one_erased_lesion_of_two_is_seen():
    real = picture()
    erased = real - 60 * balls((10, 10, 10))
    assert lost_lesions(erased, real, TWO, MM) == 0.5
    assert lesion_contrast(erased, real, TWO, MM)[CONTRAST] == pytest.approx(0.5, abs=0.02)
    inverted = real - 120 * TWO
    assert lesion_contrast(inverted, real, TWO, MM)[CONTRAST] == pytest.approx(-1, abs=0.05)
    assert lost_lesions(inverted, real, TWO, MM) == 1


def test_smoothing_keeps_contrast_but_raises_contrast_to_noise():
    quiet = picture(noise=1.0)
    found = lesion_contrast(quiet, picture(), TWO, MM)
    assert found[CONTRAST] == pytest.approx(1, abs=0.03)
    assert found[TO_NOISE] == pytest.approx(4, rel=0.1)
    flat = np.full((1, *ROOM), 100.0) + 60 * TWO
    assert TO_NOISE not in lesion_contrast(flat, picture(), TWO, MM)


def test_lesions_that_the_real_image_does_not_show_are_left_out():
    hidden = picture(0.0)
    with pytest.raises(NotMeasured, match="none of 2 lesions stands out"):
        lesion_contrast(picture(), hidden, TWO, MM)
    with pytest.raises(NotMeasured, match="no lesion of 3 mm"):
        lost_lesions(picture(), picture(), np.zeros(ROOM, bool), MM)


def test_surroundings_stay_inside_the_mask():
    real = picture()
    torn = real.copy()
    mask = np.ones(ROOM, bool)
    mask[:, :5] = False
    torn[:, :, :5] = np.nan
    assert lost_lesions(torn, real, TWO, MM, mask) == 0
    with pytest.raises(NotMeasured, match="not finite"):
        lost_lesions(torn, real, TWO, MM)
    with pytest.raises(NotMeasured, match="drawing of its lesions"):
        lost_lesions(real, real, TWO[:30], MM)
    with pytest.raises(NotMeasured, match="voxels is unknown"):
        lost_lesions(real, real, TWO, ())


def test_real_lesions_are_seen_to_vanish():
    flair, lesion = real_arrays("mri-ljubljana-ms-multicontrast", "flair_x10", "lesion", count=1)
    real, there = flair[0].astype(float)[None], lesion[0] > 0
    spacing = (2.0, 2.0, 2.0)
    seen = lesion_contrasts(real, real, there, spacing, real[0] > 0)
    assert len(seen) >= 3
    around = np.median(real[0][(real[0] > 0) & ~there])
    faded = [np.where(there, real + gone * (around - real), real) for gone in (0, 0.3, 0.6, 1.0)]
    values = [lesion_contrast(image, real, there, spacing, real[0] > 0)[CONTRAST] for image in faded]
    assert_worsens(values, Better.TARGET, target=1.0)
    assert lost_lesions(real, real, there, spacing, real[0] > 0) == 0
    assert lost_lesions(faded[-1], real, there, spacing, real[0] > 0) > 0.8
