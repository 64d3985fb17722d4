"""Equal results from equal inputs, asked of torch for as long as a block lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Use deterministic algorithms inside the block, and leave torch and its global random numbers as they were.

    Where a device has no deterministic form of an operation torch warns; on the CPU it would be an error, because
    sameness is promised there (for the same number of threads).
    """
    strict, warn = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    memory: Any = torch.utils.deterministic  # type: ignore[attr-defined]
    fill = memory.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=device.type != "cpu")
    memory.fill_uninitialized_memory = False  # filling what is then written costs 5% of a step and changes nothing
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            yield
    finally:
        torch.use_deterministic_algorithms(strict, warn_only=warn)
        memory.fill_uninitialized_memory = fill
