"""Releases to read, made once; and copies of them to spoil."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from release.small_runs import write_run
from synthassay.release.build import Wishes, release_run

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WISHES = Wishes(licence="https://creativecommons.org/licenses/by/4.0/", creators=("A. Releaser",), skull_stripped=False)


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The release of a small run, to read only; its run lies beside it as ``run``."""

    @cache
    def make(kind: str = "xray", drawn: bool = False) -> Path:
        place = tmp_path_factory.mktemp(kind)
        run = write_run(place / "run", kind, drawn=drawn)
        return release_run(run, place / "out", KEY, WISHES).folder

    return make


@pytest.fixture
def spoilt(tmp_path: Path, released: Callable[..., Path]) -> Callable[..., Path]:
    """A copy of a release to spoil."""

    def make(kind: str = "xray", **variation: bool) -> Path:
        return shutil.copytree(released(kind, **variation), tmp_path / "spoilt")

    return make
