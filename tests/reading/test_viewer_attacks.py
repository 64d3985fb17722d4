"""What somebody would try at the doors through which slides, volumes and viewers are sent."""

from __future__ import annotations

import io

import nibabel as nib
import numpy as np
import pytest
from PIL import Image as Pillow

from reading.small_studies import TestClient, Visit
from reading.viewed_studies import BLOCK, slide_study, volume_study
from synthassay.reading.app import create_app


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    return slide_study(tmp_path_factory.mktemp("slides"))


@pytest.fixture(scope="module")
def volumes(tmp_path_factory):
    return volume_study(tmp_path_factory.mktemp("volumes"))


@pytest.fixture
def opened(tmp_path):
    apps = []

    def open_room(study):
        apps.append(create_app(study, database=f"sqlite:///{tmp_path / 'readings.db'}"))
        return apps[-1]

    yield open_room
    for app in apps:
        app.state.room.store.close()


def test_a_tile_of_a_slide(opened, slides):
    app = opened(slides)
    anna = Visit(app, app.state.room.store, "r01")
    state = anna.state()
    assert state["slides"]
    image = state["trial"]["images"][0]["image"]
    found = anna.client.get(f"/image/{image}/0/0/1/2")
    assert found.headers["content-type"] == "image/png"
    assert Pillow.open(io.BytesIO(found.content)).size == (1240 - 1024, 700 - 512)
    places = ("0/0/2/0", "0/0/0/3", "3/0/0/0", "0/1/0/0", "-1/0/0/0", "0/0/-1/0", "0/0/0/-1", "0/0/99999999999/0")
    for place in places:
        assert anna.client.get(f"/image/{image}/{place}").status_code == 404
    for place in ("x/0/0/0", "0/0/0/1e3", "0/0/0/0x1"):
        assert anna.client.get(f"/image/{image}/{place}").status_code == 422
    assert anna.client.get(f"/volume/{image}").status_code == 404


def test_a_volume_is_sent_to_its_reader_alone(opened, volumes):
    app = opened(volumes)
    anna = Visit(app, app.state.room.store, "r01")
    first = anna.state()["trial"]["images"][0]["image"]
    sent = anna.client.get(f"/volume/{first}")
    read = nib.as_closest_canonical(nib.Nifti1Image.from_stream(io.BytesIO(sent.content)))
    assert np.argwhere(np.asarray(read.dataobj) == 1000).min(axis=0).tolist() == list(BLOCK)
    assert sent.headers["content-length"] == str(len(sent.content))
    assert sent.headers["cache-control"] == "no-store"
    stranger = TestClient(app, base_url="http://127.0.0.1")
    assert stranger.get(f"/volume/{first}").status_code == 401
    anna.respond()
    missing = anna.client.get(f"/volume/{'0' * 24}")
    answered = anna.client.get(f"/volume/{first}")
    assert answered.status_code == missing.status_code == 404
    assert answered.json() == missing.json()


@pytest.mark.parametrize("path", [
    "/volume/..%2f..%2ftruth", "/volume/%2e%2e%2ftruth.json", "/volume/../truth.json", "/volume/%00", "/volume/",
    "/vendor/..%2froom.js", "/vendor/%2e%2e/app.py", "/vendor/vendor.toml", "/vendor/",
    "/vendor/openseadragon.LICENSE.txt", "/vendor/..%2f..%2fapp.py", "/image/..%2f..%2ftruth/0/0/0/0",
])  # fmt: skip
def test_paths_lead_nowhere(opened, slides, path):
    app = opened(slides)
    found = Visit(app, app.state.room.store, "r01").client.get(path)
    assert found.status_code in (404, 405)
    assert "stimuli" not in found.text
    assert "def " not in found.text


def test_the_policy_is_as_strict_as_without_viewers(opened, slides):
    client = TestClient(opened(slides), base_url="http://127.0.0.1")
    for path in ("/", "/vendor/niivue.umd.js", "/vendor/openseadragon.min.js"):
        policy = client.get(path).headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "script-src 'self';" in policy
        assert "worker-src" not in policy
        assert "http" not in policy
    plain = client.get("/vendor/niivue.umd.js", headers={"Accept-Encoding": "identity"})
    assert plain.headers["content-type"].startswith("text/javascript")
    assert plain.content == client.get("/vendor/niivue.umd.js").content
    assert "content-encoding" not in plain.headers


def test_viewers_that_were_taken_out_are_not_offered(tmp_path, slides):
    app = create_app(slides, database=f"sqlite:///{tmp_path / 'readings.db'}", viewers={})
    anna = Visit(app, app.state.room.store, "r01")
    assert anna.state()["viewers"] == {}
    assert anna.client.get("/vendor/niivue.umd.js").status_code == 404
    app.state.room.store.close()
