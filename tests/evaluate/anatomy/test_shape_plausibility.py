"""A surplus part, a break and a bump in real drawings are found; other real patients are not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.shape_plausibility import shape_plausibility
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit

MEMO = {}


def judged(specimens, real, **more):
    parts = {"training_specimens": real[:90], "holdout_specimens": real[90:120]}
    return shape_plausibility(specimens, real[120:160], 0, real_memo=MEMO, **{**parts, **more})


def ball(shape, centre, radius):
    grid = np.indices(shape)
    return sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)) <= radius**2


def with_part(specimen, radius, rng):
    """A ball in an empty place of the crop that belongs to the anterior part."""
    drawn = specimen.structures.copy()
    while radius:
        centre = [rng.integers(6, size - 6) for size in drawn.shape]
        part = ball(drawn.shape, centre, radius)
        if not drawn[ndimage.binary_dilation(part, iterations=2)].any():
            drawn[part] = 1
            break
    return specimen.replace(structures=drawn, case=f"synthetic-{specimen.case}", subject=f"nobody-{specimen.subject}")


def with_bump(specimen, radius, rng):
    drawn = specimen.structures.copy()
    border = np.argwhere((drawn == 1) & ~ndimage.binary_erosion(drawn == 1))
    bump = ball(drawn.shape, border[rng.integers(len(border))], radius)
    drawn[bump & (drawn == 0)] = 1
    return specimen.replace(structures=drawn)


def with_break(specimen, width, rng):
    del rng
    drawn = specimen.structures.copy()
    rows = np.flatnonzero((drawn == 2).any(axis=(0, 2)))
    middle = (rows[0] + rows[-1]) // 2
    gap = drawn[:, middle : middle + width]
    gap[gap == 2] = 0
    return specimen.replace(structures=drawn)


@pytest.mark.parametrize(
    ("damage", "sizes", "last"),
    [(with_part, (0, 1.5, 3), 1.0), (with_bump, (0, 4, 6), 0.5), (with_break, (0, 1, 3), 1.0)],
)
def test_damage_is_found_more_often_as_it_grows(hippocampi, damage, sizes, last):
    shares = []
    for size in sizes:
        rng = np.random.default_rng(1)
        found = judged([damage(specimen, size, rng) for specimen in hippocampi[120:]], hippocampi)[0]
        shares.append(found.value)
    assert shares == sorted(shares)
    assert shares[0] <= 0.1
    assert shares[-1] >= last
    assert found.interval.low > found.floor_interval.high or last < 1


def test_the_worst_image_is_named(hippocampi):
    rng = np.random.default_rng(2)
    images = [*hippocampi[130:140], with_part(hippocampi[141], 3, rng)]
    found = judged(images, hippocampi)
    assert max(found[0].per_case, key=found[0].per_case.get) == "synthetic-case-141"
    by_structure = {finding.stratum: finding.value for finding in found}
    assert by_structure["structure=anterior"] >= 1 / 11
    assert "anterior" in found[0].settings["most_often_the_worst"]


def test_other_real_patients_are_the_floor(hippocampi):
    found = judged(hippocampi[120:], hippocampi)[0]
    assert found.value == found.floor <= 0.1
    assert found.interval.method == "Clopper-Pearson"
    assert found.settings["real_subjects_learnt_from"] == 120


def test_without_training_images_half_of_the_test_patients_teach(hippocampi):
    found = shape_plausibility(hippocampi[:20], hippocampi[20:120], 0)[0]
    assert found.settings["real_subjects_learnt_from"] == 50
    assert found.value <= 0.3


def test_a_missing_structure_is_implausible_and_its_row_says_so(hippocampi):
    halved = [s.replace(structures=np.where(s.structures == 1, 0, s.structures)) for s in hippocampi[120:130]]
    found = {finding.stratum: finding for finding in judged(halved, hippocampi)}
    assert found[""].value == 1.0
    assert found["structure=anterior"].not_measured == "no synthetic image shows it"


def ribs(i, bones=6, bump=0):
    """A CT slice of a body with bones that vary a little from patient to patient."""
    rng = np.random.default_rng(i)
    y, x = np.ogrid[-32:32, -32:32]
    pixels = np.where(np.hypot(y, x) < 28 + rng.normal() / 2, 40.0, -1000.0)
    for angle in np.linspace(0, 2 * np.pi, bones, endpoint=False):
        centre = 20 * np.array([np.sin(angle), np.cos(angle)]) + rng.normal(size=2) / 2
        pixels[np.hypot(y - centre[0], x - centre[1]) < 3.5] = 700.0
    pixels[np.hypot(y - 20, x) < bump] = 700.0
    return Specimen(pixels[None], (1.0, 1.0), unit=Unit.HU, case=str(i), subject=str(i))


def test_without_drawings_a_surplus_bone_is_found_by_threshold():
    real = [ribs(i) for i in range(80)]
    parts = {"training_specimens": real[:50]}
    found = shape_plausibility([ribs(100 + i, bones=7) for i in range(12)], real[50:], 0, **parts)
    assert found[0].value == 1.0
    assert {f.stratum for f in found} >= {"structure=body", "structure=bone"}
    assert shape_plausibility([ribs(200 + i) for i in range(40)], real[50:], 0, **parts)[0].value <= 0.1


def test_edges_are_said_and_not_guessed(hippocampi):
    with pytest.raises(NotMeasured, match="20 are the least"):
        shape_plausibility(hippocampi[:5], hippocampi[5:20], 0)
    with pytest.raises(NotMeasured, match="resample first"):
        shape_plausibility([hippocampi[0].replace(spacing_mm=(2.0, 1.0, 1.0))], hippocampi[1:60], 0)
    stained = Specimen(np.zeros((3, 8, 8)), unit=Unit.RGB)
    with pytest.raises(NotMeasured, match="measures of pathology"):
        shape_plausibility([stained], [stained], 0)


def test_an_empty_mask_or_nan_inside_fails_that_case_alone(hippocampi):
    empty = hippocampi[121].replace(mask=np.zeros(hippocampi[0].space, bool))
    holed = hippocampi[122].pixels.copy()
    holed[0][hippocampi[122].mask] = np.nan
    outside = hippocampi[123].pixels.copy()
    outside[0][~hippocampi[123].mask] = np.nan
    images = [hippocampi[120], empty, hippocampi[122].replace(pixels=holed), hippocampi[123].replace(pixels=outside)]
    found = judged(images, hippocampi)[0]
    assert found.n == 2
    assert set(found.failed_cases) == {"case-121", "case-122"}
    assert found.per_case["case-123"] == judged([hippocampi[123]], hippocampi)[0].per_case["case-123"]
    with pytest.raises(NotMeasured, match="none of 1 images"):
        judged([empty], hippocampi)
