from __future__ import annotations

import numpy as np
import pytest
import torch

from evaluate.sets import fields
from synthassay.networks.self_supervised import (
    Encoder,
    contrastive_loss,
    learn_encoder,
    on_scale,
    view,
)


@pytest.fixture(scope="module")
def learnt():
    return learn_encoder(fields(40, 1), steps=12, seed=3)


def test_the_same_seed_gives_the_same_features_and_another_seed_others(learnt):
    again, other = (learn_encoder(fields(40, 1), steps=12, seed=seed) for seed in (3, 4))
    judged = fields(5, 2)
    np.testing.assert_array_equal(learnt.encode(judged), again.encode(judged))
    assert np.abs(learnt.encode(judged) - other.encode(judged)).max() > 1e-3


def test_training_leaves_the_users_random_numbers_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    learn_encoder(fields(20, 1), steps=2, seed=0)
    assert torch.equal(before, torch.get_rng_state())


def test_the_loss_falls_below_chance(learnt):
    longer = learn_encoder(fields(40, 1), steps=60, seed=3)
    assert longer.loss < learnt.loss < np.log(2 * 40 - 1) + 0.2


def test_the_loss_is_the_published_one():
    rows = torch.nn.functional.normalize(torch.randn(8, 5, generator=torch.Generator().manual_seed(0)), dim=1)
    terms = []
    for i in range(8):
        likeness = [float(torch.exp(rows[i] @ rows[k] / 0.2)) for k in range(8)]
        terms.append(-np.log(likeness[(i + 4) % 8] / sum(value for k, value in enumerate(likeness) if k != i)))
    assert float(contrastive_loss(rows)) == pytest.approx(np.mean(terms), rel=1e-5)


def test_volumes_are_convolved_in_three_directions():
    volumes = np.random.default_rng(0).normal(size=(20, 1, 12, 14, 10)).astype(np.float32)
    learnt = learn_encoder(volumes, steps=3, seed=0)
    found = learnt.encode(volumes)
    assert found.shape == (20, 96)
    assert np.isfinite(found).all()
    assert np.abs(found - learnt.encode(volumes[..., ::-1].copy())).max() > 1e-4


def test_outside_the_mask_nothing_is_read(learnt):
    images, mask = fields(6, 4), np.zeros((6, 24, 24), bool)
    mask[:, 6:18, 4:20] = True
    spoilt = np.where(mask[:, None], images, np.nan)
    found = learnt.encode(spoilt, mask)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, learnt.encode(np.where(mask[:, None], images, 999.0), mask))
    assert np.isfinite(learn_encoder(spoilt, steps=2, seed=0, mask=mask).encode(spoilt, mask)).all()


def test_one_scale_serves_all_images_so_that_brightness_counts(learnt):
    images = fields(10, 5)
    assert np.abs(learnt.encode(images) - learnt.encode(images + 60)).max() > 0.05
    scaled, _ = on_scale(images, learnt.centre, learnt.spread, None)
    assert scaled.mean().item() == pytest.approx((images.mean() - learnt.centre) / learnt.spread, rel=1e-4)


def test_large_images_are_averaged_down():
    scaled, weights = on_scale(np.ones((2, 1, 200, 130), np.float32), 0.0, 1.0, np.ones((2, 200, 130), bool))
    assert scaled.shape == weights.shape == (2, 1, 64, 64)


def test_views_differ_and_keep_their_image():
    images = torch.from_numpy(fields(4, 6))
    seen = view(images, np.random.default_rng(0))
    assert seen.shape == images.shape
    assert not torch.equal(seen, images)
    own = torch.nn.functional.cosine_similarity((seen - seen.mean()).flatten(1), (images - images.mean()).flatten(1))
    assert own.min() > 0.2


def test_an_encoder_tells_how_many_features_it_has():
    assert Encoder(1, 2).features == 96
