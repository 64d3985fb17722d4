"""The finding of an audit as one HTML file that opens anywhere, offline, and names no image and no subject."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from synthassay.records.audit import Audit
from synthassay.records.base import write_text
from synthassay.records.pseudonyms import Pseudonyms

NAMES_SHOWN = 60


def write_audit_page(
    found: Audit, pairs: Sequence[tuple[str, str, str]], pictures: Mapping[str, bytes], path: Path
) -> Path:
    """Write the page; equal findings give equal bytes.

    Images and subjects stand there under pseudonyms, whose key is the finding itself, which the outsider does not have.

    Args:
        found: The finding.
        pairs: Pairs of images to show, and in words what they are.
        pictures: Image name to PNG.
        path: Where to write.

    Raises:
        RunError: It cannot be written.
    """
    subjects = {*found.subjects_crossing, *(about.subject for about in found.about.values() if about.subject)}
    images = {*found.about, *found.constant, *found.unreadable}
    names = Pseudonyms(found.digest(), subjects, images)
    loader = PackageLoader("synthassay.report")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("audit.html.j2").render(
        css=files("synthassay.report").joinpath("templates/report.css").read_text(encoding="utf-8"),
        found=found,
        name=Path(found.data).name,
        exact_across=sum(len(copies) for copies in found.cross_split_exact.values()),
        subjects=[names.subject(subject) for subject in found.subjects_crossing[:NAMES_SHOWN]],
        pairs=[_shown(names, pair, pictures) for pair in pairs],
        of_whom=lambda image: names.subject(s) if (s := found.about[image].subject) else "unknown",
        notes=[
            names.scrub(note) for note in found.notes if not note.startswith("Not read") and "passed over" not in note
        ],
    )
    write_text(path, page)
    return path


def _shown(names: Pseudonyms, pair: tuple[str, str, str], pictures: Mapping[str, bytes]) -> dict[str, object]:
    a, b, words = pair
    return {
        "images": (a, b),
        "names": (names.case(a), names.case(b)),
        "uris": tuple(f"data:image/png;base64,{base64.b64encode(pictures.get(name, b'')).decode()}" for name in (a, b)),
        "drawn": tuple(name in pictures for name in (a, b)),
        "words": words,
    }
