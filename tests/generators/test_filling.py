"""Models of whole images that fill holes: they never see the hole in training, and keep what is known exactly."""

from __future__ import annotations

import pytest
import torch

from generators.examination import Bodies, seeds
from synthassay.generators.filling import FillsHoles
from synthassay.generators.stored import WEIGHTS, build_generator, load_generator, save_generator
from synthassay.networks.batch import Batch, Facts

FAMILIES = ("ddpm", "edm")


def new(family: str, channels: int = 1, **changes) -> FillsHoles:
    drawn = (*("red", "green", "blue")[:channels], "hole")
    settings = {"widths": (8, 8), "steps": 4, "resamplings": 2, "attention": False, **changes}
    made = build_generator(family, settings, Facts(channels, channels + 1, (), (16, 16), drawn), seed=1)
    assert isinstance(made, FillsHoles)
    return made.eval()


def holed(channels: int = 1) -> Batch:
    """Three pictures; the second has no hole."""
    image = Bodies(3, 16, 0, ()).target.expand(-1, channels, -1, -1)
    hole = torch.full((3, 1, 16, 16), -1.0)
    hole[[0, 2], :, 5:10, 6:12] = 1
    return Batch(target=image, source=torch.cat([torch.where(hole > 0, -1.0, image), hole], 1))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("channels", "resamplings"), [(1, 2), (1, 0), (3, 1)])
def test_known_pixels_come_back_exactly_and_holes_are_filled(family: str, channels: int, resamplings: int) -> None:
    made, batch = new(family, channels, resamplings=resamplings), holed(channels)
    out = made.sample(Batch(source=batch.source), seeds(1, 2, 3))
    where = (batch.source[:, -1:] <= 0).expand_as(out)
    assert torch.equal(out[where], batch.target[where])
    assert bool((out[~where] != -1).any()) and bool(torch.isfinite(out).all())
    alone = made.sample(Batch(source=batch.source[2:]), seeds(3))
    torch.testing.assert_close(alone[0], out[2], rtol=0, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_hole_is_neither_built_for_nor_learnt_from(family: str) -> None:
    made, batch = new(family).train(), holed()
    assert made.network.enter.in_channels == 4  # one channel, folded two by two
    with_hole = made.loss("denoiser", batch, seeds(5)[0])
    without = made.loss("denoiser", Batch(target=batch.target), seeds(5)[0])
    assert torch.equal(with_hole["denoising"], without["denoising"])


def test_a_source_that_is_no_hole_is_shown_as_before() -> None:
    made = build_generator("ddpm", {"widths": (8, 8)}, Facts(1, 2, (), (16, 16), ("image", "bone")), seed=1)
    assert isinstance(made, FillsHoles) and not made.fills
    assert made.network.enter.in_channels == 12


def test_pictures_without_a_hole_cost_nothing() -> None:
    made, batch = new("ddpm"), holed()
    made.network = made.ema = None  # type: ignore[assignment]
    whole = Batch(source=batch.source[1:2])
    assert torch.equal(made.sample(whole, seeds(1)), batch.target[1:2])


@pytest.mark.parametrize("change", [{"resamplings": 3}, {"jump": 2, "resamplings": 3}])
def test_settings_of_filling_change_what_is_filled(change: dict) -> None:
    batch = Batch(source=holed().source)
    plain, changed = new("ddpm", resamplings=2), new("ddpm", **change)
    assert {"resamplings", "jump"} <= type(plain).sampling
    assert not torch.equal(plain.sample(batch, seeds(1, 2, 3)), changed.sample(batch, seeds(1, 2, 3)))


def test_a_stored_model_fills_as_it_did(tmp_path) -> None:
    made, batch = new("edm"), Batch(source=holed().source)
    save_generator(made, tmp_path / WEIGHTS)
    again = load_generator(tmp_path)
    assert torch.equal(again.sample(batch, seeds(1, 2, 3)), made.sample(batch, seeds(1, 2, 3)))
