"""What appraisers answered: files that the form saves or that a person writes, held against the instrument."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from synthassay.errors import DataError, did_you_mean
from synthassay.records.appraisal import CONSENSUS, RUN, AnswerFile
from synthassay.records.instrument import Instrument, Reply

YES_NO = (Reply.YES, Reply.NO)


def read_answers(path: Path) -> AnswerFile:
    """Read one appraiser's answers from JSON or, by its suffix, TOML.

    Raises:
        DataError: It cannot be read, names a key twice, or is no file of answers.
    """
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text, object_pairs_hook=_once)
        return AnswerFile.model_validate(table)
    except OSError as problem:
        raise DataError(str(path), f"cannot be read: {problem.strerror or problem}") from None
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DataError(str(path), f"is no file of answers: {place or 'file'}: {first['msg']}") from None
    except (ValueError, RecursionError) as problem:
        raise DataError(str(path), f"is neither JSON nor TOML that can be read: {problem}") from None


def held_against(instrument: Instrument, run_sha256: str, given: Iterable[tuple[str, AnswerFile]]) -> list[AnswerFile]:
    """Return the files that are about this instrument, after proving that each can be followed.

    Args:
        instrument: What was asked.
        run_sha256: Fingerprint of the run that is appraised.
        given: Where each file lies, and what it holds.

    Raises:
        DataError: A file names an item that the instrument does not have, a reply that it does not allow, a yes
            that rests on nothing, another run, another version of the instrument; two files are by one appraiser; or a
            consensus comes without two who agreed.
    """
    kept: dict[str, AnswerFile] = {}
    for where, file in given:
        if file.instrument != instrument.name:
            continue
        if file.instrument_sha256 not in ("", instrument.digest()):
            raise DataError(where, "answers another version of the instrument", remedy="Answer a new form.")
        if file.run_sha256 not in ("", run_sha256):
            raise DataError(where, "answers about another run, or the run has changed", remedy="Answer a new form.")
        if file.appraiser == RUN:
            raise DataError(where, "only the run itself may answer as", value=RUN, remedy="Give a name or initials.")
        if file.appraiser in kept:
            raise DataError(where, "a second file of one appraiser", value=file.appraiser)
        _refuse_wrong(where, file, instrument)
        kept[file.appraiser] = file
    people = sorted(name for name in kept if name != CONSENSUS)
    if CONSENSUS in kept and len(people) < 2:
        raise DataError(CONSENSUS, "needs the answers of at least two who agreed", value=f"{len(people)} given")
    return [kept[name] for name in [*people, *([CONSENSUS] if CONSENSUS in kept else [])]]


def allowed(instrument: Instrument, identifier: str) -> Sequence[Reply]:
    """Return what may be answered to an item or a condition; conditions hold or do not."""
    return YES_NO if identifier in {c.key for c in instrument.conditions} else instrument.replies


def _refuse_wrong(where: str, file: AnswerFile, instrument: Instrument) -> None:
    for identifier, answer in file.answers.items():
        place = f"{where}, item {identifier}"
        if identifier not in instrument.asked:
            raise DataError(
                place, f"{instrument.name} has no such item", remedy=did_you_mean(identifier, instrument.asked)
            )
        if answer.reply is None:
            continue
        if answer.reply not in allowed(instrument, identifier):
            may = ", ".join(allowed(instrument, identifier))
            raise DataError(place, "cannot be answered so", value=answer.reply.value, remedy=f"Allowed: {may}.")
        if answer.reply.good and not answer.where.strip():
            raise DataError(place, "says yes and not where it stands", remedy="Give a page, a file or a document.")
    domains = [domain.key for domain in instrument.domains]
    for key in file.judgements:
        if key not in domains:
            raise DataError(f"{where}, judgement {key}", "is no domain", remedy=did_you_mean(key, domains))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise ValueError(f"the key {key!r} stands twice")
        table[key] = value
    return table
