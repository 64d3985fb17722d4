"""Instruments of one's own: a TOML file from outside the package, held to the same rules as those that come with it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from synthassay.appraise.checks import CHECKS
from synthassay.appraise.library import SHORT, instrument, instrument_names
from synthassay.errors import DataError, did_you_mean
from synthassay.records.instrument import Instrument

MOST_BYTES = 1_000_000


def read_instrument(path: Path) -> Instrument:
    """Read an instrument.

    Args:
        path: A TOML file of the form of those in ``synthassay/appraise/instruments``.

    Raises:
        DataError: It cannot be read, does not hang together, has the name of an instrument of the package, or asks
            for checks that do not exist; all faults are named.
    """
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            raise DataError(str(path), "is too large for an instrument", value=f"{len(raw):,} bytes")
        found = Instrument.model_validate(tomllib.loads(raw.decode("utf-8-sig")))
    except OSError as problem:
        raise DataError(str(path), f"cannot be read: {problem.strerror or problem}") from None
    except ValidationError as problem:
        lines = (f"{_place(e['loc'])}: {e['msg']}" for e in problem.errors(include_url=False))
        raise DataError(str(path), "is no instrument: " + "; ".join(lines)) from None
    except (ValueError, RecursionError) as problem:
        raise DataError(str(path), f"cannot be read as TOML: {problem}") from None
    if found.name in (*instrument_names(), *SHORT):
        remedy = "Give yours a name of its own; answers are kept by name."
        raise DataError(str(path), "has the name of an instrument of the package", value=found.name, remedy=remedy)
    faults = list(_unknown_checks(found))
    if faults:
        raise DataError(str(path), "asks for checks that do not exist: " + "; ".join(faults).removesuffix("."))
    return found


def chosen_instruments(names: Sequence[str]) -> dict[str, Instrument]:
    """Return the instruments of these names and files, by name.

    Args:
        names: Names of the package's instruments, or paths that end in ``.toml``; ``all`` takes all of the package.

    Raises:
        UnknownName: A name is of no instrument.
        DataError: A file holds none, or two have one name.
    """
    found: dict[str, Instrument] = {}
    for word in names:
        if word.endswith(".toml"):
            own = read_instrument(Path(word))
            if own.name in found:
                raise DataError(word, "a second instrument of one name", value=own.name)
            found[own.name] = own
        else:
            known = [instrument(name) for name in (instrument_names() if word == "all" else [word])]
            found |= {one.name: one for one in known}
    return found


def _unknown_checks(found: Instrument) -> Iterator[str]:
    for where, check in ((item.id, item.check) for item in found.items):
        if check and check not in CHECKS:
            yield f"item {where}: {check}. {did_you_mean(check, [name for name, _ in CHECKS.items()])}"
    for condition in found.conditions:
        if condition.check and condition.check not in CHECKS:
            known = [name for name, _ in CHECKS.items()]
            yield f"condition {condition.key}: {condition.check}. {did_you_mean(condition.check, known)}"


def _place(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in parts) or "file"
