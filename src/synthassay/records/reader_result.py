"""What a reader study found: figures of merit, tests that generalise to readers and cases, agreement and controls."""

from __future__ import annotations

from typing import Literal

from synthassay.records.base import Record

READER_RESULT = "reader_result.json"
"""Name of the record in a run folder; the report shows it where it is there."""

Ends = tuple[float, float]


class Within(Record):
    """Tests of a difference against a margin that was stated before looking.

    Attributes:
        a_not_worse_p: One-sided p that a is not worse than b by the margin; ``b_not_worse_p`` the other way round.
        equivalent_p: The larger of both: p that the difference lies within the margin on either side.
        ci: Interval of 90 %, which lies within the margin where ``equivalent_p`` is at most 0.05.
    """

    margin: float
    a_not_worse_p: float
    b_not_worse_p: float
    equivalent_p: float
    ci: Ends


class ReaderDifference(Record):
    """A difference of two treatments, a minus b.

    Attributes:
        df: Degrees of freedom; None for a normal test.
        ci: Interval of 95 %; it may leave the possible range unless truncation was asked for.
    """

    a: str
    b: str
    estimate: float
    se: float | None
    df: float | None
    p: float | None
    ci: Ends | None
    within: Within | None = None


class ReaderMean(Record):
    """One treatment's mean over readers, by its own data alone; ``p`` against the reference."""

    treatment: str
    estimate: float
    se: float | None
    df: float | None
    ci: Ends | None
    reference: float | None = None
    p: float | None = None
    within: Within | None = None


class Generalisation(Record):
    """One way to generalise.

    Attributes:
        statistic: F over df1 and df2; chi-squared over df1 where df2 is None. With one treatment, F of its distance
            from the reference.
    """

    statistic: float | None
    df1: float | None
    df2: float | None
    p: float | None
    denominator: float | None
    differences: tuple[ReaderDifference, ...]
    single: tuple[ReaderMean, ...]


class VarianceComponents(Record):
    """Obuchowski and Rockette's; ``dbm`` are the equal ones of Dorfman, Berbaum and Metz, for crossed designs."""

    var: float
    cov1: float
    cov2: float
    cov3: float
    ms_t: float | None
    ms_r: float | None
    ms_tr: float | None
    var_r: float | None
    var_tr: float | None
    ms_r_within: dict[str, float]
    var_within: dict[str, float]
    cov2_within: dict[str, float]
    dbm: dict[str, float] = {}


class UStatistics(Record):
    """Gallas' U-statistics; keys are treatments and differences, written ``a - b``.

    Attributes:
        p: Against 0.5 for an area and 0 for a difference, with whole degrees of freedom and normal above 50, as iMRMC.
        p_exact_df: Likewise with the degrees of freedom as they are.
        components: Per key, the components N, D, ND, R, NR, DR, RND of a single pair of readings.
    """

    auc: dict[str, float]
    variance: dict[str, float | None]
    biased_variance: dict[str, float | None]
    df: dict[str, float | None]
    p: dict[str, float | None]
    p_exact_df: dict[str, float | None]
    ci: dict[str, Ends | None]
    p_normal: dict[str, float | None]
    ci_normal: dict[str, Ends | None]
    components: dict[str, dict[str, float | None]]
    differences: tuple[ReaderDifference, ...]
    single: tuple[ReaderMean, ...]


class AtCut(Record):
    """Sensitivity or specificity at a cut, analysed as the areas are."""

    figure: Literal["sensitivity", "specificity"]
    values: dict[str, dict[str, float]]
    mean: dict[str, float]
    components: VarianceComponents | None
    rrrc: Generalisation | None
    frrc: Generalisation | None
    rrfc: Generalisation | None


class Agreement(Record):
    """How far readers agree, in one treatment."""

    treatment: str
    coefficient: str
    estimate: float | None
    ci: Ends | None
    n: int
    note: str = ""


class Control(Record):
    """An arm that tells whether the study could have found what it did not find."""

    treatment: str
    kind: Literal["positive", "negative"]
    estimate: float
    ci: Ends | None
    passed: bool
    says: str


class Guesser(Record):
    """How one reader told synthetic from real: detection theory at the cut, and learning over the session."""

    treatment: str
    reader: str
    hits: int
    false_alarms: int
    positives: int
    negatives: int
    d_prime: float
    criterion: float
    accuracy: float


