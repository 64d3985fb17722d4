"""Shared fixtures: where real images lie, and jaxtyping's shape checks switched on for the whole run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real images; tests that need it skip with a reason where it is absent."""
    folder = os.environ.get("SYNTHASSAY_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no real images here: set SYNTHASSAY_DATA to the folder that holds them")
    return Path(folder)
