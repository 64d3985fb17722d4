"""Codecs: their bottlenecks and weights are those of the equations, done by hand."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from synthassay.errors import SpecError
from synthassay.generators.codecs import CODECS, CodecSettings
from synthassay.generators.codecs.codec import Codec, adaptive_weight
from synthassay.generators.codecs.kl_autoencoder import KlAutoencoder
from synthassay.generators.codecs.vq_gan import VqGan
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.principal_places import PrincipalPlaces

IMAGE = torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
FACTS = Facts(1, 0, (), (16, 16))


def settings(**changes) -> CodecSettings:
    return CodecSettings(**{"codec_widths": (8, 8), "latent_channels": 3, "codes": 6, "patch_width": 4, **changes})


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", sorted(CODECS))
def test_a_side_shrinks_by_four_and_comes_back(name: str) -> None:
    torch.manual_seed(0)
    codec = CODECS[name](settings(), FACTS)
    grid = codec.encode(IMAGE)
    assert grid.shape == (3, 3, 4, 4)
    assert codec.decode(grid).shape == IMAGE.shape
    assert type(codec) is {"kl_autoencoder": KlAutoencoder, "vq_gan": VqGan}[name]


class Pictures:
    """The pictures, as examples."""

    def __len__(self) -> int:
        return len(IMAGE)

    def batch(self, positions) -> Batch:
        return Batch(IMAGE[list(positions)])

    def subject(self, position: int) -> str:
        return str(position)


@pytest.mark.parametrize("name", sorted(CODECS))
def test_a_codec_may_begin_at_principal_components(name: str) -> None:
    torch.manual_seed(0)
    codec = CODECS[name](settings(principal=True, codec_fold=4, perceptual_weight=0.0), FACTS)
    codec.prepare(Pictures(), rng(1))
    known = PrincipalPlaces(1, 3, 8, 2)
    known.measure([IMAGE])
    torch.testing.assert_close(codec.encode(IMAGE), known.encode(IMAGE))
    torch.testing.assert_close(Codec.decode(codec, codec.encode(IMAGE)), known.decode(known.encode(IMAGE)))
    codec.loss(IMAGE, rng(), judged=False)["pixel"].backward()
    for part in ("encoder", "decoder"):  # the networks take part from the first step on
        moved = codec.coder[part].leave.weight
        assert moved.grad.any() and not moved.any()


def test_divergence_is_torch_distributions_over_the_number_of_pixels() -> None:
    torch.manual_seed(0)
    codec = KlAutoencoder(settings(kl_weight=0.5), FACTS)
    grid, terms = codec.bottleneck(IMAGE, rng(3))
    mean, log_variance = codec.coder["encoder"](IMAGE).chunk(2, 1)
    law = Normal(mean, (log_variance / 2).exp())
    torch.testing.assert_close(terms["kl"], 0.5 * kl_divergence(law, Normal(0.0, 1.0)).sum() / IMAGE.numel())
    torch.testing.assert_close(grid, mean + law.scale * torch.randn(mean.shape, generator=rng(3)))
    torch.testing.assert_close(codec.encode(IMAGE), mean)


def filled() -> VqGan:
    torch.manual_seed(0)
    codec = VqGan(settings(), FACTS).train()
    codec.bottleneck(IMAGE, rng())
    return codec


def test_the_first_batch_fills_the_book_with_places_of_its_own() -> None:
    codec = filled()
    places = codec.encode(IMAGE).detach().movedim(1, -1).reshape(-1, 3)
    nearest = torch.cdist(codec.codes, places).min(1).values
    assert float(nearest[1:].max()) < 1e-3
    torch.testing.assert_close(codec.codes[0], places.mean(0))  # all codes were equal, and all places chose the first


def test_each_place_gets_its_nearest_code() -> None:
    codec = filled()
    grid = torch.randn(2, 3, 4, 4, generator=rng(1))
    chosen, choice = codec.nearest(grid)
    places = grid.movedim(1, -1).reshape(-1, 3)
    assert torch.equal(choice, torch.cdist(places, codec.codes).argmin(1))
    assert torch.equal(chosen[1, :, 2, 3], codec.codes[choice.reshape(2, 4, 4)[1, 2, 3]])


def test_codes_are_moving_averages_and_hardly_chosen_ones_start_again() -> None:
    codec = filled()
    codec.uses.fill_(8.0)
    codec.uses[5] = 0.01
    codec.sums.copy_(8.0 * codec.codes)
    before, grid = codec.codes.clone(), codec.codes[[0, 0, 1, 1]].T.reshape(1, 3, 2, 2) + 0.01
    choice = codec.nearest(grid)[1]
    codec._move(grid, choice, rng(2))
    of_first = grid.movedim(1, -1).reshape(-1, 3)[choice == 0]
    expected = (0.99 * 8 * before[0] + 0.01 * of_first.sum(0)) / (0.99 * 8 + 0.01 * len(of_first))
    torch.testing.assert_close(codec.codes[0], expected)
    assert float(torch.cdist(codec.codes[5:6], grid.movedim(1, -1).reshape(-1, 3)).min()) < 1e-6


def test_judging_and_sampling_leave_the_book_alone() -> None:
    codec = filled()
    before = codec.codes.clone()
    codec.discriminator_loss(IMAGE, rng(1))
    codec.eval().loss(IMAGE, rng(1), judged=False)
    assert torch.equal(before, codec.codes)


def test_gradient_passes_the_choice_unchanged() -> None:
    codec = filled()
    grid = torch.randn(1, 3, 4, 4, generator=rng(1)).requires_grad_(True)
    weight = torch.randn(1, 1, 16, 16, generator=rng(2))
    (codec.decode(grid) * weight).sum().backward()
    chosen = codec.nearest(grid.detach())[0].requires_grad_(True)
    (codec.coder["decoder"](chosen) * weight).sum().backward()
    torch.testing.assert_close(grid.grad, chosen.grad)


def test_patch_loss_is_weighted_to_equal_gradients_at_the_last_layer() -> None:
    last = torch.tensor([1.0, 2.0], requires_grad=True)
    weight = adaptive_weight((3 * last).sum(), (0.5 * last).sum(), last)
    assert float(weight) == pytest.approx(3 * 2**0.5 / (0.5 * 2**0.5 + 1e-4))
    assert float(adaptive_weight((3 * last).sum(), (0 * last).sum(), last)) == 1e4


def test_discriminator_has_the_hinge_loss() -> None:
    torch.manual_seed(0)
    codec = KlAutoencoder(settings(), FACTS)
    terms = codec.discriminator_loss(IMAGE, rng(4))
    with torch.no_grad():
        made = codec.decode(codec.bottleneck(IMAGE, rng(4))[0])
        real, synthetic = codec.discriminator(IMAGE), codec.discriminator(made)
    torch.testing.assert_close(terms["real"].detach(), (1 - real).clamp(min=0).mean() / 2)
    torch.testing.assert_close(terms["synthetic"].detach(), (1 + synthetic).clamp(min=0).mean() / 2)


def test_size_that_does_not_shrink_evenly_is_refused() -> None:
    with pytest.raises(SpecError, match="multiples of 4"):
        KlAutoencoder(settings(), Facts(1, 0, (), (18, 16)))
