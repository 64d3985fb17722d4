"""Training lines: what is known is read, what a later version adds does no harm."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from synthassay.records.log import TrainingLine


def test_a_line_with_more_than_is_known_is_read():
    line = TrainingLine.model_validate_json('{"images_seen": 64, "train": {"g/l1": 0.5}, "gradient_norm": 3.0}')
    assert line.train == {"g/l1": 0.5} and line.validation == {}


def test_a_line_without_images_seen_is_refused():
    with pytest.raises(ValidationError):
        TrainingLine.model_validate_json('{"train": {"g/l1": 0.5}}')
