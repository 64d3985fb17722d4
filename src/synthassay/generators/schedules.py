"""How much noise at which time: schedules of alpha-bar, EDM's sigmas, and what a denoiser is asked to predict.

Every family's way from noise to an image is written in one form, ``x = alpha x0 + sigma n`` with n standard normal:
variance preserving (DDPM) has ``alpha^2 + sigma^2 = 1``, variance exploding (EDM) has ``alpha = 1``, a straight flow
has ``alpha + sigma = 1``. Samplers see levels of this form and nothing else, so each of them serves every family.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

ScheduleName = Literal["linear", "scaled_linear", "cosine"]
Prediction = Literal["epsilon", "x0", "v"]


class Level(NamedTuple):
    """One place on the way from noise to an image.

    Attributes:
        alpha: Factor of the image.
        sigma: Factor of the noise; 0 at the end of the way.
        time: What the network is told of it.
    """

    alpha: float
    sigma: float
    time: float = 0.0


CLEAN = Level(1.0, 0.0, 0.0)
Denoise = Callable[[Tensor, Level], Tensor]
"""What a sampler asks: the expected image, ``batch channels *space``, given a noisy one and its level."""


def alpha_bars(name: ScheduleName, steps: int, *, zero_terminal: bool = False) -> Tensor:
    """Return the share of the image's variance that is left after each of ``steps`` steps, ``steps`` in float64.

    Args:
        name: ``linear``: beta from 1e-4 to 0.02 for 1,000 steps, scaled by 1000/steps for others, so that the end is
            the same; ``scaled_linear``: its root from 0.0015 to 0.0195; ``cosine``: a squared cosine, beta at most
            0.999.
        steps: Number of steps.
        zero_terminal: Shift and scale ``sqrt(alpha_bar)`` so that nothing of the image is left at the last step.

    Source:
        Ho et al. 2020, arXiv:2006.11239, section 4 (linear); Rombach et al. 2022, arXiv:2112.10752 (scaled linear, from
        its code); Nichol and Dhariwal 2021, arXiv:2102.09672, equation 17 (cosine); Lin et al. 2023, arXiv:2305.08891,
        algorithm 1 (zero terminal).

    >>> [round(float(alpha_bars(name, 1000)[-1]), 7) for name in ("linear", "cosine")]
    [4.04e-05, 0.0]
    """
    scale = 1000 / steps
    if name == "linear":
        betas = torch.linspace(1e-4 * scale, 0.02 * scale, steps, dtype=torch.float64)
    elif name == "scaled_linear":
        betas = torch.linspace(0.0015**0.5, 0.0195**0.5, steps, dtype=torch.float64).square() * scale
    else:
        at = torch.arange(steps + 1, dtype=torch.float64) / steps
        kept = ((at + 0.008) / 1.008 * math.pi / 2).cos().square()
        betas = 1 - kept[1:] / kept[:-1]
    found = (1 - betas.clamp(max=0.999)).cumprod(0)
    if not zero_terminal:
        return found
    roots = found.sqrt()
    return ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])).square()


def preserving_alpha_bar(share: float, beta_low: float, beta_high: float) -> float:
    """Return the share of the image's variance that is left at ``share`` of the way of a variance-preserving diffusion.

    Noise comes in at a rate that rises linearly from ``beta_low`` to ``beta_high``.

    Source:
        Song et al. 2020, arXiv:2011.13456, equation 33; steps of equal length as by Xiao et al. 2021, arXiv:2112.07804,
        appendix B.

    >>> [round(preserving_alpha_bar(t / 4, 0.1, 20.0), 4) for t in range(5)]
    [1.0, 0.5237, 0.0791, 0.0034, 0.0]
    """
    return math.exp(-beta_low * share - (beta_high - beta_low) * share**2 / 2)


def kept_steps(steps: int, of: int) -> list[int]:
    """Return ``steps`` of ``of`` training steps, noisiest first: evenly spaced, the last one always among them.

    Source:
        Lin et al. 2023, arXiv:2305.08891, table 2 ("trailing").

    >>> kept_steps(4, 1000), kept_steps(3, 10)
    ([999, 749, 499, 249], [9, 6, 2])
    """
    return [round(of - i * of / steps) - 1 for i in range(steps)]


def edm_sigmas(steps: int, lowest: float = 0.002, highest: float = 80.0, rho: float = 7.0) -> list[float]:
    """Return EDM's noise levels, highest first, without the 0 that follows them.

    Source:
        Karras et al. 2022, arXiv:2206.00364, equation 5.

    >>> [round(s, 3) for s in edm_sigmas(4)]
    [80.0, 9.723, 0.47, 0.002]
    """
    first, last = highest ** (1 / rho), lowest ** (1 / rho)
    return [(first + i / max(1, steps - 1) * (last - first)) ** rho for i in range(steps)]


class Preconditioning(NamedTuple):
    """EDM's factors: ``denoised = skip * x + out * F(into * x, told)``, and the weight of its squared error."""

    skip: Tensor
    out: Tensor
    into: Tensor
    told: Tensor
    weight: Tensor


