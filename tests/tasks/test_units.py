from __future__ import annotations

import numpy as np
import pytest

from synthassay.errors import ImageError, SpecError
from synthassay.images.image import Image
from synthassay.records.vocabulary import Unit
from synthassay.tasks.units import is_relative, relative, stored_type, window
from tasks.small_cohorts import cohort, spec, write_pictures


@pytest.mark.parametrize(
    ("modality", "unit", "stored", "expected"),
    [
        ("ct", Unit.HU, np.int16, (-1024.0, 3071.0)),
        ("mri", Unit.ARBITRARY, np.float32, (0.0, 1.5)),
        ("xray", Unit.ARBITRARY, np.uint8, (0.0, 255.0)),
        ("pathology", Unit.RGB, np.uint8, (0.0, 255.0)),
    ],
)
def test_the_range_is_what_unit_or_pixel_type_declare(modality, unit, stored, expected):
    assert window(spec("augment", modality), unit, np.dtype(stored), "case-1") == expected
    chosen = spec("augment", modality, data={"window": (-5, 7)})
    assert window(chosen, unit, np.dtype(stored), "case-1") == (-5, 7)


@pytest.mark.parametrize("stored", [np.uint16, np.int16, np.float32])
def test_nothing_else_declares_a_range(stored):
    with pytest.raises(SpecError, match=r"data.window.*case-1"):
        window(spec("augment", "xray"), Unit.ARBITRARY, np.dtype(stored), "case-1")


def test_only_mr_signal_is_relative():
    assert is_relative(spec("translate", "mri"), Unit.ARBITRARY)
    assert not is_relative(spec("translate", "mri"), Unit.HU)
    assert not is_relative(spec("translate", "xray"), Unit.ARBITRARY)


def test_relative_units_divide_by_numpys_percentile_and_keep_the_place():
    rng = np.random.default_rng(0)
    image, mask = Image(rng.uniform(0, 900, (1, 6, 7, 8)), subject="a"), rng.random((6, 7, 8)) < 0.5
    given = relative(image, mask, "case-1")
    np.testing.assert_allclose(given.pixels, image.pixels / np.percentile(image.pixels[0][mask], 99.5), rtol=1e-6)
    assert given.subject == "a"


def test_a_black_image_cannot_be_scaled_and_is_named():
    with pytest.raises(ImageError, match=r"case-1: t2.*no positive value"):
        relative(Image(np.zeros((1, 4, 4))), np.ones((4, 4), bool), "case-1: t2")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_stored_type_is_that_on_disk(tmp_path, dtype):
    found = cohort(write_pictures(tmp_path, dtype), "arbitrary")
    assert stored_type(found, found.cases[0].images["image"]) == dtype
