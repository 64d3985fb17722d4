"""What is known about a public source before it is opened."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synthassay.records.base import Record
from synthassay.records.vocabulary import Modality, Unit
from synthassay.registry import Registry


class SourceCard(Record):
    """A public source of real images.

    Attributes:
        name: What a study file writes in ``[data] source``; also the folder in a local mirror.
        files: File name to the hash of its bytes: SHA-256 in hex, or ``md5:`` and MD5 where the publisher states only
            that.
        origin: Page of the original publication or data set, for people.
        url: Address to which a file's name is appended to fetch it; empty where the prepared file has no public
            address and must be placed in the mirror.
        also: Further modalities that the source serves, beside ``modality``.
        layout: How the files are read: an ``.npz`` table, one picture per scanner of one field, or a whole slide.
        subjects: Number of subjects; ``cases`` of cases.
        roles: What each case may have.
        pixels: Size of one image, spacing and, for pathology, micrometres per pixel, in words.
        caveats: What anyone who uses the source should know.
    """

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    modality: Modality
    also: tuple[Modality, ...] = ()
    files: dict[str, str]
    origin: str
    url: str = ""
    layout: Literal["npz", "scanners", "slide"]
    unit: Unit
    subjects: int
    cases: int
    roles: tuple[str, ...]
    pixels: str
    licence: str
    citation: str
    caveats: tuple[str, ...] = ()


SOURCES: Registry[SourceCard] = Registry("known source", package="synthassay.data.sources", group="synthassay.sources")
