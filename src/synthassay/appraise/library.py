"""The instruments that come with the package, each a TOML file."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from pydantic import ValidationError

from synthassay.errors import UnknownName
from synthassay.records.instrument import Instrument

OWN = "generative-imaging"
SHORT = {
    "own": OWN,
    "claim": "claim-2024",
    "stard-ai": "stard-ai-2025",
    "tripod-ai": "tripod-ai-2024",
    "probast-ai": "probast-ai-2025",
    "metrics": "metrics-2024",
    "future-ai": "future-ai-2025",
    "prisma": "prisma-2020",
}


def instrument_names() -> list[str]:
    """Return the names of all instruments, sorted.

    >>> instrument_names()[:2]
    ['claim-2024', 'future-ai-2025']
    """
    folder = files("synthassay.appraise") / "instruments"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


@cache
def instrument(name: str) -> Instrument:
    """Return an instrument by its name, or by its name without the year.

    Raises:
        UnknownName: There is none of this name.

    >>> instrument("claim").item("20").asks
    'At which level partitions are disjoint (patient, study, image).'
    """
    full = SHORT.get(name, name)
    if full not in instrument_names():
        raise UnknownName("instrument", name, instrument_names())
    text = (files("synthassay.appraise") / "instruments" / f"{full}.toml").read_text(encoding="utf-8")
    return parse(text, full)


def parse(text: str, where: str) -> Instrument:
    """Return the instrument that a TOML text holds.

    Raises:
        ValueError: It holds none; the message names the place. Instruments come with the package: it is our bug.
    """
    try:
        return Instrument.model_validate(tomllib.loads(text))
    except (ValidationError, tomllib.TOMLDecodeError) as problem:
        raise ValueError(f"{where}: {problem}") from problem
