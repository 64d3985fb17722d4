"""From a run to a folder that a repository would accept: whole, marked, checked and signed, or not there at all."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from synthassay.errors import RunError
from synthassay.images.formats import read_image
from synthassay.images.lettering import LEAST_SIDE, has_text
from synthassay.records.base import disk_problem, sha256_of, whole_folder, write_text
from synthassay.records.manifest import Manifest
from synthassay.records.vocabulary import Modality
from synthassay.release.bids import FOLDER, write_bids_tables
from synthassay.release.card import card_text, readme_text
from synthassay.release.content_credentials import embed, read_chain
from synthassay.release.crate import ro_crate
from synthassay.release.croissant import croissant, image_table
from synthassay.release.evidence import Evidence, evidence_of
from synthassay.release.gate import decide, leakage_audit, read_overrides, text_audit
from synthassay.release.identifiers import Identifiers, identifying
from synthassay.release.label_texts import label_faults
from synthassay.release.marking import Effects, Marker, Remeasure
from synthassay.release.naming import Named, label_of, named_images
from synthassay.release.signing import fingerprint_of, public_pem, seal
from synthassay.release.source import Source, read_source
from synthassay.release.statement import AuditItem, Release, statement_of
from synthassay.release.writing import Progress, ReleaseFormat, write_images

ENVELOPE, PUBLIC_KEY = "release.dsse.json", "public-key.pem"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Wishes:
    """What the releaser decides.

    Attributes:
        of: Which set of the run; its only one where empty.
        file_format: ``auto`` keeps the run's format.
        version: Of the release; ``licence`` an SPDX identifier or URL; ``creators`` who answers for it.
        date: Day of publication, ``YYYY-MM-DD``; left out where empty.
        skull_stripped: Whether brain MRI shows the brain alone, which BIDS asks and no record tells.
        overrides: ``NAME: reason`` for each part of the leakage audit that failed.
        watermark: Mark the pixels, invisibly and weaker than their noise.
        certificates: Chain for the releaser's key in PEM: put C2PA manifests into PNG and TIFF.
    """

    of: str = ""
    file_format: str = "auto"
    version: str = "1.0.0"
    licence: str = ""
    creators: tuple[str, ...] = ()
    date: str = ""
    skull_stripped: bool | None = None
    overrides: Sequence[str] = ()
    watermark: bool = False
    certificates: Path | None = None


class Released(NamedTuple):
    """What was released: the folder, how many images, the key's fingerprint, and the private table of names."""

    folder: Path
    images: int
    fingerprint: str
    names: Path


def release_run(
    run: Path,
    out: Path,
    key: Ed25519PrivateKey,
    wishes: Wishes | None = None,
    progress: Progress | None = None,
    remeasure: Remeasure | None = None,
) -> Released:
    """Make a release of one set of a run; equal runs, wishes and keys give equal bytes.

    The folder is made under a temporary name and takes its own name last: whatever stops the work leaves no half
    release. Which released image is which of the run's is written into the run, where it stays.

    Args:
        run: Run folder.
        out: Where the release goes; must not exist.
        key: The releaser's private key.
        wishes: What the releaser decides.
        progress: Called with images written and images in all.
        remeasure: Takes the run's measures again on watermarked images; the release says so where there is none.

    Raises:
        RunError: The run cannot be trusted, its leakage audit failed, something in the release tells who a patient is,
            ``out`` exists, or the disk is full.
        ImageError: The format cannot hold an image.
    """
    wishes = wishes or Wishes()
    if out.exists() or out.is_symlink():
        raise RunError(str(out), "exists already; nothing was written", remedy="Choose another --out.")
    if wishes.date and not DAY.fullmatch(wishes.date):
        raise RunError("--date", "is no day", value=wishes.date, remedy="Write YYYY-MM-DD.")
    overrides = read_overrides(wishes.overrides)
    source = read_source(run, wishes.of)
    leaks = leakage_audit(source.measurements, source.protocol, source.study.task)
    audit = decide((*leaks, _searched_for_text(source)), overrides)
    named = named_images(source)
    file_format = _format(source, wishes)
    chain = read_chain(wishes.certificates, key) if wishes.certificates else ""
    names = _keep_names(source, named)
    with whole_folder(out) as root:
        marker = Marker(source, named) if wishes.watermark else None
        manifest = write_images(source, named, root, file_format, progress, marker)
        if marker is not None:
            manifest = _with_mark(root, source, manifest, marker, remeasure)
        if chain:
            manifest = embed(root, manifest, key, chain, source.study.modality)
        release = _statement(source, manifest, wishes, audit)
        _describe(root, source, manifest, release, evidence_of(source), wishes, key)
        _require_nothing_identifying(root, source, manifest)
        _sign(root, release, key)
    return Released(out, len(manifest.images), fingerprint_of(key.public_key()), names)


def _searched_for_text(source: Source) -> AuditItem:
    """The search for burned-in text, on the images as they were made."""
    found = small = 0
    for listed in source.manifest.images:
        image = read_image(source.folder / listed.path)
        small += max(image.space[:2]) < LEAST_SIDE
        found += has_text(image)
    return text_audit(len(source.manifest.images), found, small)


