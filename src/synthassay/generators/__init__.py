"""One architecture per file; each serves tasks through the same four methods."""

from synthassay.generators.base import GENERATORS, Generator, GeneratorSettings, generator

__all__ = ["GENERATORS", "Generator", "GeneratorSettings", "generator"]
