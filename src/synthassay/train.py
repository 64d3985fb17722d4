"""The one training loop: any family, resumed bit by bit by running it again.

What happens at step s is a function of the weights, the seed and s alone: the examples, the noise and the learning
rate. A run that was killed therefore ends with the bytes of a run that was not.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from synthassay.errors import DataError, RunError
from synthassay.generators.base import Generator
from synthassay.generators.stored import WEIGHTS, save_generator
from synthassay.networks.batch import Batch, Examples
from synthassay.networks.determinism import deterministic
from synthassay.networks.weights import (
    optimiser_tensors,
    read_note,
    read_tensors,
    restore,
    restore_optimiser,
    write_tensors,
)
from synthassay.randomness import derive, stream
from synthassay.records.base import disk_problem, fingerprint, sha256_of, write_text

CHECKPOINT = "checkpoint.safetensors"
LOG = "training.jsonl"
TIMING = "timing.jsonl"
LOG_LINES = 200
VALIDATIONS = 20
VALIDATION_EXAMPLES = 256


@dataclass(frozen=True)
class Progress:
    """Where training is, for whoever shows it; given after every step.

    Attributes:
        images_seen: Images shown so far; ``images_total`` when done.
        images_per_second: Since this process began; 0 before its first step is done.
        seconds_left: Estimated from that speed.
        terms: Mean of each loss term since the last line of the log.
    """

    images_seen: int
    images_total: int
    images_per_second: float
    seconds_left: float
    terms: dict[str, float]


@dataclass(frozen=True)
class TrainingResult:
    """What training left in its folder.

    Attributes:
        weights: The generator's file.
        weights_sha256: Hash of its bytes.
        images_seen: Images shown in all, by this process and those before it.
        resumed_from: Images that earlier processes had shown; 0 for a fresh start.
        seconds: Wall time of this process.
        parameters: Trained parameters (averages and frozen parts not counted).
        device: What it ran on.
    """

    weights: Path
    weights_sha256: str
    images_seen: int
    resumed_from: int
    seconds: float
    parameters: int
    device: str


@dataclass
class _State:
    """What must survive a kill beside weights and optimisers."""

    step: int = 0
    lines: list[str] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)


def train(
    generator: Generator,
    train: Examples,
    validation: Examples,
    *,
    folder: Path,
    seed: int,
    progress: Callable[[Progress], None] | None = None,
    device: str = "auto",
    checkpoint_seconds: float = 60.0,
    inputs: str = "",
    keep: Sequence[int] = (),
) -> TrainingResult:
    """Train a generator, going on from the folder's checkpoint where there is one of the same training.

    Args:
        generator: As ``build_generator`` gives it; trained in place.
        train: Examples to learn from.
        validation: Examples for the validation curve; may be empty.
        folder: Gets weights, log (equal for equal runs), timing (not) and, until training is done, a checkpoint.
        seed: Root of batch order and noise.
        progress: Called after every step.
        device: Lightning Fabric's accelerator: ``auto``, ``cpu``, ``cuda`` or ``mps``. Always 32 bit.
        checkpoint_seconds: Wall time between checkpoints.
        inputs: Fingerprint of whatever else the weights depend on; another one starts training afresh.
        keep: Images seen after which the weights are kept too, beside those of the end; ``kept_weights`` names them.

    Returns:
        Where the weights are, their hash, and what training took.

    Raises:
        DataError: There is nothing to learn from.
        RunError: A loss or a weight is not finite, the folder cannot be written, or the checkpoint is damaged.
    """
    if len(train) == 0:
        raise DataError("training examples", "are none", remedy="Check the split: no subject is in train.")
    began = time.monotonic()
    fabric = Fabric(accelerator=device, devices=1, precision="32-true")
    run = _Run(generator, train, validation, folder, seed, fabric, _fingerprint(generator, train, seed, inputs))
    run.keep = {math.ceil(images / generator.settings.batch): kept_weights(images) for images in keep}
    with deterministic(fabric.device):
        first = run.begin()
        run.to_the_end(progress, checkpoint_seconds)
    run.finish()
    return TrainingResult(
        weights=folder / WEIGHTS,
        weights_sha256=sha256_of(folder / WEIGHTS),
        images_seen=run.total * generator.settings.batch,
        resumed_from=first * generator.settings.batch,
        seconds=time.monotonic() - began,
        parameters=sum(p.numel() for m in generator.phases().values() for p in m.parameters()),
        device=str(fabric.device),
    )


def kept_weights(images: int) -> str:
    """Return the name of the weights that ``train`` keeps after so many images.

    >>> kept_weights(16_000)
    'weights-16000.safetensors'
    """
    return f"weights-{images}.safetensors"


def batch_positions(seed: int, images_seen: int, batch: int, examples: int) -> list[int]:
    """Return the positions of the batch that comes after ``images_seen`` images.

    Every epoch is a permutation of its own, so that each example is shown once before any is shown again.

    >>> sorted(batch_positions(3, 0, 4, 8) + batch_positions(3, 4, 4, 8))
    [0, 1, 2, 3, 4, 5, 6, 7]
    """
    wanted = range(images_seen, images_seen + batch)
    epochs = range(wanted[0] // examples, wanted[-1] // examples + 1)
    orders = {epoch: stream(seed, "order", epoch).permutation(examples) for epoch in epochs}
    return [int(orders[k // examples][k % examples]) for k in wanted]


class _Run:
    """One training in one process; the order of its methods is the order of events."""

    def __init__(
        self,
        generator: Generator,
        train: Examples,
        validation: Examples,
        folder: Path,
        seed: int,
        fabric: Fabric,
        same: str,
    ) -> None:
        self.generator, self.examples, self.validation = generator, train, validation
        self.folder, self.seed, self.fabric, self.same = folder, seed, fabric, same
        settings = generator.settings
        self.total = math.ceil(settings.images_seen / settings.batch) if generator.phases() else 0
        self.state, self.done = _State(), False
        self.keep: dict[int, str] = {}
        generator.to(fabric.device)
        self.optimisers = {phase: fabric.setup_optimizers(generator.optimiser(phase)) for phase in generator.phases()}
        self.peak = {
            phase: [group["lr"] for group in optimiser.param_groups] for phase, optimiser in self.optimisers.items()
        }

    def begin(self) -> int:
        """Take up what the folder holds of this training, or prepare a fresh start; return the step to begin with."""
        weights, path = self.folder / WEIGHTS, self.folder / CHECKPOINT
        if self._is_ours(weights):
            restore(self.generator, read_tensors(weights)[0], str(weights))
            self.state.step, self.done = self.total, True
            return self.total
        if self._is_ours(path) and "counted" in read_note(path):  # an older version's counted all phases together
            self._resume(path)
        else:
            self.generator.prepare(self.examples, self._rng("prepare"))
            self.checkpoint()
        self._write_log()
        return self.state.step

    def to_the_end(self, progress: Callable[[Progress], None] | None, checkpoint_seconds: float) -> None:
        """Take all steps that are left."""
        began = saved = time.monotonic()
        first = self.state.step
        while self.state.step < self.total:
            self._step()
            now = time.monotonic()
            speed = (self.state.step - first) * self.generator.settings.batch / max(now - began, 1e-9)
            if progress is not None:
                progress(self._progress(speed))
            if self._is_due(LOG_LINES):
                self._log(speed, now - began)
            if now - saved >= checkpoint_seconds and self.state.step < self.total:
                self.checkpoint()
                saved = time.monotonic()

    def finish(self) -> None:
        """Write the weights, and leave the generator ready to sample."""
        if not self.done:
            save_generator(self.generator, self.folder / WEIGHTS, training=self.same)
        (self.folder / CHECKPOINT).unlink(missing_ok=True)
        self.generator.requires_grad_(False).eval()

    def checkpoint(self) -> None:
        """Write all that a later process needs to go on bit by bit.

        Raises:
            RunError: A weight is not finite; the checkpoint before stays.
        """
        tensors = {f"model.{name}": value for name, value in self.generator.state_dict().items()}
        broken = [n for n, v in tensors.items() if v.is_floating_point() and not bool(torch.isfinite(v).all())]
        if broken:
            raise self._not_finite(f"the weights {broken[0]!r} hold a value that is not finite", None)
        for phase, optimiser in self.optimisers.items():
            flat = optimiser_tensors(optimiser.optimizer)
            tensors |= {f"optimiser.{phase}/{name}": value for name, value in flat.items()}
        write_tensors(self.folder / CHECKPOINT, tensors, {"training": self.same, **asdict(self.state)})

    def _is_ours(self, path: Path) -> bool:
        return path.exists() and read_note(path).get("training") == self.same

    def _resume(self, path: Path) -> None:
        tensors, note = read_tensors(path)
        self.state = _State(note["step"], note["lines"], note["sums"], note["counted"])
        restore(self.generator, _under("model.", tensors), str(path))
        for phase, optimiser in self.optimisers.items():
            restore_optimiser(optimiser.optimizer, _under(f"optimiser.{phase}/", tensors))

    def _step(self) -> None:
        """Take one step: every phase in order, on one batch."""
        settings, state = self.generator.settings, self.state
        seen = state.step * settings.batch
        positions = batch_positions(self.seed, seen, settings.batch, len(self.examples))
        batch = self.examples.batch(positions).to(self.fabric.device)
        self.generator.before_step(state.step, self.examples, self._rng("before", state.step))
        rng = self._rng("train", state.step)
        self.generator.train()
        for phase, module in self.generator.phases().items():
            if not self.generator.due(phase, state.step):
                continue
            state.counted[phase] = state.counted.get(phase, 0) + 1
            only(self.generator, module)
            optimiser = self.optimisers[phase]
            for group, peak in zip(optimiser.param_groups, self.peak[phase], strict=True):
                group["lr"] = peak * self.generator.learning_rate_factor(phase, state.step / self.total)
            optimiser.zero_grad(set_to_none=True)
            self._descend(phase, batch, rng)
            optimiser.step()
        state.step += 1
        self.generator.after_step(state.step * settings.batch)
        if state.step in self.keep:
            save_generator(self.generator, self.folder / self.keep[state.step], training=self.same)

    def _descend(self, phase: str, batch: Batch, rng: torch.Generator) -> None:
        """Add up the gradients of a batch's pieces, and the loss terms for the log."""
        sums = self.state.sums
        for piece in batch.split(self.generator.settings.micro_batch or len(batch)):
            share = len(piece) / len(batch)
            terms = self.generator.loss(phase, piece, rng)
            values = {name: float(value.detach()) for name, value in terms.items()}
            if not all(map(math.isfinite, values.values())):
                raise self._not_finite(f"the loss of phase {phase!r} is not finite", values)
            self.fabric.backward(_sum(terms) * share)
            for name, value in values.items():
                sums[f"{phase}/{name}"] = sums.get(f"{phase}/{name}", 0.0) + value * share

    def _not_finite(self, what: str, value: object) -> RunError:
        remedy = (
            "Lower learning_rate (by 3 to start with) and look for NaN or extreme values in the training images; "
            "the last good checkpoint is kept and can be gone on from."
        )
        return RunError(f"{self.folder}: step {self.state.step}", what, value=value, remedy=remedy)

    def _is_due(self, times: int) -> bool:
        return self.state.step % max(1, self.total // times) == 0 or self.state.step == self.total

    def _log(self, speed: float, seconds: float) -> None:
        state = self.state
        line: dict[str, object] = {
            "images_seen": state.step * self.generator.settings.batch,
            "train": self._means(),
            "learning_rate": {phase: opt.param_groups[0]["lr"] for phase, opt in self.optimisers.items()},
        }
        if self._is_due(VALIDATIONS) and len(self.validation) > 0:
            line["validation"] = self._validate()
        if alarms := self.generator.alarms():
            line["alarms"] = alarms
        state.lines.append(json.dumps(line))
        state.sums, state.counted = {}, {}
        self._write_log()
        self._write_timing({"images_seen": line["images_seen"], "images_per_second": speed, "seconds": seconds})

    def _means(self) -> dict[str, float]:
        counted = self.state.counted
        return {name: total / counted[name.partition("/")[0]] for name, total in self.state.sums.items()}

    def _validate(self) -> dict[str, float]:
        """Return the mean validation terms over the same examples and noise each time."""
        generator, count = self.generator.eval(), min(len(self.validation), VALIDATION_EXAMPLES)
        positions = np.linspace(0, len(self.validation) - 1, count).round().astype(int).tolist()
        size = generator.settings.micro_batch or generator.settings.batch
        sums: dict[str, float] = {}
        for start in range(0, count, size):
            chosen = positions[start : start + size]
            batch = self.validation.batch(chosen).to(self.fabric.device)
            for name, value in generator.validation_loss(batch, self._rng("validation", start)).items():
                sums[name] = sums.get(name, 0.0) + float(value) * len(chosen) / count
        return sums

    def _write_log(self) -> None:
        write_text(self.folder / LOG, "".join(f"{line}\n" for line in self.state.lines))

    def _write_timing(self, line: dict[str, object]) -> None:
        path = self.folder / TIMING
        try:
            with path.open("a", encoding="utf-8") as stream_:
                stream_.write(json.dumps(line) + "\n")
        except OSError as problem:
            raise disk_problem(path, problem) from problem

    def _progress(self, speed: float) -> Progress:
        batch = self.generator.settings.batch
        left = (self.total - self.state.step) * batch / speed if speed else math.inf
        return Progress(self.state.step * batch, self.total * batch, speed, left, self._means())

    def _rng(self, *names: str | int) -> torch.Generator:
        """Return the generator of a named moment, and seed the global one alike, which dropout draws from."""
        torch.manual_seed(derive(self.seed, *names, "global"))
        return torch.Generator().manual_seed(derive(self.seed, *names))


def only(generator: Generator, module: nn.Module) -> None:
    """Let only ``module`` take gradients; the rest of the generator is held still."""
    generator.requires_grad_(False)
    module.requires_grad_(True)


def _fingerprint(generator: Generator, train: Examples, seed: int, inputs: str) -> str:
    """Return what two trainings share if and only if one may go on from the other's checkpoint."""
    digest = sha256()
    for position in (0, len(train) - 1):
        example = train.batch([position])
        for part in (example.target, example.source, example.label):
            digest.update(b"-" if part is None else part.contiguous().numpy().tobytes())
    about = {
        "family": generator.family,
        "settings": generator.settings.model_dump(mode="json"),
        "facts": asdict(generator.facts),
        "subjects": [train.subject(i) for i in range(len(train))],
        "examples": digest.hexdigest(),
        "seed": seed,
        "inputs": inputs,
    }
    return fingerprint(about)


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _sum(terms: dict[str, Tensor]) -> Tensor:
    return torch.stack([term.reshape(()) for term in terms.values()]).sum()
