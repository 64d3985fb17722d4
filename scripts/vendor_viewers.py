"""Fetch the packaged viewers again from an npm registry, and refuse whatever is not what vendor.toml says.

    python scripts/vendor_viewers.py [--registry https://registry.npmjs.org] [--accept]

For a new version: change its lines in vendor.toml, leave its hashes empty and run with ``--accept``, which prints the
hashes that were found; write them into the file after reading what changed. Without ``--accept`` nothing is written
unless every hash is the one on record.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
import tarfile
import tomllib
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parents[1] / "src" / "synthassay" / "reading" / "static" / "vendor"
REGISTRY = "https://registry.npmjs.org"
LARGEST = 60_000_000


def member(registry: str, tarball: str, name: str, fetched: dict[str, bytes]) -> bytes:
    """Return one file of a package; nothing else of it is unpacked, and nothing of it runs."""
    if tarball not in fetched:
        url = f"{registry.rstrip('/')}/{urllib.parse.quote(tarball, safe='/@')}"
        if urllib.parse.urlsplit(url).scheme != "https":
            raise SystemExit(f"{url}: is no https address")
        with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310 - https, as was just checked
            fetched[tarball] = answer.read(LARGEST)
    with tarfile.open(fileobj=io.BytesIO(fetched[tarball])) as package:
        stream = package.extractfile(name)
        if stream is None:
            raise SystemExit(f"{tarball}: holds no file {name}")
        return stream.read()


def licences(registry: str, viewer: dict[str, Any], fetched: dict[str, bytes]) -> bytes:
    """Return the licence of a viewer and of what is built into it, as one text."""
    texts = []
    for one in viewer["licences"]:
        text = member(registry, one["tarball"], one["member"], fetched).decode("utf-8").replace("\r\n", "\n").strip()
        texts.append(f"{one['of']}\n{'=' * len(one['of'])}\n\n{text}\n")
    return "\n\n".join(texts).encode()


def main() -> None:
    """Fetch, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registry", default=REGISTRY, help="npm registry or a mirror of it")
    parser.add_argument("--accept", action="store_true", help="write what was found, and print its hashes")
    given = parser.parse_args()
    fetched: dict[str, bytes] = {}
    found: list[tuple[str, str, bytes]] = []
    for viewer in tomllib.loads((VENDOR / "vendor.toml").read_text(encoding="utf-8"))["viewers"]:
        script = member(given.registry, viewer["tarball"], viewer["member"], fetched)
        found.append((viewer["file"], viewer["sha256"], script))
        found.append((viewer["licence_file"], viewer["licence_sha256"], licences(given.registry, viewer, fetched)))
    wrong = [(name, hashlib.sha256(body).hexdigest()) for name, told, body in found
             if hashlib.sha256(body).hexdigest() != told]  # fmt: skip
    for name, digest in wrong:
        sys.stderr.write(f"{name}: SHA-256 is {digest}, which is not what vendor.toml says\n")
    if wrong and not given.accept:
        raise SystemExit("Nothing was written.")
    for name, _, body in found:
        (VENDOR / name).write_bytes(body)
        sys.stdout.write(f"{name}: {len(body):,} bytes\n")


if __name__ == "__main__":
    main()
