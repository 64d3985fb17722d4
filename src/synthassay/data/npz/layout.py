"""How the arrays of an ``.npz`` file are read as cases and images: a declaration, and the reader that follows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import ndimage

from synthassay.data.listing import Fields, Listing, case_name, refuse_twins, told_apart, usual_name
from synthassay.data.npz.archive import Archive
from synthassay.data.splits import parse_split
from synthassay.data.subgroups import USUAL, subgroups
from synthassay.errors import DataError, ImageError, did_you_mean
from synthassay.images.drawing import with_labels_drawn
from synthassay.images.image import Geometry, Image
from synthassay.records.cohort import Case, Locator
from synthassay.records.vocabulary import Role, Unit

Axes = Literal["rows columns", "rows columns channels", "x y z", "z y x"]


@dataclass(frozen=True)
class ArrayRole:
    """One array that holds images of one role, a case per row.

    Attributes:
        key: Array name.
        role: What the images are to their cases.
        unit: What a value means after ``offset`` and ``scale``.
        axes: Axes of one case's image.
        flipped: Axes that run against RAS+, by letter.
        offset: Added to the stored value first.
        scale: Multiplied after that.
        rows_of: Array that holds, per row, the position of its case; empty where row i is case i.
        single: The array is one image and has no case axis.
    """

    key: str
    role: str
    unit: Unit = Unit.ARBITRARY
    axes: Axes = "x y z"
    flipped: str = ""
    offset: float = 0.0
    scale: float = 1.0
    rows_of: str = ""
    single: bool = False


@dataclass(frozen=True)
class MaskRule:
    """A mask that the file does not hold: where any of some arrays is above a value.

    Attributes:
        keys: Arrays with a row per case.
        above: In stored values.
        solid: Only the largest connected part belongs to the mask, and so do the holes in its axial slices: a couch is
            not the body, and airways are.
    """

    keys: tuple[str, ...]
    above: float = 0.0
    solid: bool = False


DERIVED = "derived:"


@dataclass(frozen=True)
class NpzLayout:
    """A layout of ``.npz`` arrays.

    Attributes:
        name: In words, for the record.
        marks: Arrays that this layout always has and that tell it apart.
        roles: Arrays of images; those that a file lacks are left out.
        masks: Role to a rule that derives it.
        case: Array that names each case; empty: numbered.
        subject: Array that names each case's subject; empty: each case is its own subject, with a note.
        label: Array that holds the class, as text or as an index into ``classes``.
        classes: Class names by index, or the name of the array that holds them.
        fixed: Case fields that are the same for every case, such as the scanner.
        split: Array that holds the given split.
        spacing: Array with the spacing in mm along x, y, z or rows, columns; one for all cases, or a row per case.
        affine: Array with the voxel-to-RAS+ matrix; one for all cases, or one per case.
        mpp: Micrometres per pixel.
        structure_names: Names of the label map's structures, from label 1 on, or the name of the array that holds them.
        structures_drawn: Array with a row per case: whether somebody drew each structure, from label 1 on. What was not
            drawn is unknown.
        groups: Arrays that tell subgroups of patients or scans apart; sex and age are found by their usual names.
        notes: What a reader of the report must know.
    """

    name: str
    marks: frozenset[str]
    roles: tuple[ArrayRole, ...]
    masks: Mapping[str, MaskRule] | None = None
    case: str = ""
    subject: str = ""
    session: str = ""
    site: str = ""
    scanner: str = ""
    label: str = ""
    classes: tuple[str, ...] | str = ()
    split: str = ""
    spacing: str = ""
    affine: str = ""
    mpp: float | None = None
    structure_names: tuple[str, ...] | str = ()
    structures_drawn: str = ""
    groups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def recognises(self, archive: Archive) -> bool:
        """Whether the file has the arrays that tell this layout apart."""
        return self.marks <= archive.headers.keys()

    def present_in(self, archive: Archive) -> NpzLayout:
        """Return the layout without the roles that this file lacks."""
        return replace(self, roles=tuple(role for role in self.roles if role.key in archive.headers))

    def listing(self, archive: Archive, fields: Fields, *, twins: bool = False) -> Listing:
        """Return the cases of a file; with ``twins`` also where names occur twice or a split has a name of its own.

        Raises:
            DataError: A named field is not in the file, arrays differ in length, or case names occur twice.
        """
        if fields.declared:
            return _with_usual_names(self, archive, fields).listing(
                archive, replace(fields, declared=False), twins=True
            )
        count = self._count(archive)
        names = self._names(archive, count)
        if twins:
            names = told_apart(names)
        else:
            refuse_twins(names, str(archive.path), "Give each case its own name.")
        words = dict(zip(names, self._column(archive, self.split, "split", count), strict=False))
        subjects = self._column(archive, fields.subject or self.subject, "subject", count) or [""] * count
        labels = self._labels(archive, fields.label or self.label, count)
        optional = {
            "session": self._column(archive, self.session, "session", count),
            "site": self._column(archive, fields.site or self.site, "site", count),
            "scanner": self._column(archive, self.scanner, "scanner", count),
        }
        images, groups = self._locators(archive, count), self._groups(archive, count)
        cases = tuple(
            Case(
                case=names[i],
                subject=subjects[i] or names[i],
                label=labels[i] if labels else "",
                images=images[i],
                **{key: column[i] for key, column in optional.items() if column},
                groups=groups[i],
            )
            for i in range(count)
        )
        return Listing(
            root=archive.path.parent,
            cases=cases,
            found_as=f"npz ({self.name})",
            given={} if twins else {name: parse_split(w, f"{archive.path}::{self.split}") for name, w in words.items()},
            structure_names=self._structure_names(archive),
            notes=self.notes + _subject_note(subjects),
            words=words,
            shown=dict(zip(names, self._column(archive, self.case, "case", count), strict=False)),
            alone=frozenset(name for name, subject in zip(names, subjects, strict=True) if not subject),
        )

    def image(self, archive: Archive, key: str, index: int | None) -> Image:
        """Return one image in physical units, RAS+ for volumes; pixels keep the stored type where it says the unit.

        Raises:
            ImageError: The key or the index is not in the file.
        """
        if key.startswith(DERIVED):
            return self._mask(archive, key.removeprefix(DERIVED), index)
        role = next((role for role in self.roles if role.key == key), None)
        if role is None:
            known = [role.key for role in self.roles]
            raise ImageError(
                str(archive.path), "has no images under this name", value=key, remedy=did_you_mean(key, known)
            )
        stored = _row(archive, role, index)
        if role.role in (Role.MASK, Role.LESION):
            pixels = stored != 0
        elif role.unit is Unit.LABEL:
            pixels = stored.astype(np.int32)
        elif role.offset or role.scale != 1:
            pixels = (stored.astype(np.float32) + np.float32(role.offset)) * np.float32(role.scale)
        else:
            pixels = stored
        pixels = _oriented(pixels, role)
        image = Image(pixels, self._geometry(archive, role, pixels.shape[1:], index), role.unit)
        if role.role == Role.STRUCTURES and self.structures_drawn in archive.headers and index is not None:
            drawn = archive.array(self.structures_drawn)[index]
            return with_labels_drawn(image, (np.flatnonzero(drawn) + 1).tolist())
        return image

    def _mask(self, archive: Archive, name: str, index: int | None) -> Image:
        rule = (self.masks or {}).get(name)
        if rule is None:
            raise ImageError(str(archive.path), "has no rule for this mask", value=name)
        first = next(role for role in self.roles if role.key == rule.keys[0])
        above = np.any([_row(archive, replace(first, key=key), index) > rule.above for key in rule.keys], axis=0)
        mask = _oriented(above, first)
        if rule.solid:
            mask = _without_holes(_largest_part(mask[0]))[None]
        return Image(mask, self._geometry(archive, first, mask.shape[1:], index), Unit.LABEL)

    def _count(self, archive: Archive) -> int:
        per_case = [role for role in self.roles if not role.rows_of]
        if not per_case:
            raise DataError(str(archive.path), "has no array with an image per case")
        lengths = {role.key: 1 if role.single else archive.shape(role.key)[0] for role in per_case}
        for rule in (self.masks or {}).values():
            lengths |= {key: archive.shape(key)[0] for key in rule.keys}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{key}: {length}" for key, length in lengths.items())
            raise DataError(str(archive.path), "holds arrays of different numbers of cases", value=shown)
        return next(iter(lengths.values()))

    def _structure_names(self, archive: Archive) -> dict[int, str]:
        names = self.structure_names
        if isinstance(names, str):
            names = tuple(archive.texts(names)) if names in archive.headers else ()
        return dict(enumerate(names, 1))

    def _names(self, archive: Archive, count: int) -> list[str]:
        column = self._column(archive, self.case, "case", count)
        if column:
            return [case_name(re.sub(r"\.(jpe?g|png|tiff?)$", "", name), f"case-{i}") for i, name in enumerate(column)]
        width = len(str(max(count - 1, 0)))
        return [f"case-{i:0{width}d}" for i in range(count)]

    def _column(self, archive: Archive, key: str, what: str, count: int) -> list[str]:
        if not key:
            return []
        if key not in archive.headers:
            known = [name for name, (shape, _) in archive.headers.items() if shape[:1] == (count,)]
            remedy = did_you_mean(key, known)
            raise DataError(f"[data] {what}", f"names no array of {archive.path.name}", value=key, remedy=remedy)
        values = archive.texts(key)
        if len(values) != count:
            raise DataError(f"{archive.path}::{key}", f"has {len(values)} values for {count} cases")
        return values

    def _groups(self, archive: Archive, count: int) -> list[dict[str, str]]:
        """Subgroups of each case, from the arrays that are there."""
        usual = [name for names in USUAL.values() for name in names]
        own = {name: archive.texts(name) for name in self.groups if name in archive.headers}
        facts = {name: archive.texts(name) for name in usual if archive.headers.get(name, ((), ""))[0] == (count,)}
        return [
            {name: values[i] for name, values in own.items()} | subgroups({name: v[i] for name, v in facts.items()})
            for i in range(count)
        ]

    def _labels(self, archive: Archive, key: str, count: int) -> list[str]:
        values = self._column(archive, key, "label", count)
        if key != self.label:
            return values
        classes = archive.texts(self.classes) if isinstance(self.classes, str) else list(self.classes)
        if not classes or not values:
            return values
        try:
            return [classes[int(value)] for value in values]
        except (ValueError, IndexError):
            strange = next(v for v in values if not v.isdigit() or int(v) >= len(classes))
            place = f"{archive.path}::{key}"
            raise DataError(place, f"should index {len(classes)} class names", value=strange) from None

    def _locators(self, archive: Archive, count: int) -> list[dict[str, Locator]]:
        images: list[dict[str, Locator]] = [{} for _ in range(count)]
        path = archive.path.name
        for role in self.roles:
            rows = range(count) if not role.rows_of else archive.array(role.rows_of).tolist()
            for row, case in enumerate(rows):
                if not 0 <= case < count:
                    raise DataError(f"{archive.path}::{role.rows_of}", "points outside the cases", value=case)
                images[case][role.role] = Locator(path=path, key=role.key, index=None if role.single else row)
        for name in self.masks or {}:
            for case in range(count):
                images[case].setdefault(name, Locator(path=path, key=f"{DERIVED}{name}", index=case))
        return images

    def _geometry(self, archive: Archive, role: ArrayRole, space: tuple[int, ...], index: int | None) -> Geometry:
        case = int(archive.array(role.rows_of)[index]) if role.rows_of and index is not None else index
        if len(space) == 3 and self.affine in archive.headers:
            affine = archive.array(self.affine)
            return Geometry.from_affine(affine[case] if affine.ndim == 3 else affine)
        spacing = _spacing(archive, self.spacing, case)
        if len(space) == 3 and spacing:
            return Geometry.from_affine(_centred_affine(space, spacing))
        return Geometry(spacing_mm=spacing, mpp=self.mpp)


def _with_usual_names(layout: NpzLayout, archive: Archive, fields: Fields) -> NpzLayout:
    """Return the layout with arrays of usual names for what it leaves open."""
    count = layout._count(archive)
    per_case = [name for name, (shape, _) in archive.headers.items() if shape in ((count,), (count, 1))]

    def named(own: str, what: str) -> str:
        return own if own in archive.headers else usual_name(what, per_case)

    return replace(
        layout,
        case=named(layout.case, "case"),
        subject=named(layout.subject, "subject"),
        label=named(layout.label, "label"),
        site=named(layout.site, "site"),
        split=fields.split or named(layout.split, "split"),
    )


def _subject_note(subjects: list[str]) -> tuple[str, ...]:
    alone = subjects.count("")
    if not alone or len(subjects) == 1:
        return ()
    return (
        f"{alone} of {len(subjects)} cases have no subject in the file and count as a subject each: that no patient"
        " stands on two sides of the split cannot be proven for them.",
    )


def _row(archive: Archive, role: ArrayRole, index: int | None) -> np.ndarray:
    array = archive.array(role.key)
    if role.single:
        return array
    if index is None or not 0 <= index < len(array):
        raise ImageError(f"{archive.path}::{role.key}", f"has rows 0 to {len(array) - 1}", value=f"row {index}")
    return array[index]


def _oriented(pixels: np.ndarray, role: ArrayRole) -> np.ndarray:
    names = role.axes.split()
    if pixels.ndim != len(names):
        raise ImageError(role.key, f"should have the axes {role.axes}", value=f"shape {pixels.shape}")
    pixels = np.flip(pixels, tuple(i for i, name in enumerate(names) if name in role.flipped))
    if names[-1] == "channels":
        return np.ascontiguousarray(np.moveaxis(pixels, -1, 0))
    if names == ["z", "y", "x"]:
        pixels = pixels.transpose(2, 1, 0)
    return np.ascontiguousarray(pixels)[None]


def _largest_part(mask: np.ndarray) -> np.ndarray:
    parts, count = ndimage.label(mask)
    return parts == np.bincount(parts.ravel(), minlength=2)[1:].argmax() + 1 if count > 1 else mask


def _without_holes(mask: np.ndarray) -> np.ndarray:
    # What is not mask and does not reach the rim of its axial slice is a hole; one labelling serves all slices.
    in_plane = ndimage.generate_binary_structure(3, 1) & np.array([False, True, False])
    parts, count = ndimage.label(~mask, in_plane)
    outside = np.zeros(count + 1, bool)
    for rim in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
        outside[rim] = True
    outside[0] = False
    return ~outside[parts]


def _spacing(archive: Archive, key: str, case: int | None) -> tuple[float, ...]:
    if key not in archive.headers:
        return ()
    spacing = archive.array(key)
    if spacing.ndim == 2 and case is not None:
        spacing = spacing[case]
    return tuple(float(value) for value in spacing.ravel())


def _centred_affine(space: tuple[int, ...], spacing: tuple[float, ...]) -> np.ndarray:
    # The files keep no position in the scanner: the middle of the grid stands at 0 mm.
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = [-(size - 1) / 2 * step for size, step in zip(space, spacing, strict=True)]
    return affine
