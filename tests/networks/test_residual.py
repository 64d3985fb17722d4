from __future__ import annotations

import pytest
import torch
from monai.networks.nets import resnet18, resnet50

from synthassay.networks.residual import ResidualNetwork


@pytest.mark.parametrize(
    ("kind", "theirs", "dimensions"), [("resnet18", resnet18, 2), ("resnet50", resnet50, 2), ("resnet18", resnet18, 3)]
)
def test_the_same_weights_give_monais_features(kind, theirs, dimensions):
    torch.manual_seed(0)
    ours = ResidualNetwork(kind, 3, dimensions)
    for buffer in (b for name, b in ours.named_buffers() if "running" in name):
        buffer.uniform_(0.5, 1.5)
    ours.eval()
    other = theirs(
        spatial_dims=dimensions,
        n_input_channels=3,
        feed_forward=False,
        conv1_t_stride=2,
        shortcut_type="B",
        bias_downsample=False,
    ).eval()
    missing, strange = other.load_state_dict(ours.state_dict(), strict=False)
    assert not missing
    assert not strange
    images = torch.randn(2, 3, *(40, 48, 33)[:dimensions])
    with torch.no_grad():
        torch.testing.assert_close(ours(images), other(images), rtol=1e-4, atol=1e-5)


def test_parameters_have_torchvisions_names():
    names = set(ResidualNetwork("resnet50", 3, 2).state_dict())
    assert {"conv1.weight", "bn1.running_mean", "layer1.0.downsample.0.weight", "layer4.2.bn3.bias"} <= names
    assert sum(p.numel() for p in ResidualNetwork("resnet18", 3, 2).parameters()) == 11_176_512  # 11,689,512 less fc
    assert sum(p.numel() for p in ResidualNetwork("resnet50", 3, 2).parameters()) == 23_508_032
