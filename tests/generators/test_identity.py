from __future__ import annotations

import torch

from generators.paired_pictures import PairedPictures, fitted, pictures, rngs
from synthassay.networks.batch import Batch


def test_identity_is_the_source_exactly():
    source, target = pictures(1, 5)
    made = fitted("identity", PairedPictures(source, target))
    assert torch.equal(made.sample(Batch(source=source), rngs(5)), source)
