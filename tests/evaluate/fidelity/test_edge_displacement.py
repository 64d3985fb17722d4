"""edge_displacement, lost_edges, invented_edges: moves, warps and losses that are known; contrast; what is refused.

Through synthassay.evaluate.fidelity.edge_matching and synthassay.evaluate.fidelity.edge_points.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from evaluate.examination import assert_worsens, assert_worsens_with_damage
from evaluate.fidelity.pictures import noisy
from evaluate.sets import images, paired
from synthassay.errors import NotMeasured
from synthassay.evaluate.case_pass import measure_cases
from synthassay.evaluate.fidelity.edge_displacement import edge_displacement
from synthassay.evaluate.fidelity.edge_matching import matched_edges
from synthassay.evaluate.fidelity.edge_points import edges_of, slopes
from synthassay.evaluate.fidelity.invented_edges import invented_edges
from synthassay.evaluate.fidelity.lost_edges import lost_edges
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.needs import lacking
from synthassay.records.vocabulary import Better, Unit

MEDIAN, MOST = "quantile=50%", "quantile=95%"


def organs(shape, count, seed=0, blur=1.0, spacing=1.0):
    """Ellipsoids of many sizes and values, so that borders run every way everywhere."""
    rng = np.random.default_rng(seed)
    at = np.stack(np.indices(shape), axis=-1).astype(np.float32) * spacing
    shape = np.array(shape) * spacing
    found = np.zeros(at.shape[:-1], np.float32)
    for _ in range(count):
        place, radii = rng.uniform(0.1, 0.9, len(shape)) * shape, rng.uniform(3, 8, len(shape))
        found[np.square((at - place) / radii).sum(-1) < 1] = rng.uniform(0, 3)
    return ndimage.gaussian_filter(found, blur)


FLAT = organs((128, 112), 60)
SOLID = organs((48, 44, 40), 60)
LONG = organs((80, 50, 20), 60, spacing=np.array([0.5, 0.8, 2.0]), blur=(1, 1, 0.5))


def moved(values, pixels):
    return ndimage.shift(values, pixels, order=3, mode="nearest")


def measured(synthetic, source, spacing, mask=None):
    return edge_displacement(matched_edges(synthetic[None], source[None], spacing, None, mask))


@pytest.mark.parametrize("picture", [FLAT, SOLID], ids=["2d", "3d"])
@pytest.mark.parametrize("by", [0.5, 1, 2, 3.5, 5])
def test_a_shift_of_known_length_is_read_within_a_third_of_a_pixel(picture, by):
    spacing = (0.8,) * picture.ndim
    along = np.zeros(picture.ndim)
    along[1] = by
    found = measured(4 - moved(picture, along), picture, spacing)
    assert found[MOST] == pytest.approx(0.8 * by, abs=0.8 / 3)
    assert found[MEDIAN] == pytest.approx(0.8 * by, abs=0.8 * max(0.25, 0.12 * by))


def test_an_oblique_shift_is_read_at_its_whole_length():
    found = measured(moved(SOLID, (2, -1.5, 1)), SOLID, (1.0, 1.0, 1.0))
    assert found[MOST] == pytest.approx(np.sqrt(7.25), abs=0.3)


@pytest.mark.parametrize(("axis", "pixels", "mm"), [(0, 3, 1.5), (1, 2, 1.6), (2, 1, 2.0)])
def test_lengths_are_of_mm_along_each_axis(axis, pixels, mm):
    spacing = (0.5, 0.8, 2.0)
    along = np.zeros(3)
    along[axis] = pixels
    found = measured(moved(LONG, along), LONG, spacing)
    assert found[MOST] == pytest.approx(mm, abs=max(0.3, spacing[axis] / 3))


def test_micrometres_per_pixel_serve_where_no_mm_are_known():
    matches = matched_edges(moved(FLAT, (2, 0))[None], FLAT[None], (), 0.5)
    assert edge_displacement(matches)[MOST] == pytest.approx(0.001, rel=0.15)


@pytest.mark.parametrize("picture", [FLAT, SOLID], ids=["2d", "3d"])
def test_a_local_warp_is_read_as_large_as_it_is_at_the_edges(picture):
    """A smooth bump of displacement: true lengths at the source's edges are known point by point."""
    grid = np.indices(picture.shape).astype(np.float32)
    middle = np.array(picture.shape).reshape(-1, *(1,) * picture.ndim) / 2
    bump = 4 * np.exp(-np.square((grid - middle) / 25).sum(0) / 2)
    warped = ndimage.map_coordinates(picture, grid + np.stack([bump, *[0 * bump] * (picture.ndim - 1)]), order=1)
    matches = matched_edges(7 - warped[None], picture[None], (1.0,) * picture.ndim)
    steep = np.sqrt(sum(np.square(g) for g in np.gradient(ndimage.gaussian_filter(picture, 1))))
    true = bump[steep > np.percentile(steep, 90)]
    found = edge_displacement(matches)
    assert np.quantile(true, 0.95) - 0.9 < found[MOST] < np.quantile(true, 0.95) + 0.2  # averaged over neighbours
    assert found[MEDIAN] == pytest.approx(np.median(true), abs=0.5)
    if picture.ndim == 2:  # the volume is too small to have a far end that is still
        assert np.quantile(np.linalg.norm(matches.moved, axis=1), 0.02) < 0.5
    far = matches.moved[np.linalg.norm(matches.moved, axis=1) > 2]
    assert np.abs(far[:, 0]).mean() > 2
    assert np.abs(far[:, 1:]).mean() < 0.7
    assert far[:, 0].mean() < -2  # what was at x + bump is shown at x


