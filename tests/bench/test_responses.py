from dataclasses import replace

import pytest

from bench.small_bench import material
from synthassay.bench import sets
from synthassay.bench.responses import Bench
from synthassay.errors import UnknownName
from synthassay.failures.failure import FAILURES


@pytest.fixture(scope="module")
def bench():
    return Bench(material(60), 11, ["ssim", "bias", "spectral_fidelity", "frechet_distance", "copied_images"])


def by_metric(responses):
    return {response.metric: response for response in responses}


def test_blur_is_seen_by_the_spectrum_and_not_by_the_mean(bench):
    found = by_metric(bench.responses(FAILURES.get("oversmoothing")))
    sharp, mean = found["spectral_fidelity"], found["bias"]
    assert sharp.first_seen is not None
    assert sharp.doses[-1].power > 0.95
    assert mean.seen_from is None
    assert all(r.false_alarms <= 0.1 for r in found.values())
    assert [d.severity for d in sharp.doses] == list(FAILURES.get("oversmoothing").severities)
    assert "copied_images" not in found, "leakage is tried on failures of sets"
    assert found["frechet_distance"].per == "set"


def test_copies_are_seen_by_the_search_for_copies(bench):
    failure = replace(FAILURES.get("memorised_copies"), severities=(5.0, 50.0))  # each costs twelve searches
    found = by_metric(bench.responses(failure))
    assert set(found) == {"frechet_distance", "copied_images"}, "pairs know nothing of sets"
    assert found["copied_images"].seen_from is not None
    assert found["copied_images"].false_alarms == 0


def test_too_few_draws_give_a_reason(monkeypatch):
    monkeypatch.setattr(sets, "DRAWS", 5)
    bench = Bench(material(60), 11, ["frechet_distance"])
    (found,) = bench.responses(FAILURES.get("mode_collapse"))
    assert "10 undamaged values; it has 5" in found.not_measured


def test_an_unknown_measure_is_refused_before_anything_is_done():
    with pytest.raises(UnknownName, match="Did you mean: ssim"):
        Bench(material(60), 11, ["ssimm"])


def test_single_images_are_scored_by_the_measures_of_sets_that_do_so():
    bench = Bench(material(80), 11, ["boundary_angles", "seam_index"])
    assert set(bench._real_images) == {"boundary_angles", "seam_index"}
    found = by_metric(bench.responses(FAILURES.get("tile_seams")))
    assert {r.per for r in found.values()} == {"case"}
    assert found["seam_index"].seen_from is not None
    assert found["seam_index"].n == 40
