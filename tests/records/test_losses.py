"""Losses of single examples on disk."""

from __future__ import annotations

import pytest

from synthassay.errors import RunError
from synthassay.records.base import write_lines
from synthassay.records.losses import CASE_LOSSES, CaseLoss, read_case_losses
from synthassay.records.vocabulary import Split


def test_losses_come_back_and_a_damaged_line_is_named(tmp_path):
    lines = [CaseLoss(split=Split.TRAIN, subject="p", example=i, loss=0.1 * i, kind="mse", draws=2) for i in range(3)]
    path = tmp_path / CASE_LOSSES
    write_lines(path, lines)
    assert read_case_losses(path) == tuple(lines)
    path.write_text(path.read_text()[:-20])
    with pytest.raises(RunError, match="line 3"):
        read_case_losses(path)
    with pytest.raises(RunError, match="cannot be read"):
        read_case_losses(tmp_path / "none.jsonl")
