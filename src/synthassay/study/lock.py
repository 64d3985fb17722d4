"""What the numbers of a run depend on, as it was when the run was made."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

import synthassay
from synthassay.records.lock import Lock
from synthassay.study.plan import Plan

PACKAGES = (
    "torch", "numpy", "scipy", "scikit-learn", "scikit-image", "lightning-fabric", "numba", "nibabel", "pydicom",
    "pillow", "tifffile", "safetensors", "pydantic", "matplotlib", "jinja2",
)  # fmt: skip


def lock_of(plan: Plan, data_sha256: dict[str, str]) -> Lock:
    """Return the lock of a plan on this machine: versions, device, threads, seed, data hashes, command."""
    return Lock(
        software=f"synthassay {synthassay.__version__}",
        python=sys.version.split()[0],
        platform=f"{platform.system()} {platform.machine()}",
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        threads=torch.get_num_threads(),
        git=_git(),
        seed=plan.spec.seed,
        packages={name: found for name in PACKAGES if (found := _version(name))},
        data_sha256=data_sha256,
        command=f"synthassay run {plan.path.name}",
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _git() -> str:
    """Commit of the software's own checkout, where it runs from one; empty from an installed package."""
    folder = Path(synthassay.__file__).resolve().parents[2]
    if not (folder / "pyproject.toml").exists():
        return ""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""
