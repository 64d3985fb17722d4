import numpy as np
import pytest
from scipy import stats

from synthassay.records.measurement import Measurement
from synthassay.records.vocabulary import Axis, Better
from synthassay.study.comparing import compare


def row(of, values):
    return Measurement(
        metric="mae", title="MAE", axis=Axis.FIDELITY, of=of, value=float(np.mean(values)), n=len(values),
        subjects=len(values), unit="HU", better=Better.LOWER, per_case={f"{of}-{i}": v for i, v in enumerate(values)},
        source="doi:10.1000/x",
    )  # fmt: skip


def comparisons(values, trained, owners=None):
    count = len(next(iter(values.values())))
    references = {of: {f"{of}-{i}": f"real-{i}" for i in range(count)} for of in values}
    owners = owners or {f"real-{i}": f"subject-{i}" for i in range(count)}
    return compare([row(of, v) for of, v in values.items()], references, owners, trained, seed=1, draws=500)


def test_pairs_hold_a_trained_generator_and_differences_are_case_by_case():
    rng = np.random.default_rng(0)
    base = rng.normal(30, 5, 12)
    found = comparisons({"pgan": base - 4, "identity": base, "regression": base - 1}, ["pgan"])
    assert [(c.of, c.against) for c in found] == [("pgan", "identity"), ("pgan", "regression")]
    assert [round(c.difference, 9) for c in found] == [-4.0, -3.0]
    assert found[0].interval.high < 0


def test_p_values_are_holms_on_the_t_test_over_subjects():
    rng = np.random.default_rng(1)
    values = {name: rng.normal(30 + shift, 4, 20) for name, shift in (("a", 0.0), ("b", 1.5), ("c", 3.0))}
    found = {(c.of, c.against): c.p for c in comparisons(values, ["a", "b", "c"])}
    raw = {pair: stats.ttest_rel(values[pair[0]], values[pair[1]]).pvalue for pair in found}
    # Holm by hand: the smallest of three times 3, the next times 2, the last as it is, never falling
    order = sorted(raw, key=raw.get)
    expected, running = {}, 0.0
    for factor, pair in zip((3, 2, 1), order, strict=True):
        running = max(running, min(1.0, factor * raw[pair]))
        expected[pair] = running
    assert found == pytest.approx(expected)


def test_cases_of_one_subject_count_once():
    values = {"a": np.array([1.0, 1.2, 2.0, 2.1, 3.0, 3.1]), "b": np.array([2.0, 2.1, 2.9, 3.3, 4.2, 3.9])}
    owners = {f"real-{i}": f"subject-{i // 2}" for i in range(6)}
    found = comparisons(values, ["a"], owners)[0]
    means = (values["a"] - values["b"]).reshape(3, 2).mean(axis=1)
    assert found.subjects == 3
    assert found.p == pytest.approx(stats.ttest_1samp(means, 0).pvalue)


def test_two_subjects_give_a_difference_without_an_interval_or_a_p():
    found = comparisons({"a": np.array([1.0, 2.0]), "b": np.array([2.0, 4.0])}, ["a"])[0]
    assert found.difference == -1.5
    assert found.interval is None
    assert found.p is None


def test_unpaired_sets_are_not_compared():
    one, other = row("a", [1.0, 2.0, 3.0]), row("b", [2.0, 3.0, 4.0])
    assert compare([one, other], {}, {}, ["a"], seed=1, draws=200) == []


def test_several_images_of_one_reference_all_count():
    a, b = (Measurement.model_validate({**row("a", [0.0]).model_dump(), "of": of}) for of in "ab")
    references = {of: {f"syn-{i}-{s}": f"real-{i}" for i in range(3) for s in "xy"} for of in "ab"}
    ours = {f"syn-{i}-{s}": float(i + (s == "y")) for i in range(3) for s in "xy"}
    theirs = {case: value + (4.0 if case.endswith("x") else 2.0) for case, value in ours.items()}
    rows = [a.model_copy(update={"per_case": ours}), b.model_copy(update={"per_case": theirs})]
    found = compare(rows, references, {f"real-{i}": f"s{i}" for i in range(3)}, ["a"], seed=1, draws=500)[0]
    assert (found.n, found.subjects, found.difference) == (6, 3, -3.0)
    # an image that one set lacks is left out of both, not replaced by another image of the same reference
    del ours["syn-0-y"]
    rows[0] = a.model_copy(update={"per_case": ours})
    found = compare(rows, references, {f"real-{i}": f"s{i}" for i in range(3)}, ["a"], seed=1, draws=500)[0]
    assert found.n == 5
    assert found.difference == -(3 * 4 + 2 * 2) / 5
    # where the names of images tell nothing, means over the reference are paired
    other = {of: {f"{of}{case}": real for case, real in cases.items()} for of, cases in references.items()}
    ours = {f"syn-{i}-{s}": float(i + (s == "y")) for i in range(3) for s in "xy"}
    rows = [
        a.model_copy(update={"per_case": {f"a{case}": value for case, value in ours.items()}}),
        b.model_copy(update={"per_case": {f"b{case}": value for case, value in theirs.items()}}),
    ]
    found = compare(rows, other, {f"real-{i}": f"s{i}" for i in range(3)}, ["a"], seed=1, draws=500)[0]
    assert (found.n, found.difference) == (3, -3.0)
