import numpy as np
import pytest
from PIL import Image as Pictures

from bench.small_bench import QuickEmbedding, picture
from synthassay.bench.material import Order, gather
from synthassay.bench.run import run_bench
from synthassay.errors import DataError
from synthassay.evaluate.features.embedding import EMBEDDINGS
from synthassay.records.bench import FailureBench
from synthassay.report.failure_bench import build_failure_page
from synthassay.study.console import Voice

MEASURES = ("ssim", "spectral_fidelity", "frechet_distance")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(EMBEDDINGS, "get", lambda name: QuickEmbedding())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("real")
    for i in range(62):
        pixels = np.clip(picture(i).pixels[0], 0, 255).astype(np.uint8)
        Pictures.fromarray(pixels).save(place / f"p{i:03d}.png")
    return place


def order(folder, **changes):
    return Order(**{"protocol": "xray", "path": folder, "spacing_mm": 1.0, **changes})


def bench(folder, out, *failures, **changes):
    return run_bench(order(folder, **changes), out, Voice(quiet=True), failures=failures, metrics=MEASURES)


def test_a_bench_resumes_where_it_was_stopped_and_gives_the_same(folder, tmp_path):
    whole = bench(folder, tmp_path / "whole", "oversmoothing", "slice_jitter", "mode_collapse")
    bench(folder, tmp_path / "parts", "oversmoothing")
    kept = (tmp_path / "parts" / "parts" / "oversmoothing.json").stat().st_mtime_ns
    resumed = bench(folder, tmp_path / "parts", "oversmoothing", "slice_jitter", "mode_collapse")
    assert (tmp_path / "parts" / "parts" / "oversmoothing.json").stat().st_mtime_ns == kept
    assert resumed == whole
    assert FailureBench.read(tmp_path / "whole" / "bench.json") == whole
    assert "volume" in whole.not_tried["slice_jitter"]
    assert [f.name for f in whole.failures] == ["oversmoothing", "mode_collapse"]
    assert any("1 mm is assumed" in note for note in whole.notes)
    page = build_failure_page(whole, tmp_path).read_text(encoding="utf-8")
    assert "Oversmoothing" in page
    assert "Not tried: slice jitter" in page


def test_other_images_are_tried_anew(folder, tmp_path):
    bench(folder, tmp_path, "oversmoothing")
    before = (tmp_path / "parts" / "oversmoothing.json").read_bytes()
    bench(folder, tmp_path, "oversmoothing", seed=2)
    assert (tmp_path / "parts" / "oversmoothing.json").read_bytes() != before


def test_too_few_patients_are_refused(folder):
    with pytest.raises(DataError, match="has 20 patients.*60"):
        gather(order(folder, subjects=20))


def test_images_keep_their_order_and_one_stands_for_each_patient(folder):
    material = gather(order(folder))
    assert len({s.subject for s in material.specimens}) == len(material.specimens) == 62
    assert material.data_range == (0.0, 255.0)
