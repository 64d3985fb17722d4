"""The transformer's diffusion model passes the examinations, with all attention and within windows."""

from __future__ import annotations

import pytest

from generators.examination import Examination
from generators.hardship import Hardship
from synthassay.errors import SpecError
from synthassay.generators.dit import Dit
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Facts


class TestDit(Hardship, Examination):
    family = "dit"
    settings = {
        "images_seen": 640, "batch": 16, "width": 24, "depth": 2, "heads": 2, "patch": 4, "window": 2, "steps": 4,
        "learning_rate": 3e-3,
    }  # fmt: skip
    falls = ("denoiser/denoising",)

    def test_every_other_block_has_moved_windows(self, trained) -> None:
        assert [block.windows.mask is None for block in trained[0].network.blocks] == [True, False]


def test_without_windows_all_patches_see_all() -> None:
    made = build_generator("dit", {"width": 24, "depth": 2, "heads": 2}, Facts(1, 0, ("a", "b"), (16, 16)), seed=0)
    assert isinstance(made, Dit)
    assert {(block.windows.size, block.windows.mask) for block in made.network.blocks} == {(16, None)}


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(SpecError, match="multiple of twice the heads"):
        build_generator("dit", {"width": 20, "heads": 4}, Facts(1, 0, (), (16, 16)), seed=0)
