"""Tensors on disk: safetensors with one JSON note, whole or not at all, equal bytes for equal contents; no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from synthassay.errors import RunError
from synthassay.records.base import whole_file

_NOTE = "synthassay"  # one key only: safetensors writes several keys in an order that differs between runs


def write_tensors(path: Path, tensors: Mapping[str, Tensor], note: Mapping[str, Any]) -> None:
    """Write named tensors and a JSON-able note to a safetensors file.

    Args:
        path: File to write; an existing one is replaced only when the new one is complete.
        tensors: Name to tensor, on any device and in any memory format.
        note: What the tensors are; floats keep every bit.

    Raises:
        RunError: The disk is full or the folder cannot be written; the old file is intact.
    """
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in sorted(tensors.items())}
    text = json.dumps(note, sort_keys=True, ensure_ascii=False)
    with whole_file(path) as partial:
        partial.write_bytes(save(plain, metadata={_NOTE: text}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors and the note of a file that ``write_tensors`` wrote.

    Raises:
        RunError: The file is missing, truncated, or not one of ours.
    """
    note = read_note(path)
    with safe_open(path, framework="pt") as stored:
        return {name: stored.get_tensor(name) for name in stored.keys()}, note  # noqa: SIM118 (no mapping)


def read_note(path: Path) -> dict[str, Any]:
    """Return the note alone, without reading the tensors.

    Raises:
        RunError: The file is missing, truncated, or not one of ours.
    """
    remedy = "Remove it and run the training stage again."
    try:
        with safe_open(path, framework="pt") as stored:
            text = (stored.metadata() or {}).get(_NOTE)
    except (OSError, SafetensorError) as problem:
        raise RunError(str(path), f"cannot be read as weights: {problem}", remedy=remedy) from None
    if text is None:
        raise RunError(str(path), "is a safetensors file, but not one that synthassay wrote", remedy=remedy)
    return dict(json.loads(text))


def restore(module: nn.Module, tensors: Mapping[str, Tensor], where: str) -> None:
    """Copy stored values into a module; a buffer takes the stored shape, since ``prepare`` may have sized it.

    Args:
        module: Built from the same settings as the stored one.
        tensors: What ``module.state_dict()`` gave.
        where: The file, for the message.

    Raises:
        RunError: Names or parameter shapes differ from the module's.
    """
    for name, buffer in list(module.named_buffers()):
        if name in tensors and tensors[name].shape != buffer.shape:
            owner, _, last = name.rpartition(".")
            setattr(module.get_submodule(owner), last, torch.empty_like(tensors[name], device=buffer.device))
    try:
        module.load_state_dict(dict(tensors))
    except RuntimeError as problem:
        what = f"does not fit the generator that its note describes: {str(problem).splitlines()[-1].strip()}"
        raise RunError(where, what, remedy="It is from another version; run the training stage again.") from None


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the optimiser's state as flat names ``<parameter index>.<name>``; settings are not state.

    Raises:
        TypeError: The optimiser keeps state that is neither tensor nor number.
    """
    flat: dict[str, Tensor] = {}
    for index, values in optimiser.state_dict()["state"].items():
        for name, value in values.items():
            if not isinstance(value, Tensor | int | float):
                raise TypeError(f"optimiser state {name!r} is a {type(value).__name__}, which has no place on disk")
            flat[f"{index}.{name}"] = value if isinstance(value, Tensor) else torch.tensor(value)
    return flat


def restore_optimiser(optimiser: torch.optim.Optimizer, flat: Mapping[str, Tensor]) -> None:
    """Give an optimiser of the same kind and parameters the state that ``optimiser_tensors`` took from it."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    for key, value in flat.items():
        index, _, name = key.partition(".")
        parameter = parameters[int(index)]
        # The parameter's memory format, not the file's: fused kernels walk both in step.
        same = torch.empty_like(parameter).copy_(value) if value.shape == parameter.shape else value.clone()
        optimiser.state[parameter][name] = same
