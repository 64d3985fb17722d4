"""What tasks without pairs share: images of several appearances, one of them aimed at; anatomy is the source's."""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from synthassay.data.image_set import Entry, ImageSet
from synthassay.data.store import ImageStore
from synthassay.data.subgroups import groups_of
from synthassay.errors import DataError, Fault, SpecError
from synthassay.images.image import Image
from synthassay.images.intensity import IntensityScale
from synthassay.networks.batch import Batch, Examples, Facts
from synthassay.randomness import derive, stream
from synthassay.records.cohort import Case, Cohort
from synthassay.records.spec import StudySpec
from synthassay.records.vocabulary import Role, Split, Unit
from synthassay.shapes import SpatialMask
from synthassay.tasks.base import Request, Task
from synthassay.tasks.foreground import foreground
from synthassay.tasks.slices import every_slice, shown_slices, stacked, to_model
from synthassay.tasks.units import RELATIVE_WINDOW, is_relative, relative, stored_type, window

ROUNDS = 16
"""How many different targets each source meets before the first one comes again."""
KEPT_IMAGES = 256


@dataclass(frozen=True)
class Shown:
    """One image of a cohort and its appearance."""

    case: Case
    role: str
    domain: str


class UnpairedTask(Task):
    """Sources of one or more domains are given the appearance of the target domain.

    A training example is a source and a target of **different** subjects: nothing tells a generator which belong
    together, even where the data hold pairs. Its label is the domain of its source; domain 0 is the target's. Where the
    data do hold the same anatomy in the target domain, it is the reference by which synthetic images are judged.
    """

    conditioned_on = "image"

    def __init__(self, spec: StudySpec, cohort: Cohort) -> None:
        super().__init__(spec, cohort)
        self.store = ImageStore(cohort, size=spec.data.size)
        self._kept: OrderedDict[tuple[str, str], Image] = OrderedDict()
        sources = self.sources(Split(spec.sampling.split))
        self.paired = bool(sources) and all(self.reference_of(shown) for shown in sources)

    @abstractmethod
    def shown(self, split: Split) -> list[Shown]:
        """All images of a split with their domains, in cohort order, the target's included."""

    @property
    @abstractmethod
    def target(self) -> str:
        """The domain aimed at."""

    @abstractmethod
    def reference_of(self, source: Shown) -> Shown | None:
        """The same anatomy in the target domain, where the data have it."""

    @property
    def compared_with(self) -> str:
        """Sets are compared with real images of the target domain, whether or not there are pairs."""
        return Role.IMAGE.value

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """Domains of the training images, the target's first."""
        found = {shown.domain for shown in self.shown(Split.TRAIN)}
        return (self.target, *sorted(found - {self.target}))

    def sources(self, split: Split) -> list[Shown]:
        """Images of a split that are not of the target domain."""
        return [shown for shown in self.shown(split) if shown.domain != self.target]

    def targets(self, split: Split) -> list[Shown]:
        """Images of a split that are of the target domain."""
        return [shown for shown in self.shown(split) if shown.domain == self.target]

    def require_domains(self, family: str) -> None:
        """Refuse a family that must have learnt each source's domain, where a source's domain has none to learn from.

        Raises:
            SpecError: Names the unseen domains and what to do.
        """
        asked = {shown.domain for shown in self.sources(Split(self.spec.sampling.split))}
        unseen = sorted(asked - set(self.domains))
        if unseen:
            what = f"must have learnt every domain that it is given, and has no training image of {', '.join(unseen)}"
            remedy = "Give training subjects of it, or choose a family that adapts to any source."
            raise SpecError("study", [Fault("generators.family", what, family, remedy)])

    @property
    def data_range(self) -> tuple[float, float]:
        """Lowest and highest value that a synthetic image can have, in the target's unit."""
        return self.scale.low, self.scale.high

    @cached_property
    def scale(self) -> IntensityScale:
        """The target's values to the model's [-1, 1]."""
        return self._scale_of(self._first_target)

    @cached_property
    def source_scale(self) -> IntensityScale:
        """The sources' values to [-1, 1]: the target's where the unit is the same, else their own."""
        first = self._first_source
        same = self.given(first).unit == self.given(self._first_target).unit
        return self.scale if same else self._scale_of(first, own=True)

    def facts(self, neighbours: int = 1) -> Facts:
        """What a generator is built for; ``classes`` are the domains, the target's first."""
        source, target = self.given(self._first_source), self.given(self._first_target)
        if neighbours % 2 == 0 or (neighbours > 1 and len(source.space) == 2):
            what = "must be odd" if neighbours % 2 == 0 else "must be 1, because pictures have no neighbouring slices"
            raise SpecError("study", [Fault("generators.neighbours", what, neighbours, "Change neighbours.")])
        return Facts(len(target.pixels), neighbours * len(source.pixels), self.domains, target.space[:2])

    def examples(self, split: Split, neighbours: int = 1) -> Examples:
        """Slices of sources beside slices of targets of other subjects."""
        ours, theirs = self.apart(split)
        return UnpairedExamples(self, _slices(self, ours), _slices(self, theirs), neighbours, self.spec.seed)

    def apart(self, split: Split) -> tuple[list[Shown], list[Shown]]:
        """Sources and targets of a split, no subject among both."""
        sources, targets = self.sources(split), self.targets(split)
        both = sorted({s.case.subject for s in sources} & {t.case.subject for t in targets})
        gives = {subject: i % 2 for i, subject in enumerate(both)}
        return (
            [s for s in sources if gives.get(s.case.subject, 0) == 0],
            [t for t in targets if gives.get(t.case.subject, 1) == 1],
        )

    def requests(self) -> tuple[Request, ...]:
        """One whole image for each source of the sampling split.

        Raises:
            DataError: The split has no source.
        """
        split = Split(self.spec.sampling.split)
        found = self.sources(split)
        if not found:
            remedy = "Choose another [sampling] split, or give this split subjects of another domain."
            raise DataError(f"split {split}", f"shows nothing that is not {self.target} already", remedy=remedy)
        return tuple(self._request(shown) for shown in found)

    def _request(self, shown: Shown) -> Request:
        reference, case = self.reference_of(shown), shown.case
        unseen = {} if shown.domain in self.domains else {"unseen": "the generator saw no training image of it"}
        return Request(
            case=f"syn-{case.case}",
            seed=derive(self.spec.seed, "synthesise", case.case),
            condition={"source": case.case, "from": shown.domain, "to": self.target, **unseen},
            reference_case=reference.case.case if self.paired and reference is not None else "",
            source_subjects=(case.subject,),
        )

    def condition(self, request: Request, neighbours: int = 1) -> Batch:
        """All slices of the source, and its domain; -1 where no training image was of it."""
        source = every_slice(self.given(self._source(request)), neighbours, self.source_scale)
        return Batch(source=source, label=torch.full((len(source),), self.domain_index(request.condition["from"])))

    def domain_index(self, domain: str) -> int:
        """Position of a domain among those learnt; -1 for none."""
        return self.domains.index(domain) if domain in self.domains else -1

    def image(self, request: Request, generated: Tensor) -> Image:
        """The slices as one image on the source's grid, in the target's unit; whole numbers where real ones are."""
        source, example = self.given(self._source(request)), self.given(self._first_target)
        pixels = np.moveaxis(generated.numpy(), 0, -1)
        pixels = pixels[..., 0] if len(source.space) == 2 else pixels
        physical = np.ascontiguousarray(self.scale.to_physical(pixels), dtype=np.float32)
        first = self._first_target
        whole = np.issubdtype(stored_type(self.cohort, first.case.images[first.role]), np.integer)
        if whole and not is_relative(self.spec, example.unit):
            physical = np.rint(physical)
        return Image(physical, source.geometry, example.unit, source.subject, dict(example.meta))

    @property
    def source_unit(self) -> Unit:
        """What a pixel of a source means, as the task gives it."""
        return self.given(self._first_source).unit

    def source_error(self, request: Request, shown: Tensor) -> float:
        """Return the mean absolute difference between a source and something that should equal it, in its unit.

        Args:
            request: Names the source.
            shown: ``slices channels *space`` on the model's scale; of neighbouring slices the middle one counts.

        Returns:
            The mean over where the subject is; values outside the source's scale count as its ends.
        """
        source = self._source(request)
        real = every_slice(self.given(source), 1, self.source_scale)
        channels = real.shape[1]
        middle = shown.shape[1] // channels // 2 * channels
        away = (shown[:, middle : middle + channels].double() - real).abs().numpy().mean(axis=1)
        mask = self.mask(source)
        inside = np.moveaxis(mask if mask.ndim == 3 else mask[..., None], -1, 0)
        return float(away[inside].mean()) * (self.source_scale.high - self.source_scale.low) / 2

    def real(self, role: str, split: Split) -> ImageSet:
        """Real images of a split.

        Args:
            role: ``image``: all of the target domain. ``source`` and ``mask``: one per source, by the source's case.
                ``reference``: those of the target domain that are some source's reference, by their own case. A further
                role of the cohort: as drawn on all cases that have it.
            split: Whose images.
        """
        if role == Role.SOURCE:
            return self._set(split, self.sources(split), self.given)
        if role == Role.MASK:
            return self._set(split, self.sources(split), self._mask_image)
        if role == Role.REFERENCE:
            found = [self.reference_of(shown) for shown in self.sources(split)]
            once = {shown.case.case: shown for shown in found if shown is not None}
            return self._set(split, list(once.values()) or self.targets(split), self.given)
        if role == Role.IMAGE:
            return self._set(split, self.targets(split), self.given)
        drawn = [Shown(case, role, "") for case in self.cohort.of(split) if role in case.images]
        return self._set(split, drawn, lambda shown: self.store.image(shown.case, shown.role))

    def given(self, shown: Shown) -> Image:
        """An image in the unit in which the task gives it; the last ones are kept."""
        key = shown.case.case, shown.role
        if key not in self._kept:
            image = self.store.image(shown.case, shown.role)
            if is_relative(self.spec, image.unit):
                image = relative(image, self.mask(shown), f"{shown.case.case}: {shown.role}")
            self._kept[key] = image
            if len(self._kept) > KEPT_IMAGES:
                self._kept.popitem(last=False)
        return self._kept[key]

    def mask(self, shown: Shown) -> SpatialMask:
        """Where the subject is: the cohort's mask, else derived from the image itself."""
        role = self.spec.data.mask or Role.MASK.value
        if role in shown.case.images:
            found: SpatialMask = np.any(self.store.image(shown.case, role).pixels > 0, axis=0)
            return found
        image = self.store.image(shown.case, shown.role)
        if image.unit is Unit.RGB:
            return np.ones(image.space, bool)
        return foreground(image, shown.case.case)

    def _mask_image(self, shown: Shown) -> Image:
        return Image(self.mask(shown)[None], self.given(shown).geometry, Unit.LABEL, shown.case.subject)

    def _set(self, split: Split, shown: Sequence[Shown], load: Callable[[Shown], Image]) -> ImageSet:
        return ImageSet(
            split.value,
            tuple(
                Entry(
                    one.case.case,
                    one.case.subject,
                    lambda one=one: load(one),  # type: ignore[misc]
                    one.case.label,
                    one.case.site,
                    groups=groups_of(one.case),
                )
                for one in shown
            ),
        )

    def _source(self, request: Request) -> Shown:
        return self._asked[request.condition["source"]]

    def _scale_of(self, shown: Shown, *, own: bool = False) -> IntensityScale:
        image = self.given(shown)
        if own and is_relative(self.spec, image.unit):
            return IntensityScale(*RELATIVE_WINDOW)
        stored = stored_type(self.cohort, shown.case.images[shown.role])
        data = self.spec.data.model_copy(update={"window": None}) if own else self.spec.data
        return IntensityScale(*window(self.spec.model_copy(update={"data": data}), image.unit, stored, shown.case.case))

    @cached_property
    def _asked(self) -> dict[str, Shown]:
        """The sources to be synthesised, by their case."""
        return {shown.case.case: shown for shown in self.sources(Split(self.spec.sampling.split))}

    @cached_property
    def _first_target(self) -> Shown:
        return self._first(self.targets, f"no image of {self.target}, which is aimed at")

    @cached_property
    def _first_source(self) -> Shown:
        return self._first(self.sources, f"nothing but images of {self.target}: there is nothing to translate")

    def _first(self, of: Callable[[Split], list[Shown]], lacking: str) -> Shown:
        for split in Split:
            for shown in of(split):
                return shown
        known = sorted({shown.domain for split in Split for shown in self.shown(split)})
        raise DataError("cohort", f"has {lacking}", remedy=f"Its domains are: {', '.join(known) or 'none'}.")


