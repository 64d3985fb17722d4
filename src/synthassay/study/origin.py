"""Where a study's synthetic images come from, as each of them says."""

from __future__ import annotations

import hashlib
from pathlib import Path

from synthassay.generators.stored import WEIGHTS
from synthassay.records.base import sha256_of
from synthassay.records.vocabulary import Split
from synthassay.study.plan import Plan, PlannedGenerator
from synthassay.synthesise import Origin


def origin_of(plan: Plan, generator: PlannedGenerator, weights: Path) -> Origin:
    """Return the provenance of images made with the weights in a folder."""
    learnt_from = "".join(f"{subject}\n" for subject in plan.cohort.subjects(Split.TRAIN))
    return Origin(
        study=plan.spec.title,
        generator=generator.name,
        family=generator.cls.family,
        weights_sha256=sha256_of(weights / WEIGHTS),
        training_subjects_sha256=hashlib.sha256(learnt_from.encode()).hexdigest(),
        modality=plan.spec.modality,
    )
