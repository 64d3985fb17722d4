"""How tests ask a run: one check, its reply, the level of a domain."""

from __future__ import annotations

from pathlib import Path

from synthassay.appraise.checks import CHECKS
from synthassay.appraise.dossier import read_dossier
from synthassay.appraise.filling import appraise
from synthassay.appraise.library import instrument
from synthassay.records.appraisal import Level


def check(run: Path, name: str, of: tuple[str, ...] = ()):
    return CHECKS.get(name)(read_dossier(run, of))


def reply(run: Path, name: str) -> str:
    return check(run, name).reply.value


def level(run: Path, domain: str) -> Level:
    filled = appraise(read_dossier(run), instrument("own"))
    return next(d.level for d in filled.domains if d.domain == domain)
