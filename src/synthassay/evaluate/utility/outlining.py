"""Segmenters trained on real, synthetic and mixed images, all alike otherwise, and what they outline in real patients.

Every arm has the same network, optimiser steps and seeds; what differs is what its crops are cut from. Which real
patients a small share holds depends on the training's number alone: they are the same with and without synthetic
images, and for every generator. The test images are never seen in training, and nothing is chosen on them.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synthassay.data.image_set import ImageSet
from synthassay.errors import NotMeasured
from synthassay.evaluate.fixtures import provides
from synthassay.evaluate.structure.segmenter import drawn_pairs, on_scale
from synthassay.evaluate.utility.arms import Arm, Outlines, arms
from synthassay.evaluate.utility.judging import DrawnSet, Job, judge_all
from synthassay.evaluate.utility.refusing import refuse_copies, refuse_kept_patients
from synthassay.images.drawing import labels_drawn
from synthassay.randomness import derive, stream
from synthassay.records.spec import SegmentationSpec
from synthassay.records.vocabulary import Unit

if TYPE_CHECKING:
    from synthassay.evaluate.evidence import Evidence

NOT_ASKED = "the study does not ask for segmenters to be trained (table [segmentation] of the study file)"


@dataclass(eq=False)
class SegmentationTrial:
    """Trains the arms when they are asked for, and remembers them.

    Attributes:
        sets: Name of a set (training, synthetic, test) to its images and label maps.
        names: Label to structure name.
        unit: Unit of the images, which decides how they are scaled.
        asked: What the study asks for.
        processes: Trainings side by side; no number depends on it.
        folder: Where judged segmenters are kept, so that a killed evaluation goes on; None keeps none.
        kept: Judged arms of this generator; ``real_kept`` those that depend on real images alone.
    """

    sets: Callable[[str], tuple[ImageSet, ImageSet]]
    names: dict[int, str]
    unit: Unit
    asked: SegmentationSpec
    seed: int
    processes: int = 1
    folder: Path | None = None
    kept: dict[Any, Any] = field(default_factory=dict)
    real_kept: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def labels(self) -> tuple[int, ...]:
        """Labels of the structures drawn on real training images, ascending.

        Raises:
            NotMeasured: None is.
        """
        if "labels" not in self.real_kept:
            _, drawings = self.sets("training")
            found = {int(label) for entry in drawings.entries for label in np.unique(entry.load().pixels)}
            self.real_kept["labels"] = tuple(sorted(found - {0}))
        if not self.real_kept["labels"]:
            raise NotMeasured("the label maps of the training images are empty, so a segmenter has nothing to learn")
        return self.real_kept["labels"]

    @property
    def structures(self) -> list[str]:
        """Names of the structures, in the order of ``labels``."""
        return [self.names.get(label, str(label)) for label in self.labels]

    def read(self, which: str) -> DrawnSet:
        """Return a set with its label maps; images on which somebody drew only a part are left out.

        Raises:
            NotMeasured: Nothing is drawn on the set, or a label map does not fit its image.
        """
        store = self.kept if which == "synthetic" else self.real_kept
        if ("drawn", which) not in store:
            store["drawn", which] = self._read(which)
        return store["drawn", which]

    def outlines(self, arm: Arm) -> Outlines:
        """Return how well an arm's segmenters outline the real test patients; the first call trains all arms.

        Raises:
            NotMeasured: There is nothing to train or to test on.
        """
        if arm not in self._known():
            self._train([*(one for one in arms(self.asked) if not self.shortfall(one)), arm])
        return self._known()[arm]

    def patients(self, share: float, repeat: int) -> list[int]:
        """Return positions of the real training images of a share of the patients; larger shares hold smaller ones."""
        training = self.read("training")
        subjects = sorted(set(training.subjects))
        order = stream(self.seed, "patients", repeat).permutation(len(subjects))
        count = self.count(share)
        chosen = {subjects[i] for i in order[:count]}
        return [i for i, subject in enumerate(training.subjects) if subject in chosen]

    def count(self, share: float) -> int:
        """Return how many patients a share is; one at least."""
        return max(1, round(share * len(set(self.read("training").subjects))))

    def shortfall(self, arm: Arm) -> str:
        """Return why there are too few synthetic images for an arm; an empty string where there are enough."""
        wanted = max(round(arm.ratio * len(self.patients(arm.real, i))) for i in range(self.asked.repeats))
        there = len(self.read("synthetic").cases) if arm.ratio else 0
        return f"it adds {wanted} synthetic images and there are {there}" if wanted > there else ""

    def added(self, arm: Arm, repeat: int) -> list[int]:
        """Return positions of the synthetic images that an arm adds."""
        synthetic = self.read("synthetic")
        order = stream(self.seed, "added", repeat).permutation(len(synthetic.cases)).tolist()
        if arm.real == 0 or arm.first:
            return order
        return order[: round(arm.ratio * len(self.patients(arm.real, repeat)))]

    def settings(self, arm: Arm) -> dict[str, str | float | int | bool]:
        """Return what an arm's numbers depend on, for the record."""
        real = self.count(arm.real) if arm.real else 0
        return {
            "segmenter": "MONAI U-Net, three levels of 16, 32 and 64 channels, Dice and cross-entropy",
            "steps": self.asked.steps,
            "repeats": self.asked.repeats,
            "real_patients": real,
            "synthetic_images": len(self.added(arm, 0)) if arm.needs_synthetic else 0,
            "missing_structure": "Dice 0, and the image's diagonal",
            "left_out": self.read("test").left_out + self.read("training").left_out,
        }

    def _known(self) -> ChainMap[Arm, Outlines]:
        key = ("outlines", self.seed, self.asked.repeats, self.asked.steps)
        return ChainMap(*(store.setdefault(key, {}) for store in (self.kept, self.real_kept)))

    def _train(self, wanted: Sequence[Arm]) -> None:
        known = self._known()
        left = [arm for arm in dict.fromkeys(wanted) if arm not in known]
        jobs = {arm: [self._job(arm, repeat) for repeat in range(self.asked.repeats)] for arm in left}
        names = ["training", "test", *(["synthetic"] if any(arm.needs_synthetic for arm in left) else [])]
        sets = {name: self.read(name) for name in names}
        every = [job for of_arm in jobs.values() for job in of_arm]
        found = judge_all(every, sets, processes=self.processes, folder=self.folder)
        for arm, of_arm in jobs.items():
            outlines = Outlines(*(np.array([found[job][which] for job in of_arm], np.float64) for which in (0, 1)))
            known.maps[0 if arm.needs_synthetic else 1][arm] = outlines

    def _job(self, arm: Arm, repeat: int) -> Job:
        return Job(
            real=tuple(self.patients(arm.real, repeat)) if arm.real else (),
            synthetic=tuple(self.added(arm, repeat)) if arm.needs_synthetic else (),
            structures=len(self.labels),
            steps=self.asked.steps,
            seed=derive(self.seed, "segmenter", repeat),
            classical=arm.classical,
            first=arm.first,
        )

    def _read(self, which: str) -> DrawnSet:
        from synthassay.networks.outlining import Drawn

        cases, names, subjects, spacings, left_out = [], [], [], [], 0
        for entry, drawing in drawn_pairs(*self.sets(which)):
            image, drawn = entry.load(), drawing.load()
            known = labels_drawn(drawn)
            if known is not None and not set(self.labels) <= known:
                left_out += 1
                continue
            if drawn.pixels.shape[1:] != image.space:
                raise NotMeasured(f"{entry.case} has size {image.space} but its label map {drawn.space}")
            cases.append(Drawn(on_scale(image.pixels, self.unit), self._classes(drawn.pixels[0], entry.case)))
            names.append(entry.case)
            subjects.append(entry.subject or f"case:{entry.case}")
            spacings.append(image.geometry.spacing_mm)
        if not cases:
            raise NotMeasured(f"no label map shows all structures on any of the {which} images")
        return DrawnSet(tuple(cases), tuple(names), tuple(subjects), tuple(spacings), left_out)

    def _classes(self, drawing: np.ndarray, case: str) -> np.ndarray:
        labels = np.array([0, *self.labels])
        found = np.searchsorted(labels, drawing).clip(max=len(labels) - 1)
        if (labels[found] != drawing).any():
            strange = sorted(set(np.unique(drawing)) - set(labels.tolist()))[0]
            raise NotMeasured(f"{case} shows a structure {strange} that no training image has")
        return found.astype(np.uint8)


