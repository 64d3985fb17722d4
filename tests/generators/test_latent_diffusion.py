"""Latent diffusion passes the examinations over either codec; its scale is measured and kept."""

from __future__ import annotations

import pytest
import torch

from generators.examination import Bodies, Examination, seeds
from generators.hardship import Hardship
from synthassay.errors import SpecError
from synthassay.generators.latent_diffusion import LatentDiffusion
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SMALL = {
    "images_seen": 800, "batch": 16, "widths": (8, 16), "learning_rate": 4e-3, "codec_widths": (8, 8),
    "codec_rate": 4e-3, "patch_width": 4, "patch_layers": 2, "perceptual_steps": 5, "latent_channels": 2, "steps": 4,
    "codec_share": 0.5, "codes": 32,
}  # fmt: skip


class TestKl(Hardship, Examination):
    family = "latent_diffusion"
    settings = SMALL
    falls = ("codec/pixel", "denoiser/denoising")
    fall = 0.9
    images_seen_to_resume = 64

    def test_scale_was_measured_between_the_stages(self, trained) -> None:
        made = trained[0]
        grids = made.as_learnt(self._examples().target)
        assert grids.mean((0, 2, 3)).tolist() == pytest.approx([0.0, 0.0], abs=1e-4)
        assert grids.std((0, 2, 3)).tolist() == pytest.approx([1.0, 1.0], abs=1e-3)
        assert not torch.equal(made.latent_spread, torch.ones(2))

    def test_decoding_undoes_encoding_nearly(self, trained) -> None:
        target = self._examples().target
        made = trained[0].as_image(trained[0].as_learnt(target))
        assert float((made - target).detach().abs().mean()) < 0.5 * float((target - target.mean()).abs().mean())


class TestDrawn(Examination):
    family = "latent_diffusion"
    settings = {
        **SMALL, "images_seen": 480, "neighbours": 0, "codec_widths": (8,), "widths": (8, 8), "codec_rate": 8e-3,
        "patch_layers": 1, "principal": True, "latent_scale": "all",
    }  # fmt: skip
    falls = ("denoiser/denoising",)
    fall = 0.9
    source_channels = 2
    classes = ()
    axes = 3
    size = 8
    images_seen_to_resume = 64


def test_drawings_lie_on_the_grid_as_shares_of_half_places() -> None:
    made = build_generator("latent_diffusion", SMALL, Facts(1, 2, (), (16, 16), ("subject", "organ")), seed=2)
    drawing = -torch.ones(1, 2, 16, 16)
    drawing[0, 1, 4:7, 8:12] = 1  # of the place at (1, 2): its upper half, and half of its lower one
    on_grid = made.on_grid(drawing)
    assert on_grid.shape == (1, 8, 4, 4)
    assert on_grid[0, 4:, 1, 2].tolist() == [1, 1, 0, 0]
    assert float(on_grid.mean()) == pytest.approx(float(drawing.mean()), abs=1e-6)


def test_drawings_are_hidden_as_often_as_asked_and_guide() -> None:
    facts = Facts(1, 1, (), (16, 16))
    made = build_generator("latent_diffusion", {**SMALL, "drop_class": 0.3, "guidance": 2.0}, facts, seed=2).eval()
    shown = made.hidden(Batch(torch.zeros(5000, 1, 2, 2), torch.ones(5000, 1, 2, 2)), seeds(0)[0])
    assert float((shown.source[:, 0, 0, 0] == 0).float().mean()) == pytest.approx(0.3, abs=0.02)
    with torch.no_grad():
        for weights in made.ema.average.parameters():
            weights.copy_(0.1 * torch.randn(weights.shape, generator=seeds(4)[0]))
    now, drawing, level = torch.randn(2, *made.shape()), torch.ones(2, 1, 16, 16), made.levels(4)[1]
    told, untold = (made.denoised(now, level, Batch(source=s)) for s in (drawing, torch.zeros_like(drawing)))
    assert not torch.equal(told, untold)
    torch.testing.assert_close(made.walked(Batch(source=drawing))(now, level), untold + 2 * (told - untold))


