"""Tissues of CT by their own values: SimpleITK's filters as oracle; what is lost or invented; real heads and necks."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from evaluate.examination import assert_worsens
from evaluate.structure.label_pairs import ORGANS, real_arrays
from synthassay.errors import NotMeasured
from synthassay.evaluate.structure.label_maps import diagonal
from synthassay.evaluate.structure.physical import ball_voxels, distance_mm, parts
from synthassay.evaluate.structure.tissue_classes import AIR, BONE, SOFT, tissue_map
from synthassay.evaluate.structure.tissue_distance import tissue_distance
from synthassay.evaluate.structure.tissue_overlap import tissue_overlap
from synthassay.evaluate.structure.tissue_volume_difference import tissue_volume_difference
from synthassay.records.vocabulary import Better, Unit

MM = (2.0, 2.0, 2.0)


def head(space=(40, 40, 20)):
    """A head of soft tissue with a skull, an airway that ends inside, and a couch."""
    hounsfield = np.full(space, -1000.0)
    x, y, _ = np.meshgrid(*(np.arange(side) for side in space), indexing="ij")
    away = np.hypot(x - 20, y - 18)
    hounsfield[away < 15] = 40
    hounsfield[(away < 15) & (away >= 12)] = 900
    hounsfield[17:22, 15:20, 3:17] = -990
    hounsfield[:, 37:39] = 0
    return hounsfield[None]


def measure(name, synthetic, real, mask=None, spacing=MM):
    found = {"overlap": tissue_overlap, "distance": tissue_distance, "volume": tissue_volume_difference}
    return found[name](synthetic, real, Unit.HU, spacing, mask)


def test_the_body_is_the_largest_part_with_what_it_encloses():
    found = tissue_map(head()[0], MM)
    assert not found[:, 37:39].any()  # the couch
    assert (found[17:22, 15:20, 3:17] == AIR).all()
    assert (found[20, 5] == BONE).all()
    assert found[20, 10, 10] == SOFT
    assert tissue_map(head()[0][..., 10], MM[:2])[19, 17] == AIR


def test_classes_equal_those_of_simple_itks_filters():
    (ct,) = real_arrays(ORGANS, "ct", count=1)
    hounsfield = ct[0].astype(np.float64).transpose(2, 1, 0) - 1000
    itk = sitk.GetImageFromArray(np.ascontiguousarray(hounsfield.transpose(2, 1, 0)))
    body = sitk.RelabelComponent(sitk.ConnectedComponent(itk >= -200, True)) == 1
    filled = np.stack([ndimage.binary_fill_holes(plane) for plane in sitk.GetArrayFromImage(body)])
    least = ball_voxels(6.0, (4.0, 4.0, 4.0))
    volume = sitk.GetImageFromArray(filled.astype(np.uint8))

    def cleaned(where):
        labels = sitk.RelabelComponent(
            sitk.ConnectedComponent(sitk.Cast(where, sitk.sitkUInt8) * volume, True), int(np.ceil(least))
        )
        return sitk.GetArrayFromImage(labels) > 0

    expected = np.where(filled, SOFT, 0)
    expected[cleaned(itk < -200)] = AIR
    expected[cleaned(itk >= 250)] = BONE
    np.testing.assert_array_equal(tissue_map(hounsfield, (4.0, 4.0, 4.0)), expected.transpose(2, 1, 0))


def test_specks_of_bone_and_air_are_soft_tissue():
    hounsfield = head()[0]
    hounsfield[20, 27, 10] = 1500
    hounsfield[20, 24, 10] = -900
    found = tissue_map(hounsfield, MM)
    assert found[20, 27, 10] == found[20, 24, 10] == SOFT
    assert tissue_map(hounsfield, (6.0, 6.0, 6.0))[20, 27, 10] == BONE  # a voxel of 6 mm is no speck


def test_equal_images_are_perfect():
    real = head()
    assert set(measure("overlap", real, real).values()) == {1.0}
    assert measure("distance", real, real) == measure("volume", real, real)
    assert set(measure("volume", real, real)) == {"tissue=body", "tissue=air", "tissue=soft", "tissue=bone"}


def test_lost_bone_and_an_invented_airway_have_the_worst_values():
    real, synthetic = head(), np.where(head() > 500, 40.0, head())
    assert measure("overlap", synthetic, real)["tissue=bone"] == 0
    assert measure("distance", synthetic, real)["tissue=bone"] == diagonal(real.shape[1:], MM)
    assert measure("volume", synthetic, real)["tissue=bone"] == -100
    assert measure("overlap", synthetic, real)["tissue=body"] == 1
    closed = np.where((real < -500) & (tissue_map(real[0], MM) == AIR), 30.0, real)
    assert measure("volume", real, closed)["tissue=air"] == 100
    assert "tissue=air" not in measure("volume", closed, closed)


def test_an_image_without_a_body_lost_everything():
    real, nothing = head(), np.full((1, 40, 40, 20), -1000.0)
    assert set(measure("overlap", nothing, real).values()) == {0.0}
    with pytest.raises(NotMeasured, match="neither image"):
        measure("overlap", nothing, nothing)


def test_a_mask_limits_what_is_compared_but_not_what_the_body_is():
    real, synthetic = head(), head()
    synthetic[:, :, :, :5] = -1000
    mask = np.zeros((40, 40, 20), bool)
    mask[:, :, 6:] = True
    assert set(measure("overlap", synthetic, real, mask).values()) == {1.0}
    synthetic[:, :, :, :5] = np.nan
    assert set(measure("overlap", synthetic, real, mask).values()) == {1.0}
    with pytest.raises(NotMeasured, match="not finite"):
        measure("overlap", synthetic, real)


def test_other_units_unknown_voxels_and_channels_are_refused():
    real = head()
    with pytest.raises(NotMeasured, match="Hounsfield"):
        tissue_overlap(real, real, Unit.ARBITRARY, MM)
    with pytest.raises(NotMeasured, match="voxels is unknown"):
        measure("overlap", real, real, spacing=())
    with pytest.raises(NotMeasured, match="one channel"):
        measure("overlap", np.repeat(real, 2, 0), np.repeat(real, 2, 0))


def test_tissues_of_a_real_neck_worsen_as_it_moves_and_as_bone_fades():
    (ct,) = real_arrays(ORGANS, "ct", count=1)
    real = ct[0].astype(np.float64)[None] - 1000
    moved = [np.roll(real, step, 3) for step in (0, 1, 2, 4)]
    for name, better in (("overlap", Better.HIGHER), ("distance", Better.LOWER)):
        values = [measure(name, each, real, spacing=(4.0,) * 3) for each in moved]
        for tissue in ("tissue=body", "tissue=bone", "tissue=soft"):
            assert_worsens([each[tissue] for each in values], better)
    faded = [np.where(real > 100, 100 + (real - 100) * left, real) for left in (1.0, 0.8, 0.6, 0.4, 0.0)]
    lost = [measure("volume", each, real, spacing=(4.0,) * 3)["tissue=bone"] for each in faded]
    assert_worsens(lost, Better.TARGET, target=0.0)
    assert lost[-1] == -100


def test_parts_and_distances_are_those_of_simple_itk():
    mask = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(20, 22, 24)), 1) > 0.15
    labels, sizes = parts(mask)
    theirs = sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)), True)
    counts = np.bincount(sitk.GetArrayFromImage(theirs).ravel())[1:]
    assert sorted(sizes) == sorted(counts)
    assert labels.max() == len(sizes)
    itk = sitk.GetImageFromArray(mask.astype(np.uint8))
    itk.SetSpacing((3.0, 2.0, 1.0))
    away = sitk.SignedMaurerDistanceMap(itk, squaredDistance=False, useImageSpacing=True)
    outside = ~mask
    inner = ndimage.binary_dilation(mask) & outside
    ours = distance_mm(mask, (1.0, 2.0, 3.0))
    assert ours[inner].min() == 1.0
    far = outside & (ours > 1)
    np.testing.assert_allclose(ours[far], sitk.GetArrayFromImage(away)[far], atol=1e-5)


def test_a_ball_of_a_voxels_size_is_counted_in_voxels():
    assert ball_voxels(3.0, (1.0, 1.0, 3.0)) == pytest.approx(np.pi * 4.5 / 3)
    assert ball_voxels(2.0, (1.0, 1.0)) == pytest.approx(np.pi)
