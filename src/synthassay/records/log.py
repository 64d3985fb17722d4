"""What training says of itself while it runs: one line of ``training.jsonl``."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from synthassay.records.base import Record


class TrainingLine(Record):
    """Loss terms after so many images.

    Attributes:
        images_seen: Images shown since the start, with repetition.
        train: Term, as ``phase/name``, to its mean since the line before.
        validation: Term to its mean over the validation examples; empty on lines without validation.
        learning_rate: Phase to its learning rate.
        alarms: What shows that training goes wrong, such as images that are all alike; as clauses.
    """

    # A later version may log more; curves that are known can still be drawn.
    model_config = ConfigDict(extra="ignore", frozen=True)

    images_seen: int = Field(ge=0)
    train: dict[str, float]
    validation: dict[str, float] = {}
    learning_rate: dict[str, float] = {}
    alarms: tuple[str, ...] = ()
