"""The populations of virtual patients: who is in them, on which scanners, and what is known of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from synthassay.data.phantoms import ct, histology, mri, radiograph
from synthassay.data.phantoms.anatomy import Grid, Structure, Tissue, draw_traits
from synthassay.data.phantoms.chest import FIELD_MM, FINDINGS, draw_thorax
from synthassay.data.phantoms.head import build_head
from synthassay.data.phantoms.pairs import mr_and_ct
from synthassay.data.phantoms.tissue_section import TISSUE_CLASSES, draw_section
from synthassay.randomness import stream
from synthassay.records.vocabulary import Modality, Role, Unit

TILE_UM = 96.0


@dataclass(frozen=True)
class Patient:
    """One virtual patient as images and truth.

    Attributes:
        pictures: Role to array: ``x y z`` in RAS+ for volumes, ``rows columns (channels)`` for pictures.
        truth: Role to mask or label map; a role that does not apply is absent.
        facts: What else is known, as text: site, scanner, label.
    """

    pictures: dict[str, np.ndarray]
    truth: dict[str, np.ndarray]
    facts: dict[str, str]


@dataclass(frozen=True)
class Phantom:
    """One population.

    Attributes:
        name: As in ``source = "phantom:..."``.
        subjects: How many patients where the study does not say.
        shape: Size of each image where the study does not say; axes x, y, z, or rows, columns.
        resizable: Whether patients are drawn at the study's own size rather than resampled to it.
        make: Draws patient ``index`` of root ``seed`` at a shape; no other patient changes it.
        geometry: Arrays that place images of a shape in the world: ``affine``, ``spacing_mm`` or ``mpp``.
        settings: What the images depend on besides seed and shape; part of the cache's fingerprint.
        structure_names: Label in the label maps to the structure's name.
        version: Raised when the recipe changes, so that old files are not taken for new ones.
        units: Unit of a role whose unit is another than ``unit``.
    """

    name: str
    modality: Modality
    title: str
    unit: Unit
    subjects: int
    shape: tuple[int, ...]
    resizable: bool
    make: Callable[[int, int, tuple[int, ...]], Patient]
    geometry: Callable[[tuple[int, ...]], dict[str, np.ndarray]]
    settings: dict[str, Any] = field(default_factory=dict)
    structure_names: dict[int, str] = field(default_factory=dict)
    version: int = 1
    units: dict[str, Unit] = field(default_factory=dict)


def _brain_mri(seed: int, index: int, shape: tuple[int, ...]) -> Patient:
    traits = draw_traits(stream(seed, "phantom:brain-mri", "traits", index))
    anatomy = build_head(traits, _head_grid(shape, _MRI_MM))
    scanner = list(mri.SCANNERS.values())[index % len(mri.SCANNERS)]
    pictures: dict[str, np.ndarray] = {
        contrast: _int16(mri.acquire(anatomy, scanner, contrast, stream(seed, "phantom:brain-mri", contrast, index)))
        for contrast in mri.CONTRASTS
    }
    truth = {
        Role.MASK.value: anatomy.brain,
        Role.LESION.value: anatomy.lesion,
        Role.STRUCTURES.value: anatomy.structures,
    }
    return Patient(pictures, _present(truth), _facts(scanner.name, traits.disease, age=traits.age, sex=traits.sex))


def _head_ct(seed: int, index: int, shape: tuple[int, ...]) -> Patient:
    traits = draw_traits(stream(seed, "phantom:head-ct", "traits", index))
    anatomy = build_head(traits, _head_grid(shape, _CT_MM))
    machine = list(ct.TOMOGRAPHS.values())[index % len(ct.TOMOGRAPHS)]
    hu = ct.acquire(anatomy, machine, stream(seed, "phantom:head-ct", "scan", index))
    truth = {
        Role.MASK.value: anatomy.fractions[Tissue.AIR] < 0.5,
        Role.LESION.value: anatomy.lesion,
        Role.STRUCTURES.value: anatomy.structures,
    }
    facts = _facts(machine.name, traits.disease, age=traits.age, sex=traits.sex)
    return Patient({Role.IMAGE.value: _int16(hu)}, _present(truth), facts)


def _head_mr_ct(seed: int, index: int, shape: tuple[int, ...]) -> Patient:
    traits = draw_traits(stream(seed, "phantom:head-mr-ct", "traits", index))
    anatomy = build_head(traits, _head_grid(shape, _CT_MM))
    site, pictures = mr_and_ct(anatomy, seed, index)
    truth = {Role.MASK.value: anatomy.fractions[Tissue.AIR] < 0.5, Role.STRUCTURES.value: anatomy.structures}
    facts = _facts(site, traits.disease, age=traits.age, sex=traits.sex)
    return Patient({role: _int16(picture) for role, picture in pictures.items()}, _present(truth), facts)


def _chest_xray(seed: int, index: int, shape: tuple[int, ...]) -> Patient:
    rooms = list(radiograph.ROOMS.values())
    finding = FINDINGS[index // len(rooms) % len(FINDINGS)]  # classes and sites are crossed evenly
    thorax = draw_thorax(stream(seed, "phantom:chest-xray", "thorax", index), finding)
    room = rooms[index % len(rooms)]
    film = radiograph.expose(thorax, room, stream(seed, "phantom:chest-xray", "exposure", index), pixels=shape[0])
    truth = {Role.MASK.value: film.lungs, Role.LESION.value: film.opacity}
    return Patient({Role.IMAGE.value: film.grey}, _present(truth), _facts(room.name, finding, sex=thorax.sex))


def _histology(seed: int, index: int, shape: tuple[int, ...]) -> Patient:
    laboratories = list(histology.LABORATORIES.values())
    tissue = TISSUE_CLASSES[index // len(laboratories) % len(TISSUE_CLASSES)]
    rng = stream(seed, "phantom:histology", "section", index)
    section = draw_section(rng, tissue, pixels=shape[0], mpp=TILE_UM / shape[0])
    lab = laboratories[index % len(laboratories)]
    tile = histology.scan(section, lab, stream(seed, "phantom:histology", "scan", index))
    truth = {Role.STRUCTURES.value: section.nuclei.astype(np.uint16)}
    return Patient({Role.IMAGE.value: tile}, truth, _facts(lab.name, tissue))


_MRI_MM, _CT_MM = 2.0, 3.0
_HEAD_STRUCTURES = {structure.value: structure.name.lower().replace("_", " ") for structure in Structure if structure}


def _head_grid(shape: tuple[int, ...], spacing: float) -> Grid:
    return Grid((shape[0], shape[1], shape[2]), (spacing, spacing, spacing))


def _facts(scanner: str, label: str, *, age: float | None = None, sex: str = "") -> dict[str, str]:
    known = {"site": scanner.split("-", 1)[0], "scanner": scanner, "label": label}
    return known | ({"sex": sex} if sex else {}) | ({"age": f"{age:.1f}"} if age is not None else {})


def _present(truth: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {role: array.astype(np.uint8) for role, array in truth.items() if array.any()}


def _int16(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), -32768, 32767).astype(np.int16)


def _volume_geometry(spacing: float) -> Callable[[tuple[int, ...]], dict[str, np.ndarray]]:
    return lambda shape: {"affine": _head_grid(shape, spacing).affine}


PHANTOMS: dict[str, Phantom] = {
    phantom.name: phantom
    for phantom in (
        Phantom(
            "phantom:brain-mri", Modality.MRI, "Virtual heads with plaques or a tumour: T1, T2, PD, FLAIR; three sites",
            Unit.ARBITRARY, 24, (80, 96, 80), False, _brain_mri, _volume_geometry(_MRI_MM),
            {name: asdict(scanner) for name, scanner in mri.SCANNERS.items()}, _HEAD_STRUCTURES,
        ),
        Phantom(
            "phantom:head-ct", Modality.CT, "Virtual heads in HU with quantum noise at routine dose; three sites",
            Unit.HU, 24, (64, 72, 48), False, _head_ct, _volume_geometry(_CT_MM),
            {name: asdict(machine) for name, machine in ct.TOMOGRAPHS.items()}, _HEAD_STRUCTURES,
        ),
        Phantom(
            "phantom:head-mr-ct", Modality.CT, "Virtual heads in T1 and T2 and, on the same grid, in HU; three sites",
            Unit.ARBITRARY, 24, (64, 72, 48), False, _head_mr_ct, _volume_geometry(_CT_MM),
            {name: asdict(machine) for name, machine in ct.TOMOGRAPHS.items()}, _HEAD_STRUCTURES,
            units={"ct": Unit.HU},
        ),
        Phantom(
            "phantom:chest-xray", Modality.XRAY, "Virtual chest radiographs, normal or with an opacity; three sites",
            Unit.ARBITRARY, 600, (64, 64), True, _chest_xray,
            lambda shape: {"spacing_mm": np.array([FIELD_MM / shape[0], FIELD_MM / shape[1]])},
            {name: asdict(room) for name, room in radiograph.ROOMS.items()},
        ),
        Phantom(
            "phantom:histology", Modality.PATHOLOGY, "Virtual H&E tiles, glands or tumour, with all nuclei; 3 sites",
            Unit.RGB, 300, (64, 64), True, _histology, lambda shape: {"mpp": np.array(TILE_UM / shape[0])},
            {name: asdict(lab) for name, lab in histology.LABORATORIES.items()},
        ),
    )
}  # fmt: skip
