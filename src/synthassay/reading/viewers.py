"""The packaged viewers: OpenSeadragon for slides, NiiVue for volumes. The room works without either."""

from __future__ import annotations

import gzip
import tomllib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable


def vendor_folder() -> Traversable:
    """Return where packaged viewers lie, with ``vendor.toml``, which says where they are from and what they hash to."""
    return files("synthassay.reading").joinpath("static", "vendor")


def packaged_viewers() -> dict[str, str]:
    """Return the viewers that are there, name to file; none where somebody took them out of the installation."""
    listed = vendor_folder().joinpath("vendor.toml")
    if not listed.is_file():
        return {}
    told = tomllib.loads(listed.read_text(encoding="utf-8"))["viewers"]
    return {one["name"]: one["file"] for one in told if vendor_folder().joinpath(one["file"]).is_file()}


@cache
def packed_viewer(name: str) -> bytes:
    """Return a packaged viewer's file, compressed by gzip once for all readers."""
    return gzip.compress(vendor_folder().joinpath(name).read_bytes(), mtime=0)
