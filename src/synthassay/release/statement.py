"""What is signed: the SHA-256 of every file, and what the releaser says about them; an in-toto Statement.

Format: https://github.com/in-toto/attestation, Statement version 1.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field, ValidationError

from synthassay.errors import RunError
from synthassay.records.base import Record

STATEMENT_TYPE: Literal["https://in-toto.io/Statement/v1"] = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Literal["urn:synthassay:release:v1"] = "urn:synthassay:release:v1"


class AuditItem(Record):
    """One question of the leakage audit.

    Attributes:
        name: The measure, by which it can be overridden.
        asked: What must hold; ``found`` what was found.
        override: Why it may be released although this failed; empty where it passed.
    """

    name: str
    asked: str
    passed: bool
    found: str
    override: str = ""

    @property
    def blocks(self) -> bool:
        """Whether it failed and nobody said why that may be."""
        return not self.passed and not self.override


class Release(Record):
    """What the releaser says, signed.

    Attributes:
        images: Number of synthetic images.
        rung: Rung of the ladder of evidence, 0 for none, with its ``rung_title`` and ``level`` of efficacy.
        audit: The leakage audit with what was overridden.
        identifiers_searched: How many identifiers of the run's patients were searched for in every file and not found.
        identifiers_too_short: How many more are too short to be told from ordinary words and numbers.
        seeds: ``as drawn``, or ``replaced`` where they would let a guess of a patient's identifier be proven.
        pixels: What was done to the pixels after synthesis; nothing, unless they are watermarked.
    """

    title: str
    version: str
    licence: str = ""
    study: str
    generator: str
    family: str
    software: str
    modality: str
    task: str
    protocol: str
    format: str
    unit: str
    images: int = Field(ge=1)
    intended_use: str = ""
    rung: int = Field(ge=0)
    rung_title: str = ""
    level: str
    audit: tuple[AuditItem, ...]
    identifiers_searched: int = Field(ge=0)
    identifiers_too_short: int = Field(ge=0)
    seeds: Literal["as drawn", "replaced", "partly replaced"]
    pixels: Literal["as synthesised", "watermarked"] = "as synthesised"
    c2pa: Literal["none", "embedded"] = "none"


class Digest(Record):
    """The hash of one file."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Subject(Record):
    """One file: its path relative to the release, with forward slashes, and its hash."""

    name: str = Field(min_length=1)
    hashed: Digest = Field(alias="digest")


class Statement(Record):
    """The in-toto statement; its subjects are all files of the release but the envelope itself."""

    type_: Literal["https://in-toto.io/Statement/v1"] = Field(STATEMENT_TYPE, alias="_type")
    subject: tuple[Subject, ...] = Field(min_length=1)
    predicate_type: Literal["urn:synthassay:release:v1"] = Field(PREDICATE_TYPE, alias="predicateType")
    predicate: Release

    def to_bytes(self) -> bytes:
        """Return the statement as JSON; equal statements give equal bytes."""
        value: dict[str, Any] = self.model_dump(mode="json", by_alias=True)
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def statement_of(hashes: dict[str, str], release: Release) -> Statement:
    """Return the statement about files (path to SHA-256) and what is said of them."""
    subjects = [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(hashes.items())]
    value = {"_type": STATEMENT_TYPE, "predicateType": PREDICATE_TYPE, "subject": subjects, "predicate": release}
    return Statement.model_validate(value)


def read_statement(payload: bytes, where: str) -> Statement:
    """Read a signed payload.

    Raises:
        RunError: It is not such a statement.
    """
    try:
        return Statement.model_validate_json(payload)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "payload"
        raise RunError(where, f"holds no statement about a release: {place}: {first['msg']}") from None