class Chooser(Record):
    """How often one reader picked the target among the alternatives of a choice, and the d' that it amounts to."""

    treatment: str
    reader: str
    right: int
    trials: int
    alternatives: int
    d_prime: float


class ProportionalOdds(Record):
    """Ordered answers by a proportional-odds model with effects of readers and cases, one item.

    Attributes:
        answers: The different answers, in order; ``thresholds`` between them, in log odds.
        spread: Standard deviation of the effects of readers, readers in arms, cases, patients; in log odds.
        differences: Log odds ratios of a higher answer in a than in b, with intervals for other readers and cases.
        note: Why there are none.
    """

    item: str
    answers: tuple[float, ...]
    thresholds: tuple[float, ...]
    spread: dict[str, float]
    log_likelihood: float | None
    differences: tuple[ReaderDifference, ...]
    note: str = ""


class Turing(Record):
    """Whether readers told synthetic from real, in one treatment.

    Attributes:
        auc: Mean area over readers against chance, for other readers and other cases; None with one reader.
        accuracy: Balanced accuracy at the cut, likewise; unequal numbers of both kinds do not matter to it.
        hype: Human error rate in percent; 50 is chance.
        indistinguishable: Whether equivalence with chance was shown within the margin; never from "not significant".
    """

    treatment: str
    readers: tuple[Guesser, ...]
    auc: ReaderMean | None
    accuracy: ReaderMean | None
    hype: float
    hype_on_synthetic: float
    hype_on_real: float
    indistinguishable: bool


class Drift(Record):
    """How right answers or reading times change over a session, from its first position to its last.

    Attributes:
        of: ``right answers`` (slope in log odds) or ``log seconds``.
        first: Mean over readers in the first quarter of the session; ``last`` in the last.
    """

    of: Literal["right answers", "log seconds"]
    slope: float
    ci: Ends | None
    p: float | None
    readers: int
    first: float
    last: float


class Artefact(Record):
    """In how many cases most readers saw an artefact, with the exact interval over cases.

    Attributes:
        agreement: Gwet's AC1 of the readers; None with one.
    """

    artefact: str
    cases: int
    present: int
    share: float
    ci: Ends
    readers: int
    agreement: float | None


class Resampled(Record):
    """Intervals by drawing readers and cases with replacement: a check of the analytic ones, too narrow for few."""

    draws: int
    mean: dict[str, Ends]
    differences: dict[str, Ends]


class ReaderResult(Record):
    """The record of one analysis; ``reader_result.json``.

    Attributes:
        figure: What was analysed, such as ``AUC``; of a study without two truths ``positive`` counts all cases.
        patients: Whose the cases are; None where it was not told, so that each case counts as a patient.
        auc: Per treatment and reader; None where the reader did not read both truths there.
        values: The figure that was analysed, likewise; equal to ``auc`` where that is the figure.
        mean: Per treatment, the mean over readers of the figure.
        not_done: What could not be analysed, and why.
        curves: Per treatment and reader, points (false positive fraction, true positive fraction).
        says: What was shown and what was not, in plain sentences.
    """

    title: str = ""
    figure: str
    design: str
    treatments: tuple[str, ...]
    readers: tuple[str, ...]
    cases: int
    patients: int | None = None
    positive: int
    negative: int
    readings: int
    method: str
    covariance: str
    headline: str
    reference: float | None
    margin: float | None
    truncated: bool = False
    auc: dict[str, dict[str, float | None]]
    values: dict[str, dict[str, float | None]]
    mean: dict[str, float]
    components: VarianceComponents | None = None
    rrrc: Generalisation | None = None
    frrc: Generalisation | None = None
    rrfc: Generalisation | None = None
    per_reader: tuple[ReaderDifference, ...] = ()
    ustat: UStatistics | None = None
    cut: float | None = None
    at_cut: tuple[AtCut, ...] = ()
    agreement: tuple[Agreement, ...] = ()
    turing: tuple[Turing, ...] = ()
    choices: tuple[Chooser, ...] = ()
    odds: tuple[ProportionalOdds, ...] = ()
    controls: tuple[Control, ...] = ()
    drift: tuple[Drift, ...] = ()
    artefacts: tuple[Artefact, ...] = ()
    resampled: Resampled | None = None
    curves: dict[str, dict[str, tuple[Ends, ...]]] = {}
    not_done: dict[str, str] = {}
    says: tuple[str, ...] = ()
    source: str
