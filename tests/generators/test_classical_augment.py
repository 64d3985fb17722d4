"""resample_real and affine_augmentation: real images again, and whose they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from scipy import ndimage

from synthassay.generators.bank import ImageBank
from synthassay.generators.stored import build_generator, load_generator
from synthassay.networks.batch import Batch, Facts
from synthassay.train import train

CLASSES = ("normal", "opacity")


class Pictures:
    """40 pictures whose first pixel tells their number; one in four is of class 1."""

    def __init__(self, rows: int = 10, columns: int = 14) -> None:
        rng = torch.Generator().manual_seed(8)
        smooth = torch.rand((40, 1, 4, 4), generator=rng) * 1.6 - 0.8
        self.target = torch.nn.functional.interpolate(smooth, (rows, columns), mode="bilinear")
        self.label = (torch.arange(40) % 4 == 3).long()

    def __len__(self) -> int:
        return 40

    def batch(self, positions: Sequence[int]) -> Batch:
        return Batch(target=self.target[list(positions)], label=self.label[list(positions)])

    def subject(self, position: int) -> str:
        return f"patient-{position // 2}-\u00e9"


def rngs(count: int, first: int = 0) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(first + i) for i in range(count)]


def filled(family: str, **settings: object):
    made = build_generator(family, settings, Facts(1, 0, CLASSES, (10, 14)), seed=0).eval()
    made.prepare(Pictures(), torch.Generator().manual_seed(0))
    return made


@pytest.mark.parametrize("family", ["resample_real", "affine_augmentation"])
def test_augmentation_baselines_survive_the_disk_and_depend_on_their_seed_alone(family, tmp_path):
    made = build_generator(family, {}, Facts(1, 0, CLASSES, (10, 14)), seed=0)
    train(made, Pictures(), Pictures(), folder=tmp_path, seed=3)
    loaded = load_generator(tmp_path)
    condition = Batch(label=torch.tensor([0, 1, 1]))
    samples, origins = made.sample_with_origin(condition, rngs(3))
    again, same = loaded.sample_with_origin(condition, rngs(3))
    assert torch.equal(samples, again)
    assert origins == same
    alone = loaded.sample(Batch(label=torch.tensor([1])), rngs(1, first=2))
    assert torch.equal(alone, samples[2:])
    assert samples.shape == (3, 1, 10, 14)
    assert float(samples.abs().max()) <= 1
    assert made.serves == {"augment"}


def test_resampled_images_are_training_images_of_the_class_with_their_true_subject():
    made, real = filled("resample_real"), Pictures()
    labels = torch.tensor([0, 1] * 60)
    samples, origins = made.sample_with_origin(Batch(label=labels), rngs(120))
    apart = (samples[:, None] - real.target[None]).abs().amax(dim=(2, 3, 4))
    nearest = apart.argmin(dim=1)
    assert float(apart.amin(dim=1).max()) < 2e-5  # int16 steps
    assert torch.equal(real.label[nearest], labels)
    assert [(real.subject(int(i)),) for i in nearest] == origins


def test_resampling_gives_each_image_of_a_class_the_same_chance():
    made = filled("resample_real")
    _, origins = made.sample_with_origin(Batch(label=torch.ones(2000, dtype=torch.int64)), rngs(2000))
    counts = Counter(origins)
    # 10 images of class 1, each of a subject of its own: binomial(2000, 0.1) has deviation 13.4
    assert len(counts) == 10
    assert all(abs(count - 200) < 5 * 13.4 for count in counts.values())


def test_a_small_bank_is_balanced_and_a_class_without_images_is_refused():
    bank = ImageBank(2)
    bank.fill(Pictures(), torch.Generator().manual_seed(1), 9)
    assert Counter(bank.labels.tolist()) == {0: 5, 1: 4}
    assert len(bank.subjects()) == 9
    with pytest.raises(ValueError, match="class 2"):
        bank.draw(2, torch.Generator())


def test_affine_augmentation_with_all_limits_zero_is_resampling():
    condition = Batch(label=torch.tensor([0, 1, 0, 1]))
    moved = filled("affine_augmentation", degrees=0.0, scale=0.0, shift=0.0).sample(condition, rngs(4))
    torch.testing.assert_close(moved, filled("resample_real").sample(condition, rngs(4)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("mirror", [False, True])
def test_affine_augmentation_moves_pixels_as_scipy_does(mirror):
    made = filled("affine_augmentation", degrees=25.0, scale=0.2, shift=0.1, mirror=mirror)
    mirrored = set()
    for seed in range(6):
        moved = made.sample(Batch(label=torch.tensor([0])), rngs(1, seed))[0, 0].numpy()
        rng = torch.Generator().manual_seed(seed)
        still = made.bank.draw(0, rng)[0][0].numpy()
        turn, grow, across, down, flip = (2 * torch.rand(5, generator=rng) - 1).tolist()
        angle, factor = np.radians(25 * turn), 1 / (1 + 0.2 * grow)
        sign = -1 if mirror and flip < 0 else 1
        mirrored.add(sign)
        # (row, column) of the input for each (row, column) of the output, about the centre, in pixels
        matrix = factor * np.array([[np.cos(angle), np.sin(angle)], [-sign * np.sin(angle), sign * np.cos(angle)]])
        shape = np.array(still.shape)
        centre, shift = (shape - 1) / 2, np.array([down, across]) * 0.1 * shape
        offset = centre - matrix @ centre + shift
        expected = ndimage.affine_transform(still, matrix, offset, order=1, mode="nearest")
        np.testing.assert_allclose(moved, expected, atol=2e-5)
    assert mirrored == ({1, -1} if mirror else {1})
