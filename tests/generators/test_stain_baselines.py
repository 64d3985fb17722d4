"""reinhard, macenko and vahadane on tiles whose dyes are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from synthassay.generators.stored import build_generator
from synthassay.generators.vahadane import SPARSENESS, sparse_amounts
from synthassay.images.stain import angle_between, stains_of
from synthassay.networks.batch import Batch, Facts

OURS = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]])
THEIRS = np.array([[0.55, 0.76, 0.35], [0.22, 0.93, 0.29]])
FAMILIES = ("reinhard", "macenko", "vahadane")


def tiles(vectors: np.ndarray, seed: int, count: int = 6, strength: float = 1.0) -> torch.Tensor:
    """Tissue of nuclei in stroma with glass between, on the model's scale."""
    rng = np.random.default_rng(seed)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    made = []
    for _ in range(count):
        nuclei, stroma = rng.random((48, 48)) < 0.3, rng.random((48, 48)) < 0.7
        h = np.where(nuclei, rng.uniform(0.5, 0.9, (48, 48)), 0.0)
        e = np.where(stroma & ~nuclei, rng.uniform(0.2, 0.5, (48, 48)), 0.01)
        density = strength * np.einsum("sc,sxy->cxy", unit, np.stack([h, e]))
        made.append(255 * 10**-density / 127.5 - 1)
    return torch.from_numpy(np.stack(made)).float()


class Tiles:
    def __init__(self, source: torch.Tensor, target: torch.Tensor) -> None:
        self.source, self.target = source, target

    def __len__(self) -> int:
        return len(self.target)

    def batch(self, positions) -> Batch:
        at = list(positions)
        return Batch(self.target[at], self.source[at], torch.ones(len(at), dtype=torch.int64))

    def subject(self, position: int) -> str:
        return f"s{position}"


def fitted(family: str):
    made = build_generator(family, {}, Facts(3, 3, ("theirs", "ours"), (48, 48)), seed=0)
    made.prepare(Tiles(tiles(OURS, 1), tiles(THEIRS, 2)), torch.Generator().manual_seed(0))
    return made


def rgb(tile: torch.Tensor) -> np.ndarray:
    return (tile.double().numpy() + 1) * 127.5


@pytest.mark.parametrize("family", FAMILIES)
def test_colours_come_nearer_to_the_targets_on_the_same_tissue(family):
    made, source, reference = fitted(family), tiles(OURS, 7, strength=0.8), tiles(THEIRS, 7)
    out = made.sample(Batch(source=source), [torch.Generator()] * 6)
    assert out.dtype == torch.float32 and float(out.abs().max()) <= 1
    before = float((source - reference).abs().mean())
    assert float((out - reference).abs().mean()) < {"reinhard": 0.6, "macenko": 0.2, "vahadane": 0.4}[family] * before


@pytest.mark.parametrize("family", ["macenko", "vahadane"])
def test_the_dyes_get_the_targets_vectors(family):
    source, aim = tiles(OURS, 8), THEIRS / np.linalg.norm(THEIRS, axis=1, keepdims=True)
    out = fitted(family).sample(Batch(source=source), [torch.Generator()] * 6)
    found = stains_of(np.concatenate([rgb(tile) for tile in out], axis=-1)).matrix
    assert max(angle_between(found[i], aim[i]) for i in range(2)) < 3
    ours = stains_of(np.concatenate([rgb(tile) for tile in source], axis=-1)).matrix
    assert max(angle_between(ours[i], aim[i]) for i in range(2)) > 8


@pytest.mark.parametrize("family", ["macenko", "vahadane"])
def test_glass_without_tissue_is_given_back(family):
    glass = torch.full((1, 3, 48, 48), 0.95)
    torch.testing.assert_close(fitted(family).sample(Batch(source=glass), [torch.Generator()]), glass)


def test_values_between_grey_levels_survive():
    source = tiles(OURS, 9, count=1)
    shifted = source + 0.3 / 127.5
    made = fitted("macenko")
    one, two = (made.sample(Batch(source=s.clamp(-1, 1)), [torch.Generator()]) for s in (source, shifted))
    assert 0 < float((one - two).abs().max()) < 2 / 127.5


def test_sparse_amounts_are_the_minimum_that_a_fine_search_finds():
    vectors = OURS / np.linalg.norm(OURS, axis=1, keepdims=True)
    density = np.random.default_rng(3).uniform(0, 1, (3, 12))
    found = sparse_amounts(density, vectors)
    grid = np.linspace(0, 2, 201)
    a, b = np.meshgrid(grid, grid, indexing="ij")
    for pixel in range(12):
        rest = density[:, pixel, None, None] - vectors[0][:, None, None] * a - vectors[1][:, None, None] * b
        cost = np.square(rest).sum(axis=0) / 2 + SPARSENESS * (a + b)
        best = np.unravel_index(cost.argmin(), cost.shape)
        np.testing.assert_allclose(found[:, pixel], [grid[best[0]], grid[best[1]]], atol=0.011)
