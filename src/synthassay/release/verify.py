"""Whether a release is what its signer released: every file, mark, name and number, offline."""

from __future__ import annotations

import json
import logging
import os
import stat
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from synthassay.errors import RunError, SynthassayError
from synthassay.images.formats import read_image
from synthassay.images.lettering import has_text
from synthassay.images.verify import verify_folder
from synthassay.records.base import Record, inside, sha256_of
from synthassay.records.manifest import Manifest
from synthassay.records.vocabulary import Modality
from synthassay.release.bids import FOLDER
from synthassay.release.build import ENVELOPE, PUBLIC_KEY
from synthassay.release.content_credentials import credential_faults
from synthassay.release.croissant import image_table
from synthassay.release.evidence import Evidence
from synthassay.release.gate import BURNED_IN, leakage_audit
from synthassay.release.identifiers import Identifiers, identifying
from synthassay.release.label_texts import label_faults
from synthassay.release.marking import mark_faults
from synthassay.release.naming import label_of
from synthassay.release.signing import fingerprint_of, load_public_key, read_envelope, unseal
from synthassay.release.source import read_source
from synthassay.release.statement import AuditItem, Statement, read_statement

DAMAGE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)  # how altered JSON of a known form breaks
OF_A_RELEASE = (ENVELOPE, PUBLIC_KEY, "croissant.json", "ro-crate-metadata.json")


