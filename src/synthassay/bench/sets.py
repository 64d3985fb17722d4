"""Measures of sets, over many random draws of patients into judged, training, kept and test images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from synthassay.bench.cases import specimen_set
from synthassay.bench.detection import Floats, Values
from synthassay.bench.material import Material
from synthassay.errors import NotMeasured
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.evidence import Evidence, Options
from synthassay.evaluate.features.embedding import EMBEDDINGS, Standardiser
from synthassay.evaluate.fixtures import takes_minutes
from synthassay.evaluate.leakage.prints import Prints, take_prints
from synthassay.evaluate.metric import METRICS, Metric
from synthassay.evaluate.needs import lacking
from synthassay.evaluate.run import measure_sets
from synthassay.images.specimen import Specimen
from synthassay.randomness import derive, stream
from synthassay.records.vocabulary import Axis

DRAWS, FEW_DRAWS = 40, 12
"""Draws of a bare statistic or a quick leakage measure, and of measures that take longer on each."""
TRAINS = frozenset({"classifier_two_sample"})

SHARES = (0.4, 0.25, 0.1)
"""Judged, training and kept patients; the rest are the test patients. A bare statistic has halves instead."""

IMAGES_SHARES = (0.5, 0.2, 0.05)
IMAGES_DRAW = -1
"""The one draw in which single images are scored: more are judged, because each of them is a trial of its own."""

Judge = Callable[[Sequence[int], Sequence[int], int], Sequence[Specimen]]
"""From the judged and the training patients' positions and the number of the draw to the images that are judged."""


class Rows:
    """What was computed of an image, kept as long as this is: features and prints do not depend on the set.

    Attributes:
        memos: Per draw, what depends on its real images alone: the same for every failure and severity.
    """

    def __init__(self, material: Material) -> None:
        self.memos: dict[int, dict[Any, Any]] = {}
        self._rule = EMBEDDINGS.get(material.protocol.embedding)
        self._kept: dict[tuple[str, int], tuple[np.ndarray, Any]] = {}
        self.names = self._rule.names(material.specimens[0].pixels.shape)

    def features(self, specimens: Sequence[Specimen]) -> Floats:
        """Raw features, ``cases features``."""
        return np.stack([self._once("features", s.pixels, partial(self._describe, s)) for s in specimens])

    def prints(self, specimens: Sequence[Specimen]) -> Prints:
        """Prints of a set of images."""
        each = [self._once("prints", s.pixels, partial(_print, s)) for s in specimens]
        return Prints(
            np.concatenate([p.patterns for p in each]),
            tuple(p.hashes[0] for p in each),
            tuple(s.case for s in specimens),
            tuple(s.subject for s in specimens),
        )

    def forget_but(self, specimens: Sequence[Specimen]) -> None:
        """Keep only what belongs to these images."""
        wanted = {id(specimen.pixels) for specimen in specimens}
        self._kept = {key: kept for key, kept in self._kept.items() if key[1] in wanted}

    def _describe(self, specimen: Specimen) -> np.ndarray:
        return self._rule.features(specimen.pixels[None], spacing=specimen.spacing_mm, unit=specimen.unit)[0]

    def _once(self, kind: str, pixels: np.ndarray, make: Callable[[], Any]) -> Any:
        key = (kind, id(pixels))
        if key not in self._kept:
            self._kept[key] = pixels, make()  # the array is kept too, so that its id is not given to another
        return self._kept[key][1]


@dataclass(eq=False)
class DrawnEvidence(Evidence):
    """Evidence whose images are in memory and whose features and prints are looked up, not computed anew."""

    rows: Rows | None = None
    held: dict[str, tuple[Specimen, ...]] | None = None

    def _raw_features(self, which: str) -> np.ndarray:
        assert self.rows is not None
        return self.rows.features(self._held(which))

    def _prints(self, which: str) -> Prints:
        assert self.rows is not None
        return self.rows.prints(self._held(which))

    def _specimens(self, which: str) -> Any:
        return self._held(which)

    def _held(self, which: str) -> tuple[Specimen, ...]:
        self.image_set(which)
        assert self.held is not None
        return self.held[which]


def set_metrics(material: Material) -> list[Metric]:
    """Return the measures of sets that apply to these images and train no classifier, by name."""
    evidence = _evidence(
        material, Rows(material), lambda judged, training, draw: [material.specimens[i] for i in judged], 0, 0
    )
    return [
        metric
        for _, metric in METRICS.items()
        if metric.per == "set" and not takes_minutes(metric.needs) and not lacking(evidence, metric)
    ]


