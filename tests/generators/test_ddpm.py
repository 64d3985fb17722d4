"""DDPM passes the examinations for each prediction, and its loss is what the equations say on a case done by hand."""

from __future__ import annotations

import pytest
import torch

from generators.examination import Bodies, Examination, seeds
from generators.hardship import Hardship
from synthassay.errors import SpecError
from synthassay.generators.ddpm import Ddpm
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SMALL = {
    "images_seen": 640, "batch": 16, "widths": (8, 16), "learning_rate": 4e-3, "steps": 4, "guidance": 1.5,
}  # fmt: skip
FACTS = Facts(1, 0, ("clear", "opaque"), (16, 16))


class TestVelocity(Hardship, Examination):
    family = "ddpm"
    settings = SMALL
    falls = ("denoiser/denoising",)

    def test_fills_a_hole_and_keeps_what_is_known(self, trained) -> None:
        known, condition = self._examples().target[:4], self._condition(range(4))
        where = torch.ones(1, 1, 16, 16, dtype=torch.bool)
        where[..., 5:10, 5:10] = False
        for times in (0, 2):
            made = trained[0].fill_in(condition, known, where, seeds(1, 2, 3, 4), times=times)
            assert torch.equal(made[where.expand_as(made)], known[where.expand_as(known)])
            assert not torch.allclose(made, known, atol=1e-3)
            assert bool(torch.isfinite(made).all())


def ddpm(**changes) -> Ddpm:
    made = build_generator("ddpm", {**SMALL, **changes}, FACTS, seed=2)
    assert isinstance(made, Ddpm)
    return made


ANSWERS = {"epsilon": lambda a, s, x, n: n, "x0": lambda a, s, x, n: x, "v": lambda a, s, x, n: a * n - s * x}


@pytest.mark.parametrize("prediction", list(ANSWERS))
@pytest.mark.parametrize("gamma", [0.0, 5.0])
def test_loss_of_an_untrained_network_is_the_weighted_square_of_what_is_asked(prediction: str, gamma: float) -> None:
    """The network answers 0 at first, so the loss of one pixel is w y^2, worked out here for one t."""
    made = ddpm(prediction=prediction, min_snr=gamma, schedule="linear")
    clean, noise = torch.full((1, 1, 16, 16), 0.5), torch.full((1, 1, 16, 16), -1.5)
    condition = Batch(label=torch.tensor([0]))
    found = float(made.example_losses(made.network, clean, condition, torch.tensor([0.3004]), noise).detach())
    kept = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)[300].item()
    a, s, snr = kept**0.5, (1 - kept) ** 0.5, kept / (1 - kept)
    least = {"epsilon": min(snr, gamma) / snr, "x0": min(snr, gamma), "v": min(snr, gamma) / (snr + 1)}[prediction]
    expected = (least if gamma else 1.0) * ANSWERS[prediction](a, s, 0.5, -1.5) ** 2
    assert found == pytest.approx(expected, rel=1e-5)


def test_training_times_cover_all_steps_evenly() -> None:
    made = ddpm()
    told = torch.cat([made.noise_at((torch.arange(1000) + 0.5) / 1000)[2]])
    assert told.tolist() == pytest.approx([t / 1000 for t in range(1000)])


def test_guidance_zero_forgets_the_class_and_one_is_the_class() -> None:
    made, now = ddpm(guidance=2.5).eval(), torch.randn(2, 1, 16, 16, generator=seeds(1)[0])
    with torch.no_grad():
        for weights in made.ema.average.parameters():
            weights.copy_(0.1 * torch.randn(weights.shape, generator=seeds(4)[0]))
    level, condition = made.levels(4)[1], Batch(label=torch.tensor([0, 1]))
    told, untold = made.denoised(now, level, condition), made.denoised(now, level, made.untold(condition))
    torch.testing.assert_close(made.walked(condition)(now, level), untold + 2.5 * (told - untold))
    assert not torch.allclose(told, untold)
    for weight, expected in ((0.0, untold), (1.0, told)):
        made.settings = made.settings.model_copy(update={"guidance": weight})
        torch.testing.assert_close(made.walked(condition)(now, level), expected)


def test_hidden_classes_are_as_many_as_asked() -> None:
    told = ddpm(drop_class=0.3).hidden(Batch(label=torch.ones(20_000, dtype=torch.int64)), seeds(0)[0])
    assert float((told.label == 2).float().mean()) == pytest.approx(0.3, abs=0.015)


def test_case_losses_do_not_depend_on_the_batch() -> None:
    made, bodies = ddpm().eval(), Bodies(6, 16, 0, FACTS.classes)
    together = made.case_losses(bodies.batch(range(6)), [1, 2, 3])
    torch.testing.assert_close(together[[4]], made.case_losses(bodies.batch([4]), [1, 2, 3]))
    assert together.shape == (6,)


def test_sampling_spans_the_whole_schedule() -> None:
    made = ddpm(schedule="linear")
    levels = made.levels(10)
    assert levels[0].sigma == pytest.approx(float(made.sigmas[-1]))
    assert (levels[-1].alpha, levels[-1].sigma) == (1.0, 0.0)
    assert len(levels) == 11


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"zero_terminal": True, "prediction": "epsilon", "sampler": "ddim"}, "needs prediction v or x0"),
        ({"zero_terminal": True, "sampler": "heun"}, "needs sampler ddim or ddpm"),
        ({"timesteps": 3}, "steps must be at most timesteps"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        ddpm(**wrong)


def test_zero_terminal_starts_from_nothing_but_noise() -> None:
    made = ddpm(zero_terminal=True, sampler="ddim").eval()
    assert made.levels(4)[0].alpha == 0
    made.sample(Batch(label=torch.tensor([0])), seeds(1))
