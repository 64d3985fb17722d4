from __future__ import annotations

from collections import Counter

import pytest
import torch

from generators.labelled_pictures import Pictures
from synthassay.generators.bank import ImageBank


def test_a_small_bank_is_balanced_and_a_class_without_images_is_refused():
    bank = ImageBank(2)
    bank.fill(Pictures(), torch.Generator().manual_seed(1), 9)
    assert Counter(bank.labels.tolist()) == {0: 5, 1: 4}
    assert len(bank.subjects()) == 9
    with pytest.raises(ValueError, match="class 2"):
        bank.draw(2, torch.Generator())
