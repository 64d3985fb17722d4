"""Classifiers trained on real, synthetic and mixed images, all alike otherwise, and what they say of real patients.

Arms: ``real`` (the generator's training images), ``synthetic`` (synthetic images alone), ``augmented`` (real and, per
class, ``ratio`` synthetic images for each real one). Every arm has the same network, steps, class balance and seeds.
The test images are never seen in training, and nothing (steps, learning rate, threshold) is chosen on them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthassay.errors import NotMeasured
from synthassay.evaluate.fixtures import provides
from synthassay.evaluate.utility.refusing import refuse_test_patients
from synthassay.randomness import derive, stream

if TYPE_CHECKING:
    from synthassay.evaluate.evidence import Evidence
    from synthassay.networks.classifier import SmallClassifier

DEFAULT_STEPS = 300
LEAST_PER_CLASS = 2


@dataclass(eq=False)
class Trial:
    """Trains the arms when they are asked for, and remembers them.

    Attributes:
        images: Gives a set's images by the set's name.
        labels: Gives a set's class names.
        ratio: Synthetic images added per real one and class in the augmented arm; fewer where there are fewer.
        kept: Trained arms of this generator; ``real_kept`` those that depend on real images alone.
    """

    images: Callable[[str], np.ndarray]
    labels: Callable[[str], Sequence[str]]
    data_range: tuple[float, float]
    seed: int
    repeats: int
    steps: int
    ratio: float
    kept: dict[Any, Any] = field(default_factory=dict)
    real_kept: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.steps = self.steps or DEFAULT_STEPS

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names of the real training images, sorted.

        Raises:
            NotMeasured: There is one class only, or a class has too few images to train on.
        """
        names = sorted(set(self.labels("training")))
        if len(names) < 2:
            raise NotMeasured(f"a classifier needs two classes and the training images have one ({names[0]})")
        self._check_classes("training", names)
        return tuple(names)

    def truth(self, labels: Sequence[str]) -> NDArray[np.intp]:
        """Return class indices.

        Raises:
            NotMeasured: A class is unknown to the training images, or fewer than two occur.
        """
        known = {name: i for i, name in enumerate(self.classes)}
        strange = sorted(set(labels) - known.keys())
        if strange:
            raise NotMeasured(f"class {strange[0]} does not occur among the training images")
        if len(set(labels)) < len(known):
            raise NotMeasured("not every class occurs among the images that it is tested on")
        return np.array([known[name] for name in labels])

    def scores(self, arm: str, on: str) -> np.ndarray:
        """Return class probabilities ``repeats cases classes`` of an arm's classifiers on a set.

        Args:
            arm: ``real``, ``synthetic`` or ``augmented``.
            on: ``test`` or ``external``.

        Raises:
            NotMeasured: A class is missing or too small among the images of the arm, or sizes differ.
        """
        from synthassay.networks.classifier import class_probabilities

        judged = self._on_grid(on)
        if judged.shape[1:] != self._on_grid("training").shape[1:]:
            raise NotMeasured(f"the {on} images differ in size from the training images")
        return np.stack([class_probabilities(model, judged) for model in self._fitted(arm)])

    def settings(self, arm: str) -> dict[str, str | float | int | bool]:
        """Return what an arm's numbers depend on, for the record."""
        _, labels = self._arm(arm, 0)
        counts = {name: int((labels == i).sum()) for i, name in enumerate(self.classes)}
        return {
            "classifier": "4 convolutions, group norm, average pooling",
            "steps": self.steps,
            "repeats": self.repeats,
            "trained_on": ", ".join(f"{count} {name}" for name, count in counts.items()),
        }

    def added(self) -> dict[str, float]:
        """Return, per class, how many synthetic images the augmented arm adds for each real one."""
        return {name: added / max(1, real) for name, (real, added) in self._counts().items()}

    def _fitted(self, arm: str) -> list[SmallClassifier]:
        from synthassay.networks.classifier import fit_classifier

        store = self.real_kept if arm == "real" else self.kept
        key = ("classifiers", arm, self.seed, self.repeats, self.steps, self.data_range)
        if key not in store:
            store[key] = [
                fit_classifier(
                    *self._arm(arm, repeat),
                    classes=len(self.classes),
                    steps=self.steps,
                    seed=derive(self.seed, "classifier", repeat),
                )
                for repeat in range(self.repeats)
            ]
        return store[key]

    def _arm(self, arm: str, repeat: int) -> tuple[np.ndarray, NDArray[np.intp]]:
        if arm == "real":
            return self._on_grid("training"), self.truth(self.labels("training"))
        self._check_classes("synthetic", self.classes)
        synthetic, labels = self._on_grid("synthetic"), self.truth(self.labels("synthetic"))
        if synthetic.shape[1:] != self._on_grid("training").shape[1:]:
            raise NotMeasured("synthetic and training images differ in size")
        if arm == "synthetic":
            return synthetic, labels
        chosen = self._chosen(labels, repeat)
        real, real_labels = self._arm("real", repeat)
        return np.concatenate([real, synthetic[chosen]]), np.concatenate([real_labels, labels[chosen]])

    def _chosen(self, labels: NDArray[np.intp], repeat: int) -> NDArray[np.intp]:
        rng = stream(self.seed, "added", repeat)
        counts = self._counts()
        picked = [
            rng.permutation(np.flatnonzero(labels == i))[: counts[name][1]] for i, name in enumerate(self.classes)
        ]
        return np.sort(np.concatenate(picked))

    def _counts(self) -> dict[str, tuple[int, int]]:
        real, synthetic = list(self.labels("training")), list(self.labels("synthetic"))
        wanted = {name: round(self.ratio * real.count(name)) for name in self.classes}
        return {name: (real.count(name), min(wanted[name], synthetic.count(name))) for name in self.classes}

    def _check_classes(self, which: str, names: Sequence[str]) -> None:
        labels = list(self.labels(which))
        few = [name for name in names if labels.count(name) < LEAST_PER_CLASS]
        if few:
            raise NotMeasured(f"there are fewer than {LEAST_PER_CLASS} {which} images of class {few[0]}")

    def _on_grid(self, which: str) -> np.ndarray:
        from synthassay.networks.classifier import on_grid

        store = self.kept if which == "synthetic" else self.real_kept
        key = ("on_grid", which, self.data_range)
        if key not in store:
            store[key] = on_grid(self.images(which), self.data_range)
        return store[key]


@provides(
    "classifier_trial",
    "classifiers trained on real, synthetic and mixed images (utility.trial.Trial)",
    implies=(
        "synthetic_images",
        "synthetic_labels",
        "training_images",
        "training_labels",
        "test_images",
        "test_labels",
        "data_range",
    ),
    minutes=True,
)
def classifier_trial(evidence: Evidence) -> Trial:
    """Return the trial of an evidence; real arms are kept for the generators judged after it.

    Raises:
        NotMeasured: Synthetic images were made from test patients.
    """
    refuse_test_patients(evidence)
    return Trial(
        lambda which: evidence.set_fixture(f"{which}_images", "classifier_trial"),
        lambda which: evidence.set_fixture(f"{which}_labels", "classifier_trial"),
        evidence.declared_range(),
        seed=derive(evidence.seed, "evaluate", "utility"),
        repeats=evidence.options.utility_repeats,
        steps=evidence.options.utility_steps,
        ratio=evidence.options.augmentation_ratio,
        real_kept=evidence.real_memo,
    )
