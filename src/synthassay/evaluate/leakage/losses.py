"""The generator's losses on single real images, as its own side gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fixtures import provides
from synthassay.evaluate.leakage.attacks import Scored
from synthassay.records.losses import read_case_losses
from synthassay.records.vocabulary import Split

if TYPE_CHECKING:
    from synthassay.evaluate.evidence import Evidence

SIDES = {"training": Split.TRAIN, "holdout": Split.VALIDATION, "test": Split.TEST}


@dataclass(frozen=True)
class CaseLosses:
    """Scores (minus the loss) by set: ``training``, ``holdout`` and ``test``, each where it has losses.

    Attributes:
        kind: What the loss is; ``draws`` over how many draws of noise it is a mean.
    """

    scores: Mapping[str, Scored]
    kind: str
    draws: int


def _not_asked(evidence: Evidence) -> str:
    if evidence.case_losses is None:
        return (
            "no losses on single real images were written; [leakage] losses = true asks for them in a study, and"
            " evaluate --losses brings them for images made elsewhere"
        )
    return ""


@provides(
    "case_losses",
    "the generator's losses on single real images (leakage.losses.CaseLosses)",
    implies=("training_subjects", "test_subjects"),
    lacking=_not_asked,
)
def case_losses(evidence: Evidence) -> CaseLosses:
    """Return the losses that the generator's side wrote.

    Raises:
        NotMeasured: The family defines none, or they are of other patients than those who are judged with.
        RunError: The file is damaged.
    """
    assert evidence.case_losses is not None
    given = evidence.case_losses
    lines = given if isinstance(given, tuple) else read_case_losses(given)
    if not lines:
        raise NotMeasured("the generator's family defines no loss of a single image")
    scores = {}
    for name, split in SIDES.items():
        mine = [line for line in lines if line.split is split]
        images = getattr(evidence, name)
        if not mine or images is None:
            continue
        if not {line.subject for line in mine} <= set(images.subjects):
            raise NotMeasured(f"losses were written for {name} patients who are not among those of the evidence")
        scores[name] = Scored(-np.array([line.loss for line in mine]), [line.subject for line in mine])
    if "training" not in scores:
        raise NotMeasured("no losses were written for training images")
    return CaseLosses(scores, lines[0].kind, lines[0].draws)
