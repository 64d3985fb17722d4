"""How much of a volume a generator sees at once: a slice with those beside it, or the whole of it."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from synthassay.generators.base import GeneratorSettings


class SliceSettings(GeneratorSettings):
    """Settings of families that see slices, or whole volumes in three dimensions.

    >>> SliceSettings(neighbours=0).neighbours
    0
    """

    neighbours: int = Field(
        1, ge=0, description="Source slices seen, an odd number; 0 learns and makes volumes whole; 1 for pictures."
    )

    @model_validator(mode="after")
    def _odd(self) -> Self:
        if self.neighbours and self.neighbours % 2 == 0:
            raise ValueError("neighbours must be odd (the central slice and as many on either side), or 0 for volumes")
        return self
