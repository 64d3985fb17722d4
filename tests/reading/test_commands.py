"""The commands as a coordinator meets them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from reading.small_studies import Visit
from synthassay.cli import app
from synthassay.errors import ReadingError
from synthassay.reading.app import create_app
from synthassay.reading.serving import host_names, make_invitation, opening_lines


def synthassay(*words, cwd=None):
    command = [sys.executable, "-c", "from synthassay.cli import main; main()", "reader", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)


def told(*words):
    """Run a command in this process, which is much quicker."""
    found = CliRunner().invoke(app, ["reader", *map(str, words)])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.stdout, found.stderr


def test_from_file_to_tables(tmp_path, make_study):
    file = make_study(count=6, design="practice = 0\ncatch = 0", readers="1")
    made, _ = told("compile", file, "--out", tmp_path / "study")
    assert "1 reader(s), 14 trials each (12 main, 2 repeat), 1 session(s)" in made
    assert "12 images encoded" in made
    application = create_app(tmp_path / "study")
    one = Visit(application, application.state.room.store, "r01")
    for _ in range(3):
        one.respond()
    application.state.room.store.close()
    assert "r01     3 of 14  session 1 of 1  1.5 s a case" in told("progress", tmp_path / "study")[0]
    assert (
        "note: reader r01 has not read 11 trial(s)" in told("export", tmp_path / "study", "--out", tmp_path / "out")[1]
    )
    image = next((tmp_path / "study" / "images").glob("*.bin"))
    assert "Nothing was changed" in told("verify", tmp_path / "study")[0]
    image.write_bytes(bytes(image.stat().st_size))
    spoilt = synthassay("verify", tmp_path / "study")
    assert spoilt.returncode == 3
    assert "are not the images that this design was compiled with" in spoilt.stderr
    assert "Traceback" not in spoilt.stderr


def test_new_offers_kinds_and_never_overwrites(tmp_path):
    wrong = synthassay("new", "--kind", "turning", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "Did you mean: turing?" in wrong.stderr
    assert synthassay("new", "--kind", "change", cwd=tmp_path).returncode == 0
    assert "exists already" in synthassay("new", cwd=tmp_path).stderr


def test_invitations_name_a_reader_of_the_study(room, tmp_path):
    room(count=6)
    assert make_invitation(tmp_path / "study", "r02", url="https://x.example/").startswith(
        "https://x.example/#invitation="
    )
    for who, coordinator, words in (("r9", False, "has no such reader"), ("r01", True, "needs a code of its own")):
        with pytest.raises(ReadingError, match=words):
            make_invitation(tmp_path / "study", who, coordinator=coordinator)
    with pytest.raises(ReadingError, match="--days"):
        make_invitation(tmp_path / "study", "r01", days=0)


def test_the_room_is_open_to_others_only_when_told():
    assert host_names("127.0.0.1", "") == ("127.0.0.1", "localhost", "::1")
    assert "read.example" in host_names("0.0.0.0", "https://read.example")
    with pytest.raises(ReadingError, match="opens the room to other machines"):
        host_names("0.0.0.0", "")
    with pytest.raises(ReadingError, match="is no address"):
        host_names("127.0.0.1", "read.example")


def test_opening_tells_what_is_unsafe(room, tmp_path):
    room(count=6)
    lines = "\n".join(opening_lines(tmp_path / "study", "0.0.0.0", 80, "http://read.example"))
    assert "truth.json is not opened here" in lines
    assert "without HTTPS" in lines


def test_the_room_runs_without_torch():
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['lightning_fabric'] = None; sys.modules['monai'] = None; "
        "import synthassay.reading.serving, synthassay.reading.compiling, synthassay.reading.exporting, "
        "synthassay.reading.starting_file, synthassay.reading.summary, synthassay.reading.commands"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
