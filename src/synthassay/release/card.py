"""Words for people: the generator card and the README of a release."""

from __future__ import annotations

from collections.abc import Iterator

from synthassay.records.manifest import Manifest
from synthassay.records.measurement import Measurement
from synthassay.records.vocabulary import Axis
from synthassay.records.watermark import MarkEffect
from synthassay.release.evidence import Evidence
from synthassay.release.marking import told
from synthassay.release.source import Source
from synthassay.release.statement import Release

FILES = (
    ("README.md", "this page"),
    ("card.md", "generator card: what made the images, from what, what for, what they were found to be worth"),
    ("evidence.json", "every measurement of these images, with intervals; requirements met and unmet"),
    ("manifest.json", "each image: file, SHA-256, seed, what it was asked to show; pseudonyms of source subjects"),
    ("images.csv", "the same as a table"),
    ("croissant.json", "Croissant metadata with its responsible-AI vocabulary"),
    ("ro-crate-metadata.json", "RO-Crate metadata with the run that made the images"),
    ("release.dsse.json", "the signed list of all files and hashes, and the leakage audit (DSSE, in-toto)"),
    ("public-key.pem", "the public key that belongs to the signature"),
)


def card_text(source: Source, release: Release, evidence: Evidence, manifest: Manifest) -> str:
    """Return the generator card as Markdown: what was made, how, from whom, for what, and with what evidence."""
    parts = [
        f"# Generator card: {release.title}",
        "**Synthetic images. None is an acquisition of a patient.**",
        _table("What made them", _making(source, release, manifest)),
        _table("What it learnt from", _learnt(source)),
        "## Intended use\n\n" + (release.intended_use or "The study names none."),
        "## Uses not supported\n\n" + "\n".join(f"- {use}" for use in evidence.not_supported),
        "## Evidence\n\n" + "\n\n".join(_evidence(evidence)),
        *_marked(manifest),
        "## Leakage audit\n\n" + "\n".join(_audit(release)),
        "## What this card cannot tell\n\n" + _limits(release, source),
    ]
    return "\n\n".join(parts) + "\n"


def readme_text(release: Release, manifest: Manifest, fingerprint: str) -> str:
    """Return the README as Markdown: what the folder holds and how to check it."""
    rows = "\n".join(f"| `{name}` | {holds} |" for name, holds in FILES)
    place = "bids/" if release.format == "nifti" else "images/"
    licence = release.licence or "not stated by the releaser: ask before you use or share them"
    return (
        f"# {release.title}\n\n"
        f"{release.images} synthetic images ({release.format}), version {release.version}. "
        "**None is an acquisition of a patient.** Each file says so itself.\n\n"
        f"Made by {release.generator} ({release.family}) with {release.software}. Licence: {licence}.\n\n"
        f"## What is here\n\n| file | holds |\n|---|---|\n| `{place}` | the images |\n{rows}\n\n"
        "## Check it\n\n"
        "    synthassay verify . --key SIGNERS-PUBLIC-KEY.pem\n\n"
        "works offline and says what is wrong with which file. Without `--key` it checks against `public-key.pem`, "
        "which proves that nothing changed since somebody signed it, and not who. The signer's key has the SHA-256\n\n"
        f"    {fingerprint}\n\n"
        "Compare it with one that you got from the signer in another way.\n\n"
        "## Not for\n\nSee *Uses not supported* in card.md before you use these images for anything.\n"
    )


def _making(source: Source, release: Release, manifest: Manifest) -> Iterator[tuple[str, str]]:
    yield "study", release.study
    yield "question", source.study.question
    yield "generator", f"{release.generator}, family {release.family}"
    settings = next((g.settings for g in source.study.generators if g.label == release.generator), None)
    if settings:
        yield "settings", ", ".join(f"{key} = {value}" for key, value in sorted(settings.items()))
    yield "weights, SHA-256", manifest.weights_sha256 or "none: a baseline without weights"
    yield "software", release.software
    if source.lock is not None:
        yield "commit", source.lock.git or "not recorded"
        yield "device", source.lock.device
    yield "task, modality, unit", f"{release.task}, {release.modality}, {release.unit}"
    yield "images", str(release.images)
    classes = sorted({image.label for image in manifest.images if image.label})
    if classes:
        counts = (f"{label}: {sum(image.label == label for image in manifest.images)}" for label in classes)
        yield "images per class", ", ".join(counts)
    shown = {subject for image in manifest.images for subject in image.source_subjects}
    yield "images made from a patient's image or label map", _shown(manifest, len(shown))
    yield "pixels after synthesis", told(manifest.watermark)


