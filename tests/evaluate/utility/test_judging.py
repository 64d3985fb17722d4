"""Jobs give the same numbers in one process and in several, are done once, and are read back after a kill."""

from __future__ import annotations

import numpy as np
import pytest

import synthassay.evaluate.utility.judging as judging
from networks.test_outlining import bright_squares
from synthassay.evaluate.utility.judging import DrawnSet, Job, judge, judge_all


def drawn_set(count: int, seed: int) -> DrawnSet:
    cases = bright_squares(count, (24, 24), seed)
    names = tuple(f"c{i}" for i in range(count))
    return DrawnSet(tuple(cases), names, names, ((1.0, 1.0),) * count, 0)


SETS = {"training": drawn_set(4, 0), "synthetic": drawn_set(4, 1), "test": drawn_set(3, 2)}
JOBS = [Job((0, 1), (), 1, 6, 3), Job((), (0, 1, 2), 1, 6, 3), Job((0,), (1,), 1, 6, 3, first=True)]


def test_jobs_find_the_same_in_one_process_and_in_two(tmp_path):
    alone = judge_all(JOBS, SETS)
    assert judge_all(JOBS, SETS, processes=2, folder=tmp_path) == alone
    assert alone[JOBS[0]] == judge(JOBS[0], SETS)
    assert alone[JOBS[0]] != alone[JOBS[1]]
    assert np.array(alone[JOBS[0]]).shape == (2, 3, 1)


def test_what_was_found_before_a_kill_is_read_back(tmp_path, monkeypatch):
    done = judge_all(JOBS[:2], SETS, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    trained = []
    monkeypatch.setattr(judging, "judge", lambda job, sets: trained.append(job) or judge(job, sets))
    assert {job: judge_all(JOBS, SETS, folder=tmp_path)[job] for job in JOBS[:2]} == done
    assert trained == JOBS[2:]


def test_a_torn_file_and_other_images_are_trained_again(tmp_path, monkeypatch):
    judge_all(JOBS[:1], SETS, folder=tmp_path)
    path = next(tmp_path.iterdir())
    path.write_text(path.read_text()[:20])
    trained = []
    monkeypatch.setattr(judging, "judge", lambda job, sets: trained.append(job) or ([[0.0]], [[0.0]]))
    judge_all(JOBS[:1], SETS, folder=tmp_path)
    judge_all(JOBS[:1], {**SETS, "test": drawn_set(3, 9)}, folder=tmp_path)
    assert trained == [JOBS[0], JOBS[0]]
    # other synthetic images do not touch what depends on real ones alone
    judge_all(JOBS[:1], {**SETS, "synthetic": drawn_set(4, 9)}, folder=tmp_path)
    assert len(trained) == 2


def test_threads_are_given_back():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        judge(JOBS[0], SETS)
        assert torch.get_num_threads() == 2
        with pytest.raises(KeyError):
            judge(JOBS[1], {"test": SETS["test"]})
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
