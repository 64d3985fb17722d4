"""The external check: what generators made of real images from elsewhere, in a part of the report of its own."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass

from synthassay.records.evaluation import evaluation_folder
from synthassay.records.external import EXTERNAL_PICTURE, ExternalCheck
from synthassay.records.measurement import Measurement
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.report.contents import Contents
from synthassay.report.numbers import count, plain, unit_words, with_interval
from synthassay.report.tables import direction_words, stratum_words

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Line:
    """One measure in one part: what each set reached, and what the real reference has in the place of a synthetic."""

    title: str
    part: str
    arrow: str
    direction: str
    unit: str
    values: tuple[tuple[str, str], ...]
    floor: str


@dataclass(frozen=True)
class ExternalView:
    """What the part shows.

    Attributes:
        facts: What the images are and how they differ from those learnt from, as name and words.
        sets: Names of the sets, the table's columns.
        picture: PNG as a data URI, width and height; empty where the file is missing.
    """

    said: str
    note: str
    facts: tuple[tuple[str, str], ...]
    sets: tuple[str, ...]
    lines: tuple[Line, ...]
    has_floor: bool
    picture: tuple[str, int, int]
    window: str


def external_view(contents: Contents, names: Pseudonyms) -> ExternalView | None:
    """Return what is shown of the external check; None where the study has none."""
    check = contents.external
    if check is None or not contents.elsewhere:
        return None
    sets = tuple(of for of in contents.judged if any(m.of == of for m in contents.elsewhere))
    strata = list(dict.fromkeys(m.stratum for m in contents.elsewhere))
    lines = tuple(_line([m for m in contents.elsewhere if m.stratum == stratum], sets) for stratum in strata)
    low, high = (plain(value) for value in check.window)
    return ExternalView(
        said=names.scrub(_said(check, contents.elsewhere)),
        note=names.scrub(check.note),
        facts=tuple((name, names.scrub(words)) for name, words in _facts(check) if words),
        sets=sets,
        lines=lines,
        has_floor=any(line.floor for line in lines),
        picture=_picture(contents),
        window=f"{low} (black) to {high} (white) {unit_words(check.window_unit)}".strip(),
    )


def _said(check: ExternalCheck, rows: tuple[Measurement, ...]) -> str:
    text = f"What was learnt here was given real images of {count(check.subjects, 'subject')} from elsewhere"
    text += f" ({check.source}), none of them learnt from, and their real references judge what came out."
    if not any(row.interval for row in rows):
        text += f" n = {check.subjects}: there is no interval, and no difference between sets was tested."
    return text


def _facts(check: ExternalCheck) -> list[tuple[str, str]]:
    swapped = [f"{theirs} stands for {ours}" for ours, theirs in check.stands_for.items() if ours != theirs]
    contrast = f"{'; '.join(swapped)}: another contrast than was learnt from" if swapped else ""
    own, used = (" x ".join(f"{v:g}" for v in spacing) for spacing in (check.own_spacing_mm, check.spacing_mm))
    spacing = (
        f"{own} mm" + (f", resampled to the {used} mm that were learnt from" if own != used else "") if own else ""
    )
    return [
        ("learnt from", check.trained_on),
        ("tried on", f"{check.source}, {count(check.subjects, 'subject')}, {count(len(check.cases), 'case')}"),
        ("contrast", contrast),
        ("spacing", spacing),
        ("the source says", " ".join(check.caveats)),
        ("citation", check.citation),
        ("licence", check.licence),
    ]


def _line(rows: list[Measurement], sets: tuple[str, ...]) -> Line:
    first, found = rows[0], {row.of: row for row in rows}
    title = str(first.settings.get("measure", first.title))
    values = []
    for of in sets:
        row = found.get(of)
        shown = ("–", "") if row is None or row.value is None else with_interval(row.value, row.interval)
        values.append(shown)
    floor = next((plain(row.floor) for row in rows if row.floor is not None), "")
    return Line(
        title=title,
        part=_part_words(str(first.settings.get("part", "")), title),
        arrow=first.better.arrow,
        direction=direction_words(first),
        unit=unit_words(first.unit),
        values=tuple(values),
        floor=floor,
    )


def _part_words(part: str, title: str) -> str:
    """Say the part without repeating the title.

    >>> _part_words("tissue=bone", "Hounsfield error by tissue"), _part_words("band=high", "Spectral fidelity")
    ('bone', 'band: high')
    """
    name, _, value = part.partition("=")
    return value if value and name in title.casefold().split() else stratum_words(part)


def _picture(contents: Contents) -> tuple[str, int, int]:
    path = evaluation_folder(contents.run) / EXTERNAL_PICTURE
    data = path.read_bytes() if path.is_file() else b""
    if not data.startswith(PNG_SIGNATURE):
        return "", 0, 0
    width, height = struct.unpack(">II", data[16:24])
    return f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}", width, height