def _marked(manifest: Manifest) -> Iterator[str]:
    """What the watermark did to the measures, which the evidence above took without it."""
    mark = manifest.watermark
    if mark is None:
        return
    said = "The evidence above was measured before the images were marked. "
    if mark.effects_missing:
        yield f"## What the watermark changes\n\n{said}Not measured again: {mark.effects_missing}."
        return
    rows = [_effect(row) for row in mark.effects if row.difference is not None]
    silent = [f"- {row.title}: {row.not_measured}" for row in mark.effects if row.difference is None]
    head = "| measure | unmarked | marked | marked less unmarked [interval] | subjects |\n|---|---|---|---|---|"
    yield "\n".join([f"## What the watermark changes\n\n{said}The same images with the mark:\n", head, *rows])
    if silent:
        yield "Not measured again:\n\n" + "\n".join(silent)


def _effect(row: MarkEffect) -> str:
    name = row.title + (f", {row.stratum}" if row.stratum else "")
    unit = "" if row.unit == "1" else f" {row.unit}"
    interval = f" [{row.interval.low:+.2g}, {row.interval.high:+.2g}]" if row.interval else ""
    values = f"{row.unmarked:.4g} | {row.marked:.4g} | {row.difference:+.2g}{interval}{unit}"
    return f"| {_cell(name)} {row.better.arrow} | {values} | {row.subjects} |"


def _shown(manifest: Manifest, subjects: int) -> str:
    images = sum(bool(image.source_subjects) for image in manifest.images)
    if not images:
        return "none"
    return f"{images}, of {subjects} patients; keep the images of one pseudonym on one side of any split"


def _learnt(source: Source) -> Iterator[tuple[str, str]]:
    cohort = source.cohort
    yield "data", source.pseudonyms.scrub(cohort.source)
    yield "licence of the data", cohort.licence or "not recorded"
    yield "citation", cohort.citation or "not recorded"
    proof = cohort.proof()
    for name, number in proof.items():
        yield name, str(number)
    yield "split", cohort.split_rule


def _evidence(evidence: Evidence) -> Iterator[str]:
    yield evidence.verdict.text
    if evidence.verdict.missing:
        yield "What the next rung lacks:\n\n" + "\n".join(f"- {text}" for text in evidence.verdict.missing)
    rows = [row for row in evidence.measurements if row.value is not None and not row.stratum]
    if not rows:
        yield "Nothing was measured."
        return
    for axis in Axis:
        own = [row for row in rows if row.axis is axis]
        if own:
            head = f"### {axis.value.capitalize()}\n\n| measure | value [interval] | subjects |\n|---|---|---|\n"
            yield head + "\n".join(_measured(row) for row in own)


def _measured(row: Measurement) -> str:
    unit = "" if row.unit == "1" else f" {row.unit}"
    interval = f" [{row.interval.low:.4g}, {row.interval.high:.4g}]" if row.interval else ""
    return f"| {row.title} {row.better.arrow} | {row.value:.4g}{interval}{unit} | {row.subjects} |"


def _audit(release: Release) -> Iterator[str]:
    for item in release.audit:
        state = "passed" if item.passed else "**failed, overridden**"
        yield f"- {item.name}: {state}. Asked: {item.asked}. Found: {item.found}."
        if item.override:
            yield f"  Why it was released nevertheless: {item.override}"


def _limits(release: Release, source: Source) -> str:
    short = release.identifiers_too_short
    lines = [
        f"- {release.identifiers_searched} identifiers of real subjects, cases and files were searched for in every "
        "name and text of this release; none was found."
        + (f" {short} more are too short to be told from ordinary words and numbers." if short else ""),
        "- Rows of glyph-like strokes were searched for in the pixels (burned_in_text), which misses small, faint or "
        "handwritten text: if the training images had any, look at the images.",
        "- An attack that nobody made may still succeed. The audit lists those that were made.",
        "- Licence and consent of the training data bind this release too; nobody checked them here.",
    ]
    if source.lock is None or not source.lock.git:
        lines.append("- The code that made the images is known by its version alone, not by a commit.")
    return "\n".join(lines)


def _table(title: str, rows: Iterator[tuple[str, str]]) -> str:
    body = "\n".join(f"| {_cell(name)} | {_cell(value)} |" for name, value in rows)
    return f"## {title}\n\n| | |\n|---|---|\n{body}"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
