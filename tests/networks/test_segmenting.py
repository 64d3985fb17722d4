"""The slice segmenter: sizes, neighbours, unknown classes, and that it starts by saying nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from synthassay.networks.segmenting import SliceSegmenter, fit_segmenter, segment


@pytest.mark.parametrize("size", [(24, 24), (17, 30), (8, 9)])
def test_any_size_is_drawn_and_an_untrained_network_knows_nothing(size):
    found = SliceSegmenter(2, 3, 1)(torch.zeros(2, 2, *size))
    assert found.shape == (2, 3, *size)
    assert not found.any()


def test_neighbouring_slices_stand_as_channels_and_the_ends_repeat():
    volume = np.random.default_rng(0).normal(size=(1, 16, 16, 3)).astype(np.float32)
    assert segment(SliceSegmenter(1, 2, 5).eval(), volume).shape == (16, 16, 3)


def test_what_is_unknown_everywhere_is_never_taught():
    rng = np.random.default_rng(0)
    images = [rng.normal(size=(1, 16, 16)).astype(np.float32) for _ in range(4)]
    drawings = [np.zeros((16, 16), int) for _ in range(4)]
    model = fit_segmenter(images, drawings, [frozenset({1})] * 4, 2, steps=3, seed=1)
    assert torch.isfinite(model(torch.from_numpy(images[0][None]))).all()
    # "none or 1" is certain, so there is nothing to learn.
    assert float(model.net.leave[2].weight.detach().abs().max()) < 1e-6