class Check(Record):
    """One thing that was looked at: what, and what was found wrong (nothing where it holds).

    Attributes:
        note: What else there is to say, such as what could not be checked.
    """

    name: str
    problems: tuple[str, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        head = f"{'ok  ' if not self.problems else 'FAIL'} {self.name}" + (f" ({self.note})" if self.note else "")
        return "\n".join([head, *(f"       - {problem}" for problem in self.problems)])


class ReleaseCheck(Record):
    """What ``verify_release`` found.

    Attributes:
        fingerprint: Of the key that the signature was checked against; empty where there was none.
        trusted: Whether that key was given from outside the release.
    """

    folder: str
    images: int
    fingerprint: str
    trusted: bool
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong."""
        return not any(check.problems for check in self.checks)

    def __str__(self) -> str:
        lines = [str(check) for check in self.checks]
        if self.ok:
            lines.append(f"{self.folder}: {self.images} synthetic images are what the signer released.")
        else:
            count = sum(len(check.problems) for check in self.checks)
            lines.append(f"{self.folder}: {count} problem{'s' if count != 1 else ''}; do not rely on this release.")
        if self.fingerprint:
            whose = "given" if self.trusted else "shipped: compare it with one that you got from the signer"
            lines.append(f"key SHA-256 {self.fingerprint} ({whose})")
        return "\n".join(lines)


def is_release(folder: Path) -> bool:
    """Whether a folder is, or was, a release: any file that only releases have tells, so that none hides by loss."""
    return any((folder / name).exists() for name in OF_A_RELEASE)


def verify_release(folder: Path, key: Path | None = None, run: Path | None = None) -> ReleaseCheck:
    """Check a release against its signature, its images against their labels, and its descriptions against both.

    Args:
        folder: The release; nothing in it is changed, and nothing outside it is read.
        key: The signer's public key from elsewhere; the one in the release where absent.
        run: The run that it was made from, where you have it: its identifiers are searched for again.

    Returns:
        All checks, with everything that was found wrong.

    Raises:
        RunError: ``key`` or ``run`` cannot be read.
    """
    statement, signature, fingerprint = _signature(folder, key)
    checks = [signature, _files(folder, statement)]
    if any("link" in problem for problem in checks[1].problems):  # nothing beyond may be read through it
        return _found(folder, statement, fingerprint, key, checks)
    checks += [
        Check(name="images are whole and marked as synthetic", problems=tuple(_collected(_images, folder, statement))),
        Check(name="headers and texts say what the labels say", problems=tuple(_collected(_labels, folder, statement))),
        Check(name="nothing is carried along", problems=tuple(_collected(_stray, folder, run))),
        Check(name="descriptions agree", problems=tuple(_collected(_descriptions, folder, statement))),
        _croissant(folder),
        *_credentials(folder, statement),
        *_watermark(folder, statement),
        Check(name="leakage audit", problems=tuple(_collected(_audit, folder, statement)), note=_overridden(statement)),
    ]
    return _found(folder, statement, fingerprint, key, checks)


def _found(
    folder: Path, statement: Statement | None, fingerprint: str, key: Path | None, checks: list[Check]
) -> ReleaseCheck:
    return ReleaseCheck(
        folder=str(folder),
        images=statement.predicate.images if statement else 0,
        fingerprint=fingerprint,
        trusted=key is not None,
        checks=tuple(checks),
    )


def _collected(check: Callable[..., Iterator[str]], *arguments: Any) -> Iterator[str]:
    """What a check yields, and as one problem more what stopped it."""
    try:
        yield from check(*arguments)
    except SynthassayError as problem:
        yield str(problem)
    except OSError as problem:
        yield f"{problem.filename}: cannot be read: {problem.strerror or problem}"
    except DAMAGE as problem:
        yield f"something is damaged so that it cannot be understood: {' '.join(str(problem).split())[:200]}"


def _signature(folder: Path, key: Path | None) -> tuple[Statement | None, Check, str]:
    """Read what is signed; unsigned words are used too, so that the other checks can say what they find."""
    name, problems, fingerprint = "signature", [], ""
    envelope = folder / ENVELOPE
    public = load_public_key(key) if key is not None else None
    statement: Statement | None = None
    try:
        payload = read_envelope(_own_file(envelope))[0]
        public = public or load_public_key(_own_file(folder / PUBLIC_KEY))
        fingerprint = fingerprint_of(public)
        statement = read_statement(payload, ENVELOPE)
        unseal(envelope, public)
    except SynthassayError as problem:
        problems.append(str(problem))
    if key is not None and public is not None:
        problems += list(_collected(_same_key, folder, fingerprint_of(public)))
    return statement, Check(name=name, problems=tuple(problems)), fingerprint


def _same_key(folder: Path, fingerprint: str) -> Iterator[str]:
    shipped = fingerprint_of(load_public_key(_own_file(folder / PUBLIC_KEY)))
    if shipped != fingerprint:
        yield f"{PUBLIC_KEY}: is another key than the one given (SHA-256 {shipped})"


def _own_file(path: Path) -> Path:
    """The path, if it is no link: a link may lead anywhere."""
    return path if not path.is_symlink() else path / "is a link"


def _files(folder: Path, statement: Statement | None) -> Check:
    """Every signed file is there and unchanged, and nothing else is there."""
    listed = {subject.name: subject.hashed.sha256 for subject in statement.subject} if statement else {}
    there = _walked(folder)
    problems = [] if statement is not None else ["no list of files can be read, so none was checked"]
    if statement is not None and len(listed) != len(statement.subject):
        problems.append(f"{ENVELOPE}: lists a file twice")
    for name, digest in sorted(listed.items()):
        if fault := _file_fault(folder, name, digest, there):
            problems.append(f"{name}: {fault}")
    parents = {str(parent) for name in listed for parent in Path(name).parents}
    for name, kind in sorted(there.items()):
        if kind == "folder":
            if statement is not None and name not in parents:
                problems.append(f"{name}: is a folder of nothing that was released")
        elif kind != "file":
            problems.append(f"{name}: is a {kind}, and a release has none")
        elif statement is not None and name not in listed and name != ENVELOPE:
            problems.append(f"{name}: was added; the signer did not release it")
    return Check(name="files are those that were signed", problems=tuple(problems), note=f"{len(listed)} files")


def _file_fault(folder: Path, name: str, digest: str, there: dict[str, str]) -> str:
    try:
        path = inside(folder, name)
    except SynthassayError:
        return "leads out of the release"
    if there.get(name) != "file":  # a plain name of a plain file: no "./", no link on the way
        return "was released and is not there"
    return "" if sha256_of(path) == digest else "was altered after it was signed"


def _walked(folder: Path) -> dict[str, str]:
    """Everything below a folder by its relative path, links neither followed nor left out."""
    found: dict[str, str] = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place) / name
            mode = path.lstat().st_mode
            kind = "link" if stat.S_ISLNK(mode) else "folder" if stat.S_ISDIR(mode) else "file"
            found[path.relative_to(folder).as_posix()] = kind if kind != "file" or stat.S_ISREG(mode) else "device"
    return found


def _watermark(folder: Path, statement: Statement | None) -> Iterator[Check]:
    """The watermark, where one was signed for."""
    if statement is None or statement.predicate.pixels == "as synthesised":
        return
    problems = tuple(_collected(_unmarked, folder))
    yield Check(name="every image bears the watermark", problems=problems, note="false alarms at most 1 in 1,000,000")


def _unmarked(folder: Path) -> Iterator[str]:
    yield from mark_faults(folder, Manifest.read(folder / "manifest.json"))


def _images(folder: Path, statement: Statement | None) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they say of a damaged header is told below
        found = verify_folder(folder)
    yield from (str(problem) for problem in found.problems)
    if found.manifests != ("manifest.json",):
        yield f"has manifests {', '.join(found.manifests) or 'nowhere'} instead of one at its top"
    marked = Manifest.read(folder / "manifest.json").watermark is not None
    if statement is not None and marked != (statement.predicate.pixels == "watermarked"):
        yield "manifest.json: says of a watermark something else than what was signed"
    if statement is not None and found.images != statement.predicate.images:
        yield f"manifest.json: lists {found.images} images where {statement.predicate.images} were signed for"


def _labels(folder: Path, statement: Statement | None) -> Iterator[str]:
    if statement is None:
        yield "nobody says of which modality the images are"
        return
    manifest = Manifest.read(folder / "manifest.json")
    modality = Modality(statement.predicate.modality)
    for image in manifest.images:
        drawn = f"{image.case}-structures"
        for file in image.files:
            case = image.case if file.path == image.path else drawn
            path = inside(folder, file.path)
            if path.exists():
                faults = _collected(label_faults, path, label_of(manifest, case, image.seed, modality))
                yield from (f"{file.path}: {fault}" for fault in faults)


def _stray(folder: Path, run: Path | None) -> Iterator[str]:
    identifiers: Identifiers = Identifiers((), 0)
    if run is not None:
        manifest = Manifest.read(folder / "manifest.json")
        identifiers = Identifiers.of(read_source(run, manifest.generator).identifiers)
    yield from (f"{file}: {what}" for file, what in identifying(folder, identifiers))


def _descriptions(folder: Path, statement: Statement | None) -> Iterator[str]:
    manifest = Manifest.read(folder / "manifest.json")
    if (folder / "images.csv").read_text(encoding="utf-8") != image_table(manifest):
        yield "images.csv: does not list the images of manifest.json"
    crate = _json(folder / "ro-crate-metadata.json")
    parts = {str(part.get("@id")) for part in crate.get("@graph", []) if isinstance(part, dict)}
    yield from (f"ro-crate-metadata.json: does not describe {n}" for n in ("./", "croissant.json") if n not in parts)
    data = _json(folder / "croissant.json")
    for file in data.get("distribution", []):
        name, digest = str(file.get("contentUrl")), file.get("sha256")
        path = inside(folder, name)
        if not path.is_file() or sha256_of(path) != digest:
            yield f"croissant.json: {name} does not have the hash that is given"
    if data.get("rai:hasSyntheticData") is not True:
        yield "croissant.json: does not say that the data are synthetic"
    bids = _json(folder / FOLDER / "dataset_description.json") if manifest.format == "nifti" else None
    if bids is not None and bids.get("DatasetType") != "derivative":
        yield f"{FOLDER}/dataset_description.json: does not say that the data set is a derivative"
    for field in ("study", "generator", "family", "software", "format", "unit") if statement else ():
        if statement and getattr(manifest, field) != getattr(statement.predicate, field):
            yield f"manifest.json: says of the {field} something else than what was signed"


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as problem:
        return {"unreadable": str(problem)}
    return found if isinstance(found, dict) else {}


def _croissant(folder: Path) -> Check:
    """Whether the reference implementation accepts the metadata, where it is installed."""
    name = "Croissant is valid"
    spoken = logging.root.manager.disable
    logging.disable(logging.WARNING)  # it recommends fields that only the releaser can fill
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the libraries beneath it
            import mlcroissant  # type: ignore[import-not-found,import-untyped,unused-ignore]

            mlcroissant.Dataset(jsonld=_json(folder / "croissant.json"))
    except ImportError:
        return Check(name=name, note="not checked: mlcroissant is not installed")
    except Exception as problem:  # damaged metadata break it in many ways
        return Check(name=name, problems=(f"croissant.json: {problem or type(problem).__name__}",))
    finally:
        logging.disable(spoken)
    return Check(name=name, note="by mlcroissant")


def _credentials(folder: Path, statement: Statement | None) -> Iterator[Check]:
    """The C2PA manifests, where some were signed for; whether the world trusts their certificates is not asked."""
    if statement is None or statement.predicate.c2pa == "none":
        return
    name = "C2PA manifests hold"
    try:
        manifest = Manifest.read(folder / "manifest.json")
        yield Check(name=name, problems=tuple(credential_faults(folder, manifest)), note="by c2pa-python")
    except RunError as problem:
        if problem.where != "--c2pa":
            yield Check(name=name, problems=(str(problem),))
        else:
            yield Check(name=name, note="not checked: c2pa-python is not installed")
    except OSError as problem:
        yield Check(name=name, problems=(f"{problem.filename}: cannot be read: {problem.strerror or problem}",))


def _audit(folder: Path, statement: Statement | None) -> Iterator[str]:
    """The signed audit follows from the evidence, and nothing failed without a written reason."""
    if statement is None:
        yield "no signed audit can be read"
        return
    said = statement.predicate
    evidence = Evidence.read(folder / "evidence.json")
    bare = tuple(item.model_copy(update={"override": ""}) for item in said.audit)
    if tuple(i for i in bare if i.name != BURNED_IN) != leakage_audit(evidence.measurements, said.protocol, said.task):
        yield "does not follow from evidence.json"
    yield from _text(folder, next((item for item in bare if item.name == BURNED_IN), None))
    yield from (f"{item.name} failed and nobody overrode it" for item in said.audit if item.blocks)


def _text(folder: Path, said: AuditItem | None) -> Iterator[str]:
    """Text in the pixels as they lie here; older releases have no such item, and a mark was not there yet."""
    manifest = Manifest.read(folder / "manifest.json")
    if said is None or not said.passed or manifest.watermark is not None:
        return
    found = [image.path for image in manifest.images if has_text(read_image(inside(folder, image.path)))]
    if found:
        yield f"{found[0]}: something like text stands in its pixels, and the signed audit found none"


def _overridden(statement: Statement | None) -> str:
    names = [item.name for item in statement.predicate.audit if item.override] if statement else []
    return f"overridden in writing: {', '.join(names)}" if names else ""
