import pytest

from synthassay.errors import RunError
from synthassay.study.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path / "run")


def finish(folder, inputs, text="x"):
    output = folder.path / "out.txt"
    output.parent.mkdir(exist_ok=True)
    output.write_text(text)
    folder.finish("train", "pgan", inputs, [output])
    return output


def test_a_stage_with_equal_inputs_is_not_repeated(folder):
    assert not folder.finished("train", "pgan", {"a": 1})
    finish(folder, {"a": 1})
    assert folder.finished("train", "pgan", {"a": 1})
    assert not folder.finished("train", "pgan", {"a": 2})
    assert not folder.finished("train", "vae", {"a": 1})


def test_a_changed_or_missing_output_is_made_again(folder):
    output = finish(folder, 1)
    output.write_text("tampered")
    assert not folder.finished("train", "pgan", 1)
    output.unlink()
    assert not folder.finished("train", "pgan", 1)


def test_a_damaged_stage_record_means_not_finished(folder):
    finish(folder, 1)
    (folder.path / "stages" / "train-pgan.json").write_text("{")
    assert not folder.finished("train", "pgan", 1)


def test_half_done_work_stays_for_equal_inputs_and_goes_for_others(folder):
    place = folder.path / "model"
    folder.begin("train", "pgan", 1, [place])
    place.mkdir()
    (place / "checkpoint").write_text("half")
    folder.begin("train", "pgan", 1, [place])
    assert (place / "checkpoint").exists()
    folder.begin("train", "pgan", 2, [place])
    assert not place.exists()


def test_only_one_process_at_a_time(folder):
    with (
        folder.alone(),
        pytest.raises(RunError, match="another process is working in this run folder"),
        RunFolder(folder.path).alone(),
    ):
        pass
    with RunFolder(folder.path).alone():
        pass


def test_partials_of_a_killed_process_are_swept(folder):
    with folder.alone():
        (folder.path / "model").mkdir()
        (folder.path / "model" / ".partial-abc.json").write_text("half")
    with folder.alone():
        assert not list(folder.path.rglob(".partial-*"))


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(RunError, match="no synthassay run made"):
        RunFolder(tmp_path)


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "f").write_text("x")
    with pytest.raises(RunError, match="is a file"):
        RunFolder(tmp_path / "f")


def test_outputs_fingerprint_follows_the_bytes(folder):
    finish(folder, 1)
    one = folder.outputs("train", "pgan")
    finish(folder, 1, "y")
    assert folder.outputs("train", "pgan") != one
    with pytest.raises(RunError, match="has not been finished"):
        folder.outputs("train", "vae")
