"""The command line as a user meets it: messages, exit codes, no traceback for a user's mistake."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def synthassay(*arguments, cwd=None):
    command = [sys.executable, "-c", "from synthassay.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


def test_help_names_every_command():
    found = synthassay("--help")
    assert found.returncode == 0
    for name in ("new", "check", "run", "synthesise", "evaluate", "report", "verify", "list", "schema", "data"):
        assert name in found.stdout


def test_new_writes_a_file_that_check_accepts_and_never_overwrites(tmp_path):
    assert synthassay("new", "-m", "xray", "-t", "augment", cwd=tmp_path).returncode == 0
    first = (tmp_path / "study.toml").read_text()
    again = synthassay("new", "-m", "ct", "-t", "denoise", cwd=tmp_path)
    assert again.returncode == 4
    assert "exists already; nothing was written" in again.stderr
    assert (tmp_path / "study.toml").read_text() == first


def test_new_offers_the_pairs_that_there_are():
    found = synthassay("new", "-m", "xray", "-t", "denoise")
    assert found.returncode == 2
    assert "Available: --modality ct --task denoise" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_mistake_is_a_message_without_a_traceback(tmp_path):
    (tmp_path / "study.toml").write_text('title = "abc"\nmodality = "xry"\n')
    found = synthassay("check", tmp_path / "study.toml")
    assert found.returncode == 2
    assert "line 2, modality" in found.stderr
    assert "question: is missing" in found.stderr
    assert "Traceback" not in found.stderr


def test_unknown_names_and_wrong_settings_are_told_together(tmp_path):
    (tmp_path / "study.toml").write_text(
        'title = "abc"\nquestion = "Does it really help?"\nmodality = "xray"\ntask = "augmnt"\n'
        '[data]\nsource = "phantom:chest-xry"\n'
        '[[generators]]\nfamily = "vea"\n[[generators]]\nfamily = "vae"\nimages_sen = 3\nlearning_rate = -1.0\n'
        '[evaluation]\nprotocol = "xry"\n'
    )
    found = synthassay("check", tmp_path / "study.toml")
    assert found.returncode == 2
    for part in (
        "line 4, task: no task has this name (augmnt). Did you mean: augment?",
        "line 6, data.source: no known source has this name (phantom:chest-xry). Did you mean: phantom:chest-xray",
        "line 8, generators[0].family: no generator has this name (vea). Did you mean: vae?",
        "line 11, generators[1].images_sen: is not a known name (images_sen). Did you mean: images_seen?",
        "line 12, generators[1].learning_rate: input should be greater than 0 (-1.0)",
        "line 14, evaluation.protocol: no protocol has this name (xry). Did you mean: xray?",
    ):
        assert part in found.stderr


def test_a_generator_that_cannot_do_the_task_is_refused_with_those_that_can(tmp_path):
    (tmp_path / "study.toml").write_text(
        'title = "abc"\nquestion = "Does it really help?"\nmodality = "xray"\ntask = "augment"\n'
        '[data]\nsource = "phantom:chest-xray"\n[[generators]]\nfamily = "pgan"\n'
    )
    found = synthassay("check", tmp_path / "study.toml")
    assert "cannot do the task augment (pgan). These can: " in found.stderr
    assert "vae" in found.stderr


def test_schema_is_a_schema_that_accepts_the_starting_files():
    jsonschema = pytest.importorskip("jsonschema")
    import tomllib

    from synthassay.study.starting_file import STARTS, starting_file

    schema = json.loads(synthassay("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    for modality, task in STARTS:
        jsonschema.validate(tomllib.loads(starting_file(modality, task)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**tomllib.loads(starting_file("xray", "augment")), "seeds": 3}, schema)


def test_list_shows_every_kind_and_refuses_others():
    found = synthassay("list", "generators")
    assert "rectified_flow" in found.stdout
    assert "arXiv:2209.03003" in found.stdout
    assert synthassay("list", "genrators").returncode == 2


def test_verify_fails_on_a_folder_without_a_manifest(tmp_path):
    found = synthassay("verify", tmp_path)
    assert found.returncode != 0
    assert "Traceback" not in found.stderr


def test_report_of_an_empty_folder_is_a_message(tmp_path):
    found = synthassay("report", tmp_path)
    assert found.returncode == 4
    assert "Traceback" not in found.stderr


def test_evaluate_refuses_an_unknown_protocol_and_unit(tmp_path):
    (tmp_path / "a").mkdir()
    common = ("--real", tmp_path / "a", "--synthetic", tmp_path / "a", "--out", tmp_path / "run")
    found = synthassay("evaluate", "--protocol", "xry", *common)
    assert found.returncode == 2
    assert "Did you mean: xray?" in found.stderr
    found = synthassay("evaluate", "--protocol", "ct", "--unit", "hu", *common)
    assert found.returncode == 3
    assert "Did you mean: HU?" in found.stderr
