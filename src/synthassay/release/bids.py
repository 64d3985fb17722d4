"""Names and tables of BIDS derivatives: https://bids-specification.readthedocs.io, version 1.10."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synthassay.errors import ImageError
from synthassay.records.base import write_text
from synthassay.records.manifest import Manifest
from synthassay.records.vocabulary import Modality

BIDS_VERSION = "1.10.0"
FOLDER = "bids"
CONTRASTS = {
    "t1": "T1w", "t1w": "T1w", "t2": "T2w", "t2w": "T2w", "flair": "FLAIR", "t2_flair": "FLAIR", "pd": "PDw",
    "pdw": "PDw", "t2star": "T2starw",
}  # fmt: skip
CONTRAST_AGENT = ("t1ce", "t1c", "t1gd", "t1_gd", "t1gad")
UNKNOWN_CONTRAST = "MRIw"  # no suffix of BIDS; such files are named in .bidsignore


def bids_path(name: str, modality: Modality, role: str) -> str:
    """Return where a volume lies: its suffix says the contrast, as far as the study does.

    Args:
        name: Name of the image in the release, which is its BIDS subject.
        modality: MRI or CT; CT is named as the proposal BEP024 does, because BIDS has no CT yet.
        role: The study's name of the image, such as ``t2``.

    Raises:
        ImageError: BIDS has no place for images of this modality.

    >>> bids_path("syn0001", Modality.MRI, "t2")
    'bids/sub-syn0001/anat/sub-syn0001_desc-synthetic_T2w.nii.gz'
    """
    folder, suffix, agent = _place(modality, role)
    entities = f"sub-{name}{'_ce-gadolinium' if agent else ''}_desc-synthetic_{suffix}.nii.gz"
    return f"{FOLDER}/sub-{name}/{folder}/{entities}"


def drawing_path(name: str, modality: Modality) -> str:
    """Return where the label map of a volume lies."""
    return f"{FOLDER}/sub-{name}/{_place(modality, '')[0]}/sub-{name}_desc-synthetic_dseg.nii.gz"


def _place(modality: Modality, role: str) -> tuple[str, str, bool]:
    if modality is Modality.CT:
        return "ct", "ct", False
    if modality is not Modality.MRI:
        raise ImageError(
            "--format nifti",
            "makes a BIDS data set, which has no place for pictures of this modality",
            value=modality,
            remedy="Use --format png or --format dicom.",
        )
    key = role.strip().lower()
    if key in CONTRAST_AGENT:
        return "anat", "T1w", True
    return "anat", CONTRASTS.get(key, UNKNOWN_CONTRAST), False


def write_bids_tables(
    root: Path,
    manifest: Manifest,
    title: str,
    licence: str,
    authors: tuple[str, ...],
    skull_stripped: bool | None,
) -> None:
    """Write what a BIDS data set needs beside its images: description, participants, README and what to ignore.

    Args:
        root: The release in the making.
        manifest: Its images.
        title: Name of the data set.
        licence: Left out where empty.
        authors: Left out where empty.
        skull_stripped: What BIDS asks of every anatomical derivative, written once for all; None for CT.
    """
    folder = root / FOLDER
    name, _, version = manifest.software.rpartition(" ")
    description: dict[str, Any] = {
        "Name": title,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [
            {"Name": name, "Version": version, "Description": f"{manifest.generator} ({manifest.family})"},
        ],
    }
    if licence:
        description["License"] = licence
    if authors:
        description["Authors"] = list(authors)
    _write_json(folder / "dataset_description.json", description)
    for suffix in sorted({_suffix(image.path) for image in manifest.images} - {"ct"}):
        _write_json(folder / f"{suffix}.json", {"SkullStripped": skull_stripped})  # holds for all files of the suffix
    rows = [f"sub-{image.case}\ttrue\t{image.label or 'n/a'}" for image in manifest.images]
    write_text(folder / "participants.tsv", "\n".join(["participant_id\tsynthetic\tclass", *rows]) + "\n")
    columns = {
        "synthetic": {"Description": "Always true: no participant is a patient; each row is one synthetic image."},
        "class": {"Description": "The class that the image was asked to show; n/a where there was none."},
    }
    _write_json(folder / "participants.json", columns)
    text = (
        f"{title}\n\nSYNTHETIC IMAGES. Each subject is one synthetic image; none is a patient. The release that\n"
        "this data set is part of (one folder up) says how the images were made, what they were found to be worth,\n"
        "and what they must not be used for.\n"
    )
    write_text(folder / "README", text)
    ignored = _ignored(manifest)
    if ignored:
        write_text(folder / ".bidsignore", "".join(f"{line}\n" for line in ignored))


def _ignored(manifest: Manifest) -> list[str]:
    paths = [image.path for image in manifest.images]
    found = []
    if any("/ct/" in path for path in paths):
        found.append("sub-*/ct")  # BEP024 is a proposal
    if any(f"_{UNKNOWN_CONTRAST}." in path for path in paths):
        found.append(f"*_{UNKNOWN_CONTRAST}.*")
    return found


def _suffix(path: str) -> str:
    return path.removesuffix(".nii.gz").rpartition("_")[2]


def _write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
