from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from synthassay.errors import RunError
from synthassay.networks.batch import Batch
from synthassay.networks.perceptual import VGG16_WIDTHS, FeatureEncoder, learn_features, read_vgg16


class Stripes:
    """Pictures that a denoiser can learn: stripes of random direction."""

    def __init__(self, count: int = 24) -> None:
        rng = torch.Generator().manual_seed(4)
        across, down = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
        angle = torch.rand((count, 1, 1), generator=rng) * 3.14
        self.target = torch.sin((across * torch.cos(angle) + down * torch.sin(angle)) / 3)[:, None] * 0.8

    def __len__(self) -> int:
        return len(self.target)

    def batch(self, positions: Sequence[int]) -> Batch:
        return Batch(target=self.target[list(positions)])

    def subject(self, position: int) -> str:
        return str(position)


def written(folder: Path, drop: str = "") -> tuple[Path, str, dict[str, torch.Tensor]]:
    rng = torch.Generator().manual_seed(1)
    shapes = {0: (64, 3), 2: (64, 64), 5: (128, 64), 7: (128, 128), 10: (8, 128)}
    tensors = {f"features.{i}.weight": torch.randn(a, b, 3, 3, generator=rng) / 20 for i, (a, b) in shapes.items()}
    tensors |= {f"features.{i}.bias": torch.randn(a, generator=rng) / 20 for i, (a, _) in shapes.items()}
    tensors.pop(drop, None)
    path = folder / "vgg16.safetensors"
    save_file(tensors, path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest(), tensors


def test_the_published_layout_has_the_published_parameters():
    # vgg16().features[:9] in torchvision: 1,792 + 36,928 + 73,856 + 147,584
    assert sum(p.numel() for p in FeatureEncoder(3, VGG16_WIDTHS).parameters()) == 260_160


def test_a_local_weight_file_gives_the_features_before_the_second_pool(tmp_path):
    path, sha256, tensors = written(tmp_path)
    encoder = FeatureEncoder(3, VGG16_WIDTHS)
    read_vgg16(encoder, path, sha256)
    grey = torch.randn(2, 1, 12, 10)
    x = grey.repeat(1, 3, 1, 1)
    for at in (0, 2, 5, 7):
        x = F.max_pool2d(x, 2) if at == 5 else x
        x = F.relu(F.conv2d(x, tensors[f"features.{at}.weight"], tensors[f"features.{at}.bias"], padding=1))
    torch.testing.assert_close(encoder(grey), x)


def test_a_wrong_or_missing_weight_file_is_refused(tmp_path):
    encoder = FeatureEncoder(3, VGG16_WIDTHS)
    path, sha256, _ = written(tmp_path)
    with pytest.raises(RunError, match="another SHA-256"):
        read_vgg16(encoder, path, "0" * 64)
    with pytest.raises(RunError, match="cannot be read"):
        read_vgg16(encoder, tmp_path / "absent.safetensors", sha256)
    path, sha256, _ = written(tmp_path, drop="features.5.bias")
    with pytest.raises(RunError, match=r"lacks layers.*5\.bias"):
        read_vgg16(encoder, path, sha256)
    path.write_bytes(b"no tensors")
    with pytest.raises(RunError, match="not a safetensors file"):
        read_vgg16(encoder, path, hashlib.sha256(b"no tensors").hexdigest())


def test_learnt_features_denoise_and_are_scaled_and_frozen():
    encoder = FeatureEncoder(1, (8, 8, 12, 12))
    error = learn_features(encoder, Stripes(), torch.Generator().manual_seed(0), steps=300, batch=8)
    # noise of deviation 0.3 u, u uniform in [0, 1], has mean square 0.3^2 / 3 = 0.03: doing nothing costs that much
    assert error < 0.02
    features = encoder(Stripes().target)
    deviations = features.std(dim=(0, 2, 3))
    alive = encoder.scale > 0
    assert alive.sum() >= 6
    torch.testing.assert_close(deviations[alive], torch.ones(int(alive.sum())), rtol=0.15, atol=0)
    assert not any(p.requires_grad for p in encoder.parameters())


def test_features_may_keep_their_proportions():
    apart, together = FeatureEncoder(1, (8, 8, 16, 16)), FeatureEncoder(1, (8, 8, 16, 16))
    for encoder, own in ((apart, True), (together, False)):
        learn_features(encoder, Stripes(), torch.Generator().manual_seed(0), steps=20, batch=8, apart=own)
    deviation = 1 / apart.scale[apart.scale > 0]
    assert len(together.scale.unique()) == 1
    mean_square = float(deviation.square().sum()) / len(apart.scale)  # those that never fire add next to nothing
    assert float(together.scale[0]) == pytest.approx(mean_square**-0.5, rel=1e-3)


def test_learning_depends_on_its_random_numbers_alone():
    def learnt(seed: int, elsewhere: int) -> torch.Tensor:
        torch.manual_seed(elsewhere)
        encoder = FeatureEncoder(1, (4, 4, 6, 6))
        learn_features(encoder, Stripes(), torch.Generator().manual_seed(seed), steps=5, batch=4)
        return encoder(Stripes().target)

    assert torch.equal(learnt(1, 7), learnt(1, 8))
    assert not torch.equal(learnt(1, 7), learnt(2, 7))
