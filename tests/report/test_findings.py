"""Better, worse or not told apart: only as far as the interval shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from synthassay.records.evaluation import Comparison, ComparisonList
from synthassay.records.measurement import Interval, Measurement
from synthassay.records.vocabulary import Axis, Better
from synthassay.report.contents import read_contents
from synthassay.report.findings import best, findings


def measurement(value: float, half: float | None, better: Better = Better.LOWER, of: str = "pgan") -> Measurement:
    interval = None if half is None else Interval(low=value - half, high=value + half, method="bootstrap")
    target = 1.0 if better == Better.TARGET else None
    return Measurement(
        metric="m", title="Measure", axis=Axis.FIDELITY, of=of, value=value, interval=interval, n=5, subjects=5,
        unit="1", better=better, target=target, source="doi:10.1000/1",
    )  # fmt: skip


def outcome_of(
    run: Path, one: Measurement, other: Measurement, difference: tuple[float, float] | None = None
) -> tuple[str, str]:
    from synthassay.records.base import write_lines

    write_lines(run / "measurements.jsonl", [one, other])
    listed = []
    if difference is not None:
        low, high = difference
        listed.append(
            Comparison(
                metric="m", of=one.of, against=other.of, difference=(low + high) / 2, n=5, subjects=5, unit="1",
                better=one.better, interval=Interval(low=low, high=high, method="paired bootstrap"),
            )
        )  # fmt: skip
    ComparisonList(comparisons=tuple(listed)).write(run / "evaluation" / "comparisons.json")
    contents = read_contents(run)
    (found,) = findings(contents, contents.pseudonyms())
    return found.outcome, found.basis


@pytest.mark.parametrize(
    ("better", "values", "half", "expected"),
    [
        (Better.LOWER, (1.0, 2.0), 0.4, "better"),
        (Better.LOWER, (2.0, 1.0), 0.4, "worse"),
        (Better.HIGHER, (2.0, 1.0), 0.4, "better"),
        (Better.HIGHER, (1.0, 2.0), 0.4, "worse"),
        (Better.LOWER, (1.0, 2.0), 0.5, "not told apart"),
        (Better.TARGET, (1.0, 2.0), 0.4, "different"),
        (Better.LOWER, (1.0, 2.0), None, "unknown"),
    ],
)
def test_two_intervals_decide_where_nothing_was_paired(
    make_run: Callable[..., Path], better: Better, values: tuple[float, float], half: float | None, expected: str
):
    one, other = measurement(values[0], half, better), measurement(values[1], half, better, "identity")
    assert outcome_of(make_run(), one, other)[0] == expected


@pytest.mark.parametrize(
    ("better", "difference", "expected"),
    [
        (Better.LOWER, (-3.0, -1.0), "better"),
        (Better.LOWER, (1.0, 3.0), "worse"),
        (Better.HIGHER, (1.0, 3.0), "better"),
        (Better.HIGHER, (-3.0, -1.0), "worse"),
        (Better.LOWER, (-3.0, 1.0), "not told apart"),
        (Better.TARGET, (1.0, 3.0), "different"),
    ],
)
def test_a_paired_difference_decides_even_where_intervals_overlap(
    make_run: Callable[..., Path], better: Better, difference: tuple[float, float], expected: str
):
    one, other = measurement(5.0, 10, better), measurement(5.1, 10, better, "identity")
    outcome, basis = outcome_of(make_run(), one, other, difference)
    assert outcome == expected and "paired" in basis


def test_the_table_says_in_few_words_what_an_outcome_rests_on_and_whether_it_was_asked_for(make_run):
    run = make_run()
    outcome_of(run, measurement(1.0, 0.4), measurement(2.0, 0.4, of="identity"))
    contents = read_contents(run)
    (found,) = findings(contents, contents.pseudonyms())
    assert (found.reason, found.asked) == ("by intervals", False)
    asked = contents.requirements.model_copy(
        update={"requirements": (contents.requirements.requirements[0].model_copy(update={"metric": "m"}),)}
    )
    (found,) = findings(replace(contents, requirements=asked), contents.pseudonyms())
    assert found.asked


def test_the_rival_is_the_best_baseline(make_run: Callable[..., Path]):
    contents = read_contents(make_run())
    rivals = {f.against for f in findings(contents, contents.pseudonyms())}
    assert rivals == {"linear_regression"}  # 52.9 beside identity's 58.4, by the lowest error


def test_generators_are_compared_with_each_other_where_that_was_recorded(make_run: Callable[..., Path]):
    run = make_run()
    path = run / "evaluation/comparisons.json"
    recorded = ComparisonList.read(path).comparisons[0]
    beside = [recorded.model_copy(update={"against": name}) for name in ("vae", "identity")]
    ComparisonList(comparisons=(recorded, *beside)).write(path)
    contents = read_contents(run)
    rivals = [f.against for f in findings(contents, contents.pseudonyms()) if f.of == "pgan" and f.difference]
    assert rivals == ["linear_regression", "vae"]  # identity is neither the best baseline nor a generator


def test_best_follows_the_direction():
    values = [measurement(v, 0.1, Better.TARGET, str(v)) for v in (0.2, 1.1, 3.0)]
    assert best(values).of == "1.1"
    assert best([m.model_copy(update={"better": Better.HIGHER}) for m in values]).of == "3.0"
    assert best([m.model_copy(update={"better": Better.LOWER}) for m in values]).of == "0.2"
