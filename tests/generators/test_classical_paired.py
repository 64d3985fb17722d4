"""identity, linear_regression, histogram_matching and non_local_means against closed forms and public code."""

from __future__ import annotations

import pytest
import torch

from generators.paired_pictures import PairedPictures, fitted, pictures, rngs
from synthassay.generators.base import GENERATORS
from synthassay.generators.central import central_source
from synthassay.generators.stored import build_generator, load_generator
from synthassay.networks.batch import Batch, Facts
from synthassay.train import train

FAMILIES = ("identity", "linear_regression", "histogram_matching", "non_local_means")


@pytest.mark.parametrize("family", FAMILIES)
def test_paired_baselines_survive_the_disk_and_keep_range_and_order(family, tmp_path):
    examples = PairedPictures(*pictures(1))
    made = build_generator(family, {}, Facts(1, 1, (), (12, 12)), seed=0)
    train(made, examples, examples, folder=tmp_path, seed=3)
    loaded = load_generator(tmp_path)
    condition = Batch(source=pictures(2, 4)[0])
    samples = loaded.sample(condition, rngs(4))
    assert torch.equal(samples, made.sample(condition, rngs(4)))
    assert samples.shape == (4, 1, 12, 12)
    assert samples.dtype == torch.float32
    assert float(samples.abs().max()) <= 1
    alone = loaded.sample(Batch(source=condition.source[2:3]), rngs(1))
    torch.testing.assert_close(alone, samples[2:3])
    assert made.phases() == {}


@pytest.mark.parametrize("family", FAMILIES)
def test_paired_baselines_take_the_central_slice(family):
    source, target = pictures(1)
    alone = fitted(family, PairedPictures(source, target))
    among = fitted(family, PairedPictures(source, target, neighbours=3))
    stack = PairedPictures(source, target, neighbours=3).source[:2]
    expected = alone.sample(Batch(source=source[:2]), rngs(2))
    assert torch.equal(among.sample(Batch(source=stack), rngs(2)), expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_paired_baselines_need_a_source(family):
    made = fitted(family, PairedPictures(*pictures(1)))
    with pytest.raises(ValueError, match="has none"):
        made.sample(Batch(label=torch.tensor([0])), rngs(1))


def test_baselines_serve_what_they_can_do():
    serves = {family: GENERATORS.get(family).serves for family in FAMILIES}
    restyled = {"translate_unpaired", "stain_normalise", "harmonise"}
    assert serves["identity"] == {"translate", "denoise", "super_resolve"} | restyled
    assert serves["linear_regression"] == {"translate", "denoise", "mask_to_image"}
    assert serves["histogram_matching"] == {"translate"} | restyled
    assert serves["non_local_means"] == {"denoise"}


def test_the_central_slice_of_colour_pictures_has_all_its_channels():
    source = torch.arange(9.0)[None, :, None, None].expand(1, 9, 2, 2)
    picked = central_source(Batch(source=source), Facts(3, 9, (), (2, 2)))
    assert picked[0, :, 0, 0].tolist() == [3.0, 4.0, 5.0]
