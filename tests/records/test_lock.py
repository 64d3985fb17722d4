import pytest

from synthassay.errors import RunError
from synthassay.records.lock import StageRecord


def test_a_stage_record_comes_back_and_refuses_what_it_does_not_know(tmp_path):
    record = StageRecord(stage="train", of="vae", fingerprint="f", outputs={"a": "0" * 64})
    record.write(tmp_path / "train.json")
    assert StageRecord.read(tmp_path / "train.json") == record
    (tmp_path / "train.json").write_text('{"stage": "train", "fingerprint": "f", "outputs": {}, "seconds": 3}')
    with pytest.raises(RunError, match="seconds"):
        StageRecord.read(tmp_path / "train.json")
