from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.image.kid import poly_mmd

from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution import kernel_mmd
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.distribution.kernel_mmd import kernel_discrepancy


def sample(n, d, seed, shift=0.0, per_subject=1, alike=0.0):
    rng = np.random.default_rng(seed)
    own = np.repeat(rng.normal(size=(-(-n // per_subject), d)), per_subject, axis=0)[:n]
    rows = np.sqrt(alike) * own + np.sqrt(1 - alike) * rng.normal(size=(n, d)) + shift
    return Sample.of(rows, [str(i // per_subject) for i in range(n)])


def test_it_equals_torchmetrics_where_each_subject_has_one_image():
    first, second = sample(90, 12, 0), sample(90, 12, 1, 0.4)
    expected = float(poly_mmd(torch.from_numpy(first.features), torch.from_numpy(second.features)))
    assert kernel_discrepancy(first, second).value == pytest.approx(expected, rel=1e-10)


def test_it_equals_the_definition_with_several_images_per_subject():
    first, second = sample(20, 4, 0, per_subject=3), sample(15, 4, 1, 0.5, per_subject=2)

    def mean(one, two, same):
        pairs = [
            (x @ y / 4 + 1) ** 3
            for x, s in zip(one.features, one.subjects, strict=True)
            for y, t in zip(two.features, two.subjects, strict=True)
            if not (same and s == t)
        ]
        return np.mean(pairs)

    expected = mean(first, first, True) + mean(second, second, True) - 2 * mean(first, second, False)
    assert kernel_discrepancy(first, second).value == pytest.approx(expected, rel=1e-10)


def test_it_is_unbiased_even_where_images_of_a_subject_are_alike():
    found = [
        kernel_discrepancy(sample(40, 5, 2 * s, per_subject=4, alike=0.8), sample(60, 5, 2 * s + 1)).value
        for s in range(300)
    ]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(300)
    # the usual estimator, which takes every image for another patient, sees a difference that is not there
    naive = []
    for s in range(300):
        twins = sample(40, 5, 2 * s, per_subject=4, alike=0.8)
        naive.append(kernel_discrepancy(Sample(twins.features, np.arange(40)), sample(60, 5, 2 * s + 1)).value)
    assert np.mean(naive) > 5 * np.std(naive) / np.sqrt(300)


def test_the_interval_covers_the_true_difference_as_often_as_it_says():
    # truth by simulation with large sets; the spread over random subsets of one draw has no such property
    truth = kernel_discrepancy(sample(6000, 4, 10**6), sample(6000, 4, 10**6 + 1, 0.5)).value
    hits = 0
    for s in range(120):
        found = kernel_discrepancy(sample(80, 4, 2 * s, per_subject=2, alike=0.5), sample(60, 4, 2 * s + 1, 0.5))
        hits += abs(found.value - truth) < 1.96 * found.standard_error
    assert 0.88 <= hits / 120 <= 1.0


def test_the_size_of_the_blocks_changes_nothing(monkeypatch):
    first, second = sample(50, 6, 0, per_subject=2), sample(70, 6, 1, 0.2)
    whole = kernel_discrepancy(first, second)
    monkeypatch.setattr(kernel_mmd, "ELEMENTS", 900)
    again = kernel_discrepancy(first, second)
    assert (again.value, again.standard_error) == pytest.approx((whole.value, whole.standard_error))


def test_two_subjects_are_too_few():
    with pytest.raises(NotMeasured, match="three subjects"):
        kernel_discrepancy(sample(20, 3, 0, per_subject=10), sample(20, 3, 1))
