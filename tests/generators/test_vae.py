"""The autoencoder passes the house's examination, and its bound agrees with torch's own distributions."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Normal
from torch.distributions import kl_divergence as torch_kl

from generators.examination import Bodies, Examination, digest_of, seeds
from synthassay.generators.stored import build_generator
from synthassay.generators.vae import Vae, kl_divergence, negative_log_likelihood
from synthassay.networks.batch import Batch, Facts

SMALL = {"images_seen": 3200, "batch": 16, "widths": (8, 16), "latent": 8, "learning_rate": 4e-3}
FACTS = Facts(1, 0, ("clear", "opaque"), (16, 16))


class TestVae(Examination):
    family = "vae"
    settings = SMALL
    falls = ("elbo/reconstruction",)

    def test_classes_differ_for_the_same_latent_vector(self, trained) -> None:
        clear = trained[0].sample(Batch(label=torch.zeros(16, dtype=torch.int64)), seeds(*range(16)))
        opaque = trained[0].sample(Batch(label=torch.ones(16, dtype=torch.int64)), seeds(*range(16)))
        examples = self._examples(200)
        real = [examples.target[examples.label == c].mean() for c in (0, 1)]
        assert float(opaque.mean() - clear.mean()) == pytest.approx(float(real[1] - real[0]), abs=0.08)


class TestVolumes(Examination):
    family = "vae"
    settings = {**SMALL, "images_seen": 480, "widths": (8, 8), "latent": 4}
    falls = ("elbo/reconstruction",)
    fall = 0.95
    axes = 3
    size = 8


def vae(**changes) -> Vae:
    made = build_generator("vae", {**SMALL, **changes}, FACTS, seed=2)
    assert isinstance(made, Vae)
    return made


def test_pictures_begin_as_before_there_were_volumes() -> None:
    """The hash was taken before the network took a third axis."""
    settings = {"images_seen": 48, "batch": 16, "widths": (8, 16), "latent": 4}
    assert digest_of(build_generator("vae", settings, FACTS, seed=11)) == "ea68f6c1da1ff677"


def test_kl_divergence_is_torch_distributions() -> None:
    mean, log_variance = torch.randn(2, 5, 7, generator=seeds(0)[0]).unbind()
    expected = torch_kl(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(kl_divergence(mean, log_variance), expected)


@pytest.mark.parametrize("sigma", [0.1, 2.0])
def test_likelihood_is_torch_distributions(sigma: float) -> None:
    decoded, target = torch.randn(2, 3, 1, 4, 4, generator=seeds(0)[0]).unbind()
    expected = -Normal(decoded, sigma).log_prob(target).flatten(1).sum(1)
    torch.testing.assert_close(negative_log_likelihood(decoded, target, sigma), expected)


def test_optimal_sigma_is_the_likeliest_one() -> None:
    decoded, target = torch.randn(2, 3, 1, 8, 8, generator=seeds(0)[0]).unbind()
    best = negative_log_likelihood(decoded, target, None).mean()
    others = [negative_log_likelihood(decoded, target, 0.05 * k).mean() for k in range(1, 80)]
    assert float(best) <= float(min(others))
    assert float(best) == pytest.approx(float(min(others)), rel=1e-3)


def test_perfect_reconstruction_stays_finite() -> None:
    same = torch.zeros(2, 1, 4, 4)
    pixels = 16 * (math.log(1e-3) + math.log(2 * math.pi) / 2)
    torch.testing.assert_close(negative_log_likelihood(same, same, None), torch.full((2,), pixels))


def test_terms_are_sums_over_pixels_and_latents_per_pixel() -> None:
    made, target = vae(observation="fixed", sigma=0.3), Bodies(8, 16, 0, FACTS.classes).target
    made.after_step(3200)
    batch = Batch(target, None, torch.zeros(8, dtype=torch.int64))
    with torch.no_grad():
        terms = made.loss("elbo", batch, seeds(5)[0])
        mean, log_variance = made.network.encode(target, batch.label)
        posterior = Normal(mean, (log_variance / 2).exp())
        latent = mean + posterior.scale * torch.randn(mean.shape, generator=seeds(5)[0])
        likelihood = Normal(made.network.decode(latent, batch.label), 0.3).log_prob(target)
    torch.testing.assert_close(terms["kl"], torch_kl(posterior, Normal(0.0, 1.0)).sum() / 8 / 256)
    torch.testing.assert_close(terms["reconstruction"], -likelihood.sum() / 8 / 256)


def test_beta_rises_linearly_and_stays() -> None:
    made, seen = vae(beta=2.0, beta_warm_up=0.25, images_seen=1000), []
    for images in (0, 125, 250, 1000):
        made.after_step(images)
        seen.append(made.beta)
    assert seen == [0.0, 1.0, 2.0, 2.0]
    assert vae(beta=3.0, beta_warm_up=0.0).beta == 3.0
