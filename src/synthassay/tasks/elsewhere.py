"""A task on images from elsewhere: the same scales and domains as where its generators have learnt."""

from __future__ import annotations

from synthassay.data.elsewhere import Elsewhere
from synthassay.data.store import ImageStore
from synthassay.records.vocabulary import Split
from synthassay.tasks.base import Task
from synthassay.tasks.translate import Translate
from synthassay.tasks.translate_unpaired import TranslateUnpaired

TRAVELS = (Translate.name, TranslateUnpaired.name)
"""Tasks whose generators can be given images from elsewhere; the others need more of a case than its two images."""


def elsewhere(task: Task, found: Elsewhere) -> Task:
    """Return the task of making the reference of each external case from its source.

    Args:
        task: The study's own, of which generators have learnt.
        found: The external cases, in the study's roles.

    Raises:
        TypeError: The task is not one of ``TRAVELS``.
    """
    sampling = task.spec.sampling.model_copy(update={"split": Split.EXTERNAL.value})
    # whatever mask the external cases have bears the common name
    data = task.spec.data.model_copy(update={"mask": ""})
    spec = task.spec.model_copy(update={"sampling": sampling, "data": data})
    if isinstance(task, Translate):
        there: Translate | TranslateUnpaired = Translate(spec, found.cohort)
    elif isinstance(task, TranslateUnpaired):
        there = TranslateUnpaired(spec, found.cohort)
        there.source_scale, there.domains = task.source_scale, task.domains
    else:
        raise TypeError(f"{task.name} has no images from elsewhere")
    there.store = ImageStore(found.cohort, size=spec.data.size, spacing_mm=found.spacing_mm)
    there.scale = task.scale
    return there
