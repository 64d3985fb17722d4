"""Small cohorts written as plain ``.npz`` files: balls of tissue in HU or MR signal, and pictures of two classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from synthassay.data.listing import Fields
from synthassay.data.npz.archive import Archive, ArrayCache
from synthassay.data.npz.recognise import layout_of
from synthassay.records.cohort import Cohort
from synthassay.records.spec import StudySpec
from synthassay.records.vocabulary import Split

SPLITS = (Split.TRAIN, Split.TRAIN, Split.VALIDATION, Split.TEST, Split.TEST)
SPACE = (14, 18, 9)


def cohort(path: Path, unit: str, classes: tuple[str, ...] = ()) -> Cohort:
    archive = Archive(path, ArrayCache(10**8))
    listing = layout_of(archive).listing(archive, Fields())
    subjects = sorted({case.subject for case in listing.cases})
    split = {subject: SPLITS[i % len(SPLITS)] for i, subject in enumerate(subjects)}
    return Cohort(
        root=str(path.parent),
        source="small",
        cases=listing.cases,
        split=split,
        split_rule="test",
        unit=unit,
        classes=classes,
    )


def spec(task: str, modality: str, **fields: Any) -> StudySpec:
    data = {"path": "small.npz", **fields.pop("data", {})}
    return StudySpec(
        title="A small study",
        question="Does the task keep what it was given?",
        modality=modality,
        task=task,
        seed=5,
        data=data,
        baselines=("identity",),
        **fields,
    )


def ball() -> np.ndarray:
    at = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in SPACE], indexing="ij"))
    return np.linalg.norm(at, axis=0) < 0.75


def affine(case: int) -> np.ndarray:
    return np.array([[2.0, 0, 0, -10 - case], [0, 2.0, 0, 3], [0, 0, 3.0, -7], [0, 0, 0, 1]])


def write_mr(folder: Path, **more: Any) -> Path:
    """Five subjects, six sessions; each scan has a gain of its own, and nothing outside the head."""
    rng = np.random.default_rng(0)
    t1, t2 = np.zeros((2, 6, *SPACE), np.int16)
    for i in range(6):
        tissue = rng.uniform(0.2, 1.0, SPACE)
        t1[i] = np.where(ball(), (100 + 150 * i) * tissue, 0)
        t2[i] = np.where(ball(), (900 - 110 * i) * (1.2 - tissue), 0)
    subject = np.array(["a", "b", "c", "d", "e", "e"])
    case = np.array([f"ses-{i}" for i in range(6)])
    path = folder / "small.npz"
    arrays = {"t1": t1, "t2": t2, "subject": subject, "case": case, "affine": np.stack([affine(i) for i in range(6)])}
    np.savez(path, **{**arrays, **more})
    return path


def write_ct(folder: Path, unit: str = "HU") -> Path:
    rng = np.random.default_rng(1)
    ct = np.full((5, *SPACE), -1000, np.int16)
    for i in range(5):
        ct[i][ball()] = 40 + rng.integers(-20, 20, int(ball().sum()))
        ct[i, 6:8, 8:10, 3:6] = 900
    path = folder / "small.npz"
    structures = (ct == 900).astype(np.uint8)
    np.savez(
        path, image=ct, structures=structures, subject=np.array(list("abcde")), affine=affine(0), unit=np.array(unit)
    )
    return path


def write_pictures(folder: Path, dtype: type = np.uint8) -> Path:
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (20, 8, 10)).astype(dtype)
    path = folder / "small.npz"
    np.savez(
        path,
        image=images,
        subject=np.array([f"s{i // 2:02d}" for i in range(20)]),
        label=np.array(["normal", "opacity"] * 10),
        spacing_mm=np.array([0.5, 0.7]),
    )
    return path