@pytest.mark.parametrize("contrast", [lambda v: 9 - 3 * v, lambda v: v + 0.1 * v**2, lambda v: np.exp(-v / 3)])
def test_another_contrast_moves_no_border(contrast):
    for picture in (FLAT, SOLID):
        found = measured(contrast(picture), picture, (1.0,) * picture.ndim)
        assert found[MOST] < 0.45
        assert found[MEDIAN] < 0.2


def test_noise_and_blur_move_little_within_the_stated_limits():
    contrast = np.ptp(FLAT)
    for picture in (FLAT, SOLID):
        spacing = (1.0,) * picture.ndim
        found = measured(noisy(picture, scale=contrast / 20), noisy(picture, seed=2, scale=contrast / 20), spacing)
        assert found[MEDIAN] < 0.3
        assert found[MOST] < 0.7
        found = measured(ndimage.gaussian_filter(picture, 1), picture, spacing)
        assert found[MEDIAN] < 0.2
        assert found[MOST] < 0.6


def test_edges_that_vanish_are_lost_and_those_that_appear_are_invented():
    whole = matched_edges(FLAT[None], FLAT[None], (1.0, 1.0))
    assert (lost_edges(whole), invented_edges(whole)) == (0, 0)
    assert np.abs(whole.moved).max() < 1e-5  # each edge is compared with where it lies itself, between pixels
    half = FLAT.copy()
    half[:, :56] = FLAT[:, 56:57]  # no step at the cut
    kept = edges_of(slopes(FLAT, (1.0, 1.0), np.ones(FLAT.shape, bool), "it"), (1.0, 1.0), 10_000).places[:, 1] > 56
    gone = matched_edges(half[None], FLAT[None], (1.0, 1.0))
    assert lost_edges(gone) == pytest.approx(1 - kept.mean(), abs=0.08)
    assert edge_displacement(gone)[MEDIAN] < 0.1
    back = matched_edges(FLAT[None], half[None], (1.0, 1.0))
    assert (lost_edges(back), invented_edges(back)) == pytest.approx((invented_edges(gone), lost_edges(gone)), abs=0.03)


