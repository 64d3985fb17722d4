"""An ``.npz`` file opened with care: headers without unpacking, arrays kept while there is room, never a pickle."""

from __future__ import annotations

import zipfile
import zlib
from collections import OrderedDict
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from synthassay.errors import DataError, ImageError


class ArrayCache:
    """Arrays that were read last, up to a number of bytes; the least recently used go first.

    Args:
        limit_bytes: Room for unpacked arrays. An array larger than this is read each time.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit, self._held = limit_bytes, 0
        self._arrays: OrderedDict[tuple[Path, str], np.ndarray] = OrderedDict()

    def get(self, path: Path, key: str) -> np.ndarray | None:
        """Return the array if it is held."""
        array = self._arrays.get((path, key))
        if array is not None:
            self._arrays.move_to_end((path, key))
        return array

    def put(self, path: Path, key: str, array: np.ndarray) -> None:
        """Hold the array, read-only, and let others go as needed."""
        array.flags.writeable = False
        if array.nbytes > self._limit or (path, key) in self._arrays:
            return
        self._arrays[(path, key)] = array
        self._held += array.nbytes
        while self._held > self._limit:
            self._held -= self._arrays.popitem(last=False)[1].nbytes


class Archive:
    """One ``.npz`` file.

    Args:
        path: The file.
        cache: Where unpacked arrays are held.
    """

    def __init__(self, path: Path, cache: ArrayCache) -> None:
        self.path, self._cache = path, cache

    @cached_property
    def headers(self) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
        """Array name to shape and type, read without unpacking.

        Raises:
            ImageError: The file is not a whole ``.npz``, or an array holds Python objects, which could run code.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                members = [name for name in archive.namelist() if name.endswith(".npy")]
                found = {name.removesuffix(".npy"): _header(archive, name) for name in members}
        except OSError as problem:
            raise DataError(str(self.path), f"cannot be read: {problem.strerror or problem}") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as problem:
            raise _broken(self.path, problem) from None
        for key, (_, dtype) in found.items():
            if dtype.hasobject:
                raise ImageError(
                    f"{self.path}::{key}",
                    "holds Python objects, which could run code when opened",
                    remedy="Save it as numbers or as fixed-width text (numpy dtype U).",
                )
        return found

    def shape(self, key: str) -> tuple[int, ...]:
        """Shape of an array, read without unpacking."""
        return self._header_of(key)[0]

    def array(self, key: str) -> np.ndarray:
        """Return an array, read-only.

        Raises:
            ImageError: The array is absent, damaged, or holds Python objects.
        """
        held = self._cache.get(self.path, key)
        if held is None:
            self._header_of(key)
            try:
                with np.load(self.path, allow_pickle=False) as archive:
                    held = archive[key]
            except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as problem:
                raise _broken(self.path, problem) from None
            self._cache.put(self.path, key, held)
        return held

    def texts(self, key: str) -> list[str]:
        """Return a one-dimensional array as texts; whole numbers without a decimal point."""
        values = self.array(key)
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim != 1:
            raise DataError(f"{self.path}::{key}", "should be one value per case", value=f"shape {values.shape}")
        return [str(value).strip() for value in values.tolist()]

    def _header_of(self, key: str) -> tuple[tuple[int, ...], np.dtype]:
        if key not in self.headers:
            arrays = ", ".join(sorted(self.headers))
            raise ImageError(f"{self.path}", "has no array of this name", value=key, remedy=f"It holds: {arrays}.")
        return self.headers[key]


def _header(archive: zipfile.ZipFile, member: str) -> tuple[tuple[int, ...], np.dtype]:
    with archive.open(member) as stream:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(stream)
    return shape, dtype


def _broken(path: Path, problem: Exception) -> ImageError:
    remedy = "It is truncated or damaged; copy or fetch it again."
    return ImageError(str(path), f"is not a whole .npz file: {problem}", remedy=remedy)
