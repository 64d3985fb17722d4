"""Train a small flow in a process of its own, saying after each step how far it is, so that a test can kill it."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from generators.examination import CLASSES, Bodies
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Facts
from synthassay.train import train

SETTINGS = {"images_seen": 400, "batch": 8, "micro_batch": 3, "widths": (8, 16)}


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    generator = build_generator("rectified_flow", SETTINGS, Facts(1, 0, CLASSES, (16, 16)), seed=11)
    train(
        generator,
        Bodies(30, 16, 0, CLASSES),
        Bodies(8, 16, 0, CLASSES, seed=6),
        folder=folder,
        seed=3,
        progress=lambda now: print(now.images_seen, flush=True),
        checkpoint_seconds=0.05,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
