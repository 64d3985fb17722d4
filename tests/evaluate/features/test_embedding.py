from __future__ import annotations

import numpy as np
import pytest

from synthassay.errors import DataError, NotMeasured, UnknownName
from synthassay.evaluate.features.embedding import EMBEDDINGS, Standardiser


def real_features(n=200):
    return np.random.default_rng(0).normal([5.0, -100.0, 0.0], [1.0, 30.0, 2.0], (n, 3))


NAMES = ("level", "dark", "centred")


def test_real_features_come_out_at_mean_0_and_sd_1():
    real = real_features()
    out = Standardiser.fit(real, NAMES).apply(real)
    # asinh takes a little of the spread: E[(10 asinh(z / 10))^2] = 0.99 for a normal z
    assert np.abs(out.mean(0)).max() < 0.02
    assert out.std(0, ddof=1) == pytest.approx(0.995, abs=0.01)


def test_the_judged_set_cannot_move_the_scale():
    # a set that standardises itself hides its own shift: the mean term of a Fréchet distance would vanish
    scale = Standardiser.fit(real_features(), NAMES)
    shifted = scale.apply(real_features() + np.array([3.0, 0.0, 0.0]))
    assert shifted[:, 0].mean() == pytest.approx(3.0, abs=0.2)
    assert shifted[:, 1:].mean() == pytest.approx(0.0, abs=0.02)


def test_ordinary_values_keep_their_distance_and_wild_ones_cannot_drown_the_rest():
    scale = Standardiser.fit(real_features(), NAMES)
    three, wild = scale.apply(scale.mean + scale.deviation * np.array([[3.0], [1e6]]))
    assert three == pytest.approx(3.0, rel=0.016)
    assert (wild < 130).all()


def test_columns_that_cannot_be_scaled_are_named_not_lost():
    real = np.column_stack([real_features(), np.full(200, 4.0), np.where(np.arange(200) == 7, np.nan, 1.5)])
    scale = Standardiser.fit(real, (*NAMES, "still", "gappy"))
    assert scale.names == NAMES
    assert scale.dropped == {"still": "constant in the real images", "gappy": "undefined in some real images"}


def test_an_image_without_a_feature_stays_in_the_set_as_unlike_the_real_ones():
    real = real_features()
    scale = Standardiser.fit(real, NAMES)
    judged = real[:3].copy()
    judged[1, 2] = np.nan
    out = scale.apply(judged)
    assert np.isfinite(out).all()
    assert out[1, 2] == pytest.approx(np.abs(scale.apply(real)[:, 2]).max())
    assert scale.undefined(judged) == {"centred": 1}


def test_too_little_to_scale_by_is_said():
    with pytest.raises(NotMeasured, match="1 real image"):
        Standardiser.fit(real_features(1), NAMES)
    with pytest.raises(NotMeasured, match="no feature varies"):
        Standardiser.fit(np.ones((5, 3)), NAMES)
    with pytest.raises(DataError, match="names"):
        Standardiser.fit(real_features(), NAMES[:2])


def test_an_unknown_embedding_offers_the_nearest():
    with pytest.raises(UnknownName, match="radiomic"):
        EMBEDDINGS.get("radiomics")
