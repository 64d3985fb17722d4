"""Which layout an ``.npz`` file has, told by the names of its arrays."""

from __future__ import annotations

from typing import Protocol

from synthassay.data.listing import Fields, Listing
from synthassay.data.npz.archive import Archive
from synthassay.data.npz.known import KNOWN
from synthassay.data.npz.medmnist import medmnist_layout
from synthassay.data.npz.plain import plain_layout
from synthassay.errors import DataError
from synthassay.images.image import Image


class Layout(Protocol):
    """What every layout can do."""

    def listing(self, archive: Archive, fields: Fields) -> Listing:
        """Return the cases of a file."""

    def image(self, archive: Archive, key: str, index: int | None) -> Image:
        """Return one image in physical units, RAS+ for volumes."""


def layout_of(archive: Archive) -> Layout:
    """Return the layout of a file: a known public one, MedMNIST, or plain.

    Raises:
        DataError: The arrays' names and shapes fit none.
    """
    for known in KNOWN:
        if known.recognises(archive):
            return known.present_in(archive)
    found = medmnist_layout(archive) or plain_layout(archive)
    if found is None:
        arrays = ", ".join(f"{key} {shape}" for key, (shape, _) in archive.headers.items())
        raise DataError(
            str(archive.path),
            "has no layout that is known here",
            value=arrays or "no arrays",
            remedy="Name the pictures `image` with shape (cases, rows, columns) or (cases, x, y, z), beside `subject`.",
        )
    return found
