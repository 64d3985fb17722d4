"""Real brain volumes, cropped to their middle, and the failures that are injected into them."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.evaluate.metric import METRICS
from synthassay.failures.failure import FAILURES
from synthassay.images.specimen import Specimen

WHITE_MATTER = range(81, 95)


@pytest.fixture(scope="session")
def brains(real_data):
    """70 T1 volumes of other people each, 40 x 48 x 40 voxels of 2 mm, in random order."""
    chosen = np.random.default_rng(0).permutation(101)[:70]
    with np.load(real_data / "mri-ixi-hh-t1" / "ixi_hh_t1_2mm.npz") as kept:
        volumes, labels = kept["t1"], kept["dlmuse"]
        found = [(volumes[i, 20:60, 24:72, 20:60], labels[i, 20:60, 24:72, 20:60]) for i in chosen]
    return [
        Specimen(
            volume[None].astype(np.float32),
            (2.0, 2.0, 2.0),
            case=f"case-{i}",
            subject=f"subject-{i}",
            mask=volume > 0,
            structures=np.isin(label, WHITE_MATTER).astype(np.int64),
        )
        for i, (volume, label) in enumerate(found)
    ]


MEMO = {}


@pytest.fixture(scope="session")
def judge(brains):
    """Measure 20 volumes, damaged by a failure of some severity, against 50 real ones."""

    def found(metric, failure="", severity=0.0, **more):
        images = brains[:20]
        if failure:
            rng = np.random.default_rng(3)
            images = [FAILURES.get(failure).inject(s, severity, rng).synthetic for s in images]
        return METRICS.get(metric).compute(images, brains[20:], 0, real_memo=MEMO, **more)

    return found
