import numpy as np
import pytest

from bench.small_bench import material
from synthassay.bench import sets
from synthassay.bench.sets import Rows, measured_sets, set_metrics
from synthassay.evaluate.metric import METRICS


@pytest.fixture
def few_draws(monkeypatch):
    monkeypatch.setattr(sets, "DRAWS", 6)


@pytest.fixture(scope="module")
def real():
    return material(60)


def plain(real):
    return lambda judged, training, draw: [real.specimens[i] for i in judged]


def shifted(real, by):
    hurt = [s.replace(pixels=s.pixels + np.float32(by)) for s in real.specimens]
    return lambda judged, training, draw: [hurt[i] for i in judged]


def test_a_shift_moves_sets_apart_and_draws_are_the_same_again(real, few_draws):
    metrics = [METRICS.get("frechet_distance"), METRICS.get("coverage")]
    rows = Rows(real)
    base = measured_sets(real, rows, metrics, plain(real), 5)
    again = measured_sets(real, Rows(real), metrics, plain(real), 5)
    hurt = measured_sets(real, rows, metrics, shifted(real, 60), 5)
    np.testing.assert_array_equal(base["frechet_distance"][""], again["frechet_distance"][""])
    assert (hurt["frechet_distance"][""] > base["frechet_distance"][""]).all()
    assert hurt["coverage"][""].mean() < base["coverage"][""].mean()


def test_copies_of_training_images_are_found_in_the_draws_own_training_set(real, monkeypatch):
    monkeypatch.setattr(sets, "DRAWS", 3)
    monkeypatch.setattr(sets, "FEW_DRAWS", 3)
    metrics = [METRICS.get("copied_images"), METRICS.get("nearest_training_ratio")]

    def copying(judged, training, draw):
        return [real.specimens[i] for i in (*training[:6], *judged[6:])]

    rows = Rows(real)
    base = measured_sets(real, rows, metrics, plain(real), 5)
    found = measured_sets(real, rows, metrics, copying, 5)
    assert base["copied_images"][""].max() == 0
    assert found["copied_images"][""].tolist() == [6 / 24] * 3
    assert (found["nearest_training_ratio"][""] < base["nearest_training_ratio"][""]).all()


def test_an_image_is_described_once(real, few_draws):
    rows = Rows(real)
    described = []
    plainly = rows._describe
    rows._describe = lambda specimen: described.append(specimen.case) or plainly(specimen)
    measured_sets(real, rows, [METRICS.get("frechet_distance")], plain(real), 5)
    assert len(described) == len(set(described)) == 60
    rows.forget_but(real.specimens[:3])
    assert len(rows._kept) == 3


def test_measures_that_train_classifiers_are_left_out(real):
    names = {metric.name for metric in set_metrics(real)}
    assert {"frechet_distance", "copied_images"} <= names
    assert not names & {"tstr_auc", "augmentation_gain"}


def test_the_halves_are_drawn_whatever_else_is_measured(real, few_draws):
    bare, other = METRICS.get("frechet_distance"), METRICS.get("copied_images")
    alone = measured_sets(real, Rows(real), [bare], plain(real), 5)
    beside = measured_sets(real, Rows(real), [other, bare], plain(real), 5)
    np.testing.assert_array_equal(alone["frechet_distance"][""], beside["frechet_distance"][""])
