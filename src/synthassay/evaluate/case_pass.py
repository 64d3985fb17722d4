"""One pass over the synthetic images, in which every case-level metric sees each image once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from synthassay.data.image_set import ImageSet
from synthassay.errors import ImageError, NotMeasured
from synthassay.evaluate.evidence import Evidence, subjects_of
from synthassay.evaluate.fidelity.edge_matching import Matches, matched_edges
from synthassay.evaluate.fixtures import FACTS, SET_BEHIND
from synthassay.evaluate.metric import Finding, Metric
from synthassay.evaluate.needs import lacking
from synthassay.evaluate.rows import range_settings, row
from synthassay.images.drawing import labels_drawn
from synthassay.images.image import Image
from synthassay.randomness import stream
from synthassay.records.measurement import Interval, Measurement
from synthassay.records.vocabulary import Better
from synthassay.stats.resampling import LEAST_SUBJECTS, mean_interval

ABSENT_STRATUM = "this image has none of it"
CaseFound = str | Mapping[str, float | str]
"""What a metric found in one case: per stratum a value or why it has none; or why nothing could be measured."""


class CaseView:
    """One synthetic image with what belongs to it, each read on first use."""

    def __init__(self, evidence: Evidence, position: int) -> None:
        self._evidence, self._position = evidence, position

    def fixture(self, name: str) -> Any:
        """Return what stands behind a case-level fixture name."""
        return getattr(self, name)

    @cached_property
    def image(self) -> Image:
        """The synthetic image."""
        return self._load("synthetic")

    @cached_property
    def synthetic(self) -> np.ndarray:
        """Its pixels, ``channels *space``."""
        return self.image.pixels

    @cached_property
    def reference(self) -> np.ndarray:
        """The pixels of the real image that it should equal."""
        return self._same_size(self._load("reference").pixels, "reference", channels=True)

    @cached_property
    def source(self) -> np.ndarray:
        """The pixels that it was made from."""
        return self._same_size(self._load("source").pixels, "source", channels=False)

    @cached_property
    def edge_matches(self) -> Matches:
        """What became of the edges of the source."""
        mask = None if self._evidence.masks is None else self.mask
        return matched_edges(self.synthetic, self.source, self.spacing_mm, self.mpp, mask)

    @cached_property
    def mask(self) -> np.ndarray:
        """Where to measure, ``*space``."""
        mask = self._same_size(self._load("masks").pixels, "mask", channels=False)[0] > 0
        if not mask.any():
            raise NotMeasured("its mask is empty")
        return mask

    @cached_property
    def structures(self) -> np.ndarray:
        """The label map of the reference, ``*space``."""
        return self._same_size(self._load("structures").pixels, "structures", channels=False)[0]

    @cached_property
    def synthetic_structures(self) -> np.ndarray:
        """The label map of the synthetic image, ``*space``."""
        found = self._load("synthetic_structures").pixels
        return self._same_size(found, "synthetic label map", channels=False)[0]

    @cached_property
    def lesion(self) -> np.ndarray:
        """The lesion in the real image, ``*space``; empty where the patient has none."""
        return self._same_size(self._load("lesions").pixels, "lesion", channels=False)[0] > 0

    @cached_property
    def synthetic_lesion(self) -> np.ndarray:
        """The lesion in the synthetic image, ``*space``; empty where it shows none."""
        return self._same_size(self._load("synthetic_lesions").pixels, "synthetic lesion", channels=False)[0] > 0

    @cached_property
    def reference_dose(self) -> np.ndarray:
        """The dose on the real image in Gy, ``*space``."""
        return self._same_size(self._load("doses").pixels, "reference dose", channels=False)[0]

    @cached_property
    def synthetic_dose(self) -> np.ndarray:
        """The dose on the synthetic image in Gy, ``*space``."""
        return self._same_size(self._load("synthetic_doses").pixels, "synthetic dose", channels=False)[0]

    @property
    def prescription_gy(self) -> float | None:
        """Dose that the plan prescribes."""
        return self._evidence.prescription_gy

    @property
    def density_curve(self) -> tuple[tuple[float, float], ...]:
        """Points of the scanner's calibration curve."""
        return self._evidence.density_curve

    @property
    def structure_names(self) -> Mapping[int, str]:
        """Label to name."""
        return self._evidence.structure_names

    @property
    def structures_drawn(self) -> frozenset[int] | None:
        """Labels drawn on the reference; None where all were."""
        if self._evidence.structures is None:
            return None
        return labels_drawn(self._load("structures"))

    @property
    def mpp(self) -> float | None:
        """Micrometres per pixel of the synthetic image."""
        return self.image.geometry.mpp

    @property
    def data_range(self) -> tuple[float, float]:
        """The declared range."""
        return self._evidence.declared_range()

    @property
    def unit(self) -> Any:
        """What a pixel means."""
        return self._evidence.protocol.unit

    @property
    def spacing_mm(self) -> tuple[float, ...]:
        """Voxel size of the synthetic image."""
        return self.image.geometry.spacing_mm

    def _load(self, name: str) -> Image:
        images: ImageSet = self._evidence.image_set(name)
        entry = images.entries[self._position]
        image = entry.load()
        if name in ("synthetic", "reference"):
            self._evidence.check_unit(image, f"{images.name}: {entry.case}")
        return image

    def _same_size(self, pixels: np.ndarray, what: str, *, channels: bool) -> np.ndarray:
        first = 0 if channels else 1
        if pixels.shape[first:] != self.synthetic.shape[first:]:
            raise NotMeasured(f"its size is {self.synthetic.shape} but its {what} has {pixels.shape}")
        return pixels


