"""What an external check rests on and which pictures show it; its numbers stand among the other measurements."""

from __future__ import annotations

from pathlib import Path

from synthassay.records.base import Record
from synthassay.records.evaluation import CaseName, evaluation_folder

EXTERNAL_CHECK = "external.json"
EXTERNAL_METRIC = "external_agreement"
EXTERNAL_PICTURE = "external.png"


class ExternalCheck(Record):
    """``evaluation/external.json``: the images from elsewhere, and how they differ from those learnt from.

    Attributes:
        source: Name of the known source, or how the images were found.
        subjects: How many subjects; ``cases`` their cases.
        stands_for: Role of the study to the role that stands for it there; another contrast is another domain.
        own_spacing_mm: Spacing of the images themselves; ``spacing_mm`` that at which they were translated and judged.
        note: What the study's author says of them; ``caveats`` what the source says.
        window: Intensities shown as black and white in the picture, in ``window_unit``.
        shown: The case that the picture shows.
    """

    source: str
    subjects: int
    cases: tuple[CaseName, ...]
    stands_for: dict[str, str]
    own_spacing_mm: tuple[float, ...] = ()
    spacing_mm: tuple[float, ...] = ()
    trained_on: str = ""
    note: str = ""
    caveats: tuple[str, ...] = ()
    licence: str = ""
    citation: str = ""
    window: tuple[float, float]
    window_unit: str
    shown: CaseName


def external_check_path(run: Path) -> Path:
    """Where the record of the external check lies."""
    return evaluation_folder(run) / EXTERNAL_CHECK


def external_images(run: Path, of: str) -> Path:
    """Where what one generator made of the external images lies."""
    return run / "external" / of
