"""deformed_real shows the bent training image that the task hands over, and nothing else."""

from __future__ import annotations

import pytest
import torch

from generators.paired_pictures import rngs
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

FACTS = Facts(1, 3, (), (6, 8), ("subject", "organ", "vessel"))


def test_it_shows_the_bent_image():
    made = build_generator("deformed_real", {}, FACTS, seed=0)
    bent = torch.linspace(-1, 1, 96).reshape(2, 1, 6, 8)
    condition = Batch(source=torch.zeros(2, 3, 6, 8), deformed=bent)
    assert torch.equal(made.sample(condition, rngs(2)), bent)
    assert made.serves == {"mask_to_image"}
    assert [len(part.deformed) for part in condition.split(1)] == [1, 1]


def test_without_one_it_says_so():
    made = build_generator("deformed_real", {}, FACTS, seed=0)
    with pytest.raises(ValueError, match="has none"):
        made.sample(Batch(source=torch.zeros(2, 3, 6, 8)), rngs(2))