class RealView(CaseView):
    """The real image in the place of the synthetic one: what a measure gives where nothing was synthesised."""

    @cached_property
    def image(self) -> Image:
        """The reference."""
        return self._load("reference")

    @cached_property
    def synthetic_structures(self) -> np.ndarray:
        """What the run's segmenter draws on the reference."""
        return self._evidence.segmenter().draw(self.image.pixels)


def measure_cases(
    evidence: Evidence, metrics: Sequence[Metric], progress: Callable[[str, int, int], None] | None = None
) -> Iterator[tuple[Metric, list[Measurement]]]:
    """Compute case-level metrics over all synthetic images; a case that fails is named with its reason.

    Yields:
        Each metric with its rows, one per stratum.

    Raises:
        DataError: An image does not have the protocol's unit.
    """
    able = [metric for metric in metrics if not lacking(evidence, metric)]
    values: dict[str, list[CaseFound]] = {metric.name: [] for metric in able}
    told = [metric for metric in able if _has_floor(evidence, metric)]
    floors: dict[str, list[CaseFound]] = {metric.name: [] for metric in told}
    total = len(evidence.synthetic)
    for position in range(total) if able else ():
        view = CaseView(evidence, position)
        for metric in able:
            values[metric.name].append(_measure(metric, view))
        real = RealView(evidence, position)
        for metric in told:
            floors[metric.name].append(_measure(metric, real))
        if progress is not None:
            progress("images against their references", position + 1, total)
    for metric in metrics:
        if metric.name in values:
            found, floor = values[metric.name], floors.get(metric.name)
            yield metric, [_summarise(evidence, metric, stratum, found, floor) for stratum in _strata(metric, found)]
        else:
            yield metric, [row(evidence, metric, Finding(not_measured=lacking(evidence, metric)))]


def _has_floor(evidence: Evidence, metric: Metric) -> bool:
    """Whether the real image in the synthetic one's place says what a faithful image would have.

    So it is where a segmenter draws on both, and where an image is compared with its source: another contrast shows
    other borders, and 0 or 1 is what only an untouched source has.
    """
    if evidence.segments and "synthetic_structures" in metric.takes:
        return True
    sets = {SET_BEHIND.get(name, name) for name in metric.takes}
    return evidence.reference is not None and "source" in sets and "reference" not in sets