def test_noise_alone_shows_nothing_of_the_source():
    rng = np.random.default_rng(3)
    for picture, least in ((FLAT, 0.5), (SOLID, 0.9)):
        matches = matched_edges(rng.normal(size=(1, *picture.shape)), picture[None], (1.0,) * picture.ndim)
        assert lost_edges(matches) > least


def test_what_lies_outside_the_mask_does_not_count():
    mask = np.zeros(FLAT.shape, bool)
    mask[20:100, 20:90] = True
    plain, other = (
        matched_edges(moved(FLAT, (1, 2))[None], FLAT[None], (1.0, 1.0), None, mask),
        np.where(mask, FLAT, -50),
    )
    odd = matched_edges(np.where(mask, moved(FLAT, (1, 2)), np.nan)[None], other[None], (1.0, 1.0), None, mask)
    np.testing.assert_array_equal(odd.moved, plain.moved)
    np.testing.assert_array_equal(odd.lost, plain.lost)
    assert edge_displacement(plain)[MOST] == pytest.approx(np.sqrt(5), abs=0.4)


def test_it_worsens_with_shift():
    assert_worsens_with_damage(
        lambda damaged: edge_displacement(matched_edges(damaged, FLAT[None], (1.0, 1.0)))[MOST],
        FLAT[None],
        Better.LOWER,
        kinds=("shift",),
    )


def test_more_edges_are_lost_the_more_noise_there_is():
    found = [lost_edges(matched_edges(noisy(FLAT, scale=s)[None], FLAT[None], (1.0, 1.0))) for s in (0, 1, 2, 4)]
    assert_worsens(found, Better.LOWER, slack=1e-9)


def test_what_has_no_honest_number_is_refused():
    torn = FLAT.copy()
    torn[60, 60] = np.nan
    for synthetic, reason in ((FLAT * 0, "it has no edges"), (torn, "not finite"), (FLAT[1:], "its source has")):
        with pytest.raises(NotMeasured, match=reason):
            measured(synthetic, FLAT, (1.0, 1.0))
    with pytest.raises(NotMeasured, match="in mm is unknown"):
        measured(FLAT, FLAT, ())
    with pytest.raises(NotMeasured, match="2 pixels from the border"):
        measured(FLAT, FLAT, (1.0, 1.0), np.eye(128, 112, dtype=bool))
    with pytest.raises(NotMeasured, match="found again"):
        left = np.zeros((40, 120))
        left[12:28, 12:28] = 1
        measured(left[:, ::-1], left, (1.0, 1.0))


def test_two_runs_give_the_same_bytes():
    one, two = (matched_edges(moved(SOLID, (1, 0, 0))[None], SOLID[None], (1.0, 1.0, 1.0)) for _ in range(2))
    assert one.moved.tobytes() == two.moved.tobytes()


def test_a_judgement_reads_them_with_the_real_reference_as_floor():
    pictures = np.stack([organs((64, 60), 30, seed)[None] for seed in range(6)])
    still = images("reference", 5 - pictures, unit=Unit.ARBITRARY)
    shifted = images("synthetic", 5 - np.roll(pictures, 3, axis=2), subjects=still.subjects)
    sets = {"synthetic": shifted, "reference": still, "test": still, "masks": None}
    evidence = paired(6, **sets, source=images("source", pictures, subjects=still.subjects))
    names = ("edge_displacement", "lost_edges", "invented_edges")
    found = {m.name: rows for m, rows in measure_cases(evidence, [METRICS.get(name) for name in names])}
    median, most = found["edge_displacement"]
    assert (median.stratum, most.stratum, most.unit) == (MEDIAN, MOST, "mm")
    assert most.value == pytest.approx(3, abs=0.3)
    assert most.floor == pytest.approx(0, abs=0.05)
    assert most.interval.low < most.value < most.interval.high
    assert len(most.per_case) == 6
    assert found["lost_edges"][0].settings["measured"] == "whole image"
    assert "made from a source" in lacking(paired(6, **sets), METRICS.get("edge_displacement"))
