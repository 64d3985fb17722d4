"""Variants of a study: trained weights sampled with other settings, or taken from an earlier moment of training."""

from __future__ import annotations

import synthassay
from synthassay.generators.stored import WEIGHTS, build_generator, save_generator
from synthassay.networks.weights import read_tensors, restore
from synthassay.study.console import Voice
from synthassay.study.plan import Plan, PlannedGenerator
from synthassay.study.run_folder import RunFolder
from synthassay.train import kept_weights


def write_variant(plan: Plan, folder: RunFolder, variant: PlannedGenerator, voice: Voice) -> None:
    """Write a variant's weights, with its own settings of sampling, where a trained generator's would lie.

    Raises:
        RunError: The weights that it takes are missing or damaged.
    """
    base = variant.variant_of
    if base is None:
        raise ValueError(f"{variant.name} is no variant")
    place, of = folder.path / "model" / variant.name, folder.path / "model" / base.name
    inputs = {
        "software": synthassay.__version__,
        "model": folder.outputs("train", base.name),
        "after": variant.after,
        "settings": variant.settings.model_dump(mode="json"),
    }
    if folder.finished("train", variant.name, inputs):
        return
    folder.begin("train", variant.name, inputs, [place])
    with folder.timed("train", variant.name):
        path = of / (kept_weights(variant.after) if variant.after else WEIGHTS)
        tensors, _ = read_tensors(path)
        facts = plan.task.facts(variant.neighbours)
        generator = build_generator(variant.cls.family, variant.settings.model_dump(), facts, seed=plan.spec.seed)
        restore(generator, tensors, str(path))
        save_generator(generator, place / WEIGHTS, variant_of=base.name, after=variant.after)
        folder.finish("train", variant.name, inputs, [place / WEIGHTS])
    voice.panel(f"variant {variant.name}", {"weights of": described(variant), "trained": "nothing anew"})


def described(variant: PlannedGenerator) -> str:
    """Say in words whose weights a variant has and what it changes."""
    base = variant.variant_of
    if base is None:
        return variant.name
    before = base.settings.model_dump()
    changed = [f"{key} = {value}" for key, value in variant.settings.model_dump().items() if value != before[key]]
    when = f" after {variant.after:,} images" if variant.after else ""
    return f"{base.name}{when}" + (f", {', '.join(changed)}" if changed else "")
