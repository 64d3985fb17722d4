"""What is written is read back bit by bit, equal contents give equal bytes, and bad files are named."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from synthassay.errors import RunError
from synthassay.networks.weights import (
    optimiser_tensors,
    read_note,
    read_tensors,
    restore,
    restore_optimiser,
    write_tensors,
)


def test_tensors_and_note_come_back_bit_by_bit(tmp_path: Path) -> None:
    tensors = {
        "b": torch.randn(3, 4, generator=torch.Generator().manual_seed(0)),
        "a": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "count": torch.tensor(7),
        "none": torch.zeros(0),
    }
    tensors["shared"] = tensors["b"]
    write_tensors(tmp_path / "x.safetensors", tensors, {"sum": 0.1 + 0.2, "name": "Köln", "list": [1, None]})
    stored, note = read_tensors(tmp_path / "x.safetensors")
    assert stored.keys() == tensors.keys()
    assert all(torch.equal(stored[name], tensors[name]) for name in tensors)
    assert note == {"sum": 0.1 + 0.2, "name": "Köln", "list": [1, None]}


def test_equal_contents_give_equal_bytes_in_any_order(tmp_path: Path) -> None:
    a, b = torch.ones(3), torch.zeros(2)
    write_tensors(tmp_path / "1.safetensors", {"a": a, "b": b}, {"x": 1, "y": 2, "z": 3})
    write_tensors(tmp_path / "2.safetensors", {"b": b, "a": a}, {"z": 3, "y": 2, "x": 1})
    assert (tmp_path / "1.safetensors").read_bytes() == (tmp_path / "2.safetensors").read_bytes()


@pytest.mark.parametrize("damage", ["missing", "truncated", "text", "foreign"])
def test_file_that_is_not_ours_is_named_with_a_remedy(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.ones(300)}, {})
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "text":
        path.write_text("weights")
    else:
        save_file({"a": torch.ones(1)}, path)
    with pytest.raises(RunError, match=r"x\.safetensors.*Remove it"):
        read_note(path)
    with pytest.raises(RunError, match=r"x\.safetensors"):
        read_tensors(path)


def test_buffer_takes_the_stored_shape_and_parameter_refuses_another() -> None:
    module = nn.Sequential(nn.Linear(2, 2))
    module[0].register_buffer("bank", torch.zeros(0))
    stored = {name: value.clone() for name, value in module.state_dict().items()} | {"0.bank": torch.arange(6.0)}
    restore(module, stored, "weights.safetensors")
    assert torch.equal(module[0].bank, torch.arange(6.0))
    with pytest.raises(RunError, match=r"weights\.safetensors.*size mismatch for 0\.weight"):
        restore(module, stored | {"0.weight": torch.zeros(3, 2)}, "weights.safetensors")


@pytest.mark.parametrize(
    "make",
    [
        lambda p: torch.optim.Adam(p, 1e-2, betas=(0.5, 0.9)),
        lambda p: torch.optim.AdamW(p, 1e-2, fused=True),
        lambda p: torch.optim.SGD(p, 1e-2, momentum=0.9),
        lambda p: torch.optim.RMSprop(p, 1e-2),
    ],
)
def test_restored_optimiser_takes_the_same_step(make) -> None:
    def network() -> nn.Module:
        torch.manual_seed(0)
        return nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)

    def step(net: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        optimiser.zero_grad()
        net(torch.ones(1, 3, 5, 5)).square().sum().backward()
        optimiser.step()

    first = network()
    optimiser = make(first.parameters())
    step(first, optimiser)
    second = network()
    second.load_state_dict(first.state_dict())
    restored = make(second.parameters())
    restore_optimiser(restored, {n: v.contiguous().clone() for n, v in optimiser_tensors(optimiser).items()})
    step(first, optimiser)
    step(second, restored)
    assert torch.equal(first.weight, second.weight)
    assert optimiser_tensors(restored).keys() == optimiser_tensors(optimiser).keys()
