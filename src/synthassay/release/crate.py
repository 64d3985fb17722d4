"""RO-Crate 1.1 metadata: the release, its files, and the run that made the images.

Format: https://www.researchobject.org/ro-crate/1.1/, provenance of runs as in its section on workflows and scripts.
"""

from __future__ import annotations

from typing import Any

from synthassay.release.card import FILES
from synthassay.release.source import Source
from synthassay.release.statement import Release

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
KINDS = {".md": "text/markdown", ".json": "application/json", ".csv": "text/csv", ".pem": "application/x-pem-file"}
SOFTWARE, SYNTHESIS, DATA = "#software", "#synthesis", "#training-data"


def ro_crate(
    source: Source, release: Release, folder: str, *, creators: tuple[str, ...] = (), date: str = ""
) -> dict[str, Any]:
    """Return ``ro-crate-metadata.json``.

    Args:
        source: What was released.
        release: What the releaser says.
        folder: Folder of the images, with a final slash.
        creators: Names of whoever answers for the release.
        date: Day of publication, ``YYYY-MM-DD``.
    """
    names = [name for name, _ in FILES if name != "ro-crate-metadata.json"]
    people = [{"@id": f"#creator-{i}", "@type": "Person", "name": name} for i, name in enumerate(creators, 1)]
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": release.title,
        "description": f"{release.images} synthetic images ({release.modality}, {release.format}). None is an "
        "acquisition of a patient.",
        "version": release.version,
        "license": release.licence or "not stated by the releaser",
        "hasPart": [{"@id": folder}, *({"@id": name} for name in names)],
        "mentions": {"@id": SYNTHESIS},
        "isBasedOn": {"@id": DATA},
    }
    if people:
        root["creator"] = [{"@id": person["@id"]} for person in people]
    if date:
        root["datePublished"] = date
    images = {
        "@id": folder,
        "@type": "Dataset",
        "name": "Synthetic images",
        "description": f"{release.images} images; manifest.json lists each with its SHA-256.",
    }
    about = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    files = [_file(name, holds) for name, holds in FILES if name in names]
    return {"@context": CONTEXT, "@graph": [about, root, images, *files, *_made(source, release, folder), *people]}


def _file(name: str, holds: str) -> dict[str, Any]:
    suffix = name[name.rindex(".") :]
    return {"@id": name, "@type": "File", "name": name, "description": holds, "encodingFormat": KINDS[suffix]}


def _made(source: Source, release: Release, folder: str) -> list[dict[str, Any]]:
    """The synthesis as an action: with what, from what, and what came of it."""
    name, _, version = release.software.rpartition(" ")
    action: dict[str, Any] = {
        "@id": SYNTHESIS,
        "@type": "CreateAction",
        "name": f"Synthesis by {release.generator} ({release.family})",
        "instrument": {"@id": SOFTWARE},
        "object": {"@id": DATA},
        "result": {"@id": folder},
    }
    if source.manifest.weights_sha256:
        action["description"] = f"Weights SHA-256: {source.manifest.weights_sha256}"
    software: dict[str, Any] = {
        "@id": SOFTWARE,
        "@type": "SoftwareApplication",
        "name": name or release.software,
        "softwareVersion": version,
    }
    if source.lock is not None and source.lock.git:
        software["version"] = f"{version} ({source.lock.git})"
    data = {
        "@id": DATA,
        "@type": "CreativeWork",
        "name": source.pseudonyms.scrub(source.cohort.source),
        "license": source.cohort.licence or "not recorded",
        "citation": source.cohort.citation or "not recorded",
    }
    return [action, software, data]
