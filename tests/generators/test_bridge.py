"""The bridge passes the examinations, and with the perfect denoiser it crosses to the law of the target."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from generators.examination import Bodies, Examination, seeds
from generators.hardship import Hardship
from generators.samplers.known_laws import start
from synthassay.errors import SpecError
from synthassay.generators.bridge import Bridge, bridge_spreads, cross
from synthassay.generators.schedules import CLEAN, Level, kept_steps
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SMALL = {
    "images_seen": 640, "batch": 16, "widths": (8, 16), "learning_rate": 4e-3, "steps": 4, "neighbours": 3,
    "unshuffle": 1, "attention": False,
}  # fmt: skip


class TestBridge(Hardship, Examination):
    family = "bridge"
    settings = SMALL
    falls = ("denoiser/denoising",)
    source_channels = 3
    classes = ()

    def test_image_is_nearer_to_its_reference_than_the_source_is(self, trained) -> None:
        bodies = Bodies(8, 16, 3, (), seed=9)
        made = trained[0].sample(Batch(source=bodies.source), seeds(*range(8)))
        assert float((made - bodies.target).abs().mean()) < 0.5 * float(
            (bodies.source[:, 1:2] - bodies.target).abs().mean()
        )


def bridge(**changes) -> Bridge:
    made = build_generator("bridge", {**SMALL, **changes}, Facts(1, 3, (), (16, 16)), seed=2)
    assert isinstance(made, Bridge)
    return made


def test_without_noise_the_image_does_not_depend_on_the_seed() -> None:
    made, source = bridge(noise=False).eval(), Bodies(2, 16, 3, ()).source
    with torch.no_grad():
        for weights in made.ema.average.parameters():
            weights.copy_(0.05 * torch.randn(weights.shape, generator=seeds(4)[0]))
    images = [made.sample(Batch(source=source), seeds(*pair)) for pair in ((1, 2), (3, 4))]
    assert torch.equal(*images)
    noisy = bridge().eval()
    assert not torch.equal(*[noisy.sample(Batch(source=source), seeds(*pair)) for pair in ((1, 2), (3, 4))])


def levels(steps: int) -> tuple[list[Level], torch.Tensor]:
    forward, backward = bridge_spreads(1000, 0.1, 0.3)
    kept = kept_steps(steps, 1000)
    return [*(Level(1.0, float(forward[t]), t) for t in kept), CLEAN], backward


def perfect(mean: float, deviation: float, source: float, backward: torch.Tensor):
    """Expected target given its place on the bridge: two normal laws multiplied."""

    def denoise(now: torch.Tensor, level: Level) -> torch.Tensor:
        f, b = level.sigma, float(backward[int(level.time)])
        of_clean, of_source, variance = b**2 / (f**2 + b**2), f**2 / (f**2 + b**2), f**2 * b**2 / (f**2 + b**2)
        seen = of_clean / variance * (now - of_source * source)
        return (mean / deviation**2 + seen) / (1 / deviation**2 + of_clean**2 / variance)

    return denoise


def test_a_known_target_is_reached_exactly_from_any_source() -> None:
    way, _ = levels(7)
    source = torch.randn(50, 1, generator=seeds(0)[0], dtype=torch.float64)
    made = cross(lambda now, level: 0.7 * source - 0.2, source, way, lambda: torch.randn(50, 1, generator=seeds(1)[0]))
    torch.testing.assert_close(made, 0.7 * source - 0.2)


# Standard deviation that comes out where the target given its source is N(0.24, 0.1^2), by number of steps.
SPREADS = {5: 0.048, 10: 0.0623, 50: 0.085, 1000: 0.0979}


@pytest.mark.parametrize("steps", list(SPREADS))
def test_the_law_of_the_target_given_its_source_comes_out(steps: int) -> None:
    way, backward = levels(steps)
    rng, count = torch.Generator().manual_seed(1), 12_000
    fresh = lambda: start(count)[torch.randperm(count, generator=rng)]  # noqa: E731
    made = cross(perfect(0.24, 0.1, 0.3, backward), torch.full((count,), 0.3, dtype=torch.float64), way, fresh)
    assert float(made.mean()) == pytest.approx(0.24, abs=0.003)
    assert float(made.std()) == pytest.approx(SPREADS[steps], abs=0.002)


def test_spreads_are_those_of_the_authors_code() -> None:
    """Written out as in I2SB's numpy code."""
    betas = np.linspace(1e-4**0.5, (0.3 / 1000) ** 0.5, 1000) ** 2
    betas = np.concatenate([betas[:500], np.flip(betas[:500])])
    forward, backward = bridge_spreads(1000, 0.1, 0.3)
    np.testing.assert_allclose(forward.numpy(), np.sqrt(np.cumsum(betas)), rtol=1e-12)
    np.testing.assert_allclose(backward.numpy(), np.sqrt(np.flip(np.cumsum(np.flip(betas)))), rtol=1e-12)


def test_loss_of_an_untrained_network_by_hand() -> None:
    """The network answers 0: the loss is ((x_t - x0) / f)^2 with x_t from the product of two normal laws."""
    made, t = bridge(), 400
    clean, source = torch.full((1, 1, 16, 16), 0.5), Batch(source=torch.full((1, 3, 16, 16), -0.25))
    found = made.example_losses(made.network, clean, source, torch.tensor([0.4003]), 4 * clean)
    f, b = (float(v[t]) for v in bridge_spreads(1000, 0.1, 0.3))
    now = (b**2 * 0.5 - f**2 * 0.25) / (f**2 + b**2) + math.sqrt(f**2 * b**2 / (f**2 + b**2)) * 2.0
    assert float(found.detach()) == pytest.approx(((now - 0.5) / f) ** 2, rel=1e-4)


def test_a_drawing_is_no_image_to_begin_at() -> None:
    with pytest.raises(SpecError, match="begins at an image"):
        build_generator("bridge", {}, Facts(1, 1, (), (16, 16), drawn=("subject",)), seed=0)


def test_it_does_not_fill_in() -> None:
    with pytest.raises(NotImplementedError, match="palette"):
        bridge().fill_in(Batch(), torch.zeros(1), torch.zeros(1), [])
