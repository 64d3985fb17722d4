"""Both stages of the distillation learn; a perfect consistency function gives its law in any number of jumps."""

from __future__ import annotations

import pytest
import torch

from generators.examination import Bodies, Examination, seeds
from generators.hardship import Hardship
from generators.samplers.known_laws import exploding, start
from synthassay.generators.consistency import Consistency, boundary_factors
from synthassay.generators.samplers.renoise import Renoise
from synthassay.generators.schedules import Level
from synthassay.generators.stages import boundary, progress_within
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SMALL = {
    "images_seen": 640, "batch": 16, "widths": (8, 16), "learning_rate": 4e-3, "teacher_share": 0.5, "guidance": 1.5,
    "intervals": 12,
}  # fmt: skip


class TestConsistency(Hardship, Examination):
    family = "consistency"
    settings = SMALL
    falls = ("denoiser/denoising",)
    images_seen_to_resume = 64

    def test_student_leaves_its_teacher(self, trained) -> None:
        made = trained[0]
        pairs = zip(made.student.parameters(), made.ema.average.parameters(), strict=True)
        assert sum(float((a - b).detach().abs().sum()) for a, b in pairs) > 0
        assert int(made.ema.updates) == int(made.student_ema.updates) == 20


def consistency(**changes) -> Consistency:
    made = build_generator("consistency", {**SMALL, **changes}, Facts(1, 0, ("a", "b"), (16, 16)), seed=2)
    assert isinstance(made, Consistency)
    return made


def test_stages_take_turns() -> None:
    made = consistency()
    assert [made.due("denoiser", s) for s in (0, 19, 20, 39)] == [True, True, False, False]
    assert [made.due("student", s) for s in (0, 19, 20, 39)] == [False, False, True, True]
    assert boundary(made.settings, 0.999) == 39
    assert made.learning_rate_factor("student", 0.75) == pytest.approx(
        0.3 * made.learning_rate_factor("denoiser", 0.25)
    )
    assert progress_within(0.2, 0.5, second=True) == 0


def test_student_begins_at_the_teachers_average() -> None:
    made = consistency()
    for weights in made.ema.average.parameters():
        weights.fill_(0.01)
    made.before_step(19, Bodies(4, 16, 0, ()), seeds(0)[0])
    assert not all(bool((w == 0.01).all()) for w in made.student.parameters())
    made.before_step(20, Bodies(4, 16, 0, ()), seeds(0)[0])
    for network in (made.student, made.target.average, made.student_ema.average):
        assert all(bool((w == 0.01).all()) for w in network.parameters())


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
def test_a_perfect_jump_keeps_the_law_in_any_number_of_steps(steps: int) -> None:
    """For N(0, 0.5^2) a path is x(s) = x(0) sqrt(0.25 + s^2) / 0.5, so f(x, s) = 0.5 x / sqrt(0.25 + s^2)."""

    def jump(now: torch.Tensor, level: Level) -> torch.Tensor:
        return 0.5 * now / (0.25 + level.sigma**2) ** 0.5

    rng = torch.Generator().manual_seed(1)
    fresh = lambda: start(8000)[torch.randperm(8000, generator=rng)]  # noqa: E731
    assert float(Renoise()(jump, start(8000), exploding(steps), fresh).std()) == pytest.approx(0.5, abs=0.002)
    assert Renoise().calls(steps) == steps


def test_a_jump_from_the_least_noise_is_the_identity() -> None:
    made, now = consistency(), torch.randn(2, 1, 16, 16, generator=seeds(1)[0])
    for weights in made.student.parameters():
        weights.data.normal_(std=0.1, generator=seeds(2)[0])
    label = Batch(label=torch.tensor([0, 1]))
    torch.testing.assert_close(made.jump(made.student, now, torch.full((2,), 0.002), label), now)
    skip, out = boundary_factors(torch.tensor(80.0), 0.5, 0.002)
    assert float(skip) < 1e-4
    assert float(out) == pytest.approx(0.5, rel=1e-3)


def test_loss_is_zero_for_a_student_that_already_jumps_along_the_teachers_path() -> None:
    """Teacher F = 0 means D = c_skip x, whose paths scale x; the loss compares two points of the same path."""
    made, data = consistency(guidance=1.0, intervals=200), Bodies(16, 16, 0, ("a", "b"))
    noisy, high, low = data.target + 1.0, torch.full((16,), 1.0), torch.full((16,), 0.98)
    nearer = made._nearer(noisy, high, low, data.batch(range(16)))
    expected = noisy * ((0.25 + 0.98**2) / (0.25 + 1.0)) ** 0.5
    torch.testing.assert_close(nearer, expected, rtol=1e-4, atol=1e-5)


def test_it_does_not_fill_in() -> None:
    with pytest.raises(NotImplementedError, match="edm or ddpm"):
        consistency().fill_in(Batch(), torch.zeros(1), torch.zeros(1), [])
