"""Virtual patients as a source of data: made once, kept in one ``.npz``, read like any other cohort."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from synthassay import __version__
from synthassay.data.cohorts import load_cohort
from synthassay.data.phantoms.recipes import PHANTOMS, Patient, Phantom
from synthassay.errors import DataError, UnknownName
from synthassay.records.base import fingerprint, whole_file
from synthassay.records.cohort import Cohort
from synthassay.records.spec import DataSpec
from synthassay.records.vocabulary import Modality

__all__ = ["PHANTOMS", "phantom_cohort"]

Progress = Callable[[int, int], None]

POPULATION_NOTE = (
    "These patients are computed, not scanned. Their anatomy varies in fewer ways than people do, every finding is in"
    " the population by choice, and its prevalence is chosen: what is found on them shows that a method works, not how"
    " well it does in a hospital (docs/explanation/virtual-patients.md)."
)


def phantom_cohort(
    name: str, spec: DataSpec, modality: Modality, seed: int, cache: Path, progress: Progress | None = None
) -> Cohort:
    """Return a cohort of virtual patients, made now or found in the cache.

    Patient i of a seed is the same whatever the number of patients; the same call gives the same bytes.

    Args:
        name: One of ``PHANTOMS``, such as ``phantom:chest-xray``.
        spec: The study's data section: number of subjects, roles, split; ``size`` is the size that pictures are drawn
            at, and that volumes are resampled to when they are read.
        modality: The study's modality.
        seed: The study's seed, which the population is drawn from.
        cache: Folder in which populations are kept.
        progress: Called with the patients made so far and in all.

    Raises:
        UnknownName: No population has this name.
        DataError: The population is of another modality, or the study's data section contradicts it.
    """
    if name not in PHANTOMS:
        raise UnknownName("source", name, PHANTOMS)
    phantom = PHANTOMS[name]
    if modality is not phantom.modality:
        what = f"is {modality}, but the source {name} is {phantom.modality}"
        raise DataError("modality", what, remedy=f"Set modality = '{phantom.modality}', or choose another source.")
    count = spec.subjects or phantom.subjects
    path = population(phantom, count, seed, _shape(phantom, spec), cache, progress)
    given = spec.model_copy(update={"source": "", "path": path.name, "layout": "npz", "subjects": 0})
    cohort = load_cohort(given, modality, seed, folder=path.parent, progress=progress)
    return cohort.model_copy(
        update={
            "source": name,
            "structure_names": phantom.structure_names,
            "licence": "Apache-2.0",
            "citation": f"Virtual patients computed by synthassay {__version__}, seed {seed}",
            "notes": (POPULATION_NOTE, *cohort.notes),
        }
    )


def population(
    phantom: Phantom, count: int, seed: int, shape: tuple[int, ...], cache: Path, progress: Progress | None = None
) -> Path:
    """Return the file that holds ``count`` patients, making it if it is not in the cache.

    The file's name holds the seed, the number and a fingerprint of all that the images depend on.
    """
    recipe = {"version": phantom.version, "shape": shape, "settings": phantom.settings, "unit": phantom.unit.value}
    stem = phantom.name.removeprefix("phantom:")
    path = cache / f"{stem}-seed{seed}-n{count}-{fingerprint(recipe)[:12]}.npz"
    if path.is_file():
        return path
    patients = []
    for index in range(count):
        patients.append(phantom.make(seed, index, shape))
        if progress is not None:
            progress(index + 1, count)
    arrays = _arrays(patients) | phantom.geometry(shape) | {"unit": np.array(phantom.unit.value)}
    arrays |= {f"unit_{role}": np.array(unit.value) for role, unit in phantom.units.items()}
    with whole_file(path) as partial:
        np.savez_compressed(partial, allow_pickle=False, **arrays)
    return path


def _shape(phantom: Phantom, spec: DataSpec) -> tuple[int, ...]:
    wanted = spec.size
    if not phantom.resizable or not wanted:
        return phantom.shape
    if len(wanted) != len(phantom.shape) or len(set(wanted)) != 1 or wanted[0] < 16:
        raise DataError(
            "[data] size",
            f"does not fit {phantom.name}, whose pictures are square and at least 16 pixels wide",
            value=list(wanted),
            remedy="Write size = [64, 64] or [128, 128], or leave it out.",
        )
    return tuple(wanted)


def _arrays(patients: Sequence[Patient]) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    width = max(4, len(str(len(patients))))
    arrays["subject"] = np.array([f"vp-{i + 1:0{width}d}" for i in range(len(patients))])
    arrays["case"] = arrays["subject"]
    for fact in patients[0].facts:
        arrays[fact] = np.array([patient.facts[fact] for patient in patients])
    for role in patients[0].pictures:
        arrays[role] = np.stack([patient.pictures[role] for patient in patients])
    for role in dict.fromkeys(role for patient in patients for role in patient.truth):
        having = [i for i, patient in enumerate(patients) if role in patient.truth]
        arrays[role] = np.stack([patients[i].truth[role] for i in having])
        if len(having) < len(patients):
            arrays[f"{role}_index"] = np.array(having)
    return arrays
