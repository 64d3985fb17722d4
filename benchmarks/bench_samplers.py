"""Samplers beside MONAI's schedulers at equal calls: speed, and what comes out of a law whose answer is known.

    python benchmarks/bench_samplers.py [--rounds 5] [--json FILE]

Both sides walk 16 pictures of 64x64 with the same number of calls. First with a denoiser that costs nothing, so that
the samplers' own arithmetic shows; then each with a U-Net of widths (32, 64, 64), one block per level and attention at
the coarsest, ours on folded pixels. Untrained networks: this is about speed. The sides take turns within a round;
ratios are taken within rounds, of processor time. Last, data N(0, 0.5^2) with the perfect denoiser: the deviation that
comes out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from synthassay.generators.samplers import SAMPLERS
from synthassay.generators.schedules import CLEAN, Level, alpha_bars, kept_steps

COUNT, SIZE, WIDTHS, STEPS = 16, 64, (32, 64, 64), 20
KEPT = alpha_bars("linear", 1000)
DEVIATION = 0.5
Walk = Callable[[], Tensor]


def levels(steps: int) -> list[Level]:
    kept = KEPT[kept_steps(steps, 1000)].tolist()
    times = [t / 1000 for t in kept_steps(steps, 1000)]
    return [*(Level(k**0.5, (1 - k) ** 0.5, t) for k, t in zip(kept, times, strict=True)), CLEAN]


def our_walk(name: str, noise: Tensor, answer: Callable[[Tensor, Level], Tensor], steps: int = STEPS) -> Walk:
    def walk() -> Tensor:
        return SAMPLERS[name](answer, noise, levels(steps), lambda: torch.randn(noise.shape, dtype=noise.dtype))

    return walk


def monai_walk(name: str, noise: Tensor, answer: Callable[[Tensor, int], Tensor], steps: int = STEPS) -> Walk:
    from monai.networks import schedulers

    kept = getattr(schedulers, name)(
        num_train_timesteps=1000, schedule="linear_beta", beta_start=1e-4, beta_end=0.02, clip_sample=False
    )
    kept.set_timesteps(num_inference_steps=steps)

    def walk() -> Tensor:
        now = noise
        for t in kept.timesteps:
            now = kept.step(answer(now, int(t)), int(t), now)[0]
        return now

    return walk


def free(noise: Tensor) -> dict[str, Walk]:
    """The denoiser answers a number that is there already."""
    return {
        "ddpm ours": our_walk("ddpm", noise, lambda now, level: now),
        "ddpm MONAI": monai_walk("DDPMScheduler", noise, lambda now, t: now),
        "ddim ours": our_walk("ddim", noise, lambda now, level: now),
        "ddim MONAI": monai_walk("DDIMScheduler", noise, lambda now, t: now),
    }


def with_networks(noise: Tensor) -> dict[str, Walk]:
    """Each side's own U-Net of the same widths."""
    from monai.networks.nets import DiffusionModelUNet

    from synthassay.networks.unet import UNet

    ours = UNet(1, 1, widths=WIDTHS).eval()
    theirs = DiffusionModelUNet(
        spatial_dims=2, in_channels=1, out_channels=1, channels=WIDTHS, num_res_blocks=1,
        attention_levels=(False, False, True), num_head_channels=32,
    ).eval()  # fmt: skip
    return {
        "ddim ours": our_walk("ddim", noise, lambda now, level: ours(now, torch.full((len(now),), level.time))),
        "ddim MONAI": monai_walk("DDIMScheduler", noise, lambda now, t: theirs(now, torch.full((len(now),), t))),
    }


def known_law() -> dict[str, dict[int, float]]:
    """Deviation that comes out of each side for data N(0, 0.5^2), by number of steps."""
    shares = (torch.arange(40_000, dtype=torch.float64) + 0.5) / 40_000
    noise = torch.special.ndtri(shares)[torch.randperm(40_000)].reshape(-1, 1)

    def image(now: Tensor, level: Level) -> Tensor:
        return level.alpha * DEVIATION**2 * now / (level.alpha**2 * DEVIATION**2 + level.sigma**2)

    def epsilon(now: Tensor, t: int) -> Tensor:
        kept = float(KEPT[t])
        return (1 - kept) ** 0.5 * now / (kept * DEVIATION**2 + 1 - kept)

    found: dict[str, dict[int, float]] = {}
    for steps in (10, 50, 250):
        walks = {f"{n} ours": our_walk(n, noise, image, steps) for n in ("ddpm", "ddim", "dpm_solver", "heun")}
        walks |= {f"{n} MONAI": monai_walk(f"{n.upper()}Scheduler", noise, epsilon, steps) for n in ("ddpm", "ddim")}
        for name, walk in walks.items():
            found.setdefault(name, {})[steps] = float(walk().std())
    return found


def timed(walks: dict[str, Walk], rounds: int) -> dict[str, list[float]]:
    """Processor seconds of each walk, the sides taking turns."""
    for walk in walks.values():
        walk()
    seconds: dict[str, list[float]] = {name: [] for name in walks}
    for _ in range(rounds):
        for name, walk in walks.items():
            began = time.process_time()
            walk()
            seconds[name].append(time.process_time() - began)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    noise, results = torch.randn(COUNT, 1, SIZE, SIZE), {}
    with torch.inference_mode():
        for title, walks in (("no network", free(noise)), ("own U-Net", with_networks(noise))):
            seconds = timed(walks, options.rounds)
            results[title] = seconds
            for name, values in seconds.items():
                print(f"{title:12}{name:12}{COUNT / statistics.median(values):10.1f} images/s, {STEPS} calls")
            for kind in sorted({name.split()[0] for name in seconds}):
                each = [b / a for a, b in zip(seconds[f"{kind} ours"], seconds[f"{kind} MONAI"], strict=True)]
                print(
                    f"MONAI / synthassay, {title}, {kind}: {statistics.median(each):.2f}x {[round(r, 2) for r in each]}"
                )
        results["deviation of N(0, 0.5^2)"] = known_law()
    print("deviation that comes out, 0.5 is right:")
    for name, row in results["deviation of N(0, 0.5^2)"].items():
        print(f"  {name:18}" + "  ".join(f"{steps} steps {value:.3f}" for steps, value in row.items()))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
