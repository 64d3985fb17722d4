"""Training and sampling on this machine's accelerator: images per second, and the share of what the device can do.

    python benchmarks/bench_device.py [--device auto] [--seconds 10] [--json FILE]

For each family: 32 bit, bfloat16 under autocast, and both compiled, with data on the device; images per second of
whole training steps (both phases of a GAN) and of sampling. Operations are counted by torch over one step, forwards and
backwards; the share is of the multiplications that one large matrix product reaches on this device in the same
precision in the same run, which is less than a data sheet promises. Compiling counts only after its warm-up; what it
cost stands beside it, so that it can be seen after how many images it pays. The fastest way is marked.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from synthassay.generators.base import Generator
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts

SIZE = 64
SETS = Facts(1, 0, ("normal", "pneumonia"), (SIZE, SIZE))
PAIRS = Facts(1, 3, (), (128, 128))
SUBJECTS: dict[str, tuple[str, dict[str, Any], Facts]] = {
    "rectified_flow, default widths": ("rectified_flow", {}, SETS),
    "ddpm, widths 64 to 256": ("ddpm", {"widths": [64, 128, 256]}, SETS),
    "dit, width 384": ("dit", {"width": 384, "depth": 8, "patch": 4}, SETS),
    "pgan, 128 x 128": ("pgan", {"width": 64, "blocks": 9, "patch_width": 64}, PAIRS),
}
PRECISIONS = {"fp32": None, "bf16": torch.bfloat16}


@contextmanager
def rounded(device: torch.device, kind: torch.dtype | None) -> Iterator[None]:
    """Run under autocast, or as it is for None."""
    with torch.autocast(device.type, dtype=kind, enabled=kind is not None):
        yield


def wait(device: torch.device) -> None:
    """Return when the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def per_second(call: Callable[[], object], device: torch.device, seconds: float) -> float:
    """Return calls per second, over at least two calls after one that is not counted."""
    call()
    wait(device)
    began, count = time.perf_counter(), 0
    while count < 2 or time.perf_counter() - began < seconds:
        call()
        wait(device)
        count += 1
    return count / (time.perf_counter() - began)


def attainable(device: torch.device, kind: torch.dtype | None, seconds: float) -> float:
    """Return floating-point operations per second of a large matrix product."""
    side = 8192 if device.type == "cuda" else 2048
    left = torch.randn(side, side, device=device, dtype=kind or torch.float32)
    right = torch.randn_like(left)
    return 2 * side**3 * per_second(lambda: left @ right, device, seconds)


def batch_of(facts: Facts, count: int, device: torch.device) -> Batch:
    """Return noise of the shape of a batch, on the device."""
    target = torch.randn(count, facts.channels, *facts.space).clamp(-1, 1)
    source = torch.randn(count, facts.source_channels, *facts.space).clamp(-1, 1) if facts.source_channels else None
    label = torch.arange(count) % len(facts.classes) if facts.classes else None
    return Batch(target, source, label).to(device)


def step_of(model: Generator, batch: Batch, device: torch.device, kind: torch.dtype | None) -> Callable[[], None]:
    """Return one whole training step: every phase, forwards, backwards and the optimiser."""
    optimisers = {phase: model.optimiser(phase) for phase in model.phases()}
    rng = torch.Generator().manual_seed(0)

    def step() -> None:
        for phase, optimiser in optimisers.items():
            optimiser.zero_grad(set_to_none=True)
            with rounded(device, kind):
                terms = model.loss(phase, batch, rng)
            sum(terms.values()).backward()  # type: ignore[union-attr]
            optimiser.step()
        model.after_step(0)

    return step


def compiled(model: Generator) -> None:
    """Compile the forward of each network that is trained, in place: names of weights stay as they are."""
    for module in model.phases().values():
        module.compile()


def measure(name: str, device: torch.device, options: argparse.Namespace, kind: str, compile_it: bool) -> dict:
    """Return images per second, operations and the time that compiling took."""
    family, settings, facts = SUBJECTS[name]
    model = build_generator(family, settings, facts, seed=0).to(device)
    batch = batch_of(facts, options.batch, device)
    step = step_of(model, batch, device, PRECISIONS[kind])
    with FlopCounterMode(display=False) as counter:
        step()
    if compile_it:
        compiled(model)
    began = time.perf_counter()
    step()
    wait(device)
    first = time.perf_counter() - began
    rate = per_second(step, device, options.seconds)
    condition = Batch(torch.zeros_like(batch.target), batch.source, batch.label)

    def sample() -> Tensor:
        with torch.no_grad(), rounded(device, PRECISIONS[kind]):
            return model.sample(condition, [torch.Generator().manual_seed(i) for i in range(options.batch)])

    model.eval()
    sampling = per_second(sample, device, options.seconds)
    return {
        "train_images_per_s": rate * options.batch,
        "sample_images_per_s": sampling * options.batch,
        "flop_per_image": counter.get_total_flops() / options.batch,
        "flop_per_s": counter.get_total_flops() * rate,
        "first_step_s": first,
        "parameters": sum(p.numel() for m in model.phases().values() for p in m.parameters()),
    }


def prepare(device: torch.device) -> str:
    """Allow the usual speed of the device and return its name."""
    warnings.simplefilter("ignore")
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        return torch.cuda.get_device_name(device)
    return f"{torch.get_num_threads()} threads of the processor"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--only", choices=SUBJECTS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if options.device == "auto" else options.device
    device = torch.device(chosen)
    print(prepare(device))
    found: dict[str, Any] = {"peak": {k: attainable(device, v, options.seconds) for k, v in PRECISIONS.items()}}
    for kind, peak in found["peak"].items():
        print(f"a matrix product reaches {peak / 1e12:.2f} TFLOP/s in {kind}")
    print(f"{'':32}{'':18}{'train img/s':>12}{'share':>8}{'sample img/s':>14}{'first step s':>14}")
    for name in [options.only] if options.only else SUBJECTS:
        ways = [(kind, again) for again in (False, True)[: 1 + options.compile] for kind in PRECISIONS]
        rows = {way: measure(name, device, options, *way) for way in ways}
        best = max(rows, key=lambda way: rows[way]["train_images_per_s"])
        for way, row in rows.items():
            words = f"{way[0]}{', compiled' if way[1] else ''}{' *' if way == best else ''}"
            share = row["flop_per_s"] / found["peak"][way[0]]
            print(f"{name:32}{words:18}{row['train_images_per_s']:12.1f}{share:8.1%}"
                  f"{row['sample_images_per_s']:14.2f}{row['first_step_s']:14.2f}", flush=True)  # fmt: skip
        found[name] = {f"{kind}{' compiled' if again else ''}": row for (kind, again), row in rows.items()}
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
