"""What shows that an adversarial training goes wrong: images all alike, a discriminator that cannot lose."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MEMORY = 0.98
LEAST_STEPS = 50
LEAST_DIVERSITY = 0.2
MOST_WON = 0.98


class Watch(nn.Module):
    """Moving averages of two signs, saved with the weights.

    Attributes:
        diversity: Mean distance between the synthetic images of a batch, relative to that between its real ones.
        won: Share of images on the right side of the middle between the mean real and the mean synthetic logit.
    """

    diversity: Tensor
    won: Tensor
    steps: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("diversity", torch.ones(()))
        self.register_buffer("won", torch.full((), 0.5))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def see(self, real: Tensor, synthetic: Tensor, real_logits: Tensor, synthetic_logits: Tensor) -> None:
        """Take in one step of the discriminator; a batch of one image says nothing of diversity."""
        middle = (real_logits.mean() + synthetic_logits.mean()) / 2
        right = ((real_logits > middle).float().mean() + (synthetic_logits < middle).float().mean()) / 2
        self.won.lerp_(right.to(self.won), 1 - MEMORY)
        if len(real) > 1 and len(synthetic) > 1:
            ratio = _spread(synthetic) / _spread(real).clamp(min=1e-8)
            self.diversity.lerp_(ratio.to(self.diversity), 1 - MEMORY)
        self.steps += 1

    def alarms(self) -> tuple[str, ...]:
        """Return what is wrong, as clauses; nothing in the first 50 steps."""
        found = []
        if int(self.steps) >= LEAST_STEPS and float(self.diversity) < LEAST_DIVERSITY:
            found.append(f"collapse: synthetic images differ {float(self.diversity):.2f} times as much as real ones do")
        if int(self.steps) >= LEAST_STEPS and float(self.won) > MOST_WON:
            found.append(f"the discriminator wins {float(self.won):.1%} of the time, and can teach little more")
        return tuple(found)


def _spread(images: Tensor) -> Tensor:
    """Root mean squared deviation from the batch's mean image."""
    return (images - images.mean(dim=0)).square().mean().sqrt()
