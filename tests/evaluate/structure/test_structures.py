"""Measures of label maps: Dice and volumes by SimpleITK and MONAI; what is missing has the worst value; strata."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from evaluate.examination import assert_worsens
from evaluate.sets import images, paired
from evaluate.structure.label_pairs import HIPPOCAMPUS, ORGANS, label_map, moved, real_arrays
from synthassay.data.image_set import Entry, ImageSet
from synthassay.errors import NotMeasured
from synthassay.evaluate.case_pass import ABSENT_STRATUM, measure_cases
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.structure.label_maps import diagonal, structure_pairs
from synthassay.evaluate.structure.structure_distance import structure_distance
from synthassay.evaluate.structure.structure_overlap import structure_overlap
from synthassay.evaluate.structure.structure_surface_overlap import structure_surface_overlap
from synthassay.evaluate.structure.structure_volume_difference import structure_volume_difference
from synthassay.images.drawing import labels_drawn, with_labels_drawn
from synthassay.images.image import Image
from synthassay.records.vocabulary import Better, Unit

MM = (1.0, 1.0, 1.0)


def all_four(synthetic, real, spacing, names=None, **drawn):
    names = names or {}
    return {
        "overlap": structure_overlap(synthetic, real, names, **drawn),
        "distance": structure_distance(synthetic, real, names, spacing, **drawn),
        "surface": structure_surface_overlap(synthetic, real, names, spacing, **drawn),
        "volume": structure_volume_difference(synthetic, real, names, **drawn),
    }


@pytest.mark.parametrize("space", [(30, 26, 22), (50, 40)])
def test_overlap_and_volumes_equal_simple_itk(space):
    real, synthetic = label_map(space, 1), moved(label_map(space, 1), 2)
    measures = sitk.LabelOverlapMeasuresImageFilter()
    measures.Execute(sitk.GetImageFromArray(real), sitk.GetImageFromArray(synthetic))
    overlap = structure_overlap(synthetic, real, {})
    difference = structure_volume_difference(synthetic, real, {})
    for label in range(1, 5):
        assert overlap[f"structure={label}"] == pytest.approx(measures.GetDiceCoefficient(label), abs=1e-12)
        theirs = measures.GetVolumeSimilarity(label)  # 2 (source - target) / (source + target)
        ours = difference[f"structure={label}"] / 100
        assert np.sign(ours) == -np.sign(theirs)
        assert 2 * abs(ours) / (2 - abs(ours)) == pytest.approx(abs(theirs), abs=1e-12)


def test_overlap_equals_monais_where_both_have_the_structure():
    from monai.metrics import compute_dice

    real, synthetic = label_map((20, 18, 16), 1), label_map((20, 18, 16), 2)
    hot = lambda labels: torch.nn.functional.one_hot(torch.from_numpy(labels).long(), 5).movedim(-1, 0)[None]  # noqa: E731
    theirs = compute_dice(hot(synthetic), hot(real), include_background=False)[0].tolist()
    assert list(structure_overlap(synthetic, real, {}).values()) == pytest.approx(theirs, abs=1e-6)


def test_a_lost_or_an_invented_structure_has_the_worst_value():
    real = label_map((30, 26, 22), 1)
    lost, invented = np.where(real == 2, 0, real), np.where(real == 2, 9, real)
    spacing = (1.0, 2.0, 3.0)
    for synthetic, label, sign in ((lost, 2, -100), (invented, 9, 100)):
        found = {name: values[f"structure={label}"] for name, values in all_four(synthetic, real, spacing).items()}
        assert found == {"overlap": 0, "distance": diagonal(real.shape, spacing), "surface": 0, "volume": sign}
    assert diagonal((30, 26, 22), spacing) == pytest.approx(np.sqrt(30**2 + 52**2 + 66**2))


def test_a_structure_that_nobody_drew_is_unknown_and_not_absent():
    real, synthetic = np.zeros((2, 12, 12, 12), int)
    real[1:5, 1:5, 1:5] = 1
    synthetic[1:5, 1:5, 1:5] = 1
    synthetic[7:10, 7:10, 7:10] = 2  # an organ that the physician did not outline
    assert set(structure_overlap(synthetic, real, {})) == {"structure=1", "structure=2"}
    assert structure_overlap(synthetic, real, {}, structures_drawn={1}) == {"structure=1": 1.0}
    with pytest.raises(NotMeasured, match="that was drawn"):
        structure_overlap(synthetic, real, {}, structures_drawn={3})


def test_a_structure_that_both_lack_is_not_measured():
    empty = np.zeros((8, 8), int)
    for measure in (structure_overlap, structure_volume_difference):
        with pytest.raises(NotMeasured, match="neither image has a structure"):
            measure(empty, empty, {})
    for measure in (structure_distance, structure_surface_overlap):
        with pytest.raises(NotMeasured, match="neither image has a structure"):
            measure(empty, empty, {}, (1.0, 1.0))


def test_strange_label_maps_and_unknown_voxels_are_refused():
    real = label_map((10, 10, 10), 1)
    with pytest.raises(NotMeasured, match="size"):
        structure_overlap(real[:5], real, {})
    for strange in (real + 0.5, real - 1, real * 2.0**21):
        with pytest.raises(NotMeasured, match="not whole numbers"):
            structure_overlap(strange, real, {})
    assert structure_overlap(real.astype(np.float32), real, {}) == structure_overlap(real, real, {})
    for measure in (structure_distance, structure_surface_overlap):
        with pytest.raises(NotMeasured, match="voxels is unknown"):
            measure(real, real, {}, ())


def test_equal_maps_are_perfect_and_carry_their_names():
    real = label_map((16, 14, 12), 1)
    found = all_four(real, real, MM, {1: "pons"})
    assert set(found["overlap"]) == {"structure=pons", "structure=2", "structure=3", "structure=4"}
    assert {v for values in found.values() for v in values.values()} == {0.0, 1.0}
    assert set(found["distance"].values()) == set(found["volume"].values()) == {0.0}


def test_spacing_reaches_distances_and_tolerance():
    real = np.zeros((20, 20, 20), int)
    real[5:15, 5:15, 5:15] = 1
    synthetic = moved(real, 3)
    near, far = (structure_distance(synthetic, real, {}, (s, 1.0, 1.0))["structure=1"] for s in (1.0, 4.0))
    assert (near, far) == (3.0, 12.0)
    one, two = (structure_surface_overlap(moved(real, 1), real, {}, (s, 1.0, 1.0))["structure=1"] for s in (2.0, 2.5))
    assert one == two == 1.0  # one voxel is always tolerated
    assert structure_surface_overlap(synthetic, real, {}, MM)["structure=1"] < 1


def test_pairs_are_cropped_to_where_either_has_the_structure():
    real, synthetic = np.zeros((2, 50, 50, 50), int)
    real[3:6, 3:6, 3:6], synthetic[8:9, 3:6, 3:6] = 1, 1
    ((label, pair),) = structure_pairs(synthetic, real)
    assert (label, pair.reference.shape, pair.sizes) == (1, (6, 3, 3), (27, 9, 0))


@pytest.mark.parametrize(("folder", "key"), [(HIPPOCAMPUS, "label"), (ORGANS, "oar")])
def test_real_structures_worsen_as_they_move_and_as_they_vanish(folder, key):
    (maps,) = real_arrays(folder, key)
    real = maps[0].astype(int)
    spacing = (1.0,) * 3 if folder == HIPPOCAMPUS else (4.0,) * 3
    shifts = [all_four(moved(real, step, 2), real, spacing) for step in (0, 1, 2, 4)]
    for name, better in (("overlap", Better.HIGHER), ("distance", Better.LOWER)):
        assert_worsens([np.mean(list(found[name].values())) for found in shifts], better)
    assert_worsens([np.mean(list(found["surface"].values())) for found in shifts], Better.HIGHER, slack=1e-9)
    kept = [np.where((real == 1) & (np.arange(real.shape[0])[:, None, None] < cut), 0, real) for cut in range(0, 64, 8)]
    gone = [all_four(synthetic, real, spacing) for synthetic in kept]
    first = [{name: values["structure=1"] for name, values in found.items()} for found in gone]
    for name, better in (("overlap", Better.HIGHER), ("surface", Better.HIGHER), ("distance", Better.LOWER)):
        assert_worsens([found[name] for found in first], better, slack=1e-9)
    assert_worsens([found["volume"] for found in first], Better.TARGET, target=0.0, slack=1e-9)
    assert first[-1]["overlap"] == 0
    assert first[-1]["volume"] == -100


def structured(synthetic, real, **changes):
    """Evidence whose label maps are ``cases 1 rows columns``."""
    count = len(real)
    subjects = [f"p{i}" for i in range(count)]
    sets = {
        "structures": images("structures", real, subjects=subjects, unit=Unit.LABEL),
        "synthetic_structures": images("synthetic_structures", synthetic, subjects=subjects, unit=Unit.LABEL),
    }
    whole = paired(count)
    pictures = {
        name: ImageSet(
            name, tuple(Entry(e.case, subjects[i], e.load) for i, e in enumerate(getattr(whole, name).entries))
        )
        for name in ("synthetic", "reference", "masks", "test")
    }
    return paired(count, **{**pictures, **sets, "structure_names": {1: "heart", 2: "lung"}, **changes})


def rows(evidence, name):
    ((_, found),) = measure_cases(evidence, [METRICS.get(name)])
    return {row.stratum: row for row in found}


def test_strata_are_those_that_the_cases_return_and_their_mean_within_each():
    real = np.zeros((5, 1, 24, 24), np.int32)
    real[:, :, 2:8, 2:8] = 1
    real[1:, :, 12:20, 12:20] = 2
    synthetic = real.copy()
    synthetic[1][synthetic[1] == 2] = 0
    found = rows(structured(synthetic, real), "structure_overlap")
    assert list(found) == ["", "structure=heart", "structure=lung"]
    assert found[""].per_case["synthetic-000"] == 1
    assert found[""].per_case["synthetic-001"] == 0.5
    assert found["structure=lung"].n == 4
    assert found["structure=lung"].value == 0.75
    assert found["structure=lung"].failed_cases == {"synthetic-000": ABSENT_STRATUM}
    assert found["structure=heart"].interval is not None


def test_where_signs_cancel_no_mean_over_structures_is_formed():
    real = np.zeros((3, 1, 24, 24), np.int32)
    real[:, :, 2:8, 2:8] = 1
    found = rows(structured(np.where(real == 1, 2, 0).astype(np.int32), real), "structure_volume_difference")
    assert {stratum: row.value for stratum, row in found.items()} == {"structure=heart": -100, "structure=lung": 100}


def test_a_measure_without_any_structure_is_one_row_with_its_reason():
    empty = np.zeros((3, 1, 24, 24), np.int32)
    found = rows(structured(empty, empty), "structure_volume_difference")
    assert list(found) == [""]
    assert "neither image has a structure" in found[""].not_measured
    assert len(found[""].failed_cases) == 3


def test_what_was_drawn_comes_with_the_label_map():
    real = np.zeros((2, 1, 24, 24), np.int32)
    real[:, :, 2:8, 2:8] = 1
    synthetic = real.copy()
    synthetic[:, :, 12:20, 12:20] = 2
    evidence = structured(synthetic, real)
    drawn = ImageSet(
        "structures",
        tuple(
            Entry(e.case, e.subject, lambda e=e, i=i: with_labels_drawn(e.load(), [1] if i else [1, 2]))
            for i, e in enumerate(evidence.structures.entries)
        ),
    )
    found = rows(structured(synthetic, real, structures=drawn), "structure_overlap")
    assert found["structure=lung"].per_case == {"synthetic-000": 0.0}
    assert labels_drawn(Image(real[0])) is None
