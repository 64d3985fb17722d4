"""The adversarial losses, each on raw logits, and the penalties on a critic's gradient."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Critic = Callable[[Tensor], Tensor]


def least_squares(logits: Tensor, wanted: float) -> Tensor:
    """Return the mean of ``(logit - wanted)^2``; 1 is wanted of real images and by the generator, 0 of synthetic ones.

    Source: Mao et al. 2016, arXiv:1611.04076, equation 9 (a = 0, b = c = 1, without its halves).

    >>> float(least_squares(torch.tensor([1.0, 3.0]), 1.0))
    2.0
    """
    return (logits - wanted).square().mean()


def cross_entropy(logits: Tensor, wanted: float) -> Tensor:
    """Return the mean binary cross-entropy of logits; wanted 1 is the generator's non-saturating loss too.

    Source: Goodfellow et al. 2014, arXiv:1406.2661, equation 1 and section 3.

    >>> round(float(cross_entropy(torch.zeros(3), 1.0)), 4)  # log 2
    0.6931
    """
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, wanted))


def hinge(real: Tensor, synthetic: Tensor) -> tuple[Tensor, Tensor]:
    """Return both halves of the discriminator's hinge loss; the generator's is ``-mean(logits)``.

    Source: Lim and Ye 2017, arXiv:1705.02894.

    >>> [float(half) for half in hinge(torch.tensor([0.5, 2.0]), torch.tensor([-3.0, 1.0]))]
    [0.25, 1.0]
    """
    return F.relu(1 - real).mean(), F.relu(1 + synthetic).mean()


def gradient_penalty(critic: Critic, real: Tensor, synthetic: Tensor, rng: torch.Generator) -> Tensor:
    """Return the mean of ``(|gradient of the critic| - 1)^2`` at random points between real and synthetic images.

    Both are taken as they are: no gradient flows into whoever made the synthetic ones.

    Source: Gulrajani et al. 2017, arXiv:1704.00028, equation 3.

    >>> one = torch.ones(2, 1, 2, 2)  # a critic with gradient 3 in each of four pixels: length 6
    >>> float(gradient_penalty(lambda x: 3 * x.flatten(1).sum(1), one, -one, torch.Generator()))
    25.0
    """
    share = torch.rand((len(real),) + (1,) * (real.ndim - 1), generator=rng).to(real.device)
    between = torch.lerp(synthetic.detach(), real.detach(), share).requires_grad_()
    return (_slope(critic, between).flatten(1).norm(dim=1) - 1).square().mean()


def r1_penalty(critic: Critic, real: Tensor) -> Tensor:
    """Return half the mean squared gradient of the critic at real images.

    Source: Mescheder et al. 2018, arXiv:1801.04406, equation 9 (gamma is the caller's).

    >>> float(r1_penalty(lambda x: 3 * x.flatten(1).sum(1), torch.ones(2, 1, 2, 2)))
    18.0
    """
    return _slope(critic, real.detach().requires_grad_()).square().flatten(1).sum(1).mean() / 2


def _slope(critic: Critic, images: Tensor) -> Tensor:
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(critic(images).sum(), images, create_graph=True)
    return slope
