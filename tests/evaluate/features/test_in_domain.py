from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.neighbors import KNeighborsClassifier

from evaluate.sets import fields
from synthassay.errors import ImageError, NotMeasured
from synthassay.evaluate.distribution.gaussian import frechet_from_features
from synthassay.evaluate.features.embedding import EMBEDDINGS, Standardiser
from synthassay.records.vocabulary import Unit

RULE = EMBEDDINGS.get("in_domain")


@pytest.fixture(scope="module")
def radiographs(real_data):
    with np.load(real_data / "xray-kermany-pneumonia" / "kermany_pneumonia_64.npz") as table:
        images, labels, split, patient = (table[key] for key in ("images", "label", "split", "patient"))
    rng = np.random.default_rng(0)
    chosen = {}
    for name, size in (("train", 500), ("test", 400)):
        rows = np.flatnonzero(split == name)
        rows = rows[np.unique(patient[rows], return_index=True)[1]]
        rows = rng.permutation(rows)[:size]
        small = images[rows].astype(np.float32).reshape(-1, 1, 32, 2, 32, 2).mean((3, 5))
        chosen[name] = small, labels[rows]
    return chosen


@pytest.fixture(scope="module")
def learnt(radiographs):
    return RULE.fitted(radiographs["train"][0], None, steps=300, seed=1)


def balanced_accuracy(rule, radiographs):
    (train, train_labels), (test, labels) = radiographs["train"], radiographs["test"]
    scale = Standardiser.fit(rule.features(train), rule.names(train.shape[1:]))
    neighbours = KNeighborsClassifier(15).fit(scale.apply(rule.features(train)), train_labels)
    said = neighbours.predict(scale.apply(rule.features(test)))
    return np.mean([(said[labels == c] == c).mean() for c in np.unique(labels)])


def test_it_separates_pneumonia_from_normal_better_than_random_features(radiographs, learnt):
    train = radiographs["train"][0]
    random = [balanced_accuracy(RULE.fitted(train, None, steps=1, seed=seed), radiographs) for seed in range(1, 5)]
    assert balanced_accuracy(learnt, radiographs) > np.mean(random) + 0.02


@pytest.mark.parametrize("kind", ["noise", "blur", "offset", "shift"])
def test_the_frechet_distance_grows_with_damage(radiographs, learnt, kind):
    test = radiographs["test"][0]
    judged, real = test[:150], test[150:300]
    pattern = np.random.default_rng(0).normal(size=judged.shape).astype(np.float32)
    damaged = {
        "noise": [judged + step * pattern for step in (0, 8, 20, 50)],
        "blur": [judged, *(gaussian_filter(judged, (0, 0, s, s)) for s in (0.7, 1.2, 2.5))],
        "offset": [judged + step for step in (0, 10, 25, 60)],
        "shift": [np.roll(judged, step, axis=-1) for step in (0, 4, 8, 12)],
    }[kind]
    scale = Standardiser.fit(learnt.features(real), learnt.names((1, 32, 32)))
    values = [
        frechet_from_features(scale.apply(learnt.features(d)), scale.apply(learnt.features(real))) for d in damaged
    ]
    assert (np.diff(values) > 0).all(), values


def test_it_must_learn_first_and_needs_enough_images():
    assert RULE.learns
    with pytest.raises(NotMeasured, match="has not been trained"):
        RULE.features(fields(3, 0))
    with pytest.raises(NotMeasured, match="10 training images"):
        RULE.fitted(fields(10, 0), None, steps=1, seed=0)


def test_its_settings_tell_how_it_was_trained():
    rule = RULE.fitted(fields(20, 0), None, steps=2, seed=0)
    settings = rule.settings(Unit.ARBITRARY)
    assert (settings["encoder_steps"], settings["encoder_training_images"]) == (2, 20)
    assert len(rule.names((1, 24, 24))) == rule.features(fields(2, 1)).shape[1] == 96


def test_images_of_another_kind_are_refused():
    rule = RULE.fitted(fields(20, 0), None, steps=1, seed=0)
    with pytest.raises(ImageError, match="channels or axes"):
        rule.features(np.zeros((2, 3, 24, 24), np.float32))
    with pytest.raises(ImageError, match="cases, channels"):
        rule.features(np.zeros((24, 24), np.float32))


def test_one_mask_serves_all_images():
    rule = RULE.fitted(fields(20, 0), None, steps=1, seed=0)
    mask = np.zeros((24, 24), bool)
    mask[4:20, 4:20] = True
    np.testing.assert_array_equal(
        rule.features(fields(3, 1), mask=mask), rule.features(fields(3, 1), mask=np.stack([mask] * 3))
    )
