"""Everything that a judgement may rest on, read only when a metric asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from synthassay.data.image_set import ImageSet
from synthassay.errors import DataError, ImageError, NotMeasured
from synthassay.evaluate.consistency import check_aligned, check_apart
from synthassay.evaluate.features.choose import embed, embedding_called, have_masks, stacked
from synthassay.evaluate.features.embedding import Embedding, Standardiser
from synthassay.evaluate.fixtures import PROVIDED, provided
from synthassay.evaluate.leakage.prints import Prints, take_prints
from synthassay.evaluate.observers.inserted import LesionView
from synthassay.evaluate.specimens import Specimens
from synthassay.evaluate.structure.segmenter import Segmenter, drawn_by_segmenter, segmenter_of_run
from synthassay.images.image import Image
from synthassay.protocols.protocol import Protocol
from synthassay.randomness import derive, stream
from synthassay.records.losses import CaseLoss
from synthassay.records.spec import ClassificationSpec, SegmentationSpec
from synthassay.records.vocabulary import Unit

ALIGNED = (
    "reference", "source", "masks", "structures", "synthetic_structures", "lesions", "synthetic_lesions", "doses",
    "synthetic_doses",
)  # fmt: skip
ABSENT = {
    "synthetic": "there are no synthetic images",
    "test": "there are no real test images",
    "reference": "no real image exists that a synthetic one should equal",
    "source": "the synthetic images were not made from a source image",
    "training": "the training images were not given",
    "holdout": "no real images were kept from the generator besides the test images",
    "external": "no real images from elsewhere were given",
    "masks": "no mask says where to measure",
    "structures": "no structures are drawn on the real images",
    "synthetic_structures": "no structures are drawn on the synthetic images, nor on training images that a segmenter "
    "could learn from",
    "lesions": "no lesions are drawn on the real images",
    "synthetic_lesions": "no lesions are drawn on the synthetic images",
    "doses": "no dose calculated on the real images was given",
    "synthetic_doses": "no dose calculated on the synthetic images was given",
    "inserted": "it needs images made from sources with lesions added, beside those without; a denoising study of CT "
    "makes them ([evaluation] inserted_lesions above 0), and images from elsewhere come without",
}


@dataclass(frozen=True)
class Options:
    """What a study may set about its evaluation.

    Attributes:
        bootstrap: Resampling draws per interval.
        augmentation_ratio: Synthetic images added per real training image.
        utility_repeats: Trainings per arm of the utility measures.
        utility_steps: Optimiser steps per training; 0 lets the measure choose by the size of the images.
        embedding: Embedding behind set measures; the protocol's default where empty.
        embedding_steps: Training steps of an embedding that learns; 0 for its own.
        segmenter_steps: Optimiser steps of the segmenter that draws structures on synthetic images; 0 lets the size of
            the images decide.
        classification: Which classifiers are trained to measure utility; those of the plain measures alone where None.
        segmentation: Which segmenters are trained to measure utility; none where None.
        processes: How many of them are trained side by side; no number depends on it.
        work: Folder where judged segmenters and classifiers are kept, so that a killed evaluation goes on.
    """

    bootstrap: int = 1000
    augmentation_ratio: float = 1.0
    utility_repeats: int = 3
    utility_steps: int = 0
    embedding: str = ""
    embedding_steps: int = 0
    segmenter_steps: int = 0
    classification: ClassificationSpec | None = None
    segmentation: SegmentationSpec | None = None
    processes: int = 1
    work: Path | None = None


@dataclass(eq=False)
class Evidence:
    """What one generator's synthetic images are judged by.

    Attributes:
        of: Name of the generator, baseline or outside set that is judged.
        task: Name of the task; empty for images made elsewhere.
        synthetic: The images judged. ``reference``, ``source``, ``masks``, ``structures``, ``lesions`` (of the real
            image), ``synthetic_structures``, ``synthetic_lesions`` (of the synthetic one), ``doses`` and
            ``synthetic_doses`` (of one plan, calculated on the real and on the synthetic image, in Gy), where given,
            have one entry per synthetic entry, in the same order.
        test: Real images of subjects held out from everything. ``holdout``: other real subjects that the generator
            never saw (validation). ``training``: what the generator was trained on. ``external``: from elsewhere.
        data_range: Lowest and highest possible value; the protocol's where None.
        structure_names: Label of a structure to its name.
        prescription_gy: Dose that the plans prescribe; None where nobody said.
        density_curve: Points (HU, electron density relative to water) of the scanner; empty for the default.
        inserted: Reads the lesions that were added before the generator saw the source; None where none were.
        case_losses: The generator's losses on single real images, or the file that holds them; None without any.
        case_cycles: File of how far sources lie from their way there and back; None without any.
        drawn: What is drawn on the real sets: name of the set -> role (mask, structures, lesion) -> images by case.
        real_memo: Shared by the evidence of all generators judged on the same real images, so that what depends on
            real images alone is computed once; it changes time, never a number.

    Raises:
        DataError: Aligned sets differ in length or in subjects, or a subject stands on two sides.
    """

    of: str
    protocol: Protocol
    synthetic: ImageSet
    test: ImageSet
    task: str = ""
    reference: ImageSet | None = None
    source: ImageSet | None = None
    masks: ImageSet | None = None
    structures: ImageSet | None = None
    synthetic_structures: ImageSet | None = None
    lesions: ImageSet | None = None
    synthetic_lesions: ImageSet | None = None
    doses: ImageSet | None = None
    synthetic_doses: ImageSet | None = None
    training: ImageSet | None = None
    holdout: ImageSet | None = None
    external: ImageSet | None = None
    data_range: tuple[float, float] | None = None
    seed: int = 0
    options: Options = field(default_factory=Options)
    structure_names: Mapping[int, str] = field(default_factory=dict)
    prescription_gy: float | None = None
    density_curve: tuple[tuple[float, float], ...] = ()
    inserted: Callable[[], Sequence[LesionView]] | None = None
    case_losses: Path | tuple[CaseLoss, ...] | None = None
    case_cycles: Path | None = None
    drawn: Mapping[str, Mapping[str, ImageSet]] = field(default_factory=dict)
    real_memo: dict[Any, Any] = field(default_factory=dict)
    _arrays: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.data_range = self.data_range or self.protocol.data_range
        if self.data_range is not None and not self.data_range[0] < self.data_range[1]:
            raise DataError(self.of, "data range must be [low, high] with low < high", value=self.data_range)
        if not self.synthetic.entries:
            raise DataError(self.of, "has no synthetic images", remedy="Check the folder of synthetic images.")
        for name in ALIGNED:
            check_aligned(self.of, name, self.synthetic, getattr(self, name))
        check_apart(self.of, {n: getattr(self, n) for n in ("training", "holdout", "test")})

    @property
    def embedding(self) -> str:
        """Name of the embedding behind set measures."""
        return self.options.embedding or self.protocol.embedding

    def image_set(self, name: str) -> ImageSet:
        """Return one of the sets.

        Raises:
            NotMeasured: The set was not given.
        """
        found: ImageSet | None = getattr(self, name)
        if name == "synthetic_structures" and self.segments:
            make = partial(drawn_by_segmenter, self.synthetic, self.segmenter)
            return self._kept("synthetic_structures", make, real=False)
        if found is None or not found.entries:
            raise NotMeasured(ABSENT[name])
        return found

    @property
    def segments(self) -> bool:
        """Whether structures are drawn on synthetic images by a segmenter trained on the real training images."""
        drawn = self.drawn.get("training", {}).get("structures")
        numbered = self.protocol.unit is Unit.RGB  # label maps of stained sections number nuclei: no two share a label
        return self.synthetic_structures is None and self.training is not None and drawn is not None and not numbered

    def segmenter(self) -> Segmenter:
        """Return the segmenter of the run, trained on first use; all generators are read with the same one.

        Raises:
            NotMeasured: Too little is drawn on the training images.
        """
        sets = {name: getattr(self, name) for name in ("training", "holdout", "test")}
        make = partial(
            segmenter_of_run,
            sets,
            {name: roles["structures"] for name, roles in self.drawn.items() if "structures" in roles},
            unit=self.protocol.unit,
            steps=self.options.segmenter_steps,
            seed=derive(self.seed, "evaluate", "segmenter"),
        )
        return self._kept("segmenter", make, real=True)

    def check_units(self) -> None:
        """Read the first image of each set of pictures and refuse a unit that the protocol does not measure.

        Raises:
            DataError: A set has another unit. The source is exempt: it may be of another modality.
        """
        for name in ("synthetic", "test", "reference", "training", "holdout", "external"):
            images: ImageSet | None = getattr(self, name)
            if images is not None and images.entries:
                self.check_unit(images.entries[0].load(), f"{images.name}: {images.entries[0].case}")

    def check_unit(self, image: Image, where: str) -> None:
        """Refuse an image whose unit is not the protocol's.

        Raises:
            DataError: Its unit is another one.
        """
        if image.unit is not self.protocol.unit:
            raise DataError(
                where,
                f"has values in unit {image.unit.value}, but the {self.protocol.name} protocol measures "
                f"{self.protocol.unit.value}",
                remedy="Give images whose files state that unit (CT: DICOM with rescale slope and intercept, or NIfTI "
                "in HU), or choose the protocol of their modality.",
            )

    def set_fixture(self, name: str, metric: str) -> Any:
        """Return what stands behind a set-level fixture name for the metric called ``metric``.

        Raises:
            NotMeasured: It does not exist for this evidence.
        """
        simple: dict[str, Callable[[], Any]] = {
            "rng": lambda: stream(self.seed, "evaluate", metric),
            "seed": lambda: derive(self.seed, "evaluate", metric),
            "bootstrap": lambda: self.options.bootstrap,
            "embedding": lambda: self.embedding,
            "feature_names": self._feature_names,
            "embedding_settings": self._embedding_settings,
            "inserted_lesions": self._inserted,
            "real_memo": lambda: self.real_memo,
            "data_range": self.declared_range,
            "unit": lambda: self.protocol.unit,
            "spacing_mm": lambda: self.synthetic.entries[0].load().geometry.spacing_mm,
        }
        if name in simple:
            return simple[name]()
        if name in PROVIDED:
            return self._kept(f"provided_{name}", partial(provided, self, name), real=False)
        which, view = name.rsplit("_", 1)
        return getattr(self, f"_{view}")(which)

    def require_inserted(self) -> Callable[[], Sequence[LesionView]]:
        """Return the reader of inserted lesions.

        Raises:
            NotMeasured: None were inserted.
        """
        if self.inserted is None:
            raise NotMeasured(ABSENT["inserted"])
        return self.inserted

    def _inserted(self) -> Sequence[LesionView]:
        views: Sequence[LesionView] = self._kept("inserted", self.require_inserted(), real=False)
        return views

    def declared_range(self) -> tuple[float, float]:
        """Return the declared data range.

        Raises:
            NotMeasured: Neither the protocol nor the study declares one; it is never taken from the data.
        """
        if self.data_range is None:
            raise NotMeasured("no data range is declared, and guessing one would change the number")
        return self.data_range

    def _kept(self, key: str, make: Callable[[], Any], *, real: bool) -> Any:
        store: dict[Any, Any] = self.real_memo if real else self._arrays
        if key not in store:
            store[key] = make()
        return store[key]

    def _images(self, which: str) -> np.ndarray:
        images = self.image_set(which)
        # references and sources follow the synthetic cases, so generators share only the sets of the cohort
        return self._kept(f"{which}_images", partial(self._array, images), real=which in _OF_THE_COHORT)

    def _array(self, images: ImageSet) -> np.ndarray:
        try:
            array = images.array()
        except ImageError as problem:
            raise NotMeasured(f"it compares sets of images of one size: {problem}") from problem
        bad = int((~np.isfinite(array)).reshape(len(array), -1).any(axis=1).sum())
        if bad:
            raise NotMeasured(f"{bad} of {len(array)} {images.name} images hold values that are not finite")
        return array

    def _features(self, which: str) -> np.ndarray:
        return self._scale().apply(self._raw_features(which))

    def _scale(self) -> Standardiser:
        def fit() -> Standardiser:
            names = self._rule().names(self._specimens("test")[0].pixels.shape)
            return Standardiser.fit(self._raw_features("test"), names)

        return self._kept(f"scale_{self._view_key()}", fit, real=True)

    def _raw_features(self, which: str) -> np.ndarray:
        make = partial(embed, self._rule(), self._specimens(which), self.protocol.unit, masked=self._masked())
        return self._kept(f"{which}_features_{self._view_key()}", make, real=which in _OF_THE_COHORT)

    def _rule(self) -> Embedding:
        """The embedding; one that learns has learnt from the real training images."""

        def make() -> Embedding:
            rule = embedding_called(self.embedding)
            if not rule.learns:
                return rule
            images, mask = stacked(self._specimens("training"), masked=self._masked())
            steps, seed = self.options.embedding_steps, derive(self.seed, "evaluate", "embedding")
            return rule.fitted(images, mask, steps=steps, seed=seed)

        return self._kept(f"rule_{self._view_key()}", make, real=True)

    def _masked(self) -> bool:
        """Whether features are taken inside masks: where every image of every set that is compared has one."""

        def drawn() -> bool:
            sets = ("synthetic", *(name for name in _OF_THE_COHORT if getattr(self, name)))
            return all(have_masks(self._specimens(name)) for name in reversed(sets))

        return self._kept("masked", drawn, real=False)

    def _view_key(self) -> str:
        return f"{self.embedding}{'_masked' if self._masked() else ''}"

    def _feature_names(self) -> list[str]:
        return list(self._scale().names)

    def _embedding_settings(self) -> dict[str, str | float | int | bool]:
        scale = self._scale()
        undefined = scale.undefined(self._raw_features("synthetic"))
        return {
            "embedding": self.embedding,
            **self._rule().settings(self.protocol.unit),
            "described": "inside the mask" if self._masked() else "whole image",
            "features": len(scale.names),
            "features_left_out": "; ".join(f"{name}: {why}" for name, why in scale.dropped.items()) or "none",
            "features_undefined_in_synthetic": "; ".join(f"{name}: {n}" for name, n in undefined.items()) or "none",
        }

    def _prints(self, which: str) -> Prints:
        images = self.image_set(which)
        return self._kept(
            f"{which}_prints", partial(take_prints, images, subjects_of(images)), real=which in _OF_THE_COHORT
        )

    def _labels(self, which: str) -> list[str]:
        images = self.image_set(which)
        if not all(images.labels):
            raise NotMeasured(f"the {images.name} images carry no class label")
        return images.labels

    def _specimens(self, which: str) -> Specimens:
        images = self.image_set(which)
        if which in ("synthetic", "reference"):
            own = which == "synthetic"
            drawn = {
                "mask": self.masks,
                "structures": self.synthetic_structures if own else self.structures,
                "lesion": self.synthetic_lesions if own else self.lesions,
            }
            return Specimens(images, {role: s for role, s in drawn.items() if s is not None}, self.structure_names)
        return Specimens.by_case(images, self.drawn.get(which, {}), self.structure_names)

    def _subjects(self, which: str) -> list[str]:
        return subjects_of(self.image_set(which))

    def _groups(self, which: str) -> list[dict[str, str]]:
        return [dict(entry.groups) for entry in self.image_set(which).entries]

    def _cases(self, which: str) -> list[str]:
        return self.image_set(which).cases


_OF_THE_COHORT = ("test", "training", "holdout", "external")


def subjects_of(images: ImageSet) -> list[str]:
    """Subject of each case; a case without a known subject (an unconditional synthetic image) stands for itself."""
    return [entry.subject or f"case:{entry.case}" for entry in images.entries]
