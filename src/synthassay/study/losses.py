"""The stage that writes a trained generator's losses on single real images, where a study asks for them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import torch

from synthassay.errors import RunError
from synthassay.generators import Generator
from synthassay.generators.stored import load_generator
from synthassay.networks.batch import Examples
from synthassay.networks.determinism import deterministic
from synthassay.randomness import derive
from synthassay.records.base import write_lines
from synthassay.records.losses import CASE_LOSSES, CaseLoss
from synthassay.records.vocabulary import Split
from synthassay.study.console import Voice
from synthassay.study.plan import Plan, PlannedGenerator
from synthassay.study.run_folder import RunFolder

SPLITS = (Split.TRAIN, Split.VALIDATION, Split.TEST)
AT_ONCE = 64


def losses_file(plan: Plan, run: Path, generator: PlannedGenerator) -> Path | None:
    """Where the losses of a generator lie; None where the study asks for none, and for a baseline, which has none."""
    if plan.spec.leakage is None or not plan.spec.leakage.losses or generator.baseline:
        return None
    return run / "model" / generator.name / CASE_LOSSES


def write_losses(plan: Plan, folder: RunFolder, generator: PlannedGenerator, weights: Path, voice: Voice) -> None:
    """Write ``case_losses.jsonl`` beside the weights, if the study asks for it and it is not done yet.

    The file is empty where the family defines no loss of a single image.

    Raises:
        RunError: A loss is not finite.
    """
    path = losses_file(plan, folder.path, generator)
    if path is None or plan.spec.leakage is None:
        return
    inputs = {
        "model": folder.outputs("train", generator.name),
        "cohort": folder.outputs("cohort"),
        "leakage": plan.spec.leakage.model_dump(mode="json"),
    }
    if folder.finished("losses", generator.name, inputs):
        return
    folder.begin("losses", generator.name, inputs, [path])
    title = f"losses of {generator.name}"
    with folder.timed("losses", generator.name) as elapsed, voice.track(title) as advance:
        model = load_generator(weights)
        lines: list[CaseLoss] = []
        sets = {split: plan.task.examples(split, generator.neighbours) for split in SPLITS if plan.cohort.of(split)}
        total = sum(len(examples) for examples in sets.values())
        for split, examples in sets.items() if model.case_loss else ():
            for line in split_losses(model, examples, split, plan.spec.leakage.draws, plan.spec.seed):
                lines.append(line)
                advance(len(lines), total)
        write_lines(path, lines)
        folder.finish("losses", generator.name, inputs, [path])
    voice.panel(title, {"real images": f"{len(lines):,}", "took": elapsed()})


def split_losses(model: Generator, examples: Examples, split: Split, draws: int, seed: int) -> Iterator[CaseLoss]:
    """Yield the loss on each example; the same draws of noise are used for all.

    Raises:
        RunError: A loss is not finite.
    """
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    seeds = [derive(seed, "case losses", draw) for draw in range(draws)]
    model.eval()
    for start in range(0, len(examples), AT_ONCE):
        positions = range(start, min(start + AT_ONCE, len(examples)))
        with deterministic(device), torch.inference_mode():
            values = model.case_losses(examples.batch(positions).to(device), seeds).double().cpu().tolist()
        for position, value in zip(positions, values, strict=True):
            if not math.isfinite(value):
                raise RunError(f"{model.family}: {split.value} example {position}", "has a loss that is not finite")
            yield CaseLoss(
                split=split,
                subject=examples.subject(position),
                example=position,
                loss=value,
                kind=model.case_loss,
                draws=draws,
            )
