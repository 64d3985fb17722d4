"""What a review extracts from a report, in the words that studies and measurements use too."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import Field, model_validator

from synthassay.errors import did_you_mean
from synthassay.records.base import Record
from synthassay.records.vocabulary import Axis, Modality

NOT_REPORTED = "not reported"
"""Said of a field that was looked for and that the report is silent on; an absent field was not extracted."""
CATEGORIES = (Axis.FIDELITY, Axis.UTILITY, Axis.CLINICAL)
"""The review's categories of evaluation; a run of this package may have been judged from further sides."""


class Family(StrEnum):
    """What a generator is built as."""

    GAN = "gan"
    VAE = "vae"
    HYBRID = "hybrid"  # adversarial and latent at once: VAE-GAN, latent GAN
    DIFFUSION = "diffusion"
    FLOW = "flow"  # flow matching, rectified and normalising flows
    CLASSICAL = "classical"  # resampling, registration, regression: nothing learnt deeply
    OTHER = "other"


class Design(StrEnum):
    """What a report is."""

    ORIGINAL = "original"
    REVIEW = "review"  # of others' studies: counted, and no point of the evidence map


class SynthesisTask(StrEnum):
    """What images are made for; the tasks of studies have the same names."""

    AUGMENT = "augment"
    TRANSLATE = "translate"
    DENOISE = "denoise"
    MASK_TO_IMAGE = "mask_to_image"
    TRANSLATE_UNPAIRED = "translate_unpaired"
    HARMONISE = "harmonise"  # scanners and sites
    STAIN_NORMALISE = "stain_normalise"
    SUPER_RESOLVE = "super_resolve"
    INPAINT = "inpaint"
    GENERATE = "generate"  # images for their own sake, no use stated
    OTHER = "other"


class DatasetType(StrEnum):
    """Where a report's images come from."""

    PUBLIC = "public"
    PRIVATE = "private"
    BOTH = "both"
    VIRTUAL = "virtual"  # simulated patients
    NOT_REPORTED = NOT_REPORTED


class Validation(StrEnum):
    """What a report's results were tried on; a row may name several."""

    RESUBSTITUTION = "resubstitution"  # the images that were trained on
    HOLDOUT = "holdout"
    CROSS_VALIDATION = "cross_validation"
    EXTERNAL = "external"
    PROSPECTIVE = "prospective"
    NOT_REPORTED = NOT_REPORTED


class Quote(Record):
    """Where a value was read: the field, some words of the text, and the place of these words.

    Attributes:
        field: Name of a field of ``Extraction``.
        words: A few words as they stand there.
        place: Section, page, table or paragraph.
    """

    field: str
    words: str = Field(min_length=3, max_length=200)
    place: str = Field(min_length=1)


class Extraction(Record):
    """One line of ``extraction.jsonl``; a later line of the same record replaces an earlier.

    An absent value (None) was **not extracted**. An empty ``evaluation`` was extracted and says that the report
    evaluates nothing: **not evaluated**. The two are counted apart everywhere.

    Attributes:
        record: Identifier of the record, or ``run:NAME`` for a run of this package.
        study: Reports with the same word here describe one study; the record's own where empty.
        modality: Of the synthetic images. ``source_modality`` is what is translated from.
        evaluation: Sides from which images were judged, by the axes that measurements have.
        comparator: What the method was compared with, in the report's words.
        evidence: Where values were read.
        by: Who extracted.
    """

    record: str
    study: str = ""
    design: Design | None = None
    year: int | None = Field(None, ge=1900, le=2100)
    modality: tuple[Modality, ...] | None = None
    source_modality: tuple[Modality, ...] | None = None
    anatomy: str | None = None
    family: tuple[Family, ...] | None = None
    task: tuple[SynthesisTask, ...] | None = None
    comparator: str | None = None
    dataset: DatasetType | None = None
    validation: tuple[Validation, ...] | None = None
    evaluation: tuple[Axis, ...] | None = None
    evidence: tuple[Quote, ...] = ()
    by: str = ""
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _words_are_known(cls, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = [fault for name, value in data.items() if name in VOCABULARY for fault in _faults(name, value)]
            if unknown:
                raise ValueError(" ".join(unknown))
        return data

    @model_validator(mode="after")
    def _evidence_names_fields(self) -> Self:
        for quote in self.evidence:
            if quote.field not in FIELDS:
                raise ValueError(
                    f"evidence of {quote.field!r}: no field has this name. {did_you_mean(quote.field, FIELDS)}"
                )
        return self


VOCABULARY: dict[str, type[StrEnum]] = {
    "design": Design,
    "modality": Modality,
    "source_modality": Modality,
    "family": Family,
    "task": SynthesisTask,
    "dataset": DatasetType,
    "validation": Validation,
    "evaluation": Axis,
}
"""Field to the words that may stand in it."""
FIELDS = (
    "design", "year", "modality", "source_modality", "anatomy", "family", "task", "comparator", "dataset", "validation",
    "evaluation",
)  # fmt: skip
"""The fields that a review extracts, in the order of its sheet."""


def _faults(name: str, value: Any) -> list[str]:
    """What in a value is no word of its field's vocabulary, with the nearest words.

    >>> _faults("dataset", ["pubic"])[0][:65]
    "dataset: no dataset has the name 'pubic'. Did you mean: public? A"
    """
    words = [value] if isinstance(value, str) else list(value or ())
    known = [str(member.value) for member in VOCABULARY[name]]
    return [
        f"{name}: no {name} has the name {str(w)!r}. {did_you_mean(str(w), known)}" for w in words if w not in known
    ]
