"""The cost of a stage against work of known size."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from synthassay.study import usage


def test_wall_time_counts_waiting_and_processor_time_does_not() -> None:
    counted = usage.Usage()
    time.sleep(0.3)
    found = counted.so_far()
    assert found["seconds"] >= 0.3
    assert found["cpu_seconds"] < 0.2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a part of a process")
def test_the_peak_is_that_of_the_stage_and_not_of_the_life_before_it() -> None:
    block = np.ones(40_000_000)  # 305 MiB
    before = usage.Usage().so_far()["peak_mib"]
    del block
    after = usage.Usage()
    small = after.so_far()["peak_mib"]
    assert before - small > 250
    block = np.ones(20_000_000)
    assert after.so_far()["peak_mib"] - small == pytest.approx(152.6, abs=20)
    del block
    assert after.so_far()["peak_mib"] - small == pytest.approx(152.6, abs=20)


def test_no_peak_is_made_up_where_the_system_tells_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "_PROCESS", tmp_path / "absent")
    assert sorted(usage.Usage().so_far()) == ["cpu_seconds", "seconds"]
