"""One failure against every measure: its dose-response curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from synthassay.bench.cases import case_metrics, measured_cases
from synthassay.bench.damage import Pairs, damaged, damaged_set, undamaged, with_what_is_lacking
from synthassay.bench.detection import Values, seen, seen_from
from synthassay.bench.material import Material
from synthassay.bench.sets import DRAWS, Rows, draws_of, measured_images, measured_sets, set_metrics
from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import METRICS, Metric
from synthassay.failures.failure import Failure
from synthassay.images.specimen import Specimen
from synthassay.randomness import derive, stream
from synthassay.records.bench import Dose, Response
from synthassay.records.vocabulary import Axis


@dataclass(frozen=True)
class Trial:
    """A measure's values without and with the failure, one pair per severity."""

    undamaged: Values
    damaged: Values


class Bench:
    """Real images, and what every measure says of them undamaged; failures are tried on it one after the other.

    Args:
        material: The real images.
        seed: Root seed of places, shapes and draws.
        metrics: Names of the measures to try; all that apply where empty.
    """

    def __init__(self, material: Material, seed: int, metrics: Sequence[str] = ()) -> None:
        self.material, self.seed = material, seed
        self._wanted = frozenset(METRICS.get(name).name for name in metrics)
        self._rows = Rows(material)

    def responses(self, failure: Failure) -> list[Response]:
        """Try one failure at all its severities; a measure without an honest answer has its reason."""
        found: list[Response] = []
        if failure.scope == "case":
            found += self._judged(failure, self._case_trials(failure), study=True)
        images, sets = self._image_and_set_trials(failure)
        found += self._judged(failure, images, study=True)
        found += self._judged(failure, sets, study=False)
        self._rows.forget_but(self.material.specimens)
        return found

    @cached_property
    def _faultless(self) -> Pairs:
        return undamaged(self.material, self.seed)

    @cached_property
    def _set_metrics(self) -> list[Metric]:
        return self._only(set_metrics(self.material))

    @cached_property
    def _real_draws(self) -> dict[str, Values]:
        metrics = [m for m in self._set_metrics if m.axis is not Axis.LEAKAGE and m.name not in self._real_images]
        return measured_sets(self.material, self._rows, metrics, self._plain, derive(self.seed, "draws"))

    @cached_property
    def _real_sets(self) -> dict[str, Values]:
        metrics = [m for m in self._set_metrics if m.name not in self._real_images]
        seed = derive(self.seed, "draws")
        return measured_sets(self.material, self._rows, metrics, self._plain, seed, trained=True)

    @cached_property
    def _real_images(self) -> dict[str, Values]:
        """What each image scores, by the measures of sets that score single images; none where the others are."""
        found = measured_images(self.material, self._rows, self._set_metrics, self._plain, derive(self.seed, "draws"))
        return {name: strata for name, strata in found.items() if strata}

    @cached_property
    def _faultless_cases(self) -> dict[str, Values]:
        metrics = self._only(case_metrics(self.material, self._faultless))
        return measured_cases(self.material, self._faultless, metrics)

    def _only(self, metrics: Sequence[Metric]) -> list[Metric]:
        return [metric for metric in metrics if not self._wanted or metric.name in self._wanted]

    def _plain(self, judged: Sequence[int], training: Sequence[int], draw: int) -> list[Specimen]:
        return [self.material.specimens[i] for i in judged]

    def _case_trials(self, failure: Failure) -> Mapping[str, Sequence[Trial]]:
        trials: dict[str, list[Trial]] = {}
        for severity in failure.severities:
            pairs = damaged(failure, severity, self._faultless, self.seed)
            base = with_what_is_lacking(pairs, self._faultless)
            metrics = self._only(case_metrics(self.material, pairs))
            without = self._faultless_cases if base is None else measured_cases(self.material, base, metrics)
            hurt = measured_cases(self.material, pairs, metrics)
            for metric in metrics:
                trial = Trial(_at(without.get(metric.name, {}), pairs), _at(hurt[metric.name], pairs))
                trials.setdefault(metric.name, []).append(trial)
        return trials

    def _image_and_set_trials(self, failure: Failure) -> tuple[Mapping[str, Sequence[Trial]], ...]:
        """Try measures of sets, those that score single images apart, on images that are damaged once per severity.

        Leakage is tried on failures of sets alone: damage to single images makes no copies of training images.
        """
        trained, seed = failure.scope == "set", derive(self.seed, "draws")
        base = self._real_sets if trained else self._real_draws
        metrics = [metric for metric in self._set_metrics if metric.name in base]
        scoring = [metric for metric in self._set_metrics if not trained and metric.name in self._real_images]
        sets: dict[str, list[Trial]] = {metric.name: [] for metric in metrics}
        images: dict[str, list[Trial]] = {metric.name: [] for metric in scoring}
        for severity in failure.severities:
            judge = self._judge_of(failure, severity)
            scored = measured_images(self.material, self._rows, scoring, judge, seed) if scoring else {}
            for name, found in images.items():
                found.append(_common(self._real_images[name], scored[name]))
            hurt = measured_sets(self.material, self._rows, metrics, judge, seed, trained=trained)
            for name, found in sets.items():
                found.append(Trial(base[name], hurt[name]))
            self._rows.forget_but(self.material.specimens)
        return images, sets

    def _judge_of(
        self, failure: Failure, severity: float
    ) -> Callable[[Sequence[int], Sequence[int], int], Sequence[Specimen]]:
        real = self.material.specimens
        if failure.scope == "set":
            return lambda judged, training, draw: damaged_set(
                failure,
                severity,
                [real[i] for i in judged],
                [real[i] for i in training],
                derive(self.seed, "set", draw),
            )
        pairs = damaged(failure, severity, Pairs(tuple(range(len(real))), real, real), self.seed)
        hurt = dict(zip(pairs.positions, pairs.synthetic, strict=True))
        return lambda judged, training, draw: [hurt[i] for i in judged if i in hurt]

    def _judged(self, failure: Failure, trials: Mapping[str, Sequence[Trial]], *, study: bool) -> list[Response]:
        return [
            self._response(METRICS.get(name), failure, found, study=study)
            for name, found in sorted(trials.items())
            if len(found) == len(failure.severities)
        ]

    def _response(self, metric: Metric, failure: Failure, trials: Sequence[Trial], *, study: bool) -> Response:
        response = partial(
            Response,
            metric=metric.name,
            axis=metric.axis,
            better=metric.better,
            per="case" if study else "set",
            failure=failure.name,
        )
        looks = []
        try:
            for severity, trial in zip(failure.severities, trials, strict=True):
                rng = stream(self.seed, "halves", metric.name, failure.name, str(severity))
                looks.append(
                    seen(
                        trial.undamaged,
                        [trial.damaged],
                        metric.better,
                        metric.target,
                        rng=rng,
                        study=study,
                        few_draws=not study and draws_of(metric) < DRAWS,
                    )
                )
        except NotMeasured as problem:
            return response(not_measured=problem.reason)
        stratum = looks[-1].stratum
        doses = tuple(
            Dose(
                severity=severity,
                value=_mean(trial.damaged.get(stratum)),
                power=look.power[0],
                study_power=look.study_power[0] if study else None,
            )
            for severity, trial, look in zip(failure.severities, trials, looks, strict=True)
        )
        return response(
            stratum=stratum,
            floor=_mean(trials[-1].undamaged[stratum]),
            false_alarms=float(np.mean([look.false_alarms for look in looks])),
            doses=doses,
            seen_from=seen_from(failure.severities, [d.power for d in doses]),
            study_seen_from=seen_from(failure.severities, [d.study_power or 0.0 for d in doses]) if study else None,
            n=int(np.isfinite(trials[-1].undamaged[stratum]).sum()),
        )


def _at(values: Values, pairs: Pairs) -> Values:
    keep = list(pairs.positions)
    return {stratum: found[keep] for stratum, found in values.items()}


def _common(undamaged: Values, hurt: Values) -> Trial:
    """Scores of the images that could be scored undamaged in any stratum, without and with the failure."""
    keep = np.flatnonzero(np.any([np.isfinite(values) for values in undamaged.values()], axis=0))
    nothing = np.full(len(keep), np.nan)
    return Trial(
        {stratum: values[keep] for stratum, values in undamaged.items()},
        {stratum: hurt[stratum][keep] if stratum in hurt else nothing for stratum in undamaged},
    )


def _mean(values: np.ndarray | None) -> float | None:
    if values is None or not np.isfinite(values).any():
        return None
    return float(np.nanmean(values))
