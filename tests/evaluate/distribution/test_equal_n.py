from __future__ import annotations

import numpy as np
import pytest

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample, compared, pooled, real_floor
from synthassay.evaluate.distribution.gaussian import frechet_from_features


def frechet(one, two):
    return frechet_from_features(one.features, two.features)


def sample(n, seed, shift=0.0, per_subject=1, d=4):
    rng = np.random.default_rng(seed)
    return Sample.of(rng.normal(size=(n, d)) + shift, [f"s{i // per_subject}" for i in range(n)])


def measure(synthetic, real, **options):
    return compared("frechet", frechet, synthetic, real, **{"seed": 3, "real_memo": {}, "repeats": 20, **options})


def test_halves_have_equal_size_and_share_no_subject():
    seen = []

    def watch(one, two):
        seen.append((one, two))
        return 0.0

    compared("w", watch, sample(90, 0, per_subject=2), sample(100, 1, per_subject=3), seed=0, real_memo={}, repeats=6)
    assert len(seen) == 12
    assert len({len(s) for pair in seen for s in pair}) == 1
    real_pairs = seen[6:]
    assert all(not set(one.subjects) & set(two.subjects) for one, two in real_pairs)


def test_real_against_real_lies_at_its_floor_and_a_shift_above():
    real = sample(400, 1)
    same, shifted = measure(sample(400, 0), real), measure(sample(400, 0, 0.7), real)
    assert same.interval.low <= same.floor <= same.interval.high
    assert shifted.interval.low > shifted.floor_interval.high
    assert shifted.value - shifted.floor == pytest.approx(4 * 0.7**2, rel=0.2)


def test_the_interval_is_as_wide_as_repeated_studies_scatter_or_wider():
    results = [measure(sample(120, 10 + i, 0.5), sample(160, 500 + i), seed=i) for i in range(60)]
    values = np.array([r.value for r in results])
    half_widths = np.array([(r.interval.high - r.interval.low) / 2 / 1.96 for r in results])
    assert 0.9 < half_widths.mean() / values.std(ddof=1) < 2


def test_the_floor_is_the_same_for_every_generator_and_computed_once():
    calls = []

    def counted(one, two):
        calls.append(1)
        return frechet(one, two)

    memo = {}
    real = sample(200, 1)
    findings = [
        compared("c", counted, sample(300, seed, seed * 1.0), real, seed=3, real_memo=memo, repeats=5)
        for seed in (7, 8)
    ]
    assert findings[0].floor == findings[1].floor
    assert len(calls) == 15


def test_it_is_reproducible_and_says_what_it_rests_on():
    one, two = (measure(sample(60, 0, d=50), sample(90, 1, d=50)) for _ in range(2))
    assert one == two
    assert (one.n, one.subjects) == (60, 60)
    assert one.settings["images_per_set"] == 30
    assert one.settings["fewer_images_than_features"] is True
    assert np.isfinite([one.value, one.floor, one.interval.low, one.interval.high]).all()


def test_pooling_keeps_subjects_of_the_two_sets_apart():
    joined = pooled(sample(20, 0, per_subject=2), sample(10, 1).features, [f"s{i}" for i in range(10)])
    assert len(joined) == 30
    assert len(np.unique(joined.subjects)) == 20


def test_too_little_to_halve_is_said():
    with pytest.raises(NotMeasured, match="fewer than 4 subjects"):
        measure(sample(100, 0, per_subject=40), sample(100, 1))
    with pytest.raises(NotMeasured, match="only 5 images"):
        measure(sample(10, 0), sample(100, 1))
    with pytest.raises(NotMeasured, match="not finite"):
        Sample.of(np.full((5, 2), np.nan), list("abcde"))


def test_a_floor_alone_has_the_range_of_real_splits():
    floor, interval, half = real_floor("f", frechet, sample(200, 1), seed=0, real_memo={}, repeats=20)
    assert half == 100
    assert interval.low <= floor <= interval.high