def test_volumes_of_any_size_are_padded_and_cropped_back() -> None:
    facts = Facts(1, 1, (), (9, 11, 6))
    settings = {**SMALL, "codec_widths": (8,), "widths": (8, 8), "patch_layers": 1, "neighbours": 0}
    made = build_generator("latent_diffusion", settings, facts, seed=2).eval()
    assert made.shape() == (2, 6, 6, 4)  # 12, 12 and 8 voxels, halved by the codec
    assert made.sample(Batch(source=torch.ones(1, 1, 9, 11, 6)), seeds(1)).shape == (1, 1, 9, 11, 6)


def test_patches_on_a_grid_are_refused() -> None:
    with pytest.raises(SpecError, match="palette or rectified_flow"):
        latent().sample_over(Batch(source=torch.zeros(1, 1, 32, 32)), seeds(1), 0.5)


def latent(**changes) -> LatentDiffusion:
    made = build_generator("latent_diffusion", {**SMALL, **changes}, Facts(1, 0, ("a", "b"), (16, 16)), seed=2)
    assert isinstance(made, LatentDiffusion)
    return made


def test_phases_take_turns_and_the_discriminator_begins_late() -> None:
    made = latent(adversarial_from=0.5)
    due = {phase: [s for s in range(50) if made.due(phase, s)] for phase in made.phases()}
    assert due == {"codec": [*range(25)], "discriminator": [*range(13, 25)], "denoiser": [*range(25, 50)]}
    assert latent(adversarial_weight=0.0).due("discriminator", 20) is False


def test_patch_loss_enters_when_the_discriminator_begins() -> None:
    made, batch = latent(adversarial_from=0.5), Batch(Bodies(4, 16, 0, ()).target, None, torch.tensor([0, 1, 0, 1]))
    assert "adversarial" not in made.loss("codec", batch, seeds(0)[0])
    made.after_step(16 * 13)
    assert "adversarial" in made.loss("codec", batch, seeds(0)[0])


def test_over_codes_it_learns_and_samples() -> None:
    made, examples = latent(codec="vq_gan"), Bodies(16, 16, 0, ("a", "b"))
    optimiser = made.optimiser("codec")
    errors = []
    for step in range(40):
        terms = made.train().loss("codec", examples.batch(range(16)), seeds(step)[0])
        optimiser.zero_grad()
        sum(terms.values()).backward()
        optimiser.step()
        errors.append(float(terms["pixel"].detach()))
    assert errors[-1] < 0.6 * errors[0]
    made.measure(examples, seeds(0)[0])
    assert float(made.as_learnt(examples.target).std()) == pytest.approx(1, abs=0.05)
    images = made.eval().sample(Batch(label=torch.tensor([0, 1])), seeds(1, 2))
    assert images.shape == (2, 1, 16, 16)
    codes_used = made.codec.nearest(made.codec.encode(examples.target))[1].unique()
    assert len(codes_used) > 4


def test_measuring_does_not_depend_on_where_training_was_killed() -> None:
    made, other = latent(), latent()
    for generator in (made, other):
        generator.before_step(25, Bodies(16, 16, 0, ()), seeds(5)[0])
    assert torch.equal(made.latent_spread, other.latent_spread)
    spreads = made.as_learnt(Bodies(16, 16, 0, ()).target).std((0, 2, 3)).tolist()
    assert spreads == pytest.approx([1.0, 1.0], abs=1e-3)  # each channel by itself
    made.before_step(26, Bodies(16, 16, 0, (), seed=8), seeds(5)[0])
    assert torch.equal(made.latent_spread, other.latent_spread)


def test_one_factor_keeps_the_proportions_of_channels() -> None:
    each, both = latent(principal=True), latent(principal=True, latent_scale="all")
    examples = Bodies(16, 16, 0, ())
    for made in (each, both):
        made.prepare(examples, seeds(1)[0])
        made.measure(examples, seeds(2)[0])
    spreads = both.as_learnt(examples.target).std((0, 2, 3))
    assert float(spreads.square().mean().sqrt()) == pytest.approx(1, abs=1e-3)
    factors = spreads / both.codec.encode(examples.target).detach().std((0, 2, 3))
    assert float(factors[0]) == pytest.approx(float(factors[1]))
    assert float(spreads[0]) > 1.2 * float(spreads[1])
    assert each.as_learnt(examples.target).std((0, 2, 3)).tolist() == pytest.approx([1.0, 1.0], abs=1e-3)


def test_it_does_not_fill_in() -> None:
    with pytest.raises(NotImplementedError, match="ddpm or edm"):
        latent().fill_in(Batch(), torch.zeros(1), torch.zeros(1), [])
