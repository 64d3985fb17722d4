"""The plain layout: one array per role with a case per row, and texts beside it. What synthassay itself writes.

=================  ==============================================================================================
array              meaning
=================  ==============================================================================================
``<role>``         images, ``(cases, rows, columns)``, ``(cases, rows, columns, 3)`` or ``(cases, x, y, z)`` in RAS+
``<role>_index``   position of each row's case, where only some cases have the role
``subject``        whose image it is; also ``case``, ``session``, ``site``, ``scanner``, ``split``, one text per case
``label``          class as text, or as an index into ``class_names``
``spacing_mm``     voxel or pixel size, ``(axes,)`` or ``(cases, axes)``; or ``affine``, ``(4, 4)`` or ``(cases, 4, 4)``
``mpp``            micrometres per pixel
``unit``           ``HU``, ``arbitrary`` or ``RGB`` for all pictures; ``unit_<role>`` for one role
=================  ==============================================================================================
"""

from __future__ import annotations

from synthassay.data.listing import TRUTH_ROLES
from synthassay.data.npz.archive import Archive
from synthassay.data.npz.layout import ArrayRole, Axes, NpzLayout
from synthassay.errors import DataError, ImageError, did_you_mean
from synthassay.records.vocabulary import Unit

_PER_CASE = ("case", "subject", "session", "site", "scanner", "label", "split")
_PLURALS = {"images": "image", "masks": "mask", "lesions": "lesion"}


def plain_layout(archive: Archive) -> NpzLayout | None:
    """Return the layout of a plain file, or None where no array holds a picture per case.

    Raises:
        DataError: Arrays of pictures differ in the number of cases, or a unit has an unknown name.
    """
    present = archive.headers
    reserved = {"affine", "spacing_mm", "class_names"}
    pictures = [key for key, (shape, _) in present.items() if len(shape) >= 3 and key not in reserved]
    if not pictures:
        return None
    case, subject, session, site, scanner, label, split = (name if name in present else "" for name in _PER_CASE)
    return NpzLayout(
        name="plain",
        marks=frozenset(pictures),
        roles=tuple(_role(archive, key) for key in pictures),
        classes="class_names" if "class_names" in present else (),
        spacing="spacing_mm",
        affine="affine",
        mpp=float(archive.array("mpp")) if "mpp" in present else None,
        case=case,
        subject=subject,
        session=session,
        site=site,
        scanner=scanner,
        label=label,
        split=split,
    )


def _role(archive: Archive, key: str) -> ArrayRole:
    shape, dtype = archive.headers[key]
    role = _PLURALS.get(key, key)
    unit = _unit(archive, role)
    if unit is None:
        unit = Unit.RGB if len(shape) == 4 and shape[-1] == 3 and dtype == "uint8" else Unit.ARBITRARY
    axes: dict[int, Axes] = {3: "rows columns", 4: "rows columns channels" if unit is Unit.RGB else "x y z"}
    if len(shape) not in axes:
        raise ImageError(
            f"{archive.path}::{key}",
            "should be (cases, rows, columns), (cases, rows, columns, 3) or (cases, x, y, z)",
            value=f"shape {shape}",
        )
    rows_of = f"{role}_index" if f"{role}_index" in archive.headers else ""
    return ArrayRole(key, role, unit, axes[len(shape)], rows_of=rows_of)


def _unit(archive: Archive, role: str) -> Unit | None:
    if role in TRUTH_ROLES:
        return Unit.LABEL
    key = f"unit_{role}" if f"unit_{role}" in archive.headers else "unit"
    if key not in archive.headers:
        return None
    word = str(archive.array(key))
    if word not in {unit.value for unit in Unit}:
        raise DataError(f"{archive.path}::{key}", "is not a unit", value=word, remedy=did_you_mean(word, list(Unit)))
    return Unit(word)
