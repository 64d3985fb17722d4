"""What is drawn on a study's real images, as sets that stand beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthassay.data.image_set import Entry, ImageSet
from synthassay.errors import NotMeasured
from synthassay.images.image import Image
from synthassay.records.vocabulary import Role, Split
from synthassay.tasks.base import Task

NAMED = {Split.TRAIN: "training", Split.VALIDATION: "holdout", Split.EXTERNAL: "external"}
DRAWINGS = {Role.MASK: "mask", Role.STRUCTURES: "structures", Role.LESION: "lesion"}


def drawn_on(task: Task, role: Role, split: Split, order: Sequence[str]) -> ImageSet | None:
    """Return what is drawn on the real images that synthetic ones should equal, in their order.

    Args:
        task: The study's task, bound to its cohort.
        role: Structures or lesion.
        split: Whose images were synthesised.
        order: Real case of each synthetic image.

    Returns:
        One entry per synthetic image; an image that nobody drew on is not measured. None where nobody drew on any.
    """
    cases = {case.case: case for case in task.cohort.of(split)}
    if not task.paired or not all(order) or not any(role in cases[case].images for case in order):
        return None
    at = {entry.case: entry for entry in task.real(role, split).entries}
    return ImageSet(role.value, tuple(at.get(case) or _blank(case, cases[case].subject, role) for case in order))


def drawn_on_sets(task: Task, judged: Split) -> dict[str, Mapping[str, ImageSet]]:
    """Return what is drawn on each real set: name of the set to mask, structures or lesion to images, by case.

    Args:
        task: The study's task, bound to its cohort.
        judged: The split that synthetic images are compared with; it is the set called ``test``.
    """
    found: dict[str, Mapping[str, ImageSet]] = {}
    for split in Split:
        name = "test" if split is judged else NAMED.get(split, "")
        cases = task.cohort.of(split)
        roles = {role for case in cases for role in case.images}
        here = {word: task.real(role, split) for role, word in DRAWINGS.items() if role in roles}
        if name and here:
            found[name] = here
    return found


def _blank(case: str, subject: str, role: Role) -> Entry:
    def load() -> Image:
        raise NotMeasured(f"nobody drew {'structures' if role is Role.STRUCTURES else 'a lesion'} on the real image")

    return Entry(case, subject, load)
