"""Generators by name, built from settings and facts; written to and read from one safetensors file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from synthassay.errors import Fault, RunError, SpecError, SynthassayError
from synthassay.generators.base import GENERATORS, Generator, GeneratorSettings
from synthassay.networks.batch import Facts
from synthassay.networks.weights import read_tensors, restore, write_tensors
from synthassay.randomness import derive

WEIGHTS = "weights.safetensors"


def generator_settings(family: str, settings: Mapping[str, Any]) -> GeneratorSettings:
    """Return a family's settings with its defaults filled in.

    Raises:
        UnknownName: No family has this name.
        SpecError: A setting is unknown or out of range; all faults are listed.
    """
    try:
        return GENERATORS.get(family).Settings.model_validate(dict(settings))
    except ValidationError as problem:
        faults = [
            Fault(f"{family}.{'.'.join(map(str, e['loc']))}".rstrip("."), e["msg"], e.get("input"))
            for e in problem.errors(include_url=False)
        ]
        raise SpecError(f"settings of {family}", faults) from None


def build_generator(family: str, settings: Mapping[str, Any], facts: Facts, *, seed: int) -> Generator:
    """Return a new generator; equal arguments give equal starting weights, whatever was drawn before.

    Args:
        family: Name in the registry.
        settings: The family's own settings; defaults where absent.
        facts: What the task knows of its images.
        seed: Root of the study's random numbers.

    Raises:
        UnknownName: No family has this name.
        SpecError: A setting is unknown or out of range.
    """
    complete = generator_settings(family, settings)
    with torch.random.fork_rng():
        torch.manual_seed(derive(seed, "weights", family))
        return GENERATORS.get(family)(complete, facts)


def save_generator(generator: Generator, path: Path, **note: Any) -> None:
    """Write a generator's weights with what is needed to build it again; equal weights give equal bytes."""
    about = {
        "family": generator.family,
        "settings": generator.settings.model_dump(mode="json"),
        "facts": asdict(generator.facts),
    }
    write_tensors(path, generator.state_dict(), {**note, **about})


def load_generator(folder: Path) -> Generator:
    """Return the trained generator of a model folder, ready to sample.

    Args:
        folder: Holds ``weights.safetensors``, as ``train`` left it.

    Raises:
        RunError: The file is missing, truncated, or from another version.
        UnknownName: The family is not installed here.
    """
    path = folder / WEIGHTS
    tensors, note = read_tensors(path)
    try:
        known = note["facts"]
        facts = Facts(
            known["channels"],
            known["source_channels"],
            tuple(known["classes"]),
            tuple(known["space"]),
            tuple(known.get("drawn", ())),
        )
        generator = build_generator(note["family"], note["settings"], facts, seed=0)
    except SynthassayError:
        raise
    except (KeyError, TypeError) as problem:
        raise RunError(str(path), f"lacks what is needed to build the generator: {problem}") from None
    restore(generator, tensors, str(path))
    return generator.eval()
