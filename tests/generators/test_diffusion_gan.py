"""diffusion_gan: the examinations, its posterior and losses by hand, and the moments of a perfect few-step walk."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from generators.examination import seeds
from generators.wide_examination import WideExamination, settings
from synthassay.errors import SpecError
from synthassay.generators.diffusion_gan import DiffusionGan
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SMALL = {"widths": (8, 8), "judge_widths": (8, 8), "latent": 4, "attention": False}


class TestFromNoise(WideExamination):
    family = "diffusion_gan"
    settings = settings(**SMALL, learning_rate=2e-3)
    falls = ()
    volumes = True
    odd_sizes = True


class TestFromASource(WideExamination):
    family = "diffusion_gan"
    settings = settings(**SMALL, learning_rate=3e-3)
    falls = ("generator/pixel",)
    source_channels = 1
    classes = ()
    volumes = True
    odd_sizes = True


def new(source_channels: int = 0, space: tuple[int, ...] = (16, 16), **changes) -> DiffusionGan:
    made = build_generator("diffusion_gan", {**SMALL, **changes}, Facts(1, source_channels, (), space), seed=2)
    assert isinstance(made, DiffusionGan)
    return made


def kept(t: int, steps: int = 4) -> float:
    """Share of the image's variance at step t, by adding up the rate of noise in small pieces (no closed form)."""
    pieces = 20_000
    return math.exp(-sum(0.1 + 19.9 * (i + 0.5) / pieces for i in range(pieces * t // steps)) / pieces)


def test_the_posterior_is_that_of_two_joint_gaussians() -> None:
    """x_{t-1} given x_t, both given x0: from their covariance, as for any two jointly normal numbers, in float64."""
    made = new()
    for t in range(1, 5):
        before, now = kept(t - 1), kept(t)
        step = math.sqrt(now / before)
        gain = step * (1 - before) / (1 - now)  # covariance over the variance of x_t
        expected = (gain, math.sqrt(before) - gain * math.sqrt(now), math.sqrt((1 - before) * (1 - gain * step)))
        found = [float(column[t]) for column in (made.of_noisy, made.of_clean, made.deviation)]
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-7), t
    assert float(made.deviation[1]) == 0 and float(made.of_clean[1]) == 1
    assert new(steps=2).alphas.tolist() == pytest.approx([1, math.sqrt(kept(1, 2)), math.sqrt(kept(2, 2))], rel=1e-5)


def test_both_images_of_a_step_lie_on_one_path() -> None:
    """Given x0 = 2, both have the means and variances of their level, and their covariance is that of one more step."""
    made, at = new(), torch.full((6000,), 2)
    before, now = made.noised(torch.full((6000, 1, 4, 4), 2.0), at, seeds(3)[0])
    ratio = math.sqrt(kept(2) / kept(1))
    for image, t in ((before, 1), (now, 2)):
        assert float(image.mean()) == pytest.approx(2 * math.sqrt(kept(t)), abs=0.02)
        assert float(image.var()) == pytest.approx(1 - kept(t), rel=0.03)
    covariance = ((before - before.mean()) * (now - now.mean())).mean()
    assert float(covariance) == pytest.approx(ratio * (1 - kept(1)), rel=0.04)


class Known(nn.Module):
    """Answers, for pixels N(m, s^2), an image drawn from what x_t leaves open; or, without z, only its mean."""

    def __init__(self, mean: float, deviation: float, draws: bool) -> None:
        super().__init__()
        self.mean, self.deviation, self.draws = mean, deviation, draws

    def forward(self, now, time, label, latent):
        share = kept(round(4 * float(time[0])))
        gain = math.sqrt(share) * self.deviation**2 / (share * self.deviation**2 + 1 - share)
        image = self.mean + gain * (now - math.sqrt(share) * self.mean)
        left = self.deviation * math.sqrt(1 - gain * math.sqrt(share))
        return torch.atanh((image + self.draws * left * latent.reshape(now.shape)).clamp(-0.999, 0.999))


def without_latent(deviation: float) -> float:
    """Deviation after four steps with the expected image instead of a drawn one: every step is linear in x."""
    variance = 1 - kept(4)
    for t in range(4, 0, -1):
        before, now = kept(t - 1), kept(t)
        of_noisy = math.sqrt(now / before) * (1 - before) / (1 - now)
        of_clean = math.sqrt(before) - of_noisy * math.sqrt(now)
        gain = math.sqrt(now) * deviation**2 / (now * deviation**2 + 1 - now)
        fresh = (1 - before) * (1 - of_noisy * math.sqrt(now / before))
        variance = (of_noisy + of_clean * gain) ** 2 * variance + fresh
    return math.sqrt(variance)


@pytest.mark.parametrize("draws", [True, False])
def test_four_steps_keep_the_law_only_if_images_are_drawn(draws: bool) -> None:
    made = new(space=(16, 16), latent=256).eval()
    made.ema = Known(0.1, 0.2, draws)
    images = made.sample(Batch(label=torch.zeros(60)), seeds(*range(60)))
    assert float(images.mean()) == pytest.approx(0.1, abs=0.01)
    assert float(images.std()) == pytest.approx(0.2 if draws else without_latent(0.2), rel=0.03)
    assert without_latent(0.2) < 0.15


class Sum(nn.Module):
    """Logit: twice the mean pixel of the less noisy image, minus the mean of the noisier."""

    def forward(self, images, time, label):
        return 2 * images[:, 0].flatten(1).mean(1) - images[:, 1].flatten(1).mean(1)


def test_the_losses_by_hand() -> None:
    made = new(source_channels=1, r1_weight=3.0, r1_every=1, pixel_weight=0.25)
    made.discriminator = Sum()
    before, other, now = (torch.full((2, 1, 16, 16), value) for value in (0.75, -0.5, 0.5))
    at, batch = torch.tensor([1, 3]), Batch(source=torch.zeros(2, 1, 16, 16))
    terms, _ = made.discriminator_loss(before, other, now, at, batch, torch.Generator())
    assert float(terms["real"]) == pytest.approx(math.log1p(math.exp(-1.0)))
    assert float(terms["synthetic"]) == pytest.approx(math.log1p(math.exp(-1.5)))
    assert float(terms["r1"]) == pytest.approx(3.0 * 256 * (2 / 256) ** 2 / 2)  # of the less noisy image alone
    told = made.generator_loss(before, other, other, now, at, batch)
    assert float(told["adversarial"]) == pytest.approx(math.log1p(math.exp(1.5)))
    assert float(told["pixel"]) == pytest.approx(0.25 * 1.25)
    assert "pixel" not in made.generator_loss(before, other, other, now, at, Batch())


def test_r1_comes_once_in_so_many_steps_and_weighs_so_much_more() -> None:
    made, rng = new(r1_weight=1.0, r1_every=4), seeds(1)[0]
    made.discriminator = Sum()
    image, at = torch.zeros(2, 1, 16, 16), torch.tensor([1, 2])
    seen = [made.discriminator_loss(image, image, image, at, Batch(), rng)[0].get("r1") for _ in range(400)]
    taken = [float(value) for value in seen if value is not None]
    assert len(taken) == pytest.approx(100, abs=26)
    assert taken[0] == pytest.approx(4 * 256 * (2 / 256) ** 2 / 2)


def test_the_latent_vector_reaches_the_image_and_times_cover_all_steps() -> None:
    made = new().eval()
    nn.init.normal_(made.network.leave[2].weight)
    nn.init.normal_(made.network.up[-1].blocks[0].conv2.weight)
    now, time = torch.zeros(2, 1, 16, 16), torch.ones(2)
    with torch.no_grad():
        one, other = made.expected(made.network, now, time, Batch(), torch.eye(2, 4))
    assert not torch.allclose(one, other, atol=1e-4)
    assert sorted(made.times(8, seeds(1)[0]).tolist()) == [1, 1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize("size", [4, 8])
def test_collapse_is_told_from_answers_to_noise_alone(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synthassay.networks.watch.MEMORY", 0.7)
    batch = Batch(target=torch.rand(size, 1, 16, 16, generator=seeds(1)[0]))
    for alike in (True, False):
        made = new().train()
        answer = torch.rand(1, 1, 16, 16) if alike else None

        def expected(network, now, *rest, answer=answer):
            return torch.rand_like(now) if answer is None else answer.expand_as(now)

        monkeypatch.setattr(made, "expected", expected)
        for step in range(80):
            made.loss("discriminator", batch, seeds(step)[0])
        assert any("collapse" in alarm for alarm in made.alarms()) == alike


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"beta_low": 30.0}, "beta_low must be below"), ({"judge_widths": (8, 8, 8)}, "at most as many levels")],
)
def test_settings_that_contradict_each_other_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        new(**wrong)
