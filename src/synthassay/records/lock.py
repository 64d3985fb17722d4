"""As resolved: versions, device, seeds and data hashes, so that a stranger can rerun the study."""

from __future__ import annotations

from synthassay.records.base import Record


class StageRecord(Record):
    """What a finished stage leaves behind.

    Attributes:
        stage: ``cohort``, ``train``, ``synthesise``, ``evaluate`` or ``report``.
        of: The generator that the stage worked for; empty where it worked for all.
        fingerprint: Of the stage's part of the spec plus its inputs' fingerprints: equal means nothing to do.
        outputs: File relative to the run folder to SHA-256.
    """

    stage: str
    of: str = ""
    fingerprint: str
    outputs: dict[str, str]


class Lock(Record):
    """The study as resolved.

    Attributes:
        packages: Name to version of what the numbers depend on.
        data_sha256: Input file, relative to the data root, to SHA-256.
        command: The command that makes the same run again.
    """

    schema_version: int = 1
    software: str
    python: str
    platform: str
    device: str
    threads: int
    git: str = ""
    seed: int
    packages: dict[str, str]
    data_sha256: dict[str, str] = {}
    command: str
