from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.image.mifid import _compute_cosine_distance, _mifid_compute

from evaluate.leakage.leakage_features import TRAINING, copying, found, normal
from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.memorisation_fid import cosine_distance, mifid


def by_torchmetrics(judged, training):
    """Its own functions, given the judged images first: it takes the real ones first, and so averages over those."""
    moments = [(x.mean(0), torch.cov(x.T), x) for x in map(torch.from_numpy, (judged, training))]
    return float(_mifid_compute(*moments[0], *moments[1]))


@pytest.mark.parametrize("noise", [0.01, 0.5, 2.0])
def test_it_equals_torchmetrics_functions(noise):
    judged = TRAINING[:120] + noise * normal(120, 6)
    assert mifid(judged, TRAINING) == pytest.approx(by_torchmetrics(judged, TRAINING), rel=1e-6)


def test_the_mean_runs_over_the_judged_images():
    # all copies of one patient; averaged over real images, as torchmetrics does, most real images lie far from them
    copies = TRAINING[:1] + 1e-4 * normal(200, 6)
    assert cosine_distance(copies, TRAINING) < 1e-4
    other_way = float(_compute_cosine_distance(torch.from_numpy(TRAINING), torch.from_numpy(copies)))
    assert other_way == 1.0


def test_copies_are_penalised_and_others_are_not():
    copied, fresh = found("memorisation_fid", copying()[-1]), found("memorisation_fid", normal(160, 4))
    assert copied.settings["penalised"] is True
    assert fresh.settings["penalised"] is False
    assert copied.value > copied.floor_interval.high
    assert fresh.interval.low <= fresh.floor_interval.high


def test_its_flaw_is_kept_opposite_images_count_as_copies():
    assert cosine_distance(-TRAINING[:50], TRAINING) == pytest.approx(0.0, abs=1e-12)


def test_half_of_the_images_copied_go_unseen():
    # the bound is on the mean, so it does not grow with the share copied: a Fréchet distance all the same
    assert found("memorisation_fid", copying()[1]).settings["penalised"] is False


def test_features_without_direction_have_no_cosine():
    with pytest.raises(NotMeasured, match="no direction"):
        cosine_distance(np.zeros((4, 3)), TRAINING[:, :3])
