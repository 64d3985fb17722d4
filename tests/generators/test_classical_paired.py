"""identity, linear_regression, histogram_matching and non_local_means against closed forms and public code."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.exposure import match_histograms
from skimage.restoration import denoise_nl_means

from generators.paired_pictures import PairedPictures, pictures
from synthassay.generators.base import GENERATORS
from synthassay.generators.central import central_source
from synthassay.generators.histogram_matching import BINS
from synthassay.generators.non_local_means import STRENGTHS
from synthassay.generators.stored import build_generator, load_generator
from synthassay.networks.batch import Batch, Facts
from synthassay.train import train

FAMILIES = ("identity", "linear_regression", "histogram_matching", "non_local_means")


def rngs(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(i) for i in range(count)]


def fitted(family: str, examples: PairedPictures, channels: int = 1, **settings: object):
    facts = Facts(channels, examples.source.shape[1], (), tuple(examples.source.shape[2:]))
    made = build_generator(family, settings, facts, seed=0).eval()
    made.prepare(examples, torch.Generator().manual_seed(0))
    return made


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
    assert serves["identity"] == serves["linear_regression"] == {"translate", "denoise"}
    assert serves["histogram_matching"] == {"translate"}
    assert serves["non_local_means"] == {"denoise"}


def test_the_central_slice_of_colour_pictures_has_all_its_channels():
    source = torch.arange(9.0)[None, :, None, None].expand(1, 9, 2, 2)
    picked = central_source(Batch(source=source), Facts(3, 9, (), (2, 2)))
    assert picked[0, :, 0, 0].tolist() == [3.0, 4.0, 5.0]


def test_identity_is_the_source_exactly():
    source, target = pictures(1, 5)
    made = fitted("identity", PairedPictures(source, target))
    assert torch.equal(made.sample(Batch(source=source), rngs(5)), source)


def test_linear_regression_is_least_squares_on_the_foreground():
    source, target = pictures(3)
    made = fitted("linear_regression", PairedPictures(source, target))
    x, y = source.double().numpy().ravel(), target.double().numpy().ravel()
    kept = x > -1
    (slope, offset), *_ = np.linalg.lstsq(np.stack([x[kept], np.ones(kept.sum())], 1), y[kept], rcond=None)
    assert float(made.weight) == pytest.approx(slope, rel=1e-6)
    assert float(made.offset) == pytest.approx(offset, rel=1e-6)
    assert slope == pytest.approx(-0.6, abs=0.01)
    out = made.sample(Batch(source=source), rngs(len(source))).numpy().ravel()
    np.testing.assert_allclose(out[kept], np.clip(slope * x[kept] + offset, -1, 1), atol=1e-6)
    assert (out[~kept] == -1).all()


def test_linear_regression_of_colour_mixes_channels():
    rng = torch.Generator().manual_seed(0)
    source = torch.rand((20, 3, 6, 6), generator=rng) - 0.5
    mixing = torch.tensor([[0.2, 0.5, 0.0], [0.0, 0.3, -0.4], [0.1, 0.0, 0.6]])
    target = torch.einsum("bihw,io->bohw", source, mixing) + torch.tensor([0.1, 0.0, -0.2])[:, None, None]
    made = fitted("linear_regression", PairedPictures(source, target), channels=3)
    torch.testing.assert_close(made.weight, mixing, atol=1e-5, rtol=0)
    torch.testing.assert_close(made.sample(Batch(source=source), rngs(20)), target, atol=1e-5, rtol=0)


def test_linear_regression_of_a_constant_source_predicts_the_mean():
    target = torch.linspace(-0.5, 0.7, 50).reshape(2, 1, 5, 5)
    source = torch.full_like(target, 0.25)
    made = fitted("linear_regression", PairedPictures(source, target))
    torch.testing.assert_close(made.sample(Batch(source=source), rngs(2)), torch.full_like(target, 0.1))


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


def test_non_local_means_takes_the_strength_of_least_error_and_is_skimages():
    rng = torch.Generator().manual_seed(6)
    target = torch.zeros(6, 1, 24, 20)
    target[..., 6:16, 5:14] = 0.5
    source = target + 0.1 * torch.randn(target.shape, generator=rng)
    made = fitted("non_local_means", PairedPictures(source, target))
    noisy, clean = source.double().numpy()[:, 0], target.numpy()[:, 0]
    sd = (noisy - clean).std()

    def filtered(h: float) -> np.ndarray:
        return np.stack([denoise_nl_means(p, 5, 6, h=h, fast_mode=True) for p in noisy])

    errors = [((filtered(factor * sd) - clean) ** 2).mean() for factor in STRENGTHS]
    assert float(made.strength) == pytest.approx(STRENGTHS[int(np.argmin(errors))] * sd, rel=1e-6)
    assert 0 < int(np.argmin(errors)) < len(STRENGTHS) - 1
    out = made.sample(Batch(source=source), rngs(6)).numpy()[:, 0]
    np.testing.assert_allclose(out, filtered(float(made.strength)).clip(-1, 1), atol=1e-6)
    assert min(errors) < 0.4 * ((noisy - clean) ** 2).mean()


def test_non_local_means_of_colour_keeps_its_channels_apart():
    rng = torch.Generator().manual_seed(7)
    target = torch.stack([torch.full((16, 12), v) for v in (-0.5, 0.0, 0.6)])[None].expand(4, -1, -1, -1)
    source = target + 0.05 * torch.randn(target.shape, generator=rng)
    made = fitted("non_local_means", PairedPictures(source, target), channels=3)
    out = made.sample(Batch(source=source), rngs(4))
    torch.testing.assert_close(out.mean(dim=(0, 2, 3)), torch.tensor([-0.5, 0.0, 0.6]), atol=0.01, rtol=0)
    assert float((out - target).std()) < 0.03
