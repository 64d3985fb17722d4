"""The examination that every trained family must pass; import it, build the family small, and run it.

    class TestPgan(Examination):
        family = "pgan"
        settings = {"images_seen": 256, "batch": 8, "width": 8}
        falls = ("generator/l1",)

Small examples that are like real ones are made here: smooth bodies on a dark ground, in two classes, each with a source
that shows the same anatomy in another contrast.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, get_args

import numpy as np
import pytest
import torch

from synthassay.generators.base import GENERATORS, Generator
from synthassay.generators.stored import build_generator, load_generator
from synthassay.networks.batch import Batch, Facts
from synthassay.records.base import sha256_of
from synthassay.train import train

CLASSES = ("clear", "opaque")


class Bodies:
    """Examples by position: an ellipse per subject, class 1 with a bright blot inside; two positions per subject."""

    def __init__(
        self, count: int, size: int, source_channels: int, classes: tuple[str, ...], seed: int = 5, axes: int = 2
    ) -> None:
        rng = np.random.default_rng(seed)
        rows, columns = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
        self.label = np.arange(count) % 2
        a, b, x, y = rng.uniform([[0.6], [0.5], [-0.3], [-0.3]], [[0.9], [0.8], [0.3], [0.3]], (4, count))[
            ..., None, None
        ]
        body = 1 / (1 + np.exp(12 * ((rows / a) ** 2 + (columns / b) ** 2 - 1)))
        blot = np.exp(-((rows - x) ** 2 + (columns - y) ** 2) / 0.05) * self.label[:, None, None]
        self.target = torch.tensor((1.2 * body + 0.6 * blot - 0.9), dtype=torch.float32)[:, None].clamp(-1, 1)
        self.source = torch.tensor(0.8 - 1.5 * body + 0.3 * blot, dtype=torch.float32)[:, None]
        self.source = self.source.expand(-1, source_channels, -1, -1).clamp(-1, 1)
        if axes == 3:  # the body fades towards the first and the last slice
            depth = (1 - torch.linspace(-1, 1, size).square()).reshape(-1, 1, 1)
            self.target = (self.target[:, :, None] + 1) * depth - 1
            self.source = (self.source[:, :, None] - 0.8) * depth + 0.8
        self.paired, self.classes = source_channels > 0, classes

    def __len__(self) -> int:
        return len(self.target)

    def batch(self, positions: Sequence[int]) -> Batch:
        at = list(positions)
        label = torch.tensor(self.label[at], dtype=torch.int64) if self.classes else None
        return Batch(self.target[at], self.source[at] if self.paired else None, label)

    def subject(self, position: int) -> str:
        return f"subject-{position // 2}"


def seeds(*values: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(value) for value in values]


def digest_of(generator: Generator) -> str:
    """The first 16 digits of the hash of all weights, by name."""
    found = sha256()
    for name, value in sorted(generator.state_dict().items()):
        found.update(name.encode())
        found.update(value.contiguous().numpy().tobytes())
    return found.hexdigest()[:16]


class Examination:
    """What the house demands of every trained family.

    Attributes:
        family: Name in the registry.
        settings: Small enough for a minute, long enough to learn.
        falls: Training loss terms, as in training.jsonl, whose last tenth must lie under ``fall`` of their first.
        source_channels: 0 for a label-conditioned use, else the channels of the source.
        axes: 2 for pictures, 3 for volumes.
        images_seen_to_resume: Length of the short trainings whose bytes are compared.
    """

    family: ClassVar[str]
    settings: ClassVar[dict[str, Any]]
    falls: ClassVar[tuple[str, ...]]
    fall: ClassVar[float] = 0.8
    source_channels: ClassVar[int] = 0
    classes: ClassVar[tuple[str, ...]] = CLASSES
    size: ClassVar[int] = 16
    axes: ClassVar[int] = 2
    images_seen_to_resume: ClassVar[int] = 48
    composition_tolerance: ClassVar[float] = 1e-4

    @pytest.fixture(scope="class")
    @classmethod
    def trained(cls, tmp_path_factory: pytest.TempPathFactory) -> tuple[Generator, Path]:
        folder = tmp_path_factory.mktemp(cls.family)
        cls._train(cls._new(), folder)
        return load_generator(folder), folder

    def test_it_says_what_it_serves_and_where_it_comes_from(self) -> None:
        entry = GENERATORS.get(self.family)
        assert entry.serves
        assert entry.source.startswith(("arXiv:", "doi:"))
        assert entry.__module__.rpartition(".")[2] == self.family

    def test_loss_falls(self, trained: tuple[Generator, Path]) -> None:
        lines = [json.loads(line) for line in (trained[1] / "training.jsonl").read_text().splitlines()]
        tenth = max(1, len(lines) // 10)
        for name in self.falls:
            values = [line["train"][name] for line in lines if name in line["train"]]
            assert np.mean(values[-tenth:]) < self.fall * np.mean(values[:tenth]), name

    def test_shape_and_range(self, trained: tuple[Generator, Path]) -> None:
        images = trained[0].sample(self._condition(range(3)), seeds(1, 2, 3))
        assert images.shape == (3, 1, *[self.size] * self.axes)
        assert images.dtype == torch.float32
        assert bool(torch.isfinite(images).all())
        assert float(images.min()) >= -1
        assert float(images.max()) <= 1

    def test_same_seed_gives_same_image(self, trained: tuple[Generator, Path]) -> None:
        once = trained[0].sample(self._condition(range(3)), seeds(1, 2, 3))
        again = trained[0].sample(self._condition(range(3)), seeds(1, 2, 3))
        assert torch.equal(once, again)

    def test_image_does_not_depend_on_its_batch(self, trained: tuple[Generator, Path]) -> None:
        together = trained[0].sample(self._condition([0, 1, 2, 3]), seeds(1, 2, 3, 4))
        reordered = trained[0].sample(self._condition([2, 0]), seeds(3, 1))
        alone = trained[0].sample(self._condition([2]), seeds(3))
        near = {"rtol": 0.0, "atol": self.composition_tolerance}
        torch.testing.assert_close(reordered, together[[2, 0]], **near)
        torch.testing.assert_close(alone, together[[2]], **near)

    def test_sampling_leaves_the_global_random_numbers_alone(self, trained: tuple[Generator, Path]) -> None:
        before = torch.random.get_rng_state()
        trained[0].sample(self._condition([0]), seeds(1))
        assert torch.equal(before, torch.random.get_rng_state())

    def test_settings_of_sampling_leave_training_alone(self) -> None:
        family = GENERATORS.get(self.family)
        fields = family.Settings.model_fields
        assert family.sampling <= fields.keys()
        plain = self._new()
        for name in sorted(family.sampling):
            value = getattr(plain.settings, name)
            other = (
                value + 1
                if not isinstance(value, str)
                else next(v for v in get_args(fields[name].annotation) if v != value)
            )
            changed = self._new(**{name: other})
            for phase in plain.phases():
                losses = [
                    g.loss(phase, self._examples().batch(range(4)), torch.Generator().manual_seed(3))
                    for g in (plain, changed)
                ]
                assert all(torch.equal(losses[0][term], losses[1][term]) for term in losses[0]), (name, phase)

    def test_loaded_equals_trained(self, tmp_path: Path) -> None:
        generator = self._new(images_seen=self.images_seen_to_resume)
        self._train(generator, tmp_path)
        loaded = load_generator(tmp_path)
        assert loaded.state_dict().keys() == generator.state_dict().keys()
        assert all(torch.equal(v, loaded.state_dict()[k]) for k, v in generator.state_dict().items())
        condition = self._condition([0, 1])
        assert torch.equal(loaded.sample(condition, seeds(1, 2)), generator.sample(condition, seeds(1, 2)))

    def test_resumed_equals_undisturbed(self, tmp_path: Path) -> None:
        class Stopped(Exception):
            pass

        def stop(now: Any) -> None:
            if now.images_seen >= self.images_seen_to_resume // 2:
                raise Stopped

        whole = self._train(self._new(images_seen=self.images_seen_to_resume), tmp_path / "whole")
        with pytest.raises(Stopped):
            self._train(self._new(images_seen=self.images_seen_to_resume), tmp_path / "cut", stop, checkpoint_seconds=0)
        resumed = self._train(self._new(images_seen=self.images_seen_to_resume), tmp_path / "cut")
        assert 0 < resumed.resumed_from < whole.images_seen
        assert resumed.weights_sha256 == whole.weights_sha256
        assert sha256_of(tmp_path / "cut/training.jsonl") == sha256_of(tmp_path / "whole/training.jsonl")

    @classmethod
    def _examples(cls, count: int = 32, seed: int = 5) -> Bodies:
        return Bodies(count, cls.size, cls.source_channels, cls.classes, seed, cls.axes)

    @classmethod
    def _condition(cls, positions: Sequence[int]) -> Batch:
        batch = cls._examples().batch(positions)
        return Batch(source=batch.source, label=batch.label)

    @classmethod
    def _new(cls, **changes: Any) -> Generator:
        facts = Facts(1, cls.source_channels, cls.classes, (cls.size,) * cls.axes)
        return build_generator(cls.family, {**cls.settings, **changes}, facts, seed=11)

    @classmethod
    def _train(cls, generator: Generator, folder: Path, progress: Any = None, checkpoint_seconds: float = 60) -> Any:
        return train(
            generator,
            cls._examples(),
            cls._examples(8, seed=6),
            folder=folder,
            seed=3,
            progress=progress,
            checkpoint_seconds=checkpoint_seconds,
        )
