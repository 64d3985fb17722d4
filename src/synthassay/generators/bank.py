"""A bounded bank of real training images inside a generator's state, for baselines that show real images again."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from synthassay.networks.batch import Batch, Examples

_FULL_SCALE = 32_767  # model scale [-1, 1] as int16: steps of 3e-5, finer than any picture's own


class ImageBank(nn.Module):
    """Real images on the model's scale with their classes and subjects, saved and loaded as buffers.

    Args:
        classes: Number of classes; 0 where the task has none.
    """

    images: Tensor
    labels: Tensor
    names: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.register_buffer("images", torch.zeros(0, dtype=torch.int16))
        self.register_buffer("labels", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("names", torch.zeros(0, dtype=torch.uint8))

    def fill(self, examples: Examples, rng: torch.Generator, most: int) -> None:
        """Keep at most ``most`` examples, drawn at random, as many of each class as there are or may be."""
        order = torch.randperm(len(examples), generator=rng).tolist()
        chosen = _balanced(order, self._classes_of(examples, order), most)
        images, labels = [], []
        for start in range(0, len(chosen), 64):
            batch = examples.batch(chosen[start : start + 64])
            assert batch.target is not None, "training examples have targets"
            images.append((batch.target * _FULL_SCALE).round().to(torch.int16))
            labels.append(torch.zeros(len(batch), dtype=torch.int64) if batch.label is None else batch.label)
        self.images, self.labels = torch.cat(images), torch.cat(labels)
        text = "\n".join(examples.subject(position) for position in chosen)
        self.names = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8).clone()

    def _classes_of(self, examples: Examples, order: list[int]) -> list[int]:
        found: list[int] = []
        for start in range(0, len(order) if self.classes else 0, 64):
            label = examples.batch(order[start : start + 64]).label
            assert label is not None, "a task with classes labels its examples"
            found += label.tolist()
        return found or [0] * len(order)

    def draw(self, label: int | None, rng: torch.Generator) -> tuple[Tensor, str]:
        """Return one image of the class, ``channels *space`` in [-1, 1], and its subject; each as likely as any other.

        Raises:
            ValueError: The bank has no image of the class.
        """
        of_class = (self.labels == label).nonzero().flatten() if label is not None else torch.arange(len(self.labels))
        if len(of_class) == 0:
            raise ValueError(f"no training image of class {label} to show again")
        position = int(of_class[torch.randint(len(of_class), (), generator=rng)])
        return self.images[position].float() / _FULL_SCALE, self.subjects()[position]

    def draw_all(self, condition: Batch, rngs: Sequence[torch.Generator]) -> tuple[Tensor, list[tuple[str, ...]]]:
        """Return one image per random stream, of the condition's classes, and the subject of each."""
        labels = [None] * len(rngs) if condition.label is None else condition.label.tolist()
        drawn = [self.draw(label, rng) for label, rng in zip(labels, rngs, strict=True)]
        return torch.stack([image for image, _ in drawn]), [(subject,) for _, subject in drawn]

    def subjects(self) -> list[str]:
        """Subject of each image, in order."""
        return bytes(self.names.tolist()).decode().split("\n")


def _balanced(order: list[int], classes: list[int], most: int) -> list[int]:
    """Return at most ``most`` positions, taken from the classes in turn, each class in the given order."""
    queues = {c: [position for position, k in zip(order, classes, strict=True) if k == c] for c in sorted(set(classes))}
    longest = max((len(queue) for queue in queues.values()), default=0)
    turns = [queue[turn] for turn in range(longest) for queue in queues.values() if turn < len(queue)]
    return turns[:most]
