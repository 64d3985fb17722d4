"""Embeddings from local weights; covers features.card."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from synthassay.errors import DataError, NotMeasured
from synthassay.evaluate.features.card import EncoderCard
from synthassay.evaluate.features.weights import WeightsEmbedding
from synthassay.networks.residual import ResidualNetwork
from synthassay.records.vocabulary import Unit

FACTS = {
    "title": "random ResNet-18", "source": "arXiv:1512.03385", "weights": "encoder.safetensors",
    "architecture": "resnet18", "channels": 3, "size": [32, 32], "low": 0.0, "high": 255.0,
    "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25],
}  # fmt: skip


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def write_card(folder, state, **changes):
    """A card and its weights, with the right hash."""
    path = folder / "encoder.safetensors"
    save_file(state, path)
    facts = {**FACTS, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), **changes}
    card = folder / "card.toml"
    card.write_text("".join(f"{key} = {toml(value)}\n" for key, value in facts.items() if value is not None))
    return card


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(0)
    return ResidualNetwork("resnet18", 3, 2).state_dict()


def pictures(n=4, size=32, channels=1):
    return np.random.default_rng(0).uniform(0, 255, (n, channels, size, size)).astype(np.float32)


def test_features_are_the_networks_own_on_the_declared_input(tmp_path, state):
    rule = WeightsEmbedding.of_file(write_card(tmp_path, {**state, "fc.weight": torch.zeros(2, 512)}))
    found = rule.features(pictures())
    network = ResidualNetwork("resnet18", 3, 2)
    network.load_state_dict(state)
    inputs = torch.from_numpy((pictures().repeat(3, 1) / 255 - 0.5) / 0.25)
    with torch.no_grad():
        np.testing.assert_allclose(found, network.eval()(inputs).numpy(), rtol=1e-4, atol=1e-5)
    assert len(rule.names((1, 32, 32))) == found.shape[1] == 512
    assert rule.settings(Unit.ARBITRARY)["encoder_sha256"] == rule.card.sha256


def test_images_of_another_size_are_resampled_and_values_cut_to_the_declared_range(tmp_path, state):
    rule = WeightsEmbedding.of_file(write_card(tmp_path, state))
    assert rule.features(pictures(size=50)).shape == (4, 512)
    np.testing.assert_array_equal(rule.features(pictures() * 0 + 300), rule.features(pictures() * 0 + 255))
    np.testing.assert_array_equal(rule.features(pictures() * 0 - 300), rule.features(pictures() * 0))


def test_a_volume_is_the_mean_over_its_slices_along_the_last_axis(tmp_path, state):
    rule = WeightsEmbedding.of_file(write_card(tmp_path, state))
    volume = np.random.default_rng(1).uniform(0, 255, (2, 1, 32, 32, 20)).astype(np.float32)
    slices = rule.features(np.moveaxis(volume[0], -1, 0))
    np.testing.assert_allclose(rule.features(volume)[0], slices.mean(0), rtol=1e-4, atol=1e-5)


def test_cubic_kernels_see_volumes_in_3d(tmp_path):
    torch.manual_seed(1)
    weights = ResidualNetwork("resnet18", 1, 3).state_dict()
    changes = {"dimensions": 3, "size": [16, 16, 16], "channels": 1, "mean": [0.5], "std": [0.25]}
    rule = WeightsEmbedding.of_file(write_card(tmp_path, weights, **changes))
    volume = np.random.default_rng(1).uniform(0, 255, (2, 1, 20, 18, 16)).astype(np.float32)
    assert rule.features(volume).shape == (2, 512)
    assert rule.settings(Unit.ARBITRARY)["encoder_volumes"] == "true 3D"
    with pytest.raises(NotMeasured, match="for volumes"):
        rule.features(pictures())


def test_outside_the_mask_nothing_is_read(tmp_path, state):
    rule = WeightsEmbedding.of_file(write_card(tmp_path, state))
    mask = np.zeros((4, 32, 32), bool)
    mask[:, 8:24, 8:24] = True
    spoilt = np.where(mask[:, None], pictures(), np.nan)
    np.testing.assert_array_equal(rule.features(spoilt, mask=mask), rule.features(pictures(), mask=mask))
    volume = np.random.default_rng(1).uniform(0, 255, (1, 1, 32, 32, 5)).astype(np.float32)
    some = np.zeros((1, 32, 32, 5), bool)
    some[..., 2] = True
    np.testing.assert_allclose(
        rule.features(volume, mask=some)[0], rule.features(volume[..., 2])[0], rtol=1e-4, atol=1e-5
    )


def test_another_unit_or_other_channels_are_not_measured(tmp_path, state):
    rule = WeightsEmbedding.of_file(write_card(tmp_path, state))
    with pytest.raises(NotMeasured, match="for images in arbitrary"):
        rule.features(pictures(), unit=Unit.HU)
    with pytest.raises(NotMeasured, match="takes 3 channels, not 2"):
        rule.features(pictures(channels=2))


def test_a_transformers_card_is_filled_and_read(tmp_path):
    from synthassay.networks.vision_transformer import SIZES, VisionTransformer

    torch.manual_seed(0)
    network = VisionTransformer(*SIZES["vit_small"], patch=16, channels=3, trained_grid=2)
    weights = {f"backbone.{key}": value for key, value in network.state_dict().items()}
    changes = {"architecture": "vit_small", "patch": 16, "trained_grid": 2, "prefix": "backbone."}
    rule = WeightsEmbedding.of_file(write_card(tmp_path, weights, **changes))
    assert rule.features(pictures(2)).shape == (2, 384)


def test_pickles_are_never_opened(tmp_path, state):
    card = write_card(tmp_path, state, weights="encoder.pth")
    torch.save(state, tmp_path / "encoder.pth")
    with pytest.raises(DataError, match="can execute code and are never opened"):
        WeightsEmbedding.of_file(card)
    disguised = write_card(tmp_path, state)
    torch.save(state, tmp_path / "encoder.safetensors")
    with pytest.raises(DataError, match="can execute code and are never opened"):
        WeightsEmbedding.of_file(disguised)


def test_another_hash_is_refused(tmp_path, state):
    with pytest.raises(DataError, match="has another SHA-256"):
        WeightsEmbedding.of_file(write_card(tmp_path, state, sha256="0" * 64))


def test_missing_strange_and_misshapen_parameters_are_named(tmp_path, state):
    fewer = {key: value for key, value in state.items() if key != "layer2.0.conv1.weight"}
    with pytest.raises(DataError, match=r"1 of 100 parameters are missing \(layer2.0.conv1.weight\)"):
        WeightsEmbedding.of_file(write_card(tmp_path, fewer))
    with pytest.raises(DataError, match=r"1 parameters that this architecture lacks \(layer9.weight\)"):
        WeightsEmbedding.of_file(write_card(tmp_path, {**state, "layer9.weight": torch.zeros(1)}))
    one = {"channels": 1, "mean": [0.5], "std": [0.25]}
    with pytest.raises(DataError, match=r"conv1.weight is \(64, 3, 7, 7\), not \(64, 1, 7, 7\)"):
        WeightsEmbedding.of_file(write_card(tmp_path, state, **one))


def test_a_broken_file_is_said(tmp_path, state):
    card = write_card(tmp_path, state)
    (tmp_path / "encoder.safetensors").write_bytes(b"nonsense" * 20)
    text = card.read_text().splitlines()
    found = hashlib.sha256(b"nonsense" * 20).hexdigest()
    card.write_text("\n".join(f'sha256 = "{found}"' if line.startswith("sha256") else line for line in text))
    with pytest.raises(DataError, match="is not a safetensors file"):
        WeightsEmbedding.of_file(card)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"low": 300.0}, "low must lie below high"),
        ({"mean": [0.5]}, "one number per channel"),
        ({"size": [32]}, "one number of at least 8 per dimension"),
        ({"architecture": "vit_small", "size": [30, 32]}, "multiple of patch"),
        ({"architecture": "vit_small", "dimensions": 3, "size": [32, 32, 32]}, "transformers have 2"),
        ({"architecture": "vgg16"}, "architecture"),
        ({"high": None}, "high: Field required"),
        ({"colour": "red"}, "colour: Extra inputs"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(tmp_path, state, changes, said):
    with pytest.raises(DataError, match=said):
        EncoderCard.of_file(write_card(tmp_path, {}, **changes))


def test_a_missing_card_or_file_is_said(tmp_path):
    with pytest.raises(DataError, match="cannot be read as an encoder's card"):
        EncoderCard.of_file(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("= 3")
    with pytest.raises(DataError, match="is not TOML"):
        EncoderCard.of_file(tmp_path / "bad.toml")
    card = write_card(tmp_path, {}, weights="absent.safetensors")
    with pytest.raises(DataError, match="cannot be read: No such file"):
        EncoderCard.of_file(card).checked_weights(tmp_path)
