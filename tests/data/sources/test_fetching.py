"""Fetching for real, from a server on this machine."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from synthassay.data.sources import fetch, verified_sha256
from synthassay.data.sources.card import SourceCard
from synthassay.data.sources.fetching import cache_folder
from synthassay.errors import DataError
from synthassay.records.vocabulary import Modality, Unit

CONTENT = bytes(range(256)) * 4000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Cut(Quiet):
    """Promises the whole file and hangs up half-way."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2])


@pytest.fixture
def serve(tmp_path):
    servers = []

    def serving(handler=Quiet):
        served = tmp_path / "served"
        served.mkdir(exist_ok=True)
        (served / "x.npz").write_bytes(CONTENT)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(served)))
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield serving
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNTHASSAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SYNTHASSAY_DATA", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def card(url="", content=CONTENT, **files):
    known = files or {"x.npz": hashlib.sha256(content).hexdigest()}
    return SourceCard(
        name="test-source",
        title="Test",
        modality=Modality.XRAY,
        files=known,
        origin="https://example.org/data",
        url=url,
        layout="npz",
        unit=Unit.ARBITRARY,
        subjects=1,
        cases=1,
        roles=("image",),
        pixels="8 x 8",
        licence="CC0",
        citation="none",
    )


def everything_below(folder):
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


def test_a_file_is_fetched_once_checked_and_found_in_the_cache_again(serve, tmp_path):
    folder = fetch(card(serve()))
    assert (folder / "x.npz").read_bytes() == CONTENT
    assert folder.is_relative_to(tmp_path / "cache")
    assert fetch(card("http://127.0.0.1:1/")) == folder  # nothing listens there: the cache answered


def test_the_bytes_fetched_are_reported(serve):
    seen = []
    fetch(card(serve()), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert len(seen) > 2


def test_another_file_than_the_card_describes_is_refused_and_nothing_is_kept(serve, tmp_path):
    with pytest.raises(DataError, match="is not the file that its card describes; nothing was kept"):
        fetch(card(serve(), content=b"something else"))
    assert everything_below(tmp_path / "cache") == []


def test_a_connection_that_breaks_half_way_leaves_nothing(serve, tmp_path):
    with pytest.raises(DataError, match="source test-source"):
        fetch(card(serve(Cut)))
    assert everything_below(tmp_path / "cache") == []


@pytest.mark.parametrize("where", ["http://127.0.0.1:1/", "missing"])
def test_no_server_or_no_file_says_how_to_go_on(serve, tmp_path, where):
    url = where if where != "missing" else serve() + "elsewhere/"
    with pytest.raises(DataError, match=r"cannot be fetched: .*place the file in \$SYNTHASSAY_DATA/test-source/"):
        fetch(card(url))
    assert everything_below(tmp_path / "cache") == []


def test_a_source_without_public_address_says_where_to_place_its_file():
    with pytest.raises(DataError) as problem:
        fetch(card())
    text = str(problem.value)
    assert "x.npz is neither in the local mirror nor in the cache, and has no public address" in text
    assert "https://example.org/data" in text
    assert "set SYNTHASSAY_DATA to the folder above" in text


def test_the_mirror_comes_first_and_is_checked(serve, tmp_path, monkeypatch):
    monkeypatch.setenv("SYNTHASSAY_DATA", str(tmp_path / "mirror"))
    mirrored = tmp_path / "mirror" / "test-source"
    mirrored.mkdir(parents=True)
    (mirrored / "x.npz").write_bytes(CONTENT)
    assert fetch(card("http://127.0.0.1:1/")) == mirrored
    (mirrored / "x.npz").write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match=r"in the local mirror \(SYNTHASSAY_DATA\) is not the file.*instead of"):
        fetch(card(serve()))


def test_a_mirror_without_the_source_is_passed_over(serve, tmp_path, monkeypatch):
    monkeypatch.setenv("SYNTHASSAY_DATA", str(tmp_path / "empty"))
    assert fetch(card(serve())).is_relative_to(tmp_path / "cache")


def test_a_damaged_cache_is_noticed(serve):
    folder = fetch(card(serve()))
    (folder / "x.npz").write_bytes(CONTENT[::-1])
    with pytest.raises(DataError, match=r"in the cache is not the file.*Remove it and fetch"):
        fetch(card(serve()))


def test_an_md5_serves_where_the_publisher_states_nothing_else(serve):
    stated = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert fetch(card(serve(), **{"x.npz": f"md5:{stated}"})).is_dir()
    with pytest.raises(DataError, match=r"in the cache.*md5 .* instead of 00000"):
        fetch(card(serve(), **{"x.npz": f"md5:{'0' * 32}"}))


def test_a_file_name_cannot_leave_the_cache(serve):
    with pytest.raises(DataError, match="leaves this folder"):
        fetch(card(serve(), **{"../x.npz": "0" * 64}))


def test_a_hash_is_computed_again_only_when_the_file_changed(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"one")
    first = verified_sha256(path)
    assert first == hashlib.sha256(b"one").hexdigest()
    monkeypatch.setattr("synthassay.data.sources.fetching.sha256_of", lambda path: "computed")
    assert verified_sha256(path) == first
    path.write_bytes(b"other")
    assert verified_sha256(path) == "computed"


def test_the_cache_folder_follows_the_environment(tmp_path, monkeypatch):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("SYNTHASSAY_CACHE")
    assert cache_folder().name == "synthassay"
