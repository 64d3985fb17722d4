"""How long a study will take here: a few real steps of each generator, timed, and what that adds up to."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np
import torch

from synthassay.evaluate.utility.classification_regimes import trainings
from synthassay.generators.base import Generator
from synthassay.networks.batch import Batch
from synthassay.networks.classifying import BATCH, fit_network, new_network
from synthassay.randomness import stream
from synthassay.records.vocabulary import Split
from synthassay.study.plan import Plan, PlannedGenerator
from synthassay.synthesise import sample_image
from synthassay.train import only

TIMED_STEPS = 2
TIMED_SAMPLES = 8
LOOKED_AT = 200  # steps, spread over training, at which each phase is asked whether it is due


@dataclass(frozen=True)
class Estimate:
    """What one generator costs on this machine.

    Attributes:
        images_per_second: In training, from ``TIMED_STEPS`` real steps of each phase after one that warms up, each
            counted as often as it is due.
        train_seconds: For the images that its settings ask for, preparation not counted.
        sample_seconds: For all images that the task requests.
        parameters: That are trained.
    """

    images_per_second: float
    train_seconds: float
    sample_seconds: float
    parameters: int


def estimate(plan: Plan, planned: PlannedGenerator) -> Estimate | None:
    """Time a generator's steps and samples; None for a classical baseline, which has none."""
    model = planned.build(plan.task)
    if not model.phases():
        return None
    examples = plan.task.examples(Split.TRAIN, planned.neighbours)
    batch = examples.batch(range(min(planned.settings.batch, len(examples))))
    rng = torch.Generator().manual_seed(0)
    rate = _rate(model, batch, rng)
    return Estimate(
        images_per_second=rate,
        train_seconds=planned.settings.images_seen / rate,
        sample_seconds=_sampling(plan, planned, model),
        parameters=sum(p.numel() for module in model.phases().values() for p in module.parameters()),
    )


def classifiers(plan: Plan) -> tuple[int, float]:
    """Return how many classifiers the study trains, and the seconds that they take on as many cores as there are here.

    One training of a few steps on noise of the images' size is timed; logistic regression counts as no time.
    """
    asked = plan.spec.classification
    if asked is None:
        return 0, 0.0
    count = trainings(asked, len(plan.generators) + len(plan.controls))
    if asked.network == "features":
        return count, 0.0
    facts = plan.task.facts()
    images = stream(0, "timing").normal(size=(BATCH, facts.channels, *facts.space)).astype(np.float32)
    model = new_network(facts.channels, 2, len(facts.space), 0)
    began = time.perf_counter()
    fit_network(model, images, np.arange(BATCH) % 2, steps=TIMED_STEPS, seed=0, augment=False)
    each = (time.perf_counter() - began) / TIMED_STEPS
    return count, count * asked.steps * each / (os.cpu_count() or 1)


def _rate(model: Generator, batch: Batch, rng: torch.Generator) -> float:
    model.train()
    steps = max(1, -(-model.settings.images_seen // model.settings.batch))
    looked_at = [steps * i // LOOKED_AT for i in range(LOOKED_AT)]
    seconds = 0.0
    for phase, module in model.phases().items():
        only(model, module)
        began = time.perf_counter()
        for step in range(TIMED_STEPS + 1):
            if step == 1:
                began = time.perf_counter()  # the first step warms up
            for piece in batch.split(model.settings.micro_batch or len(batch)):
                terms = model.loss(phase, piece, rng).values()
                torch.autograd.backward(torch.stack([term.sum() for term in terms]).sum())
            model.zero_grad(set_to_none=True)
        share = sum(model.due(phase, step) for step in looked_at) / LOOKED_AT
        seconds += share * (time.perf_counter() - began) / TIMED_STEPS
    return len(batch) / seconds


def _sampling(plan: Plan, planned: PlannedGenerator, model: Generator) -> float:
    requests = plan.task.requests()
    model.eval()
    conditions = [plan.task.condition(request, planned.neighbours) for request in requests[:1]]
    in_one = len(conditions[0])
    first = next(conditions[0].split(TIMED_SAMPLES))
    rngs = [torch.Generator().manual_seed(i) for i in range(len(first))]
    began = time.perf_counter()
    with torch.inference_mode():
        sample_image(model, first, rngs, plan.spec.sampling.overlap)
    return (time.perf_counter() - began) / len(first) * in_one * len(requests)