def _lacking(evidence: Evidence) -> str:
    """Why no segmenter can be trained on an evidence, told without reading an image."""
    if evidence.options.segmentation is None:
        return NOT_ASKED
    if evidence.synthetic_structures is None:
        return "the synthetic images come without label maps, and a segmenter needs them to learn from"
    missing = [name for name in ("training", "test") if "structures" not in evidence.drawn.get(name, {})]
    return f"no structures are drawn on the real {missing[0]} images" if missing else ""


@provides(
    "segmentation_trial",
    "segmenters trained on real, synthetic and mixed images (utility.outlining.SegmentationTrial)",
    implies=("test_subjects", "training_subjects"),
    lacking=_lacking,
    minutes=True,
)
def segmentation_trial(evidence: Evidence) -> SegmentationTrial:
    """Return the trial of an evidence; real arms are kept for the generators judged after it.

    Raises:
        NotMeasured: Synthetic images were made from test or validation patients, or are copies of real test images.
    """
    refuse_kept_patients(evidence)
    refuse_copies(evidence, "segmenter")
    asked = evidence.options.segmentation
    assert asked is not None, "lacking says so before"

    def sets(which: str) -> tuple[ImageSet, ImageSet]:
        if which == "synthetic":
            return evidence.image_set("synthetic"), evidence.image_set("synthetic_structures")
        return evidence.image_set(which), evidence.drawn[which]["structures"]

    return SegmentationTrial(
        sets,
        dict(evidence.structure_names),
        evidence.protocol.unit,
        asked,
        seed=derive(evidence.seed, "evaluate", "segmentation"),
        processes=evidence.options.processes,
        folder=evidence.options.work / "segmenters" if evidence.options.work else None,
        real_kept=evidence.real_memo.setdefault("segmentation", {}),
    )
