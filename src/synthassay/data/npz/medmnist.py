"""The MedMNIST layout: ``train_images``, ``train_labels``, ``val_*``, ``test_*``; grey or RGB, pictures or volumes.

Source: Yang J. et al., MedMNIST v2, Sci Data 10:41 (2023), doi:10.1038/s41597-022-01721-8.
"""

from __future__ import annotations

from dataclasses import dataclass

from synthassay.data.listing import Fields, Listing
from synthassay.data.npz.archive import Archive
from synthassay.data.npz.layout import ArrayRole, Axes, NpzLayout
from synthassay.data.splits import parse_split
from synthassay.errors import DataError
from synthassay.images.image import Image
from synthassay.records.cohort import Case, Locator
from synthassay.records.vocabulary import Role, Unit

PARTS = ("train", "val", "test")
NOTE = (
    "A MedMNIST file names no subjects, so each image counts as a subject: its split is the publishers', and that no"
    " patient stands on two sides cannot be proven from the file."
)


@dataclass(frozen=True)
class MedMnistLayout:
    """A MedMNIST file; a case is named by its part and its row, ``train-00042``.

    Volumes are taken as stored: MedMNIST3D keeps neither spacing nor orientation.
    """

    name: str = "MedMNIST"

    def listing(self, archive: Archive, fields: Fields) -> Listing:
        """Return the cases of all parts with the given split.

        Raises:
            DataError: A field was named that this layout does not have, or images and labels differ in number.
        """
        for what in ("label", "subject", "site", "split"):
            if named := getattr(fields, what):
                raise DataError(f"[data] {what}", "names a field, but a MedMNIST file has none", value=named)
        cases: list[Case] = []
        for part in _parts(archive):
            labels = _labels(archive, part)
            for row, label in enumerate(labels):
                name = f"{part}-{row:05d}"
                where = Locator(path=archive.path.name, key=f"{part}_images", index=row)
                cases.append(Case(case=name, subject=name, label=label, images={Role.IMAGE: where}))
        words = {case.case: case.case.split("-")[0] for case in cases}
        given = {name: parse_split(word, archive.path.name) for name, word in words.items()}
        alone = frozenset(words)
        found_as = f"npz ({self.name})"
        return Listing(archive.path.parent, tuple(cases), found_as, given, notes=(NOTE,), words=words, alone=alone)

    def image(self, archive: Archive, key: str, index: int | None) -> Image:
        """Return one image."""
        shape = archive.shape(key)
        colour = shape[-1] == 3 and len(shape) == 4
        axes: Axes = "rows columns channels" if colour else ("x y z" if len(shape) == 4 else "rows columns")
        role = ArrayRole(key, Role.IMAGE, Unit.RGB if colour else Unit.ARBITRARY, axes)
        return NpzLayout(self.name, frozenset({key}), (role,)).image(archive, key, index)


def medmnist_layout(archive: Archive) -> MedMnistLayout | None:
    """Return the layout where the file has the images of at least two parts, else None."""
    return MedMnistLayout() if len(_parts(archive)) > 1 else None


def _parts(archive: Archive) -> list[str]:
    return [part for part in PARTS if f"{part}_images" in archive.headers]


def _labels(archive: Archive, part: str) -> list[str]:
    key, count = f"{part}_labels", archive.shape(f"{part}_images")[0]
    if key not in archive.headers:
        return [""] * count
    if archive.shape(key)[:1] != (count,):
        raise DataError(f"{archive.path}::{key}", f"has {archive.shape(key)[0]} rows for {count} images")
    values = archive.array(key).reshape(count, -1)
    # A row of several 0/1 values (ChestMNIST) lists the findings that are present.
    if values.shape[1] > 1:
        return ["+".join(str(i) for i, value in enumerate(row) if value) or "none" for row in values.tolist()]
    return [str(int(value)) for value in values[:, 0]]