def _measure(metric: Metric, view: CaseView) -> CaseFound:
    try:
        given = {need: view.fixture(need) for need in metric.takes}
        given |= {wish: _wish(view, wish) for wish in metric.wishes}
        found = metric.compute(**given)
    except NotMeasured as problem:
        return problem.reason
    except ImageError as problem:
        return str(problem)
    by_stratum = dict(found) if isinstance(found, Mapping) else {"": found}
    if not metric.strata and by_stratum and metric.better is not Better.TARGET:
        by_stratum[""] = float(np.mean(list(by_stratum.values())))
    return {stratum: _finite(value) for stratum, value in by_stratum.items()}


def _strata(metric: Metric, found: Sequence[CaseFound]) -> Sequence[str]:
    if metric.strata:
        return metric.strata
    return sorted({name for case in found if not isinstance(case, str) for name in case}) or ("",)


def _wish(view: CaseView, name: str) -> Any:
    if name not in FACTS and getattr(view._evidence, SET_BEHIND.get(name, name)) is None:
        return None
    return view.fixture(name)


def _finite(value: float) -> float | str:
    return float(value) if np.isfinite(value) else f"the measure gave {value}"


def _in_stratum(
    evidence: Evidence, stratum: str, values: Sequence[CaseFound]
) -> tuple[dict[str, float], dict[str, str], list[str]]:
    """Values by case, reasons by case, and whose the values are."""
    cases, owners = evidence.synthetic.cases, subjects_of(evidence.synthetic)
    measured: dict[str, float] = {}
    failed: dict[str, str] = {}
    subjects = []
    for case, owner, found in zip(cases, owners, values, strict=True):
        value = found if isinstance(found, str) else found.get(stratum, ABSENT_STRATUM)
        if isinstance(value, str):
            failed[case] = value
        else:
            measured[case] = value
            subjects.append(owner)
    return measured, failed, subjects


def _summarise(
    evidence: Evidence,
    metric: Metric,
    stratum: str,
    values: Sequence[CaseFound],
    floors: Sequence[CaseFound] | None = None,
) -> Measurement:
    measured, failed, subjects = _in_stratum(evidence, stratum, values)
    settings: dict[str, Any] = {}
    if "data_range" in (*metric.takes, *metric.wishes):
        settings |= range_settings({"data_range": evidence.data_range})
    if {"mask", "edge_matches"} & {*metric.takes, *metric.wishes}:
        settings["measured"] = "whole image" if evidence.masks is None else "inside the mask"
    if not measured:
        reason = next(iter(failed.values()))
        why = f"none of {len(values)} images could be measured; the first because: {reason}"
        return row(evidence, metric, Finding(stratum=stratum, not_measured=why, failed_cases=failed), settings)

    def interval(numbers: Sequence[float], owners: Sequence[str], of: str) -> Interval | None:
        rng = stream(evidence.seed, "evaluate", metric.name, stratum, of)
        return mean_interval(numbers, owners, rng=rng, draws=evidence.options.bootstrap)

    found = interval(list(measured.values()), subjects, "interval")
    if found is None:
        settings["no_interval"] = f"fewer than {LEAST_SUBJECTS} subjects"
    real, _, owners = _in_stratum(evidence, stratum, floors) if floors else ({}, {}, [])
    if floors and "synthetic_structures" in metric.takes:
        settings |= evidence.segmenter().settings
    finding = Finding(
        value=float(np.mean(list(measured.values()))),
        interval=found,
        stratum=stratum,
        n=len(measured),
        subjects=len(set(subjects)),
        per_case=measured,
        failed_cases=failed,
        floor=float(np.mean(list(real.values()))) if real else None,
        floor_interval=interval(list(real.values()), owners, "floor") if real else None,
    )
    return row(evidence, metric, finding, settings)