def precondition(sigma: Tensor, sigma_data: float) -> Preconditioning:
    """Return the factors that keep input, output and target of a network at variance 1 for every ``sigma``.

    Source:
        Karras et al. 2022, arXiv:2206.00364, table 1, last column.
    """
    total = sigma.square() + sigma_data**2
    return Preconditioning(
        skip=sigma_data**2 / total,
        out=sigma * sigma_data / total.sqrt(),
        into=1 / total.sqrt(),
        told=sigma.log() / 4,
        weight=total / (sigma * sigma_data).square(),
    )


def asked(prediction: Prediction, clean: Tensor, noise: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """Return what a network with this prediction should answer; ``alpha`` and ``sigma`` broadcast over the images.

    Source:
        Salimans and Ho 2022, arXiv:2202.00512, section 4: ``v = alpha n - sigma x0``.
    """
    if prediction == "epsilon":
        return noise
    return clean if prediction == "x0" else alpha * noise - sigma * clean


def clean_of(prediction: Prediction, answer: Tensor, now: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """Return the image that an answer means; exact for ``v`` where ``alpha^2 + sigma^2 = 1``.

    >>> a, s, x0, n = torch.tensor(0.6), torch.tensor(0.8), torch.tensor(2.0), torch.tensor(-1.0)
    >>> round(float(clean_of("v", asked("v", x0, n, a, s), a * x0 + s * n, a, s)), 6)
    2.0
    """
    if prediction == "epsilon":
        return (now - sigma * answer) / alpha
    return answer if prediction == "x0" else alpha * now - sigma * answer


def noise_of(clean: Tensor, now: Tensor, level: Level) -> Tensor:
    """Return the noise that a noisy image holds if ``clean`` is its image."""
    return (now - level.alpha * clean) / level.sigma


def min_snr_weight(prediction: Prediction, snr: Tensor, gamma: float) -> Tensor:
    """Return the weight of the squared error so that no level counts more than ``gamma`` in terms of x0; 0 weighs none.

    Args:
        prediction: What the error is of.
        snr: ``alpha^2 / sigma^2``.
        gamma: 5 in the paper; 0 gives the plain mean squared error.

    Source:
        Hang et al. 2023, arXiv:2303.09556, equation 4 and section 3.4.

    >>> [float(min_snr_weight(kind, torch.tensor(20.0), 5.0)) for kind in ("epsilon", "x0")]
    [0.25, 5.0]
    """
    if gamma == 0:
        return torch.ones_like(snr)
    least = snr.clamp(max=gamma)
    if prediction == "epsilon":
        return least / snr
    return least if prediction == "x0" else least / (snr + 1)


def posterior(here: Level, there: Level) -> tuple[float, float, float]:
    """Return the law of x at the cleaner level ``there`` given x ``here`` and the image: factors and deviation.

    The mean is ``first * x + second * x0``. It is computed from the two levels themselves, so that leaving out steps
    needs no further care: the betas are those of the steps that are kept.

    Source:
        Kingma et al. 2021, arXiv:2107.00630, equations 26 to 28; Ho et al. 2020, arXiv:2006.11239, equation 7.

    >>> posterior(Level(0.6, 0.8), CLEAN)
    (0.0, 1.0, 0.0)
    """
    ratio = here.alpha / there.alpha
    fresh = here.sigma**2 - (ratio * there.sigma) ** 2
    share = there.sigma**2 / here.sigma**2
    return ratio * share, there.alpha * fresh / here.sigma**2, math.sqrt(max(fresh * share, 0.0))


def require_image(levels: Sequence[Level], sampler: str) -> None:
    """Refuse levels that hold nothing of the image for samplers that divide by its factor.

    Raises:
        ValueError: A level has ``alpha`` 0.
    """
    if any(level.alpha == 0 for level in levels):
        raise ValueError(f"the sampler {sampler} cannot start where nothing of the image is left: use ddim or ddpm")
