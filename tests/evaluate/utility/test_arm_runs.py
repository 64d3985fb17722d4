"""Trainings side by side: equal numbers whatever the number of processes, kept on disk, made again where damaged."""

from __future__ import annotations

import numpy as np
import pytest

from networks.test_classifier import striped
from synthassay.evaluate.utility import arm_runs
from synthassay.evaluate.utility.arm_runs import Run, finished, hash_of


def sets():
    found = {}
    for seed, name in enumerate(("training", "synthetic", "test")):
        pixels, labels = striped(24, seed)
        found |= {name: pixels, f"{name}_labels": labels.astype(np.intp)}
    return found


ARRAYS = sets()
HASHES = {name: hash_of(ARRAYS[name], ARRAYS[f"{name}_labels"]) for name in ("training", "synthetic", "test")}


def run(seed=1, real=tuple(range(24)), synthetic=(), steps=4, **changes):
    facts = {"classes": 2, "augment": False, "judges": ("test",), "network": "convnet"}
    return Run(((real, synthetic, steps),), seed=seed, **{**facts, **changes})


RUNS = [run(1), run(2), run(1, synthetic=(0, 1, 2, 3)), run(3, augment=True), run(1, network="features")]


def flat(arrays):
    return {**arrays, **{name: arrays[name].reshape(len(arrays[name]), -1)[:, :20] for name in HASHES}}


def test_processes_change_nothing(tmp_path):
    runs = RUNS[:4]
    alone = finished(runs, ARRAYS, HASHES, None, 1)
    beside = finished(runs, ARRAYS, HASHES, tmp_path, 2)
    assert all(np.array_equal(alone[one]["test"], beside[one]["test"]) for one in runs)
    assert len({alone[one]["test"].tobytes() for one in runs}) == 4


def test_what_is_kept_is_not_trained_again_and_what_is_damaged_is(tmp_path, monkeypatch):
    first = finished(RUNS[:2], ARRAYS, HASHES, tmp_path, 1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    trained = []
    original = arm_runs.train_and_judge
    monkeypatch.setattr(arm_runs, "train_and_judge", lambda one, arrays: trained.append(one) or original(one, arrays))
    again = finished(RUNS[:3], ARRAYS, HASHES, tmp_path, 1)
    assert trained == [RUNS[2]]
    assert np.array_equal(again[RUNS[0]]["test"], first[RUNS[0]]["test"])
    damaged = tmp_path / f"{RUNS[0].key(HASHES)}.npz"
    damaged.write_bytes(damaged.read_bytes()[:100])
    finished(RUNS[:1], ARRAYS, HASHES, tmp_path, 1)
    assert trained == [RUNS[2], RUNS[0]]
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


def test_the_key_holds_all_that_the_numbers_depend_on():
    keys = {one.key(HASHES) for one in RUNS}
    assert len(keys) == len(RUNS)
    other = {**HASHES, "synthetic": "x"}
    assert RUNS[0].key(other) == RUNS[0].key(HASHES)  # real images alone: shared by all generators
    assert RUNS[2].key(other) != RUNS[2].key(HASHES)
    assert RUNS[0].key({**HASHES, "training": "x"}) != RUNS[0].key(HASHES)


def test_features_are_judged_by_regression():
    found = finished([RUNS[4]], flat(ARRAYS), HASHES, None, 1)[RUNS[4]]["test"]
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    with pytest.raises(ValueError, match="no second stage"):
        two = Run((*RUNS[4].stages, *RUNS[4].stages), 2, 1, False, ("test",), "features")
        finished([two], flat(ARRAYS), HASHES, None, 1)


def test_one_class_alone_can_be_trained_on():
    found = finished([run(4, real=(1, 3, 5))], ARRAYS, HASHES, None, 1)
    assert next(iter(found.values()))["test"].shape == (24, 2)
