"""One segmenter trained and judged, many of them in processes side by side, and what was found kept on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from synthassay.evaluate.utility.arms import agreement
from synthassay.randomness import derive
from synthassay.records.base import fingerprint, write_text

if TYPE_CHECKING:
    from synthassay.networks.outlining import Drawn

MOST_PROCESSES = 8
"""Each process holds all images in memory."""

Judged = tuple[list[list[float]], list[list[float]]]
"""Dice and HD95, each ``cases structures``."""


@dataclass(frozen=True, eq=False)
class DrawnSet:
    """Images of a set with their class indices, subjects and spacings, in memory."""

    cases: tuple[Drawn, ...]
    names: tuple[str, ...]
    subjects: tuple[str, ...]
    spacings: tuple[tuple[float, ...], ...]
    left_out: int

    def of(self, positions: Sequence[int]) -> list[Drawn]:
        """The cases at these positions."""
        return [self.cases[i] for i in positions]

    def digest(self) -> str:
        """SHA-256 of all that a segmenter can see of the set."""
        found = hashlib.sha256()
        for case, spacing in zip(self.cases, self.spacings, strict=True):
            found.update(f"{case.pixels.shape}{spacing}".encode())
            found.update(np.ascontiguousarray(case.pixels).tobytes())
            found.update(np.ascontiguousarray(case.classes).tobytes())
        return found.hexdigest()


@dataclass(frozen=True)
class Job:
    """One training: which images, how long, from which seed.

    Attributes:
        real: Positions of real training images.
        synthetic: Positions of synthetic images.
        structures: Number of structures.
        classical: Whether crops are augmented by classical means.
        first: Half of the steps on the synthetic images, the other half on the real ones.
    """

    real: tuple[int, ...]
    synthetic: tuple[int, ...]
    structures: int
    steps: int
    seed: int
    classical: bool = False
    first: bool = False


def judge(job: Job, sets: Mapping[str, DrawnSet]) -> Judged:
    """Train one segmenter and return how well it outlines each test case; on one thread, so that bits do not depend
    on how many there are.
    """
    import torch

    from synthassay.networks.outlining import fit_outliner, new_outliner, outline

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        real = sets["training"].of(job.real) if job.real else []
        synthetic = sets["synthetic"].of(job.synthetic) if job.synthetic else []
        pixels = (real or synthetic)[0].pixels
        model = new_outliner(len(pixels), job.structures + 1, pixels.ndim - 1, job.seed)
        if job.first:
            before = job.steps // 2
            fit_outliner(model, synthetic, steps=before, seed=derive(job.seed, "first"))
            fit_outliner(model, real, steps=job.steps - before, seed=job.seed)
        else:
            fit_outliner(model, [*real, *synthetic], steps=job.steps, seed=job.seed, augment=job.classical)
        test = sets["test"]
        rows = [
            agreement(outline(model, case.pixels), case.classes, job.structures, spacing)
            for case, spacing in zip(test.cases, test.spacings, strict=True)
        ]
    finally:
        torch.set_num_threads(threads)
    return [dice for dice, _ in rows], [distance for _, distance in rows]


def judge_all(
    jobs: Sequence[Job], sets: Mapping[str, DrawnSet], *, processes: int = 1, folder: Path | None = None
) -> dict[Job, Judged]:
    """Return what every job finds; jobs that an earlier, killed run had finished are read back.

    Args:
        jobs: What to train; equal jobs are done once.
        sets: ``training``, ``test`` and, where a job needs it, ``synthetic``.
        processes: Trainings side by side, each in a process of its own where more than one; numbers do not depend on
            it.
        folder: Where findings are kept, each under the fingerprint of all that it depends on; None keeps none.
    """
    wanted = list(dict.fromkeys(jobs))
    places = _places(wanted, sets, folder)
    found = {job: kept for job, path in places.items() if (kept := _kept(path)) is not None}
    left = [job for job in wanted if job not in found]

    def keep(job: Job, judged: Judged) -> None:
        found[job] = judged
        if job in places:
            places[job].parent.mkdir(parents=True, exist_ok=True)
            write_text(places[job], json.dumps({"dice": judged[0], "distance": judged[1]}))

    if processes < 2 or len(left) < 2:
        for job in left:
            keep(job, judge(job, sets))
        return found
    with ProcessPoolExecutor(
        min(processes, len(left), MOST_PROCESSES),
        mp_context=get_context("spawn"),
        initializer=_remember,
        initargs=(dict(sets),),
    ) as pool:
        waiting = {pool.submit(_judge_here, job): job for job in left}
        for done in as_completed(waiting):
            keep(waiting[done], done.result())
    return found


_SETS: dict[str, DrawnSet] = {}


def _remember(sets: dict[str, DrawnSet]) -> None:
    _SETS.update(sets)


def _judge_here(job: Job) -> Judged:
    return judge(job, _SETS)


def _places(jobs: Sequence[Job], sets: Mapping[str, DrawnSet], folder: Path | None) -> dict[Job, Path]:
    if folder is None:
        return {}
    import synthassay

    seen = {name: found.digest() for name, found in sets.items()}
    found = {}
    for job in jobs:
        used = {name: seen[name] for name in seen if name != "synthetic" or job.synthetic}
        found[job] = (
            folder / f"{fingerprint({'job': asdict(job), 'sets': used, 'software': synthassay.__version__})}.json"
        )
    return found


def _kept(path: Path) -> Judged | None:
    """What an earlier run found; None where there is nothing, or only a part of it."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        return entry["dice"], entry["distance"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