def measured_sets(
    material: Material, rows: Rows, metrics: Sequence[Metric], judge: Judge, seed: int, *, trained: bool = False
) -> dict[str, Values]:
    """Return metric to stratum to one value per draw; NaN where it could not be measured.

    The same draws of patients are used for every failure and severity. A metric with a bare statistic compares half of
    the patients with the other half, or, where ``trained`` patients matter, the judged with the kept and test patients;
    any other is computed whole, with training and kept patients beside.
    """
    found: dict[str, dict[str, Floats]] = {metric.name: {} for metric in metrics}
    for draw in range(DRAWS):
        features = None
        evidence = None
        for metric in metrics:
            if draw >= draws_of(metric):
                continue
            bare = metric.statistic is not None and "synthetic_features" in metric.takes
            if trained or not bare:
                evidence = evidence or _evidence(material, rows, judge, draw, seed)
            if bare:
                features = features or _samples(material, rows, judge, draw, seed, evidence if trained else None)
                assert metric.statistic is not None
                values = {"": metric.statistic(*features)}
            else:
                assert evidence is not None
                values = {r.stratum: r.value for r in measure_sets(evidence, metric) if r.value is not None}
            for stratum, value in values.items():
                found[metric.name].setdefault(stratum, np.full(draws_of(metric), np.nan))[draw] = value
    return {name: strata or {"": np.full(FEW_DRAWS, np.nan)} for name, strata in found.items()}


def draws_of(metric: Metric) -> int:
    """How many sets are drawn for a measure: fewer where it is no quick number of features or prints."""
    bare = metric.statistic is not None and "synthetic_features" in metric.takes and metric.name not in TRAINS
    quick = metric.axis is Axis.LEAKAGE and "training_copies" not in metric.takes
    return DRAWS if bare or quick else FEW_DRAWS


def measured_images(
    material: Material, rows: Rows, metrics: Sequence[Metric], judge: Judge, seed: int
) -> dict[str, Values]:
    """Return metric to stratum to the score of each judged image, for measures of sets that score single images.

    Half of the patients are judged, once; the others teach the measure what real images are like.
    """
    evidence = _evidence(material, rows, judge, IMAGES_DRAW, seed, IMAGES_SHARES)
    at = {specimen.case: position for position, specimen in enumerate(material.specimens)}
    found: dict[str, Values] = {}
    for metric in metrics:
        strata: dict[str, Floats] = {}
        for row in measure_sets(evidence, metric):
            if row.per_case:
                values = strata.setdefault(row.stratum, np.full(len(at), np.nan))
                for case, score in row.per_case.items():
                    values[at[case]] = score
        found[metric.name] = strata
    return found


def _samples(
    material: Material, rows: Rows, judge: Judge, draw: int, seed: int, evidence: DrawnEvidence | None
) -> tuple[Sample, Sample]:
    if evidence is not None and evidence.held is not None:
        judged: Sequence[Specimen] = evidence.held["synthetic"]
        real = [*evidence.held["holdout"], *evidence.held["test"]]
    else:
        order = stream(seed, "bench", "halves", draw).permutation(len(material.specimens)).tolist()
        half = len(order) // 2
        judged = judge(order[:half], order[half:], draw)
        real = [material.specimens[i] for i in order[half:]]
    raw = rows.features(real)
    scale = Standardiser.fit(raw, rows.names)
    return (
        Sample.of(scale.apply(rows.features(judged)), [str(i) for i in range(len(judged))]),
        Sample.of(scale.apply(raw), [s.subject for s in real]),
    )


def _evidence(
    material: Material, rows: Rows, judge: Judge, draw: int, seed: int, shares: tuple[float, float, float] = SHARES
) -> DrawnEvidence:
    order = stream(seed, "bench", "draw", draw).permutation(len(material.specimens)).tolist()
    ends = np.cumsum([round(share * len(order)) for share in shares]).tolist()
    parts = {"training": order[ends[0] : ends[1]], "holdout": order[ends[1] : ends[2]], "test": order[ends[2] :]}
    judged = judge(order[: ends[0]], parts["training"], draw)
    held = {name: tuple(material.specimens[i] for i in part) for name, part in parts.items()}
    held["synthetic"] = _nobodys(judged, [specimen for part in held.values() for specimen in part])
    sets = {name: specimen_set(name, specimens) for name, specimens in held.items()}
    return DrawnEvidence(
        of="bench",
        protocol=material.protocol,
        data_range=material.data_range,
        seed=derive(seed, "bench", "draw", draw),
        options=Options(bootstrap=200),
        structure_names=material.specimens[0].structure_names,
        real_memo=rows.memos.setdefault(draw, {}),
        rows=rows,
        held=held,
        synthetic=sets["synthetic"],
        training=sets["training"],
        holdout=sets["holdout"],
        test=sets["test"],
    )


def _nobodys(judged: Sequence[Specimen], real: Sequence[Specimen]) -> tuple[Specimen, ...]:
    """Give images that are real ones, or that repeat another, a name of their own; others stay the same objects."""
    taken = {id(specimen) for specimen in real} | {specimen.case for specimen in real}
    named = []
    for number, specimen in enumerate(judged):
        known = id(specimen) in taken or specimen.case in taken
        own = {"case": f"synthetic-{number:04d}", "subject": f"nobody-{number:04d}"} if known else {}
        named.append(specimen.replace(**own) if known else specimen)
        taken |= {id(specimen), specimen.case}
    return tuple(named)


def _print(specimen: Specimen) -> Prints:
    if not np.isfinite(specimen.pixels).all():
        raise NotMeasured("an image holds values that are not finite")
    return take_prints(specimen_set("one", [specimen]), [specimen.subject])
