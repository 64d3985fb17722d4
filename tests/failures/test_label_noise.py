import numpy as np
import pytest

from failures.specimens import chests
from synthassay.failures.failure import FAILURES
from synthassay.failures.label_noise import label_noise


@pytest.mark.parametrize(("severity", "expected"), [(2.0, 1), (10.0, 4), (50.0, 20)])
def test_the_stated_share_of_labels_is_wrong_and_no_pixel_changes(severity, expected, real_data):
    images = chests(real_data)
    found = label_noise(images, [], severity, np.random.default_rng(0))
    assert sum(a.label != b.label for a, b in zip(found, images, strict=True)) == expected
    assert {one.label for one in found} == {"normal", "pneumonia"}
    assert all(a.pixels is b.pixels for a, b in zip(found, images, strict=True))


def test_images_without_a_label_keep_none(real_data):
    images = [chests(real_data)[0].replace(label=""), *chests(real_data)[18:22]]
    found = FAILURES.get("label_noise").inject_set(images, [], 50.0, np.random.default_rng(0))
    assert found[0].label == ""
    assert sum(a.label != b.label for a, b in zip(found, images, strict=True)) == 2
