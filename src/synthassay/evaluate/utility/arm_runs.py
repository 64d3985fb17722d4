"""Trains classifiers for many arms, side by side in processes; what is finished is kept on disk.

A run is one training of one arm. Its numbers depend on its images, its seed and the recipe, not on how many processes
there are or in which order they finish, because each training computes on one thread.
"""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import synthassay
from synthassay.randomness import derive
from synthassay.records.base import fingerprint, whole_file

Scores = dict[str, NDArray[np.float32]]
Arrays = Mapping[str, NDArray]


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        stages: What it is trained on, one after the other: positions among the training images, positions among the
            synthetic images, and optimiser steps.
        classes: Number of classes.
        seed: Of weights and batches.
        augment: Whether classical augmentation is used.
        judges: Sets whose images it is asked about.
        network: ``convnet`` or ``features``.
    """

    stages: tuple[tuple[tuple[int, ...], tuple[int, ...], int], ...]
    classes: int
    seed: int
    augment: bool
    judges: tuple[str, ...]
    network: str

    def key(self, hashes: Mapping[str, str]) -> str:
        """Return what the run's numbers depend on, as a hash; ``hashes`` are of the sets' images and labels."""
        uses_synthetic = any(len(synthetic) for _, synthetic, _ in self.stages)
        sets = {"training", *self.judges} | ({"synthetic"} if uses_synthetic else set())
        return fingerprint(
            {
                "software": synthassay.__version__,
                "run": repr(self),
                "sets": {name: hashes[name] for name in sorted(sets)},
            }
        )


def finished(
    runs: Sequence[Run], arrays: Arrays, hashes: Mapping[str, str], folder: Path | None, workers: int
) -> dict[Run, Scores]:
    """Return class probabilities ``cases classes`` per run and judged set, training what is not kept yet.

    Args:
        runs: What to train; equal runs are trained once.
        arrays: ``<set>`` to ``cases channels *space`` (or ``cases features``), ``<set>_labels`` to class indices.
        hashes: Set to the hash of its images and labels.
        folder: Where finished runs are kept; nowhere where None.
        workers: Processes.
    """
    found: dict[Run, Scores] = {}
    for run in dict.fromkeys(runs):
        kept = _kept(folder, run.key(hashes))
        if kept is not None:
            found[run] = kept
    pending = [run for run in dict.fromkeys(runs) if run not in found]
    for run, scores in _trained(pending, arrays, workers):
        _keep(folder, run.key(hashes), scores)
        found[run] = scores
    return found


def hash_of(*arrays: NDArray) -> str:
    """Return the SHA-256 of arrays' sizes and bytes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(str((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def train_and_judge(run: Run, arrays: Arrays) -> Scores:
    """Train one run and return what it says of each set that it is asked about."""
    if run.network == "features":
        return _by_features(run, arrays)
    from synthassay.networks.classifying import fit_network, new_network, probabilities

    images = arrays["training"]
    model = new_network(images.shape[1], run.classes, images.ndim - 2, run.seed)
    for place, (real, synthetic, steps) in enumerate(run.stages):
        pixels, labels = _mixed(real, synthetic, arrays)
        seed = derive(run.seed, "stage", place)
        fit_network(model, pixels, labels, steps=steps, seed=seed, augment=run.augment)
    return {name: probabilities(model, np.array(arrays[name])) for name in run.judges}


def _by_features(run: Run, arrays: Arrays) -> Scores:
    """Logistic regression on features, standardised by what it is trained on; classes weigh equally."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    (real, synthetic, _), *more = run.stages
    if more:
        raise ValueError("features have no second stage of training")
    rows, labels = _mixed(real, synthetic, arrays)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000, class_weight="balanced"))
    model.fit(rows.astype(np.float64), labels)
    found = {}
    for name in run.judges:
        scores = np.zeros((len(arrays[name]), run.classes), np.float32)
        scores[:, model.classes_] = model.predict_proba(np.asarray(arrays[name], np.float64))
        found[name] = scores
    return found


def _mixed(
    real: Sequence[int], synthetic: Sequence[int], arrays: Arrays
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    chosen = (("training", list(real)), ("synthetic", list(synthetic)))
    used = [(name, positions) for name, positions in chosen if positions]
    pixels = np.concatenate([arrays[name][positions] for name, positions in used])
    labels = np.concatenate([arrays[f"{name}_labels"][positions] for name, positions in used])
    return pixels, labels.astype(np.intp)


def _trained(runs: Sequence[Run], arrays: Arrays, workers: int) -> Iterator[tuple[Run, Scores]]:
    if workers <= 1 or len(runs) < 2:
        for run in runs:
            yield run, train_and_judge(run, arrays)
        return
    with tempfile.TemporaryDirectory(prefix="synthassay-arms-") as name:
        for which, array in arrays.items():
            np.save(Path(name) / f"{which}.npy", array, allow_pickle=False)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_open, initargs=(name,)) as pool:
            running = {pool.submit(_work, run): run for run in runs}
            for future in as_completed(running):
                yield running[future], future.result()


_arrays: dict[str, NDArray] = {}


def _open(folder: str) -> None:
    """Map the sets into a worker's memory; the pages are shared by all workers."""
    for path in Path(folder).glob("*.npy"):
        _arrays[path.stem] = np.load(path, mmap_mode="r", allow_pickle=False)


def _work(run: Run) -> Scores:
    return train_and_judge(run, _arrays)


def _kept(folder: Path | None, key: str) -> Scores | None:
    path = folder / f"{key}.npz" if folder is not None else None
    if path is None or not path.is_file():
        return None
    try:  # read whole: a damaged archive would be left open
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None  # cut off or damaged: it is trained again


def _keep(folder: Path | None, key: str, scores: Scores) -> None:
    if folder is None:
        return
    content = io.BytesIO()
    np.savez(content, **scores)  # type: ignore[arg-type]
    with whole_file(folder / f"{key}.npz") as partial:
        partial.write_bytes(content.getvalue())
