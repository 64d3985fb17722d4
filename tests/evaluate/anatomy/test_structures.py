"""Structures and bodies are found in the same way on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.errors import NotMeasured
from synthassay.evaluate.anatomy.structures import Footing, body_of, structures_of
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit


def picture(**changes):
    y, x = np.ogrid[-16:16, -16:16]
    pixels = np.where(np.hypot(y, x) < 12, 100.0, 0.0) + np.where(np.hypot(y, x) < 4, 100.0, 0.0)
    return Specimen(**{"pixels": pixels[None], "spacing_mm": (1.0, 1.0), **changes})


def names(specimen, *others):
    footing = Footing.of([specimen], *([other] for other in others))
    return {name: int(where.sum()) for name, where in structures_of(specimen, body_of(specimen, footing), footing)}


def test_drawings_that_one_side_lacks_are_used_on_neither():
    drawn = picture(structures=np.eye(32, dtype=int), mask=np.ones((32, 32), bool))
    assert names(drawn) == {"label 1": 32}
    assert set(names(drawn, picture())) == {"body", "bright part"}


def test_ct_has_bone_and_air_where_it_has_them():
    pixels = np.full((1, 32, 32), -1000.0)
    pixels[0, 4:28, 4:28] = 40.0
    pixels[0, 8:12, 8:12] = 700.0
    pixels[0, 20:24, 20:24] = -900.0
    assert names(Specimen(pixels, unit=Unit.HU)) == {"body": 576, "bone": 16, "air": 16}


def test_a_body_without_contrast_has_no_bright_part():
    flat = picture(pixels=np.where(picture().pixels > 0, 5.0, 0.0))
    assert set(names(flat)) == {"body"}


def test_constant_and_broken_images_are_not_measured():
    for pixels in (np.zeros((1, 32, 32)), np.full((1, 32, 32), np.nan)):
        with pytest.raises(NotMeasured):
            names(picture(pixels=pixels))


def test_sets_of_other_spacing_or_dimension_are_refused():
    for other in (picture(spacing_mm=(2.0, 2.0)), picture(pixels=np.zeros((1, 4, 4, 4)), spacing_mm=(1.0, 1.0, 1.0))):
        with pytest.raises(NotMeasured, match="differ in dimension or in the size of a pixel"):
            Footing.of([picture()], [other])
