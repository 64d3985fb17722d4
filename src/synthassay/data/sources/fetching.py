"""A source's files on this machine: from the local mirror, from the cache, or fetched, and never unchecked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from synthassay.data.sources.card import SourceCard
from synthassay.errors import DataError
from synthassay.records.base import inside, sha256_of

MIRROR, CACHE = "SYNTHASSAY_DATA", "SYNTHASSAY_CACHE"


def fetch(card: SourceCard, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Return the folder that holds a source's files, each with the hash of its card.

    Looked for in ``$SYNTHASSAY_DATA/<name>``, then in the cache (``$SYNTHASSAY_CACHE``, else the system's folder for
    caches), and else fetched into the cache. A file with a wrong hash never takes its place.

    Args:
        card: The source.
        progress: Called with the bytes fetched so far and the bytes in all (0 where the server does not say).

    Raises:
        DataError: A file has another hash than its card says, cannot be fetched, or has no public address.
    """
    mirror = os.environ.get(MIRROR, "")
    if mirror:
        folder = Path(mirror).expanduser().resolve() / card.name
        if all(inside(folder, name).is_file() for name in card.files):
            for name, known in card.files.items():
                _require_hash(folder / name, known, f"the local mirror ({MIRROR})")
            return folder
    folder = cache_folder() / "sources" / card.name
    for name, known in card.files.items():
        path = inside(folder, name)
        if path.is_file():
            _require_hash(path, known, "the cache")
        else:
            _download(card, name, folder, progress)
    return folder


def cache_folder() -> Path:
    """Folder for what can be made or fetched again: ``$SYNTHASSAY_CACHE``, else the system's folder for caches."""
    import pooch

    chosen = os.environ.get(CACHE, "")
    return Path(chosen).expanduser().resolve() if chosen else Path(pooch.os_cache("synthassay"))


def verified_sha256(path: Path) -> str:
    """Return a file's SHA-256; computed once per process for as long as size and time of change stay the same."""
    state = path.stat()
    return _digest(path, "sha256", state.st_size, state.st_mtime_ns)


def _download(card: SourceCard, name: str, folder: Path, progress: Callable[[int, int], None] | None) -> None:
    if not card.url:
        raise DataError(
            f"source {card.name}",
            f"{name} is neither in the local mirror nor in the cache, and has no public address",
            value=f"looked in ${MIRROR}/{card.name} and {folder}",
            remedy=f"Prepare it from {card.origin} (docs/reference/sources.md), place it in a folder {card.name}, and"
            f" set {MIRROR} to the folder above. Or study virtual patients: source = 'phantom:...'.",
        )
    import pooch
    import requests

    fetcher = pooch.HTTPDownloader(timeout=30, progressbar=_Progress(progress) if progress else False)
    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(card.url + name, known_hash=card.files[name], fname=name, path=folder, downloader=fetcher)
    except requests.exceptions.RequestException as problem:
        raise DataError(
            f"source {card.name}",
            f"{card.url}{name} cannot be fetched: {_reason(problem)}",
            remedy=f"Check the connection, or place the file in ${MIRROR}/{card.name}/.",
        ) from None
    except ValueError as problem:  # pooch removes the file before it reports another hash
        raise DataError(
            f"source {card.name}",
            f"{card.url}{name} is not the file that its card describes; nothing was kept",
            value=str(problem).splitlines()[0],
            remedy=f"It may have been changed at its origin, or cut on the way. Try again, or see {card.origin}.",
        ) from None
    except OSError as problem:
        raise DataError(str(folder), f"cannot be written: {problem.strerror or problem}") from None


def _require_hash(path: Path, known: str, place: str) -> None:
    method, _, value = known.rpartition(":")
    state = path.stat()
    found = _digest(path, method or "sha256", state.st_size, state.st_mtime_ns)
    if found != value:
        raise DataError(
            str(path),
            f"in {place} is not the file that its card describes",
            value=f"{method or 'sha256'} {found[:12]}… instead of {value[:12]}…",
            remedy="Remove it and fetch or copy it again.",
        )


@lru_cache(maxsize=4096)
def _digest(path: Path, method: str, size: int, changed: int) -> str:
    if method == "sha256":
        return sha256_of(path)
    with path.open("rb") as stream:
        # MD5 only where the publisher states nothing else: it guards against a cut file, not against an attacker.
        return hashlib.file_digest(stream, lambda: hashlib.new(method, usedforsecurity=False)).hexdigest()


def _reason(problem: Exception) -> str:
    response = getattr(problem, "response", None)
    return f"the server answers {response.status_code}" if response is not None else type(problem).__name__


class _Progress:
    """What pooch calls while it fetches."""

    def __init__(self, report: Callable[[int, int], None]) -> None:
        self.total, self._done, self._report = 0, 0, report

    def update(self, count: int) -> None:
        self._done += count
        self._report(self._done, int(self.total))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        self._report(self._done, int(self.total))