class UnpairedExamples:
    """Slices of sources, each beside a slice of a target of another subject; which one changes from round to round."""

    def __init__(
        self,
        task: UnpairedTask,
        sources: Sequence[tuple[Shown, int]],
        targets: Sequence[tuple[Shown, int]],
        neighbours: int,
        seed: int,
    ) -> None:
        self._task, self._neighbours, self._seed = task, neighbours, seed
        self._sources, self._targets = tuple(sources), tuple(targets)

    def __len__(self) -> int:
        return ROUNDS * len(self._sources) if self._targets else 0

    def batch(self, positions: Sequence[int]) -> Batch:
        """Return the examples at ``positions`` as one batch on the model's scale."""
        task, sources, targets, labels = self._task, [], [], []
        for position in positions:
            (ours, at), (theirs, there) = self._at(position)
            sources.append(stacked(task.given(ours), [at], self._neighbours))
            targets.append(stacked(task.given(theirs), [there], 1))
            labels.append(task.domain_index(ours.domain))
        return Batch(
            target=to_model(targets, task.scale),
            source=to_model(sources, task.source_scale),
            label=torch.tensor(labels, dtype=torch.int64),
        )

    def subject(self, position: int) -> str:
        """Return whose source it is."""
        return self._sources[position % len(self._sources)][0].case.subject

    def _at(self, position: int) -> tuple[tuple[Shown, int], tuple[Shown, int]]:
        turn, at = divmod(position, len(self._sources))
        if turn not in self._orders:
            rng = stream(self._seed, "unpaired", turn)
            self._orders[turn] = rng.integers(len(self._targets), size=len(self._sources))
        return self._sources[at], self._targets[int(self._orders[turn][at])]

    @cached_property
    def _orders(self) -> dict[int, np.ndarray]:
        return {}


def _slices(task: UnpairedTask, shown: Sequence[Shown]) -> list[tuple[Shown, int]]:
    return [(one, at) for one in shown for at in shown_slices(task.mask(one))]
