"""Images of one set damaged on purpose: a control, written, marked and listed as every synthetic set is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from synthassay.data.image_set import ImageSet
from synthassay.data.outside import MANIFEST, drawn_by_manifest, folder_image_set
from synthassay.errors import DataError, NotMeasured
from synthassay.images.image import Image
from synthassay.images.specimen import Specimen
from synthassay.randomness import derive, stream
from synthassay.records.manifest import Manifest, SyntheticImage
from synthassay.records.vocabulary import Role, Split, Unit
from synthassay.study.controls import PlannedControl
from synthassay.synthesise import Made, Origin, Progress, write_set
from synthassay.tasks import Task
from synthassay.tasks.base import Request

UNDAMAGED = "undamaged"
"""Condition of an image that could not carry the failure and stayed as it was; its value is the reason."""


def write_control(
    task: Task, control: PlannedControl, of: Path, folder: Path, file_format: str, progress: Progress | None = None
) -> Manifest:
    """Write a control's images.

    Each image keeps its case, its class and the subjects that it comes from, unless the failure changes them. What is
    drawn on it is carried along as the failure moves it. A failure of sets holds the whole set in memory.

    Args:
        task: The study's task, bound to its cohort.
        control: Whose images are damaged, and how.
        of: Folder of those images, with their manifest.
        folder: Where the control goes.
        file_format: Format of the images.
        progress: Called with images made and images in all.

    Raises:
        DataError: The set, or every image of it, cannot carry the failure.
    """
    damage = Damage(task, control, of)
    if control.failure.scope == "set":
        requests, make = damage.of_set()
    else:
        requests, make = damage.of_images()
    groups = ([request] for request in requests)
    manifest = write_set(requests, groups, make, damage.origin(), folder, file_format, progress)
    reasons = [image.condition[UNDAMAGED] for image in manifest.images if UNDAMAGED in image.condition]
    if len(reasons) == len(manifest.images):
        remedy = "Choose another failure; see `synthassay list failures`."
        raise DataError(f"control {control.name}", f"no image can carry it: {reasons[0]}", remedy=remedy)
    return manifest


Make = Callable[[list[Request]], Iterator[Made]]


@dataclass(frozen=True, eq=False)
class Shown:
    """One image with what is drawn on it, read when asked for.

    Attributes:
        anatomy: The training case whose label map was bent, for images that were made from one.
    """

    load: Callable[[], Image]
    drawing: Callable[[], Image] | None
    mask: Callable[[], Image] | None
    case: str
    label: str
    subjects: tuple[str, ...]
    anatomy: str = ""


class Damage:
    """The images of a set and of its training cases, and what one failure makes of them."""

    def __init__(self, task: Task, control: PlannedControl, of: Path) -> None:
        self.task, self.control, self.seed = task, control, task.spec.seed
        self.manifest = Manifest.read(of / MANIFEST)
        images = folder_image_set("synthetic", of, task.spec.modality)
        drawn = drawn_by_manifest("synthetic structures", of)
        masks = self._masks()
        self.synthetic: dict[str, Shown] = {}
        for i, (entry, listed) in enumerate(zip(images.entries, self.manifest.images, strict=True)):
            anatomy = listed.condition.get("structures", "")
            self.synthetic[listed.case] = Shown(
                entry.load,
                drawn.entries[i].load if drawn is not None else None,
                masks.get(anatomy or listed.reference_case),
                listed.case,
                listed.label,
                listed.source_subjects,
                anatomy,
            )
        self.training = self._training(masks) if "training" in control.failure.needs else {}

    def origin(self) -> Origin:
        """Provenance of the control's images: that of the set which they come from, under the control's name."""
        return Origin(
            study=self.task.spec.title,
            generator=self.control.name,
            family=self.manifest.family,
            weights_sha256=self.manifest.weights_sha256,
            training_subjects_sha256=self.manifest.training_subjects_sha256,
            modality=self.task.spec.modality,
        )

    def of_images(self) -> tuple[list[Request], Make]:
        """Damage image by image; place and shape are drawn by case alone, so that a larger severity is more of it."""
        failure, severity = self.control.failure, self.control.spec.severity

        def make(group: list[Request]) -> Iterator[Made]:
            for request in group:
                shown = self.synthetic[request.case]
                before = self._specimen(shown)
                rng = stream(self.seed, "failure", failure.name, request.case)
                try:
                    yield self._made(request, failure.inject(before, severity, rng).synthetic, shown)
                except NotMeasured as problem:
                    told = {**request.condition, UNDAMAGED: problem.reason}
                    yield self._made(replace(request, condition=told), before, shown)

        return [self._request(listed, listed.label) for listed in self.manifest.images], make

    def of_set(self) -> tuple[list[Request], Make]:
        """Damage the set as a whole; the same images fail whatever the severity.

        Raises:
            DataError: The set cannot carry the failure.
        """
        failure = self.control.failure
        synthetic = [self._specimen(shown) for shown in self.synthetic.values()]
        training = [self._specimen(shown) for shown in self.training.values()]
        rng = stream(self.seed, "failure", failure.name)
        try:
            hurt = failure.inject_set(synthetic, training, self.control.spec.severity, rng)
        except NotMeasured as problem:
            remedy = "Choose another failure; see `synthassay list failures`."
            raise DataError(f"control {self.control.name}", problem.reason, remedy=remedy) from None
        found = {specimen.case: specimen for specimen in hurt}
        requests = [
            self._request(listed, found[listed.case].label, found[listed.case].shows) for listed in self.manifest.images
        ]

        def make(group: list[Request]) -> Iterator[Made]:
            for request in group:
                specimen = found[request.case]
                shown = self._shown(specimen.shows or request.case)
                self._require_grid(request, specimen)
                yield self._made(request, specimen, shown)

        return requests, make

    def _masks(self) -> dict[str, Callable[[], Image]]:
        """Where the subject is, by real case: training cases whose maps were bent, or the cases that were imitated."""
        if not self.task.paired and self.task.conditioned_on != "structures":
            return {}
        split = Split(self.task.spec.sampling.split) if self.task.paired else Split.TRAIN
        return {entry.case: entry.load for entry in self.task.real(Role.MASK, split).entries}

    def _training(self, masks: dict[str, Callable[[], Image]]) -> dict[str, Shown]:
        images: ImageSet = self.task.real(Role.REFERENCE, Split.TRAIN)
        drawn = {}
        if self.task.conditioned_on == "structures":
            drawn = {entry.case: entry.load for entry in self.task.real(Role.STRUCTURES, Split.TRAIN).entries}
        return {
            e.case: Shown(
                e.load, drawn.get(e.case), masks.get(e.case), e.case, e.label, (e.subject,), e.case if drawn else ""
            )
            for e in images.entries
        }

    def _shown(self, case: str) -> Shown:
        return self.synthetic[case] if case in self.synthetic else self.training[case]

    def _specimen(self, shown: Shown) -> Specimen:
        image = shown.load()
        assumed = self.control.spec.spacing_mm
        return Specimen(
            pixels=image.pixels.astype(np.float32),
            spacing_mm=image.geometry.spacing_mm or ((assumed,) * len(image.space) if assumed else ()),
            mpp=image.geometry.mpp,
            unit=image.unit,
            case=shown.case,
            subject=image.subject,
            label=shown.label,
            mask=None if shown.mask is None else np.any(shown.mask().pixels > 0, axis=0),
            structures=None if shown.drawing is None else shown.drawing().pixels[0].astype(np.int32),
            structure_names=self.task.cohort.structure_names,
        )

    def _request(self, listed: SyntheticImage, label: str, shows: str = "") -> Request:
        spec = self.control.spec
        shown = self._shown(shows or listed.case)
        anatomy = {"structures": shown.anatomy} if shown.anatomy else {}
        told = {"of": spec.of, "failure": spec.failure, "severity": f"{spec.severity:g}"}
        return Request(
            case=listed.case,
            seed=derive(self.seed, "control", spec.name, listed.case),
            condition={**listed.condition, **anatomy, **told},
            label=label,
            reference_case=listed.reference_case,
            source_subjects=shown.subjects,
        )

    def _made(self, request: Request, hurt: Specimen, shown: Shown) -> Made:
        """The damaged image in the values that the task's images can have: whole numbers where it had such."""
        before = shown.load()
        pixels = np.clip(hurt.pixels, *self.task.data_range)
        if np.array_equal(before.pixels, np.rint(before.pixels)):
            pixels = np.rint(pixels)
        image = before.with_pixels(pixels.astype(np.float32))
        if shown.drawing is None or hurt.structures is None:
            return Made(request, image)
        drawing = Image(hurt.structures[None].astype(np.int32), before.geometry, Unit.LABEL, before.subject)
        return Made(request, image, drawing=drawing)

    def _require_grid(self, request: Request, hurt: Specimen) -> None:
        if not self.task.paired:
            return
        own = self.synthetic[request.case].load().space
        if own != hurt.space:
            raise DataError(
                f"control {self.control.name}",
                f"would put an image of {hurt.space} in the place of {request.case}, which has {own}",
                remedy="Resample all images to one size, or choose a failure of single images.",
            )
