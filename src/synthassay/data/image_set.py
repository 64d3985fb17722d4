"""A named, lazily read set of images with their subjects and labels: what is trained on and what is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from synthassay.errors import ImageError
from synthassay.images.image import Image


@dataclass(frozen=True)
class Entry:
    """One image of a set, read when ``load`` is called.

    Attributes:
        reference_case: The real case that a synthetic image should equal; empty where there is none.
        groups: Subgroup to value, such as site, sex, age band, where known.
        file: The file that holds this image and no other; None where unknown, or where a file holds many.
    """

    case: str
    subject: str
    load: Callable[[], Image]
    label: str = ""
    site: str = ""
    reference_case: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None


@dataclass(frozen=True)
class ImageSet:
    """Images that belong together: the synthetic ones of a generator, or the real test images.

    Attributes:
        name: Shown in tables: ``synthetic``, ``test``, ``training``, ``external``.
    """

    name: str
    entries: tuple[Entry, ...]

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Image]:
        return (entry.load() for entry in self.entries)

    @property
    def cases(self) -> list[str]:
        """Case identifiers, in order."""
        return [entry.case for entry in self.entries]

    @property
    def subjects(self) -> list[str]:
        """Subject of each case, in order."""
        return [entry.subject for entry in self.entries]

    @property
    def labels(self) -> list[str]:
        """Class name of each case, in order; empty strings where there is none."""
        return [entry.label for entry in self.entries]

    def subset(self, keep: Sequence[int]) -> ImageSet:
        """The entries at the positions ``keep``, in that order."""
        return ImageSet(self.name, tuple(self.entries[i] for i in keep))

    def array(self) -> np.ndarray:
        """Read all images into one float32 array ``cases channels *space``.

        Raises:
            ImageError: Images differ in size; the message names the first that does.
        """
        if not self.entries:
            raise ImageError(self.name, "has no images", remedy="Check the folder and the split.")
        first = self.entries[0].load()
        out = np.empty((len(self), *first.pixels.shape), np.float32)
        for i, entry in enumerate(self.entries):
            pixels = first.pixels if i == 0 else entry.load().pixels
            if pixels.shape != first.pixels.shape:
                raise ImageError(
                    f"{self.name}: {entry.case}",
                    f"has size {pixels.shape} where the others have {first.pixels.shape}",
                    remedy="Resample or crop all images to one size ([data] size in the study file).",
                )
            out[i] = pixels
        return out
