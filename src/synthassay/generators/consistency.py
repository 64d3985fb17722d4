"""Consistency distillation: a diffusion model is learnt, then a network that jumps from noise to its image at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from synthassay.generators.base import GeneratorSettings, generator
from synthassay.generators.denoising import DenoisingSettings, GuidanceSettings, UNetSettings, per_example, target_of
from synthassay.generators.edm import Edm
from synthassay.generators.samplers.guidance import guided
from synthassay.generators.samplers.renoise import Renoise
from synthassay.generators.schedules import CLEAN, Level, edm_sigmas, precondition
from synthassay.generators.stages import boundary, progress_within
from synthassay.networks.axes import spread
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.networks.ema import Ema
from synthassay.networks.noise import normal_like
from synthassay.networks.schedule import rise_and_fall


class ConsistencySettings(GuidanceSettings, UNetSettings, DenoisingSettings):
    """Settings of both stages; EDM's own are the paper's defaults."""

    steps: int = Field(2, ge=1, le=8, description="Jumps per image when sampling (paper: 1 or 2).")
    teacher_share: float = Field(0.6, gt=0, lt=1, description="Share of training in which the teacher is learnt.")
    intervals: int = Field(40, ge=2, description="Noise levels of the distillation (paper: 40).")
    target_decay: float = Field(0.95, ge=0, lt=1, description="Decay of the average that gives the targets (paper).")
    student_rate: float = Field(
        0.3, gt=0, le=1, description="The student's learning rate, as a share of the teacher's."
    )
    sigma_data: float = Field(0.5, gt=0, description="Standard deviation of the images on [-1, 1] (paper: 0.5).")
    sigma_low: float = Field(0.002, gt=0, description="Noise level at which the jump is the identity (paper: 0.002).")
    sigma_high: float = Field(80.0, gt=1, description="Noise level from which images are drawn (paper: 80).")
    rho: float = Field(7.0, gt=0, description="Bend of the levels' spacing (paper: 7).")
    log_mean: float = Field(-1.2, description="Mean of ln sigma in the teacher's training (EDM: -1.2).")
    log_spread: float = Field(1.2, gt=0, description="Standard deviation of ln sigma in the teacher's training.")


@generator("consistency", serves={"augment", "generate"}, source="arXiv:2303.01469")
class Consistency(Edm):
    """A teacher (EDM) is learnt first; then a student learns ``f(x, s)``, the image at the end of x's path.

    ``f = c_skip x + c_out F`` is the identity at the least noise. With levels s_1 < ... < s_N, the student at s_{n+1}
    is drawn to its own moving average at s_n, one Heun step of the teacher nearer to the image:
    ``L = E mean (f(x + s_{n+1} z, s_{n+1}) - f_target(x_n, s_n))^2``. Guidance is distilled with it: it acts in the
    teacher's step, and costs nothing when sampling.

    Source:
        Song et al. 2023, arXiv:2303.01469, equations 5 to 9 and algorithms 1 and 2. Departures: squared error instead
        of LPIPS; both stages in one training, at 64x64 pixels a matter of minutes.
    """

    Settings: ClassVar[type[GeneratorSettings]] = ConsistencySettings
    sampling = frozenset({"steps"})
    case_loss = ""  # the student, which makes the images, has no loss of data alone
    settings: ConsistencySettings  # type: ignore[assignment]

    def __init__(self, settings: GeneratorSettings, facts: Facts) -> None:
        super().__init__(settings, facts)
        self.student = self.new_network()
        self.target: Ema[nn.Module] = Ema(self.student, self.settings.target_decay)
        self.student_ema: Ema[nn.Module] = Ema(self.student, self.settings.ema_decay)

    def phases(self) -> dict[str, nn.Module]:
        """The teacher, then the student."""
        return {"denoiser": self.network, "student": self.student}

    def due(self, phase: str, step: int) -> bool:
        """The teacher before the boundary, the student from there on."""
        return (phase == "student") == (step >= boundary(self.settings, self.settings.teacher_share))

    def before_step(self, step: int, examples: Examples, rng: torch.Generator) -> None:
        """Begin the student at the teacher's averaged weights."""
        if step == boundary(self.settings, self.settings.teacher_share):
            for network in (self.student, self.target.average, self.student_ema.average):
                network.load_state_dict(self.ema.average.state_dict())
            self.target.updates.zero_()
            self.student_ema.updates.zero_()

    def after_step(self, images_seen: int) -> None:
        """Move the averages of the stage."""
        if self.due("denoiser", images_seen // self.settings.batch - 1):
            self.ema.update(self.network)
        else:
            self.target.update(self.student)
            self.student_ema.update(self.student)

    def learning_rate_factor(self, phase: str, progress: float) -> float:
        """Each stage rises and falls by itself."""
        second = phase == "student"
        within = progress_within(progress, self.settings.teacher_share, second=second)
        return rise_and_fall(within, self.settings.warm_up) * (self.settings.student_rate if second else 1.0)

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return the teacher's loss, or the student's distance from its average one step nearer to the image."""
        if phase == "student":
            return {"consistency": self._distance(self.student, batch, rng).mean()}
        return super().loss(phase, batch, rng)

    @torch.no_grad()
    def validation_loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Return both losses of the averaged weights."""
        student = {"student/consistency": self._distance(self.student_ema, batch, rng).mean()}
        return {**super().validation_loss(batch, rng), **student}

    @torch.no_grad()
    def sample(self, condition: Batch, rngs: Sequence[torch.Generator]) -> Tensor:
        """Return ``batch channels *space`` in [-1, 1]; image i is drawn from ``rngs[i]`` alone."""
        condition, fresh = condition.to(self.device), self.fresh(rngs)

        def jump(now: Tensor, level: Level) -> Tensor:
            return self.jump(self.student_ema, now, now.new_full((len(now),), level.sigma), condition)

        return Renoise()(jump, fresh(), self.levels(self.settings.steps), fresh).clamp(-1, 1)

    def levels(self, steps: int) -> list[Level]:
        """Return ``steps`` of the distillation's levels, evenly spaced from the noisiest on, then 0."""
        s = self.settings
        grid = edm_sigmas(s.intervals, s.sigma_low, s.sigma_high, s.rho)
        return [*(Level(1.0, grid[i * (s.intervals - 1) // steps]) for i in range(steps)), CLEAN]

    def jump(self, network: nn.Module, now: Tensor, sigma: Tensor, condition: Batch) -> Tensor:
        """Return f at noise levels ``sigma``, ``batch``."""
        skip, out = boundary_factors(sigma, self.settings.sigma_data, self.settings.sigma_low)
        c = precondition(sigma, self.settings.sigma_data)
        answer = self.answer(network, spread(c.into, now) * now, c.told, condition)
        return spread(skip, now) * now + spread(out, now) * answer

    def require_pixels(self) -> None:
        """Refuse: a jump has no step in which known pixels could be put back.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("a consistency model jumps to its image; use edm or ddpm to fill in")

    def _distance(self, network: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        clean, s = target_of(batch), self.settings
        grid = torch.tensor(edm_sigmas(s.intervals, s.sigma_low, s.sigma_high, s.rho)[::-1], device=clean.device)
        share = (torch.rand((), generator=rng) + torch.arange(len(clean)) / len(clean)) % 1
        n = (share * (s.intervals - 1)).long().clamp(max=s.intervals - 2).to(clean.device)
        low, high = grid[n], grid[n + 1]
        noisy = clean + spread(high, clean) * normal_like(clean, rng)
        with torch.no_grad():
            wanted = self.jump(self.target, self._nearer(noisy, high, low, batch), low, batch)
        return per_example((self.jump(network, noisy, high, batch) - wanted).square())

    def _nearer(self, now: Tensor, high: Tensor, low: Tensor, batch: Batch) -> Tensor:
        """Take one Heun step of the teacher from noise levels ``high`` to ``low``."""
        step = spread(low - high, now)
        slope = (now - self._teacher(now, high, batch)) / spread(high, now)
        ahead = now + step * slope
        return now + step * (slope + (ahead - self._teacher(ahead, low, batch)) / spread(low, now)) / 2

    def _teacher(self, now: Tensor, sigma: Tensor, batch: Batch) -> Tensor:
        untold = self.untold(batch)
        if untold is None:
            return self.expected(self.ema, now, sigma, batch)
        told, forgot = (lambda x, _, b=b: self.expected(self.ema, x, sigma, b) for b in (batch, untold))
        return guided(told, forgot, self.settings.guidance)(now, CLEAN)


def boundary_factors(sigma: Tensor, sigma_data: float, sigma_low: float) -> tuple[Tensor, Tensor]:
    """Return the skip and the output factor of f; 1 and 0 at ``sigma_low``, so that f is the identity there.

    Source:
        Song et al. 2023, arXiv:2303.01469, appendix C.

    >>> [float(v) for v in boundary_factors(torch.tensor(0.002), 0.5, 0.002)]
    [1.0, 0.0]
    """
    past = sigma - sigma_low
    return sigma_data**2 / (past.square() + sigma_data**2), past * sigma_data / (sigma.square() + sigma_data**2).sqrt()
