"""Croissant 1.1 metadata with the responsible-AI vocabulary 1.0 and provenance, as plain JSON-LD.

Formats: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html and croissant-rai-spec.html.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from synthassay.records.manifest import Manifest
from synthassay.release.evidence import Evidence
from synthassay.release.source import Source
from synthassay.release.statement import Release

CONFORMS = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
COLUMNS = {
    "image": "Name of the synthetic image; none is a patient.",
    "path": "Its file, or its folder of DICOM slices, relative to the release.",
    "sha256": "SHA-256 of the file; of a folder, of one line `name sha256` per file, sorted by name.",
    "label": "Class that the image was asked to show; empty where there was none.",
    "seed": "Seed of the image, or a stand-in where the seed would tell on a patient.",
    "source_subjects": "Pseudonyms of patients whose image or label map it was made from, separated by spaces.",
    "synthetic": "Always true.",
}
KINDS = {"synthetic": "sc:Boolean", "seed": "sc:Text"}
CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "prov": "http://www.w3.org/ns/prov#", "dct": "http://purl.org/dc/terms/",
    "citeAs": "cr:citeAs", "column": "cr:column", "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn", "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "equivalentProperty": "cr:equivalentProperty", "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract", "field": "cr:field", "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject", "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes",
    "excludes": "cr:excludes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key",
    "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet",
    "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
    "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
    "samplingRate": "cr:samplingRate", "isArray": "cr:isArray", "arrayShape": "cr:arrayShape",
    "rows": "cr:rows", "annotation": "cr:annotation", "value": "cr:value",
}  # fmt: skip


def image_table(manifest: Manifest) -> str:
    """Return ``images.csv``: one row per image."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for image in manifest.images:
        shown = " ".join(image.source_subjects)
        rows.writerow([image.case, image.path, image.sha256, image.label, image.seed, shown, "true"])
    return text.getvalue()


def croissant(
    source: Source,
    release: Release,
    evidence: Evidence,
    hashes: dict[str, str],
    *,
    creators: tuple[str, ...] = (),
    date: str = "",
) -> dict[str, Any]:
    """Return the release as a Croissant data set.

    Args:
        source: What was released.
        release: What the releaser says.
        evidence: What was measured.
        hashes: SHA-256 of the files that are there already; ``images.csv`` must be among them.
        creators: Names of whoever answers for the release.
        date: Day of publication, ``YYYY-MM-DD``; left out where nobody gives one, because a clock would make equal
            releases differ.
    """
    files = [_file(name, hashes[name], kind) for name, kind in _FILES.items() if name in hashes]
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": release.title,
        "description": f"{release.images} synthetic images made by {release.generator} ({release.family}) for the "
        f"study: {source.study.question} None is an acquisition of a patient.",
        "conformsTo": list(CONFORMS),
        "version": release.version,
        "keywords": ["synthetic data", "medical imaging", release.modality, release.task],
        "isLiveDataset": False,
        "distribution": files,
        "recordSet": [_records()],
        **_responsible(source, release, evidence),
        **_provenance(source, release),
    }
    if release.licence:
        found["license"] = release.licence
    if creators:
        found["creator"] = [{"@type": "sc:Person", "name": name} for name in creators]
        found["citeAs"] = f"{'; '.join(creators)}. {release.title}, version {release.version}."
    if date:
        found["datePublished"] = date
    return found


_FILES = {
    "images.csv": "text/csv",
    "manifest.json": "application/json",
    "evidence.json": "application/json",
    "card.md": "text/markdown",
}


def _file(name: str, digest: str, kind: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "encodingFormat": kind,
        "sha256": digest,
    }


def _records() -> dict[str, Any]:
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"images/{name}",
            "name": name,
            "description": says,
            "dataType": KINDS.get(name, "sc:Text"),
            "source": {"fileObject": {"@id": "images.csv"}, "extract": {"column": name}},
        }
        for name, says in COLUMNS.items()
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": "images",
        "name": "images",
        "description": "One record per synthetic image; its file lies beside this metadata at `path`.",
        "key": {"@id": "images/image"},
        "field": fields,
    }


def _responsible(source: Source, release: Release, evidence: Evidence) -> dict[str, Any]:
    """The fields that repositories ask for, from the records alone."""
    cohort = source.cohort
    overridden = [f"{item.name} failed and was overridden: {item.override}" for item in release.audit if item.override]
    shown = {s for image in source.manifest.images for s in image.source_subjects}
    audit = "; ".join(f"{i.name} {'passed' if i.passed else 'failed'} ({i.found})" for i in release.audit)
    made_from = f"They were made from images or label maps of {len(shown)} patients. " if shown else ""
    learnt = cohort.proof().get("subjects in train", 0)
    personal = f"No image is of a patient. {made_from}The generator learnt from {learnt} patients. Audit: {audit}."
    classes = ", ".join(cohort.classes) or "none"
    return {
        "rai:hasSyntheticData": True,
        "rai:dataCollection": f"Synthesised, not collected: task {release.task}, modality {release.modality}, from "
        f"{source.pseudonyms.scrub(cohort.source)}.",
        "rai:dataCollectionType": ["Others"],
        "rai:dataPreprocessingProtocol": [f"Split of the real data: {cohort.split_rule}."],
        "rai:dataLimitations": [*overridden, *evidence.not_supported],
        "rai:dataBiases": [
            "Whatever the real training data lack or over-represent, the synthetic images lack or over-represent too: "
            f"{len(set(cohort.split))} subjects; classes: {classes}.",
            *(source.pseudonyms.scrub(note) for note in cohort.notes),
        ],
        "rai:personalSensitiveInformation": [personal],
        "rai:dataUseCases": [release.intended_use or "none named by the study"],
        "rai:dataSocialImpact": "A reader who takes a synthetic image for a patient's may be misled; every file is "
        "marked. A patient whose images the generator learnt from may be recognised; see the leakage audit.",
        "rai:dataReleaseMaintenancePlan": "Versions are signed; a changed release is a new version, signed anew.",
    }


def _provenance(source: Source, release: Release) -> dict[str, Any]:
    cohort = source.cohort
    derived: dict[str, Any] = {"@type": "prov:Entity", "prov:label": source.pseudonyms.scrub(cohort.source)}
    if cohort.licence:
        derived["sc:license"] = cohort.licence
    if cohort.citation:
        derived["sc:citation"] = cohort.citation
    agent = {"@type": "prov:SoftwareAgent", "prov:label": release.software}
    activity: dict[str, Any] = {
        "@type": "prov:Activity",
        "prov:label": f"Synthesis by {release.generator} ({release.family})",
        "prov:wasAssociatedWith": agent,
    }
    return {"prov:wasDerivedFrom": derived, "prov:wasGeneratedBy": activity}
