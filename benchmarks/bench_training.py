"""Radiographs after the same minutes of one core: ours beside denoising-diffusion-pytorch and MONAI, in one run.

    pip install --no-deps denoising-diffusion-pytorch ema-pytorch einops
    SYNTHASSAY_DATA=... python benchmarks/bench_training.py [--minutes 4] [--images 96] [--json FILE]

Each side learns from the same 64x64 radiographs of children, unconditionally, for the same processor minutes on one
thread (its own first step not counted), then makes images at several numbers of steps. Judged by the radiomic Fréchet
distance d2 to radiographs of other children. Each runs in a process of its own, one after the other. Processor time is
the clock, so that other work on the machine favours nobody.

Peers have the learning rate and the fall of ours: at the rate of their README (8e-5, 2.5e-5) minutes teach them less,
which ``--slow`` shows. denoising-diffusion-pytorch has U-Net widths 32, 64, 128 (of its 64, 128, 256, 512), its
own moving average and v-prediction; MONAI's DiffusionModelUNet has widths (32, 64, 64), one residual block and
attention at the coarsest level, as in bench_generation.py. Both sample by DDIM, as shipped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RATE, FALL_FROM, BATCH, SEED = 1e-3, 0.5, 8, 20260101
OURS = {"rectified_flow": (4, 8, 16), "ddpm": (10, 25)}
PEERS = {"denoising-diffusion-pytorch": (10, 25), "monai": (10, 25)}
Sampler = Callable[[int, int], Any]


def radiographs() -> tuple[Any, Any]:
    """Return the training images in [-1, 1], ``cases 1 64 64``, and the test images in grey levels."""
    from synthassay.records.vocabulary import Split
    from synthassay.study.plan import plan_study

    task = plan_study(ROOT / "studies" / "families-xray.toml").task
    sets = [task.examples(split) for split in (Split.TRAIN, Split.TEST)]
    learn, other = (examples.batch(range(len(examples))).target for examples in sets)
    return learn, grey(other)


def grey(images: Any) -> Any:
    """Return grey levels, whole numbers as in the files, from the model's scale."""
    return ((images.clamp(-1, 1) + 1) * 127.5).round().double().numpy()


def batches(images: Any) -> Iterator[Any]:
    """Yield shuffled batches for ever."""
    import torch

    rng = torch.Generator().manual_seed(SEED)
    while True:
        order = torch.randperm(len(images), generator=rng)
        for start in range(0, len(order) - BATCH + 1, BATCH):
            yield images[order[start : start + BATCH]]


def trained(step: Callable[[Any, float], None], images: Any, minutes: float) -> dict[str, float]:
    """Call ``step(batch, progress)`` until the processor minutes are over."""
    source = batches(images)
    step(next(source), 0.0)
    began, steps, spent = time.process_time(), 0, 0.0
    while spent < 60 * minutes:
        step(next(source), spent / (60 * minutes))
        steps, spent = steps + 1, time.process_time() - began
    return {"images_seen": steps * BATCH, "images_per_second": steps * BATCH / spent, "train_s": spent}


def falling(optimiser: Any, rate: float) -> Callable[[float], None]:
    """Return what sets the rate: constant, then linear to 0."""

    def at(progress: float) -> None:
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (1 - progress) / (1 - FALL_FROM))

    return at


def ours(family: str, images: Any, minutes: float, rate: float) -> tuple[dict[str, float], Sampler]:
    import torch

    from synthassay.generators.stored import build_generator
    from synthassay.networks.batch import Batch, Facts

    settings = {"images_seen": 10**6, "batch": BATCH, "learning_rate": rate, "widths": [16, 32, 64, 96]}
    model = build_generator(family, settings, Facts(1, 0, (), tuple(images.shape[2:])), seed=SEED)
    phase = next(iter(model.phases()))
    optimiser, rng = model.optimiser(phase), torch.Generator().manual_seed(SEED)
    seen = 0

    def step(batch: Any, progress: float) -> None:
        nonlocal seen
        for group in optimiser.param_groups:
            group["lr"] = rate * model.learning_rate_factor(phase, progress)
        optimiser.zero_grad(set_to_none=True)
        sum(model.loss(phase, Batch(batch, None, None), rng).values()).backward()
        optimiser.step()
        seen += BATCH
        model.after_step(seen)

    found = trained(step, images, minutes)
    weights = model.state_dict()

    def sample(count: int, steps: int) -> Any:
        told = build_generator(family, {**settings, "steps": steps}, model.facts, seed=SEED).eval()
        told.load_state_dict(weights)
        rngs = [torch.Generator().manual_seed(i) for i in range(count)]
        return told.sample(Batch(torch.zeros(count, 1, *images.shape[2:]), None, None), rngs)

    return found, sample


def lucidrains(images: Any, minutes: float, rate: float) -> tuple[dict[str, float], Sampler]:
    import torch

    stand_in_for_unused_imports()
    from denoising_diffusion_pytorch import GaussianDiffusion, Unet
    from ema_pytorch import EMA

    network = Unet(dim=32, dim_mults=(1, 2, 4), channels=1, flash_attn=False)
    diffusion = GaussianDiffusion(network, image_size=images.shape[-1], timesteps=1000, sampling_timesteps=50)
    optimiser = torch.optim.Adam(diffusion.parameters(), lr=rate, betas=(0.9, 0.99))  # as its Trainer
    average, at = EMA(diffusion, beta=0.995, update_every=10), falling(optimiser, rate)

    def step(batch: Any, progress: float) -> None:
        at(progress)
        diffusion((batch + 1) / 2).backward()  # its images are in [0, 1]
        torch.nn.utils.clip_grad_norm_(diffusion.parameters(), 1.0)  # as its Trainer
        optimiser.step()
        optimiser.zero_grad()
        average.update()

    found = trained(step, images, minutes)

    def sample(count: int, steps: int) -> Any:
        average.ema_model.sampling_timesteps, average.ema_model.is_ddim_sampling = steps, True
        return average.ema_model.sample(batch_size=count) * 2 - 1

    return found, sample


