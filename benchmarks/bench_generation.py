"""Training step and sampling of 64x64 images, beside MONAI's DiffusionModelUNet of the same widths, in one run.

    python benchmarks/bench_generation.py [--rounds 3] [--threads 1] [--json FILE]

Each round runs every subject in a process of its own, one after the other, so that the load of the machine and the peak
of memory are shared fairly; the table shows medians over rounds, and ratios are taken within a round. Networks are
untrained: this is about speed and memory, not quality. Both have widths (32, 64, 64), one residual block per level and
attention at the coarsest level; MONAI's has two blocks per level on the way up, as it ships. Ours folds 2x2 pixels.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

BATCH, SIZE, WIDTHS = 16, 64, (32, 64, 64)
STEPS = 12  # Heun: 23 calls of the network
CALLS = 2 * STEPS - 1


def ours(widths: tuple[int, ...] = WIDTHS):
    from synthassay.generators.rectified_flow import RectifiedFlow, RectifiedFlowSettings
    from synthassay.networks.batch import Facts

    settings = RectifiedFlowSettings(widths=widths, sampler="heun", steps=STEPS, batch=BATCH)
    return RectifiedFlow(settings, Facts(1, 0, ("normal", "pneumonia"), (SIZE, SIZE)))


def our_step(widths: tuple[int, ...] = WIDTHS) -> Callable[[], object]:
    import torch

    from synthassay.networks.batch import Batch

    generator = ours(widths)
    optimiser = generator.optimiser("velocity")
    rng = torch.Generator().manual_seed(0)
    batch = Batch(torch.randn(BATCH, 1, SIZE, SIZE), None, torch.arange(BATCH) % 2)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        generator.loss("velocity", batch, rng)["velocity_mse"].backward()
        optimiser.step()
        generator.after_step(0)

    return step


def our_sampling(widths: tuple[int, ...] = WIDTHS) -> Callable[[], object]:
    import torch

    from synthassay.networks.batch import Batch

    generator, label = ours(widths).eval(), Batch(label=torch.arange(BATCH) % 2)
    return lambda: generator.sample(label, [torch.Generator().manual_seed(i) for i in range(BATCH)])


def monai_unet():
    from monai.networks.nets import DiffusionModelUNet

    return DiffusionModelUNet(
        spatial_dims=2, in_channels=1, out_channels=1, channels=WIDTHS, num_res_blocks=1,
        attention_levels=(False, False, True), num_head_channels=32,
    )  # fmt: skip


def monai_step() -> Callable[[], object]:
    import torch
    from torch.nn import functional as F

    network = monai_unet()
    optimiser = torch.optim.AdamW(network.parameters(), 5e-4, fused=True)
    images = torch.randn(BATCH, 1, SIZE, SIZE)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        times, noise = torch.rand(BATCH), torch.randn_like(images)
        at = times[:, None, None, None]
        F.mse_loss(network((1 - at) * noise + at * images, 1000 * times), images - noise).backward()
        optimiser.step()

    return step


def monai_sampling(scheduler: str, steps: int) -> Callable[[], object]:
    import torch
    from monai.inferers import DiffusionInferer
    from monai.networks import schedulers

    network, kept = monai_unet().eval(), getattr(schedulers, scheduler)(num_train_timesteps=1000)
    kept.set_timesteps(num_inference_steps=steps)
    inferer = DiffusionInferer(kept)

    def sample() -> None:
        with torch.no_grad():
            inferer.sample(torch.randn(BATCH, 1, SIZE, SIZE), network, kept, verbose=False)

    return sample


DEFAULT_WIDTHS = (32, 64, 128, 192)
SUBJECTS: dict[str, tuple[str, int, Callable[[], Callable[[], object]]]] = {
    "train ours": ("training step, synthassay", 5, our_step),
    "train ours default": ("training step, synthassay's default widths", 5, lambda: our_step(DEFAULT_WIDTHS)),
    "train monai": ("training step, MONAI", 3, monai_step),
    "sample ours": (f"16 images, synthassay, {STEPS} Heun steps ({CALLS} calls)", 2, our_sampling),
    "sample ours default": ("16 images, the same at default widths", 2, lambda: our_sampling(DEFAULT_WIDTHS)),
    "sample ddim": ("16 images, MONAI, DDIM 50 as shipped", 1, lambda: monai_sampling("DDIMScheduler", 50)),
    "sample rflow": (
        f"16 images, MONAI, RFlow {CALLS} ({CALLS} calls)",
        1,
        lambda: monai_sampling("RFlowScheduler", CALLS),
    ),
}
RATIOS = [
    ("training step", "train monai", "train ours"),
    ("sampling, DDIM 50 as shipped", "sample ddim", "sample ours"),
    ("sampling, equal network calls", "sample rflow", "sample ours"),
]


def measure(subject: str, threads: int) -> dict[str, float]:
    """Median wall and processor seconds of one call after a warm-up, and the process's peak memory in MiB."""
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    _, repeats, build = SUBJECTS[subject]
    call = build()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if subject.startswith("train") or "ours" in subject:
        call()
    wall, processor = [], []
    for _ in range(repeats):
        a, b = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - a)
        processor.append(time.process_time() - b)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "wall_s": statistics.median(wall),
        "processor_s": statistics.median(processor),
        "peak_mib": peak / 1024,
        "peak_above_imports_mib": (peak - before) / 1024,
    }


def in_a_process(subject: str, threads: int) -> dict[str, float]:
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, __file__, "--only", subject, "--threads", str(threads)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=SUBJECTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options.threads)))
        return
    rounds = [{name: in_a_process(name, options.threads) for name in SUBJECTS} for _ in range(options.rounds)]
    medians = {n: {k: statistics.median(r[n][k] for r in rounds) for k in rounds[0][n]} for n in SUBJECTS}
    ratios = {
        title: {
            clock: [round(r[theirs][clock] / r[mine][clock], 2) for r in rounds] for clock in ("processor_s", "wall_s")
        }
        for title, theirs, mine in RATIOS
    }
    print(f"{'':58}{'CPU s':>8}{'wall s':>8}{'peak MiB':>10}{'above imports':>15}")
    for name, row in medians.items():
        print(f"{SUBJECTS[name][0]:58}{row['processor_s']:8.3f}{row['wall_s']:8.3f}{row['peak_mib']:10.0f}"
              f"{row['peak_above_imports_mib']:15.0f}")  # fmt: skip
    for title, clocks in ratios.items():
        cpu, wall = (statistics.median(clocks[c]) for c in ("processor_s", "wall_s"))
        print(f"MONAI / synthassay, {title}: {cpu:.1f}x processor {clocks['processor_s']}, {wall:.1f}x wall")
    if options.json:
        options.json.write_text(json.dumps({"medians": medians, "ratios": ratios, "rounds": rounds}, indent=1) + "\n")


if __name__ == "__main__":
    main()
