"""Classifiers trained on real, synthetic and mixed images, all alike otherwise, and what they say of real patients.

Every arm has the same network, optimiser steps and seeds; what differs is what its batches are drawn from. Which real
patients a small share holds depends on the training's number alone: they are the same with and without synthetic
images, and for every generator, and larger shares hold smaller ones. The test images are never seen in training, and
nothing is chosen on them: thresholds come from real validation patients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.fixtures import provides
from synthassay.evaluate.utility.arm_runs import Run, finished, hash_of
from synthassay.evaluate.utility.arms import Arm, Floats
from synthassay.evaluate.utility.classification_regimes import TRTS, regimes
from synthassay.evaluate.utility.refusing import refuse_copies, refuse_kept_patients
from synthassay.randomness import derive, stream
from synthassay.records.spec import ClassificationSpec

if TYPE_CHECKING:
    from synthassay.evaluate.evidence import Evidence

NOT_ASKED = "the study does not ask for classifiers to be trained (table [classification] of the study file)"
LEAST_PATIENTS = 2


@dataclass(frozen=True, eq=False)
class Labelled:
    """A set: what the network sees of each image, its class index and its subject."""

    pixels: NDArray[np.float32]
    labels: NDArray[np.intp]
    subjects: tuple[str, ...]


@dataclass(eq=False)
class ClassificationTrial:
    """Trains the arms when they are first asked for, all together, and remembers them.

    Attributes:
        sets: Name of a set (training, synthetic, holdout, test, external) to what it holds; None where there is none.
        classes: Class names in the order of their indices.
        alike: Per synthetic image, how near it lies to the real training images of its class; less is nearer.
        folder: Keeps finished trainings; ``processes``: how many run side by side.
    """

    sets: Callable[[str], Labelled | None]
    classes: tuple[str, ...]
    asked: ClassificationSpec
    seed: int
    alike: Callable[[], Floats]
    folder: Path | None = None
    processes: int = 1
    kept: dict[Arm, dict[str, NDArray[np.float32]]] = field(default_factory=dict)

    def scores(self, arm: Arm, on: str = "test") -> Floats:
        """Return class probabilities ``trainings cases classes`` of an arm on a set.

        Args:
            arm: What is trained on.
            on: ``test``, ``holdout``, ``external``, or, for the arm of all real images alone, ``synthetic``.

        Raises:
            NotMeasured: The set was not given, or a class is missing.
        """
        if TRTS not in self.kept:  # what chooses synthetic images must be there before they are chosen
            self._train([TRTS])
        if arm not in self.kept:
            self._train([one for one in dict.fromkeys([arm, *self._all_arms()]) if one not in self.kept])
        found = self.kept[arm]
        if on not in found:
            raise NotMeasured(f"no real images of the set {on} were given")
        return found[on].astype(np.float64)

    def set_of(self, on: str) -> Labelled:
        """Return a set.

        Raises:
            NotMeasured: It was not given.
        """
        found = self.sets(on)
        if found is None:
            raise NotMeasured(f"no real images of the set {on} were given")
        return found

    def count(self, share: float) -> int:
        """Return how many patients a share of the real training patients is."""
        return sum(self._of_each_class(share))

    @cached_property
    def rarest(self) -> str:
        """The class with the fewest real training patients."""
        return min(self.classes, key=lambda name: len(self._patients_by_class[name]))

    def patients(self, share: float, repeat: int) -> list[int]:
        """Return positions of the real training images of a share of each class's patients."""
        chosen: set[str] = set()
        for name, count in zip(self.classes, self._of_each_class(share), strict=True):
            owners = self._patients_by_class[name]
            order = stream(self.seed, "patients", name, repeat).permutation(len(owners))
            chosen |= {owners[i] for i in order[:count]}
        return [i for i, subject in enumerate(self.set_of("training").subjects) if subject in chosen]

    def added(self, arm: Arm, repeat: int) -> list[int]:
        """Return positions of the synthetic images that an arm adds, class by class; fewer where there are fewer."""
        synthetic = self.set_of("synthetic").labels
        everything = arm.real == 0 or arm.first
        real = [] if everything else self.patients(arm.real, repeat)
        drawn = self.set_of("training").labels[real]
        found: list[int] = []
        for index, name in enumerate(self.classes):
            members = np.flatnonzero(synthetic == index)
            wanted = len(members) if everything else round(arm.ratio * int((drawn == index).sum()))
            if not arm.only or arm.only == name:
                found += self._ordered(members, arm, repeat, name)[:wanted]
        return sorted(found)

    def same_as_smaller(self, arm: Arm) -> bool:
        """Whether a smaller ratio of the study adds the same images, because there are no more of them."""
        smaller = [ratio for ratio in self.asked.ratios if ratio < arm.ratio]
        if arm.first or arm.only or arm.chosen or not smaller:
            return False
        return self.added(arm, 0) == self.added(replace(arm, ratio=max(smaller)), 0)

    def settings(self, arm: Arm) -> dict[str, str | float | int | bool]:
        """Return what an arm's numbers depend on, for the record."""
        asked = self.asked
        network = (
            "MONAI ResNet of 8 to 64 channels" if asked.network == "convnet" else "logistic regression on features"
        )
        return {
            "classifier": network,
            "steps": asked.steps if asked.network == "convnet" else 0,
            "repeats": asked.repeats,
            "real_patients": self.count(arm.real) if arm.real else 0,
            "real_images": len(self.patients(arm.real, 0)) if arm.real else 0,
            "synthetic_images": len(self.added(arm, 0)) if arm.needs_synthetic else 0,
        }

    def _ordered(self, members: NDArray[np.intp], arm: Arm, repeat: int, name: str) -> list[int]:
        if arm.chosen == "confidence":
            own = self.set_of("synthetic").labels
            sure = self.scores(TRTS, "synthetic").mean(axis=0)[np.arange(len(own)), own]
            return members[np.argsort(-sure[members], kind="stable")].tolist()
        if arm.chosen == "feature distance":
            return members[np.argsort(self.alike()[members], kind="stable")].tolist()
        order = stream(self.seed, "added", name, repeat).permutation(len(members))
        return members[order].tolist()

    def _all_arms(self) -> list[Arm]:
        arms = regimes(self.asked, self.rarest)
        return [
            *arms,
            *(arm.without for arm in arms),
            Arm(0.0),
            *(Arm(share) for share in (*self.asked.fractions, 1.0)),
        ]

    def _train(self, arms: Sequence[Arm]) -> None:
        needed = {"training", "synthetic", "holdout", "test", "external"}
        held = {name: one for name in sorted(needed) if (one := self.sets(name)) is not None}
        arrays = {name: one.pixels for name, one in held.items()} | {
            f"{name}_labels": one.labels for name, one in held.items()
        }
        hashes = {name: hash_of(one.pixels, one.labels) for name, one in held.items()}
        real = tuple(name for name in ("holdout", "test", "external") if name in held)
        runs = {
            (arm, repeat): self._run(arm, repeat, (*real, "synthetic") if arm == TRTS else real)
            for arm in arms
            for repeat in range(self.asked.repeats)
        }
        found = finished(list(runs.values()), arrays, hashes, self.folder, self.processes)
        for arm in arms:
            each = [found[runs[arm, repeat]] for repeat in range(self.asked.repeats)]
            self.kept[arm] = {name: np.stack([one[name] for one in each]) for name in each[0]}

    def _run(self, arm: Arm, repeat: int, judges: tuple[str, ...]) -> Run:
        real = tuple(self.patients(arm.real, repeat)) if arm.real else ()
        synthetic = tuple(self.added(arm, repeat)) if arm.needs_synthetic and arm != TRTS else ()
        steps = self.asked.steps
        stages = (
            (((), synthetic, steps // 2), (real, (), steps - steps // 2)) if arm.first else ((real, synthetic, steps),)
        )
        seed = derive(self.seed, "classifier", repeat)
        return Run(stages, len(self.classes), seed, arm.classical, judges, self.asked.network)

    def _of_each_class(self, share: float) -> list[int]:
        return [max(1, round(share * len(self._patients_by_class[name]))) for name in self.classes]

    @cached_property
    def _patients_by_class(self) -> dict[str, list[str]]:
        """Patients of each class; one with images of several classes counts for the rarest of them."""
        training = self.set_of("training")
        sizes = np.bincount(training.labels, minlength=len(self.classes))
        owner: dict[str, int] = {}
        for subject, label in zip(training.subjects, training.labels.tolist(), strict=True):
            before = owner.get(subject)
            if before is None or sizes[label] < sizes[before]:
                owner[subject] = label
        found = {name: sorted(s for s, label in owner.items() if label == i) for i, name in enumerate(self.classes)}
        few = [name for name, owners in found.items() if len(owners) < LEAST_PATIENTS]
        if few:
            raise NotMeasured(f"there are fewer than {LEAST_PATIENTS} real training patients of class {few[0]}")
        return found


def _not_asked(evidence: Evidence) -> str:
    return "" if evidence.options.classification is not None else NOT_ASKED


@provides(
    "classification_trial",
    "classifiers trained on shares of the real patients, with and without synthetic images",
    implies=(
        "synthetic_images",
        "synthetic_labels",
        "training_images",
        "training_labels",
        "test_images",
        "test_labels",
        "data_range",
    ),
    lacking=_not_asked,
    minutes=True,
)
def classification_trial(evidence: Evidence) -> ClassificationTrial:
    """Return the trial of an evidence.

    Raises:
        NotMeasured: Synthetic images were made from patients whom classifiers are tested or tuned on, are copies of
            real test images, or a class is missing.
    """
    asked = evidence.options.classification
    assert asked is not None
    refuse_kept_patients(evidence)
    refuse_copies(evidence, "classifier")
    names = tuple(sorted(set(_fixture(evidence, "training_labels"))))
    if len(names) < 2:
        raise NotMeasured(f"a classifier needs two classes and the training images have one ({names[0]})")
    return ClassificationTrial(
        lambda which: _labelled(evidence, which, names),
        names,
        asked,
        derive(evidence.seed, "evaluate", "classification"),
        lambda: distance_to_class(evidence),
        evidence.options.work / "classifiers" if evidence.options.work else None,
        evidence.options.processes,
    )


def distance_to_class(evidence: Evidence) -> Floats:
    """Return each synthetic image's distance to the nearest real training image of its class in the embedding."""
    from scipy.spatial import cKDTree

    synthetic, real = (_fixture(evidence, f"{which}_features") for which in ("synthetic", "training"))
    own, classes = (np.array(_fixture(evidence, f"{which}_labels")) for which in ("synthetic", "training"))
    found = np.full(len(synthetic), np.inf)
    for name in np.unique(own):
        if (classes == name).any():
            found[own == name] = cKDTree(real[classes == name]).query(synthetic[own == name])[0]
    return found


def _labelled(evidence: Evidence, which: str, names: Sequence[str]) -> Labelled | None:
    if which in ("holdout", "external") and getattr(evidence, which) is None:
        return None
    store: dict[Any, Any] = evidence.real_memo if which != "synthetic" else {}
    asked = evidence.options.classification
    assert asked is not None
    key = ("classification", which, asked.network, evidence.embedding)
    if key not in store:
        labels = _fixture(evidence, f"{which}_labels")
        strange = sorted(set(labels) - set(names))
        if strange:
            raise NotMeasured(f"class {strange[0]} of the {which} images does not occur among the training images")
        index = np.array([names.index(label) for label in labels], np.intp)
        store[key] = Labelled(_pixels(evidence, which), index, tuple(_fixture(evidence, f"{which}_subjects")))
    return store[key]


def _pixels(evidence: Evidence, which: str) -> NDArray[np.float32]:
    asked = evidence.options.classification
    if asked is not None and asked.network == "features":
        return np.asarray(_fixture(evidence, f"{which}_features"), np.float32)
    from synthassay.networks.classifier import on_grid

    return on_grid(_fixture(evidence, f"{which}_images"), evidence.declared_range())


def _fixture(evidence: Evidence, name: str) -> Any:
    return evidence.set_fixture(name, "classification_trial")