def monai(images: Any, minutes: float, rate: float) -> tuple[dict[str, float], Sampler]:
    import torch
    from monai.inferers import DiffusionInferer
    from monai.networks.nets import DiffusionModelUNet
    from monai.networks.schedulers import DDIMScheduler, DDPMScheduler
    from torch.nn import functional as F

    network = DiffusionModelUNet(
        spatial_dims=2, in_channels=1, out_channels=1, channels=(32, 64, 64), num_res_blocks=1,
        attention_levels=(False, False, True), num_head_channels=32,
    )  # fmt: skip
    inferer, optimiser = DiffusionInferer(DDPMScheduler(1000)), torch.optim.Adam(network.parameters(), rate)
    at = falling(optimiser, rate)

    def step(batch: Any, progress: float) -> None:
        at(progress)
        optimiser.zero_grad(set_to_none=True)
        noise, times = torch.randn_like(batch), torch.randint(0, 1000, (len(batch),))
        F.mse_loss(inferer(batch, network, noise, times), noise).backward()
        optimiser.step()

    found = trained(step, images, minutes)
    network.eval()

    def sample(count: int, steps: int) -> Any:
        scheduler = DDIMScheduler(1000)
        scheduler.set_timesteps(steps)
        with torch.no_grad():
            return DiffusionInferer(scheduler).sample(
                torch.randn(count, 1, *images.shape[2:]), network, scheduler, verbose=False
            )

    return found, sample


def stand_in_for_unused_imports() -> None:
    """Let the peer be imported alone: its loader, its trainer's accelerator and its FID are not used here."""

    class Nothing(types.ModuleType):
        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return Nothing(name)

    names = (
        "accelerate", "pytorch_fid", "pytorch_fid.fid_score", "pytorch_fid.inception",
        "torchvision", "torchvision.transforms", "torchvision.utils",
    )  # fmt: skip
    for name in names:
        sys.modules[name] = Nothing(name)


def distance(images: Any, real: Any) -> float:
    """Return the radiomic d2, features standardised by the real images."""
    from synthassay.evaluate.distribution.gaussian import frechet_from_features
    from synthassay.evaluate.features.radiomic import RadiomicEmbedding

    rule = RadiomicEmbedding()
    told, other = rule.features(images), rule.features(real)
    spread = other.std(axis=0)
    kept = spread > 0
    return frechet_from_features(*((x[:, kept] - other[:, kept].mean(axis=0)) / spread[kept] for x in (told, other)))


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    learn, real = radiographs()
    side = {"denoising-diffusion-pytorch": lucidrains, "monai": monai}.get(name)
    rate = RATE if not options.slow or not side else {"monai": 2.5e-5}.get(name, 8e-5)
    found, sample = side(learn, options.minutes, rate) if side else ours(name, learn, options.minutes, rate)
    rows = []
    for steps in {**OURS, **PEERS}[name]:
        began, parts = time.process_time(), []
        for start in range(0, options.images, 16):
            parts.append(sample(min(16, options.images - start), steps))
        spent = time.process_time() - began
        made = grey(torch.cat(parts))
        rows.append({"steps": steps, "images_per_second": options.images / spent, "distance": distance(made, real)})
        if options.keep:
            keep_sheet(made, options.keep / f"{name}-{steps}.png")
    return {**found, "learning_rate": rate, "sampling": rows}


def keep_sheet(images: Any, path: Path) -> None:
    import numpy as np
    from PIL import Image

    rows = [np.concatenate(list(images[k : k + 8, 0]), axis=1) for k in (0, 8)]
    Image.fromarray(np.concatenate(rows).astype(np.uint8)).save(path)


def in_a_process(name: str, options: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, __file__, "--only", name, "--minutes", str(options.minutes)]
    command += ["--images", str(options.images)] + ["--slow"] * options.slow
    command += ["--keep", str(options.keep)] if options.keep else []
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1"}
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout)


def fastest(rows: list[dict[str, float]], limit: float) -> float:
    """Return images per second of the fastest setting that is at least as near as ``limit``; 0 for none."""
    return max((row["images_per_second"] for row in rows if row["distance"] <= limit), default=0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=4.0, help="Processor minutes of training.")
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--slow", action="store_true", help="Peers at the learning rate of their README.")
    parser.add_argument("--keep", type=Path, help="Folder for a sheet of each side's images.")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=(*OURS, *PEERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options)))
        return
    found = {name: in_a_process(name, options) for name in (*OURS, *PEERS)}
    for name, row in found.items():
        print(f"{name}: {row['images_seen']:,} images seen in {row['train_s'] / 60:.1f} processor minutes")
        for at in row["sampling"]:
            print(f"    {at['steps']:3} steps: d2 {at['distance']:7.1f}, {at['images_per_second']:7.2f} images/s")
    for mine in OURS:
        for peer in PEERS:
            best = min(row["distance"] for row in found[peer]["sampling"])
            own = min(row["distance"] for row in found[mine]["sampling"])
            same = max(best, own)
            speed = fastest(found[mine]["sampling"], same) / fastest(found[peer]["sampling"], same)
            print(
                f"{mine} beside {peer}: d2 {own:.1f} to {best:.1f}; sampling at d2 <= {same:.1f} {speed:.1f}x as fast"
            )
    if options.json:
        options.json.write_text(json.dumps({"minutes": options.minutes, "found": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
