from __future__ import annotations

import pytest
import torch
from monai.networks.nets import ViT

from synthassay.networks.vision_transformer import SIZES, VisionTransformer

TO_MONAI = {
    "patch_embed.proj": "patch_embedding.patch_embeddings",
    "attn.proj": "attn.out_proj",
    "mlp.fc1": "mlp.linear1",
    "mlp.fc2": "mlp.linear2",
}


def test_the_same_weights_give_monais_class_token():
    torch.manual_seed(0)
    ours = VisionTransformer(48, 3, 4, patch=8, channels=3, trained_grid=5)
    for parameter in ours.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    theirs = ViT(
        3, 40, 8, hidden_size=48, mlp_dim=192, num_layers=3, num_heads=4, proj_type="conv", pos_embed_type="learnable",
        classification=True, spatial_dims=2, qkv_bias=True, num_classes=2,
    ).eval()  # fmt: skip
    named = {}
    for name, value in ours.state_dict().items():
        own = next((mine for mine in TO_MONAI if mine in name), "")
        named[name.replace(own, TO_MONAI.get(own, ""))] = value
    named["patch_embedding.position_embeddings"] = named["pos_embed"][:, 1:]
    # MONAI adds the class token after the positions, and so gives it none
    named["cls_token"] = named["cls_token"] + named.pop("pos_embed")[:, :1]
    missing, strange = theirs.load_state_dict(named, strict=False)
    assert not strange
    assert all("norm_cross_attn" in name or "cross_attn" in name or "classification_head" in name for name in missing)
    for module in theirs.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.eps = 1e-6
    theirs.classification_head = torch.nn.Identity()
    images = torch.randn(2, 3, 40, 40)
    with torch.no_grad():
        torch.testing.assert_close(ours(images), theirs(images)[0], rtol=1e-4, atol=1e-4)


def test_parameters_have_timms_names_and_numbers():
    with torch.device("meta"):
        small = VisionTransformer(*SIZES["vit_small"], patch=16, channels=3, trained_grid=14)
        large = VisionTransformer(*SIZES["vit_large"], patch=16, channels=3, trained_grid=14, layer_scale=True)
    assert {"cls_token", "pos_embed", "patch_embed.proj.weight", "blocks.11.attn.qkv.bias", "norm.weight"} <= set(
        small.state_dict()
    )
    assert {"blocks.0.ls1.gamma", "blocks.23.mlp.fc2.bias"} <= set(large.state_dict())
    assert sum(p.numel() for p in small.parameters()) == 21_665_664  # DINO ViT-S/16
    assert sum(p.numel() for p in large.parameters()) == 303_350_784  # UNI


def test_positions_are_resampled_to_another_grid():
    torch.manual_seed(0)
    network = VisionTransformer(16, 1, 2, patch=4, channels=1, trained_grid=4)
    torch.nn.init.constant_(network.pos_embed, 0.7)
    assert network._positions(6, 3).shape == (1, 19, 16)
    assert network._positions(6, 3).mean().item() == pytest.approx(0.7, abs=1e-5)
    assert network._positions(4, 4) is network.pos_embed
