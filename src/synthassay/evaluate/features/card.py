"""The card of an encoder's weight file: what it is, what it expects, and the hash that it must have."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from synthassay.errors import DataError
from synthassay.records.base import Record, sha256_of
from synthassay.records.vocabulary import Unit

Architecture = Literal["resnet18", "resnet34", "resnet50", "vit_small", "vit_base", "vit_large"]
REMEDY = "docs/how-to/use-your-own-encoder.md shows a whole card."


class EncoderCard(Record):
    """What stands in the TOML file beside an encoder's weights; unknown keys are refused."""

    title: str = Field(min_length=2, description="Name of the encoder, for tables.")
    source: str = Field(min_length=4, description="DOI or arXiv identifier of the weights.")
    weights: str = Field(description="Safetensors file, relative to the card.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of that file.")
    architecture: Architecture = Field(description="Whose parameter names the file has.")
    dimensions: Literal[2, 3] = Field(2, description="3 for a residual network with cubic kernels.")
    prefix: str = Field("", description="What stands before every parameter's name in the file.")
    patch: int = Field(16, ge=2, description="Transformers: pixels per side of a patch.")
    trained_grid: int = Field(14, ge=1, description="Transformers: patches per side that positions were trained for.")
    layer_scale: bool = Field(False, description="Transformers: whether the file has ls1.gamma and ls2.gamma.")
    channels: int = Field(3, ge=1, description="Input channels; one grey channel is repeated.")
    size: tuple[int, ...] = Field((224, 224), description="Input size, rows and columns (and slices).")
    unit: Unit = Field(Unit.ARBITRARY, description="Unit of the images that low and high speak of.")
    low: float = Field(description="Pixel value that becomes 0; lower ones are cut off.")
    high: float = Field(description="Pixel value that becomes 1; higher ones are cut off.")
    mean: tuple[float, ...] = Field((0.485, 0.456, 0.406), description="Subtracted per channel, after that.")
    std: tuple[float, ...] = Field((0.229, 0.224, 0.225), description="Divided by per channel, after that.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.low < self.high:
            raise ValueError("low must lie below high")
        if not len(self.mean) == len(self.std) == self.channels or min(self.std) <= 0:
            raise ValueError("mean and std need one number per channel, and std above 0")
        if len(self.size) != self.dimensions or min(self.size) < 8:
            raise ValueError("size needs one number of at least 8 per dimension")
        if self.architecture.startswith("vit"):
            if self.dimensions != 2:
                raise ValueError("transformers have 2 dimensions")
            if any(side % self.patch for side in self.size):
                raise ValueError("size must be a multiple of patch")
        return self

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """Read a card.

        Raises:
            DataError: The file is missing, is not TOML, or lacks or contradicts something.
        """
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls.model_validate(table)
        except (OSError, UnicodeDecodeError) as problem:
            raise DataError(str(path), f"cannot be read as an encoder's card: {problem}", remedy=REMEDY) from None
        except tomllib.TOMLDecodeError as problem:
            raise DataError(str(path), f"is not TOML: {problem}", remedy=REMEDY) from None
        except ValidationError as problem:
            first = problem.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "card"
            raise DataError(str(path), f"{place}: {first['msg']}", value=first.get("input"), remedy=REMEDY) from None

    def checked_weights(self, beside: Path) -> Path:
        """Return the weight file after its kind and hash were checked.

        Args:
            beside: Folder of the card.

        Raises:
            DataError: The file is missing, of a kind that can execute code, or another file than the card says.
        """
        path = beside / self.weights
        try:
            with path.open("rb") as stream:
                start = stream.read(4)
        except OSError as problem:
            raise DataError(str(path), f"cannot be read: {problem.strerror or problem}", remedy=REMEDY) from None
        if path.suffix != ".safetensors" or start[:2] in (b"PK", b"\x80\x02", b"\x80\x04", b"\x80\x05"):
            raise DataError(
                str(path),
                "is not a safetensors file; pickled weights (.pt, .pth, .bin) can execute code and are never opened",
                remedy="Convert it where you trust it: safetensors.torch.save_file(state_dict, 'encoder.safetensors').",
            )
        found = sha256_of(path)
        if found != self.sha256:
            raise DataError(
                str(path), f"has another SHA-256 than its card says ({self.sha256})", value=found,
                remedy="Fetch the file again, or correct the card if this is the file that you mean.",
            )  # fmt: skip
        return path
