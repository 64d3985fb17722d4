"""The stage that writes how far sources lie from their way there and back, for tasks that are learnt without pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import torch

from synthassay.errors import NotMeasured, RunError
from synthassay.generators import Generator
from synthassay.generators.stored import load_generator
from synthassay.networks.determinism import deterministic
from synthassay.randomness import derive
from synthassay.records.base import write_lines
from synthassay.records.cycles import CASE_CYCLES, CaseCycle
from synthassay.study.console import Voice
from synthassay.study.plan import Plan, PlannedGenerator
from synthassay.study.run_folder import RunFolder
from synthassay.synthesise import SLICES_AT_A_TIME, sample_image
from synthassay.tasks.base import Request
from synthassay.tasks.unpaired import UnpairedTask


def cycles_file(plan: Plan, run: Path, generator: PlannedGenerator) -> Path | None:
    """Where the errors of a generator's cycles lie; None where the task has pairs to learn from."""
    return run / "model" / generator.name / CASE_CYCLES if isinstance(plan.task, UnpairedTask) else None


def write_cycles(plan: Plan, folder: RunFolder, generator: PlannedGenerator, weights: Path, voice: Voice) -> None:
    """Write ``case_cycles.jsonl`` beside the weights, a line for each synthetic image, if it is not done yet.

    The file is empty where the family has no way back.

    Raises:
        RunError: An error is not finite.
    """
    path = cycles_file(plan, folder.path, generator)
    if path is None or not isinstance(plan.task, UnpairedTask):
        return
    inputs = {"synthetic": folder.outputs("synthesise", generator.name), "cohort": folder.outputs("cohort")}
    if folder.finished("cycles", generator.name, inputs):
        return
    folder.begin("cycles", generator.name, inputs, [path])
    title = f"way back of {generator.name}"
    lines: list[CaseCycle] = []
    with folder.timed("cycles", generator.name) as elapsed, voice.track(title) as advance:
        model = load_generator(weights)
        requests = plan.task.requests() if model.goes_back else ()
        for line in cycles(plan.task, model, requests):
            lines.append(line)
            advance(len(lines), len(requests))
        write_lines(path, lines)
        folder.finish("cycles", generator.name, inputs, [path])
    if lines:
        voice.panel(title, {"sources": f"{len(lines):,}, there and back", "took": elapsed()})


def cycles(task: UnpairedTask, model: Generator, requests: tuple[Request, ...]) -> Iterator[CaseCycle]:
    """Yield the error of each source's way there and back; the way there is the one that was synthesised.

    Raises:
        RunError: An error is not finite.
    """
    for request in requests:
        error, reason = None, ""
        try:
            error = task.source_error(request, _there_and_back(task, model, request))
        except NotMeasured as problem:
            reason = problem.reason
        if error is not None and not math.isfinite(error):
            raise RunError(f"{model.family}: {request.case}", "has a way back that is not finite")
        yield CaseCycle(
            case=request.case,
            subject=request.source_subjects[0],
            error=error,
            not_measured=reason,
            unit=task.source_unit,
            low=task.source_scale.low,
            high=task.source_scale.high,
        )


def _there_and_back(task: UnpairedTask, model: Generator, request: Request) -> torch.Tensor:
    neighbours = int(getattr(model.settings, "neighbours", 1))
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    pieces: list[torch.Tensor] = []
    for part in task.condition(request, neighbours).split(SLICES_AT_A_TIME):
        first = SLICES_AT_A_TIME * len(pieces)
        rngs = [torch.Generator().manual_seed(derive(request.seed, first + i)) for i in range(len(part))]
        made = sample_image(model, part, rngs, 0.0)
        with deterministic(device), torch.inference_mode():
            pieces.append(model.way_back(made.to(device), part.to(device)).float().cpu())
    return torch.cat(pieces)
