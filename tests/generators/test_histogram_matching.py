from __future__ import annotations

import numpy as np
import torch
from skimage.exposure import match_histograms

from generators.paired_pictures import PairedPictures, fitted, pictures, rngs
from synthassay.generators.histogram_matching import BINS
from synthassay.networks.batch import Batch


def centred(values: torch.Tensor) -> torch.Tensor:
    in_bins = ((values.clamp(max=0.99) + 1) * BINS / 2).floor() + 0.5
    return torch.where(values > -1, in_bins * 2 / BINS - 1, values)


def test_histogram_matching_is_skimages_on_the_pooled_foreground():
    # values in the middle of bins: the histograms then lose nothing, and the two maps must agree exactly
    source, target = map(centred, pictures(4))
    made = fitted("histogram_matching", PairedPictures(source, target))
    out = made.sample(Batch(source=source), rngs(len(source))).numpy()
    kept = source.numpy() > -1
    expected = match_histograms(source.numpy()[kept], target.numpy()[target.numpy() > -1])
    np.testing.assert_allclose(out[kept], expected, atol=1e-6)
    assert (out[~kept] == -1).all()


def test_histogram_matching_of_equal_sets_changes_nothing():
    source, _ = pictures(5)
    made = fitted("histogram_matching", PairedPictures(source, source))
    torch.testing.assert_close(made.sample(Batch(source=source), rngs(len(source))), source, atol=2e-4, rtol=0)
