"""What each measure is, what it depends on and where it is defined; and the words that the report uses."""

from __future__ import annotations

from dataclasses import dataclass

from synthassay.records.measurement import Measurement
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.records.vocabulary import Axis
from synthassay.report.contents import Contents
from synthassay.report.numbers import percent, plain, unit_words
from synthassay.report.tables import direction_words

WORDS = (
    ("synthetic", "Made by a generator or a baseline; never an acquisition of a patient."),
    ("real", "Acquired from a patient, or from a virtual patient where the cohort says so."),
    ("reference", "The real image that a synthetic one should equal."),
    ("baseline", "A classical method without learnt image synthesis; a generator that does not beat it adds nothing."),
    ("control", "Another set's images spoiled on purpose, to see whether the measures notice."),
    ("interval", "Range that would hold the value in so many of a hundred repetitions with other subjects."),
    ("floor", "The same measure between two sets of real images of equal size: as good as it can get."),
    ("not told apart", "The data do not show a difference; they do not show equality either."),
    ("paired difference", "Mean over the same cases of one set's value minus the other's."),
    ("requirement", "What the protocol of the modality asks to be shown, with its reason."),
    ("external", "Subjects of a site that gave no training data."),
    ("S-…, C-…", "Pseudonyms of subjects and cases; only the holder of the run folder can resolve them."),
)


@dataclass(frozen=True)
class Measure:
    """One measure as the glossary shows it."""

    metric: str
    title: str
    axis: str
    direction: str
    unit: str
    settings: str
    interval: str
    source: str


def measures(contents: Contents, pseudonyms: Pseudonyms) -> tuple[Measure, ...]:
    """Return one entry per measure, in the order of the tables."""
    by_metric: dict[str, list[Measurement]] = {}
    for m in contents.measurements:
        by_metric.setdefault(m.metric, []).append(m)
    axes = list(Axis)
    order = sorted(by_metric.values(), key=lambda ms: axes.index(ms[0].axis))
    return tuple(_measure(ms, pseudonyms) for ms in order)


def _measure(measurements: list[Measurement], pseudonyms: Pseudonyms) -> Measure:
    first = measurements[0]
    settings: dict[str, list[str]] = {}
    for m in measurements:
        for name, value in m.settings.items():
            text = plain(value) if isinstance(value, float) else str(value)
            if text not in settings.setdefault(name, []):
                settings[name].append(text)
    made = list(dict.fromkeys(f"{percent(m.interval.level)}, {m.interval.method}" for m in measurements if m.interval))
    return Measure(
        metric=first.metric,
        title=first.title,
        axis=first.axis.value,
        direction=f"{first.better.arrow} {direction_words(first)}",
        unit=unit_words(first.unit),
        settings=pseudonyms.scrub("; ".join(f"{name} = {_some(values)}" for name, values in settings.items())),
        interval="; ".join(made),
        source=first.source,
    )


def _some(values: list[str], most: int = 4) -> str:
    return ", ".join(values) if len(values) <= most else f"{', '.join(values[:most])}, …"
