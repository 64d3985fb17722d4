from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from evaluate.set_measures import assert_real_images_pass, assert_worsens_step_by_step, repeating, shifted, shrinking
from synthassay.evaluate.features.embedding import EMBEDDINGS, Standardiser
from synthassay.evaluate.metric import METRICS


def test_real_images_lie_at_the_floor():
    assert_real_images_pass("frechet_distance")


@pytest.mark.parametrize("damage", [shifted, shrinking, repeating])
def test_it_worsens_with_growing_damage(damage):
    assert_worsens_step_by_step("frechet_distance", damage())


def test_on_real_radiographs_real_lies_at_the_floor_and_blur_far_above(real_data):
    table = np.load(real_data / "xray-kermany-pneumonia" / "kermany_pneumonia_64.npz")
    _, first = np.unique(table["patient"], return_index=True)
    images = table["images"][first[np.random.default_rng(0).permutation(len(first))[:240]], None].astype(np.float32)
    embedding = EMBEDDINGS.get("radiomic")
    raw = embedding.features(images)
    scale = Standardiser.fit(raw[80:], embedding.names(images.shape[1:]))
    real, subjects = scale.apply(raw), [str(p) for p in range(240)]
    blurred = scale.apply(embedding.features(gaussian_filter(images[:80], (0, 0, 0.7, 0.7))))
    memo = {}
    same, soft = (
        METRICS.get("frechet_distance").compute(rows, subjects[:80], real[80:], subjects[80:], 1, real_memo=memo)
        for rows in (real[:80], blurred)
    )
    assert same.interval.low < same.floor < same.interval.high
    assert soft.interval.low > soft.floor_interval.high
    assert same.settings["fewer_images_than_features"] is True
