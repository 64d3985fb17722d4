"""What a released PNG, TIFF or NIfTI says in words: exactly what its label says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib

from synthassay.errors import ImageError
from synthassay.images.formats import format_of
from synthassay.images.labelling import BANNER, YES, SyntheticLabel, entries_in
from synthassay.images.nifti import DAMAGE, sidecar_of
from synthassay.records.vocabulary import Unit
from synthassay.release.carried import carried
from synthassay.release.dicom_headers import header_faults

PLACE = {"spacing_mm", "affine", "mpp"}
NUMBERS_ONLY = re.compile(r"[-+0-9.eE,\[\] ]*")


def label_faults(path: Path, label: SyntheticLabel) -> Iterator[str]:
    """Yield what an image says that its label does not, and what it does not say that its label does.

    Args:
        path: An image of a release: a file, or a DICOM folder.
        label: The label that its manifest implies.

    Raises:
        ImageError: The image cannot be decoded.
    """
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file():
                yield from (f"{file.name}: {fault}" for fault in header_faults(file, label))
        return
    kind = format_of(path)
    if kind == "dicom":
        yield from header_faults(path, label)
        return
    entries = _entries(path, kind)
    expected = _expected(label)
    for key in sorted(expected.keys() | entries.keys()):
        if key in expected:
            fault = entries.get(key) != expected[key]
        elif key in PLACE:
            fault = NUMBERS_ONLY.fullmatch(entries[key]) is None
        else:
            fault = key != "unit" or entries[key] not in list(Unit)
        if fault:
            yield f"its text {key} is not what the label of this image says"
    if kind == "nifti":
        yield from _nifti_faults(path, label)


def _expected(label: SyntheticLabel) -> dict[str, str]:
    entries = {
        "synthetic": YES,
        "comment": BANNER,
        "study": label.study,
        "generator": label.generator,
        "software": label.software,
        "weights_sha256": label.weights_sha256,
        "seed": str(label.seed),
        "identifier": label.identifier,
    }
    return {key: value for key, value in entries.items() if value}


def _entries(path: Path, kind: str) -> dict[str, str]:
    if kind == "png":
        texts = [place for place in carried(path) if place.where.startswith("its text synthassay:")]
        pairs = (place.text.partition(" ") for place in texts)
        return {key.removeprefix("synthassay:"): value for key, _, value in pairs}
    if kind == "tiff":
        found = [place.text for place in carried(path) if place.where == "its tag 270"]
    else:
        found = [_text(extension.get_content()) for extension in _header(path).extensions]
    return entries_in(found[0]) if found else {}


def _nifti_faults(path: Path, label: SyntheticLabel) -> Iterator[str]:
    descrip = bytes(_header(path).structarr["descrip"].tobytes()).rstrip(b"\0").decode("latin-1")
    if descrip != f"SYNTHETIC; {label.software}; {label.identifier}"[:79]:
        yield "its header's descrip is not what the label of this image says"
    name, _, version = label.software.rpartition(" ")
    said: dict[str, Any] = {
        "Synthetic": True,
        "Description": BANNER,
        "GeneratedBy": [{"Name": name or label.software, "Version": version, "Description": label.generator}],
        "Study": label.study,
        "Seed": label.seed,
        "Identifier": label.identifier,
        "WeightsSHA256": label.weights_sha256,
    }
    try:
        sidecar = json.loads(sidecar_of(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        yield "its sidecar is gone or is no JSON"
        return
    unit = sidecar.pop("Units", None) if isinstance(sidecar, dict) else None
    if sidecar != said or unit not in list(Unit):
        yield "its sidecar is not what the label of this image says"


def _header(path: Path) -> Any:
    try:
        return nib.load(path).header
    except DAMAGE as problem:
        raise ImageError(str(path), f"cannot be decoded: {problem}") from None


def _text(content: Any) -> str:
    text = content if isinstance(content, str) else bytes(content).decode("utf-8", "replace")
    return text.rstrip("\0")
