"""The head's anatomy: shares add up, volumes are those of people, age shows, one patient at any voxel size."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from synthassay.data.phantoms.anatomy import Anatomy, Grid, Structure, Tissue, Traits, draw_traits
from synthassay.data.phantoms.head import build_head
from synthassay.errors import ImageError

COARSE = Grid((54, 64, 54), (3.0, 3.0, 3.0))
ML = 27.0 / 1000


@cache
def traits(seed: int) -> Traits:
    return draw_traits(np.random.default_rng(seed))


@cache
def head(seed: int) -> Anatomy:
    return build_head(traits(seed), COARSE)


@pytest.mark.parametrize("seed", [1, 2, 8])
def test_shares_of_each_voxel_add_up(seed: int) -> None:
    fractions = head(seed).fractions
    assert fractions.min() >= 0
    np.testing.assert_allclose(fractions.sum(0), 1, atol=1e-5)


@pytest.mark.parametrize("seed", [1, 2, 8])
def test_volumes_are_those_of_adults(seed: int) -> None:
    """Generous ranges in ml around those of adults in large imaging cohorts."""
    anatomy = head(seed)
    volume = {tissue: float(anatomy.fractions[tissue].sum()) * ML for tissue in Tissue}
    assert 450 < volume[Tissue.GREY] + volume[Tissue.DEEP_GREY] < 850
    assert 350 < volume[Tissue.WHITE] < 650
    assert 1000 < anatomy.brain.sum() * ML < 1700
    assert 5 < (anatomy.structures == Structure.VENTRICLES).sum() * ML < 120


@pytest.mark.parametrize("seed", [1, 2, 8])
def test_lesions_lie_inside_the_brain_and_are_what_they_are_called(seed: int) -> None:
    anatomy = head(seed)
    assert anatomy.lesion.any()
    assert not (anatomy.lesion & ~anatomy.brain).any()
    kinds = [Tissue.PLAQUE] if anatomy.traits.disease == "ms" else [Tissue.TUMOUR, Tissue.CSF, Tissue.OEDEMA]
    assert anatomy.fractions[kinds].sum(0)[anatomy.lesion].mean() > 0.6
    other = Tissue.TUMOUR if anatomy.traits.disease == "ms" else Tissue.PLAQUE
    assert anatomy.fractions[other].max() == 0


def test_both_diseases_and_both_sexes_occur() -> None:
    population = [draw_traits(np.random.default_rng(seed)) for seed in range(200)]
    assert 0.2 < np.mean([t.disease == "tumour" for t in population]) < 0.4
    assert 0.4 < np.mean([t.sex == "M" for t in population]) < 0.6


def test_brain_is_wrapped_in_skull_and_the_skull_in_scalp() -> None:
    """Walking outwards from the middle along the left-right axis at vertex height meets tissues in anatomical order."""
    anatomy = head(1)
    line = anatomy.fractions[:, 27:, 32, 37].copy()
    line[Tissue.BONE] += line[Tissue.MARROW]
    order = [Tissue.WHITE, Tissue.GREY, Tissue.CSF, Tissue.BONE, Tissue.FAT, Tissue.AIR]
    outermost = [int(np.flatnonzero(line[tissue] > 0.25)[-1]) for tissue in order]
    assert outermost == sorted(outermost)
    assert outermost[1] < outermost[3] < outermost[4] < outermost[5]


def test_age_widens_ventricles_and_sulci_and_thins_the_cortex() -> None:
    young = replace(traits(2), age=25.0, atrophy=0.0, ventricles=0.75)
    old = replace(traits(2), age=80.0, atrophy=1.0, ventricles=1.6)
    first, second = build_head(young, COARSE), build_head(old, COARSE)
    assert second.fractions[Tissue.CSF].sum() > 1.5 * first.fractions[Tissue.CSF].sum()
    assert second.fractions[Tissue.GREY].sum() < 0.9 * first.fractions[Tissue.GREY].sum()
    ventricles = [(a.structures == Structure.VENTRICLES).sum() for a in (first, second)]
    assert ventricles[1] > 2 * ventricles[0]


def test_the_two_sides_are_not_mirror_images() -> None:
    brain = head(1).brain
    mirrored = brain[::-1]
    dice = 2 * (brain & mirrored).sum() / (brain.sum() + mirrored.sum())
    assert 0.85 < dice < 0.985


def test_a_patient_is_the_same_on_a_finer_grid() -> None:
    fine = build_head(traits(1), Grid((80, 96, 80), (2.0, 2.0, 2.0)))
    coarse = head(1)
    for tissue in (Tissue.GREY, Tissue.WHITE, Tissue.CSF, Tissue.BONE):
        assert fine.fractions[tissue].sum() * 8e-3 == pytest.approx(coarse.fractions[tissue].sum() * ML, rel=0.12)
    low = np.array([fine.grid.affine[:3, 3], coarse.grid.affine[:3, 3]])
    places = [np.argwhere(a.brain) * a.grid.spacing_mm[0] + o for a, o in zip((fine, coarse), low, strict=True)]
    np.testing.assert_allclose(places[0].mean(0), places[1].mean(0), atol=1.0)


def test_same_seed_same_head_and_another_seed_another_head() -> None:
    again = build_head(traits(2), COARSE)
    np.testing.assert_array_equal(again.fractions, head(2).fractions)
    assert np.abs(head(1).fractions - head(2).fractions).mean() > 0.01


def test_affine_puts_the_middle_of_the_grid_where_it_says() -> None:
    grid = Grid((10, 12, 8), (2.0, 3.0, 4.0), (1.0, -5.0, 7.0))
    middle = grid.affine @ np.array([4.5, 5.5, 3.5, 1.0])
    np.testing.assert_allclose(middle[:3], [1.0, -5.0, 7.0])


def test_impossible_grids_are_refused() -> None:
    with pytest.raises(ImageError, match="at least 8 voxels"):
        Grid((4, 20, 20), (1.0, 1.0, 1.0))
