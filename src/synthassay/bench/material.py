"""The real images that failures are injected into: one image of each patient, with what is drawn on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from synthassay.data.cohorts import load_cohort
from synthassay.data.listing import TRUTH_ROLES
from synthassay.data.sources import SOURCES
from synthassay.data.store import ImageStore
from synthassay.errors import DataError
from synthassay.images.specimen import Specimen
from synthassay.protocols import PROTOCOLS, Protocol
from synthassay.randomness import stream
from synthassay.records.cohort import Case, Cohort
from synthassay.records.spec import DataSpec
from synthassay.records.vocabulary import Role

LEAST_SUBJECTS = 60
"""Two halves of at least 30: one sets the threshold, with the 19 that a 5 % threshold needs, the other is tried."""

SOURCE_OF = {
    "mri": "mri-ixi-hh-t1",
    "volume": "mri-ixi-hh-t1",
    "ct": "ct-openkbp-headneck",
    "mr_to_ct": "ct-openkbp-headneck",
    "volume_ct": "ct-openkbp-headneck",
    "xray": "xray-kermany-pneumonia",
    "pathology": "path-kather2016-crc-tiles",
}
"""Protocol to the public source that its failures are injected into unless another is named."""


@dataclass(frozen=True, eq=False)
class Material:
    """Real images of one kind, one of each patient.

    Attributes:
        data_range: Lowest and highest value that the images can have.
    """

    protocol: Protocol
    source: str
    licence: str
    citation: str
    specimens: tuple[Specimen, ...]
    data_range: tuple[float, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Order:
    """Which images to take.

    Attributes:
        protocol: Name of the protocol whose detectors are tried.
        source: Name of a known source; the protocol's own where empty.
        path: Folder of real images, instead of a source.
        image: Role to take, where the images have several.
        subjects: Patients to take at most; 0 takes all.
        slices: Slices of volumes to keep, around the middle of the last axis; 0 keeps all, 1 makes pictures.
        spacing_mm: Size of a pixel that is assumed where the images do not state theirs; said in the notes.
    """

    protocol: str
    source: str = ""
    path: Path | None = None
    image: str = ""
    subjects: int = 0
    slices: int = 0
    spacing_mm: float = 0.0
    seed: int = 20260101


def gather(order: Order) -> Material:
    """Read one image of each patient, with its masks, structures and lesions where they are drawn.

    Raises:
        UnknownName: The protocol or the source is unknown.
        DataError: Too few patients, or the images cannot be read.
    """
    protocol = PROTOCOLS.get(order.protocol)
    source = "" if order.path is not None else order.source or SOURCE_OF.get(protocol.name, "")
    if not source and order.path is None:
        raise DataError(
            f"protocol {protocol.name}",
            "has no source of its own",
            remedy="Name one by --source or a folder by --real.",
        )
    spec = DataSpec(source=source, path="" if order.path is None else str(order.path), image=order.image)
    cohort = load_cohort(spec, protocol.modality, order.seed, folder=Path.cwd())
    chosen = _one_per_subject(cohort, order)
    store = ImageStore(cohort, cache_bytes=64 * 2**20)
    role = order.image or _image_role(cohort)
    specimens = tuple(_slab(_specimen(store, case, role), order.slices) for case in chosen)
    specimens, assumed = _with_spacing(specimens, order.spacing_mm)
    sizes = {specimen.space for specimen in specimens}
    if len(sizes) > 1:
        raise DataError("bench", f"images have {len(sizes)} sizes", remedy="Resample or crop them to one size.")
    card = SOURCES.get(source) if source else None
    return Material(
        protocol=protocol,
        source=source or str(order.path),
        licence=card.licence if card else "",
        citation=card.citation if card else "",
        specimens=specimens,
        data_range=protocol.data_range or _stored_range(store, chosen[0], role),
        notes=(*cohort.notes, *assumed, *_cut(order, specimens)),
    )


def _one_per_subject(cohort: Cohort, order: Order) -> list[Case]:
    first = {case.subject: case for case in reversed(cohort.cases)}
    names = sorted(first)
    keep = stream(order.seed, "bench", "subjects").permutation(len(names))[: order.subjects or None]
    if len(keep) < LEAST_SUBJECTS:
        raise DataError(
            "bench",
            f"has {len(keep)} patients; a threshold at 5 % false alarms and its trial ask for {LEAST_SUBJECTS}",
            remedy="Give images of more patients, or raise --subjects.",
        )
    return [first[names[i]] for i in sorted(keep)]


def _image_role(cohort: Cohort) -> str:
    roles = sorted({role for case in cohort.cases for role in case.images} - set(TRUTH_ROLES))
    if Role.IMAGE.value in roles:
        return Role.IMAGE.value
    if len(roles) != 1:
        raise DataError(
            "bench", "the cases have several pictures", value=", ".join(roles), remedy="Name one by --image."
        )
    return roles[0]


def _specimen(store: ImageStore, case: Case, role: str) -> Specimen:
    image = store.image(case, role)
    drawn = {name: store.image(case, name).pixels[0] for name in TRUTH_ROLES if name in case.images}
    return Specimen(
        pixels=image.pixels.astype(np.float32),
        spacing_mm=image.geometry.spacing_mm,
        mpp=image.geometry.mpp,
        unit=image.unit,
        case=case.case,
        subject=case.subject,
        label=case.label,
        mask=drawn.get("mask"),
        structures=drawn.get("structures"),
        lesion=drawn.get("lesion"),
    )


def _with_spacing(specimens: tuple[Specimen, ...], spacing_mm: float) -> tuple[tuple[Specimen, ...], tuple[str, ...]]:
    if not spacing_mm or specimens[0].spacing_mm:
        return specimens, ()
    note = f"The images do not state the size of a pixel; {spacing_mm:g} mm is assumed, and every mm here rests on it."
    return tuple(s.replace(spacing_mm=(spacing_mm,) * len(s.space)) for s in specimens), (note,)


def _cut(order: Order, specimens: tuple[Specimen, ...]) -> tuple[str, ...]:
    if not order.slices:
        return ()
    what = "one slice as a picture" if len(specimens[0].space) == 2 else f"{specimens[0].space[2]} slices"
    return (f"Of each volume, {what} around the middle of the last axis was used.",)


def _slab(specimen: Specimen, slices: int) -> Specimen:
    if not slices or len(specimen.space) != 3 or specimen.space[2] <= slices:
        return specimen
    start = (specimen.space[2] - slices) // 2
    kept = (..., start) if slices == 1 else (..., slice(start, start + slices))
    changes: dict[str, Any] = {
        name: None if drawn is None else np.ascontiguousarray(drawn[kept])
        for name, drawn in (
            ("mask", specimen.mask),
            ("structures", specimen.structures),
            ("lesion", specimen.lesion),
        )
    }
    changes["spacing_mm"] = specimen.spacing_mm[: 2 if slices == 1 else 3]
    return specimen.replace(pixels=np.ascontiguousarray(specimen.pixels[kept]), **changes)


def _stored_range(store: ImageStore, case: Case, role: str) -> tuple[float, float]:
    stored = store.read(case.images[role]).pixels.dtype
    if np.issubdtype(stored, np.integer) and stored.itemsize == 1:
        return 0.0, 255.0
    raise DataError(
        f"case {case.case}", f"is stored as {stored}, which states no range", remedy="Use images of 8 bits or in HU."
    )
