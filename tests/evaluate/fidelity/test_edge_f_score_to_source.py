"""edge_f_score_to_source: scipy's distance transform as oracle; contrast; movement; damage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from evaluate.examination import assert_worsens_with_damage
from evaluate.fidelity.pictures import ball, noisy, smooth
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.edge_f_score_to_source import edge_f_score_to_source
from synthassay.records.vocabulary import Better


def oracle(synthetic, source, spacing, mask):
    inner = ndimage.binary_erosion(mask)
    edges = []
    for values in (synthetic, source):
        steep = np.sqrt(sum(g**2 for g in np.gradient(values, *spacing)))
        edges.append(inner & (steep >= np.percentile(steep[inner & (steep > 0)], 90, method="lower")))
    away = [ndimage.distance_transform_edt(~edge, spacing) for edge in edges]
    precision, recall = (away[1][edges[0]] <= max(spacing)).mean(), (away[0][edges[1]] <= max(spacing)).mean()
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize(("shape", "spacing"), [((60, 57), (1.0, 1.0)), ((30, 28, 16), (0.5, 0.75, 2.0))])
def test_it_equals_scipys_distance_transform(shape, spacing):
    source = smooth(shape)
    synthetic = 3 - 2 * np.roll(noisy(source, scale=0.03), 2, axis=1)
    for mask in (ball(shape), np.ones(shape, bool)):
        expected = oracle(synthetic, source, spacing, mask)
        assert 0.2 < expected < 0.99
        found = edge_f_score_to_source(synthetic[None], source[None], spacing, mask)
        assert found == pytest.approx(expected, abs=1e-3)


def test_another_contrast_and_other_channels_are_no_fault():
    source = smooth((48, 48))[None]
    assert edge_f_score_to_source(100 - 30 * source, source, (1.0, 1.0)) == 1.0
    assert edge_f_score_to_source(np.repeat(source, 3, axis=0), source, ()) == 1.0


def test_it_falls_with_noise_and_shift():
    source = smooth((64, 64), sigma=1)[None]
    assert_worsens_with_damage(
        lambda damaged: edge_f_score_to_source(damaged, 1 - source, (1.0, 1.0)),
        source,
        Better.HIGHER,
        kinds=("noise", "shift"),
    )


def test_what_has_no_honest_number_is_refused():
    source = smooth((20, 20))[None]
    torn = source.copy()
    torn[0, 10, 10] = np.nan
    for synthetic, reason in ((source * 0, "it has no edges"), (torn, "not finite"), (source[:, 1:], "its source has")):
        with pytest.raises(NotMeasured, match=reason):
            edge_f_score_to_source(synthetic, source, (1.0, 1.0))
    with pytest.raises(NotMeasured, match="all its neighbours"):
        edge_f_score_to_source(source, source, (1.0, 1.0), np.eye(20, dtype=bool))