def _with_mark(root: Path, source: Source, manifest: Manifest, marker: Marker, remeasure: Remeasure | None) -> Manifest:
    """Write into the manifest what the mark is, and what it did to the run's measures."""
    effects = Effects((), "nothing could take the run's measures again where this release was made")
    if remeasure is not None:
        effects = remeasure(source.run, source.of, marker.marked)
    found = manifest.model_copy(update={"watermark": marker.record(effects)})
    found.write(root / "manifest.json")
    return found


def _format(source: Source, wishes: Wishes) -> ReleaseFormat:
    chosen = source.manifest.format if wishes.file_format == "auto" else wishes.file_format
    if chosen not in ("nifti", "dicom", "png", "tiff"):
        raise RunError("--format", "is none of nifti, dicom, png, tiff", value=chosen)
    if chosen == "nifti" and source.study.modality is Modality.MRI and wishes.skull_stripped is None:
        remedy = "Say --skull-stripped or --not-skull-stripped."
        raise RunError("--format nifti", "is BIDS, which asks whether MRI shows the brain alone", remedy=remedy)
    return chosen  # type: ignore[return-value]


def _statement(source: Source, manifest: Manifest, wishes: Wishes, audit: tuple[AuditItem, ...]) -> Release:
    shown = sum(bool(i.source_subjects or i.reference_case) for i in source.manifest.images)
    identifiers = Identifiers.of(source.identifiers)
    some: Any = "as drawn" if not shown else "replaced" if shown == len(manifest.images) else "partly replaced"
    return Release(
        title=f"{source.study.title}: {source.of}",
        version=wishes.version,
        licence=wishes.licence,
        study=manifest.study,
        generator=manifest.generator,
        family=manifest.family,
        software=manifest.software,
        modality=source.study.modality.value,
        task=source.study.task,
        protocol=source.protocol,
        format=manifest.format,
        unit=manifest.unit,
        images=len(manifest.images),
        intended_use=source.study.intended_use,
        rung=source.verdict.rung,
        rung_title=source.verdict.rung_title,
        level=source.verdict.level,
        audit=audit,
        identifiers_searched=len(identifiers.searched),
        identifiers_too_short=identifiers.too_short,
        seeds=some,
        pixels="watermarked" if manifest.watermark else "as synthesised",
        c2pa="embedded" if wishes.certificates else "none",
    )


def _describe(
    root: Path,
    source: Source,
    manifest: Manifest,
    release: Release,
    evidence: Evidence,
    wishes: Wishes,
    key: Ed25519PrivateKey,
) -> None:
    """Write everything that explains the images."""
    if manifest.format == "nifti":
        write_bids_tables(root, manifest, release.title, wishes.licence, wishes.creators, wishes.skull_stripped)
    evidence.write(root / "evidence.json")
    write_text(root / "card.md", card_text(source, release, evidence, manifest))
    write_text(root / "README.md", readme_text(release, manifest, fingerprint_of(key.public_key())))
    write_text(root / "images.csv", image_table(manifest))
    write_text(root / PUBLIC_KEY, public_pem(key.public_key()).decode())
    people, day = wishes.creators, wishes.date
    found = croissant(source, release, evidence, _hashes(root), creators=people, date=day)
    _write_json(root / "croissant.json", found)
    folder = f"{FOLDER}/" if manifest.format == "nifti" else "images/"
    _write_json(root / "ro-crate-metadata.json", ro_crate(source, release, folder, creators=people, date=day))


def _require_nothing_identifying(root: Path, source: Source, manifest: Manifest) -> None:
    """The last look before signing; what it finds cannot be overridden."""
    places = [f"{file}: {what}" for file, what in identifying(root, Identifiers.of(source.identifiers))]
    for image in manifest.images:
        label = label_of(manifest, image.case, image.seed, source.study.modality)
        places += [f"{image.path}: {fault}" for fault in label_faults(root / image.path, label)]
    if places:
        lines = "".join(f"\n  - {place}" for place in places[:20])
        more = f"\n  - and {len(places) - 20} more" if len(places) > 20 else ""
        remedy = "Take the identifiers out of the study's title, question, classes or notes, and run it again."
        raise RunError("release", f"would tell who a patient is, so nothing was released:{lines}{more}", remedy=remedy)


def _sign(root: Path, release: Release, key: Ed25519PrivateKey) -> None:
    envelope = seal(statement_of(_hashes(root), release).to_bytes(), key)
    try:
        (root / ENVELOPE).write_bytes(envelope)
    except OSError as problem:
        raise disk_problem(root / ENVELOPE, problem) from problem


def _hashes(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): sha256_of(path) for path in sorted(root.rglob("*")) if path.is_file()}


def _keep_names(source: Source, named: Sequence[Named]) -> Path:
    """Write which released image is which, for the run's holder alone: consent may be withdrawn."""
    table = {
        one.name: {"image": one.made.path, "seed": one.made.seed, "source_subjects": list(one.made.source_subjects)}
        for one in named
    }
    path = source.run / "releases" / f"{source.of}.json"
    _write_json(path, {"private": "Names subjects: keep it with the data.", "set": source.of, "images": table})
    return path


def _write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
