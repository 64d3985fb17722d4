"""How many real patients a set of synthetic images is worth to a classifier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.arms import Arm, interval_of_draws, worth
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import FEW_SUBJECTS, subject_counts
from synthassay.stats.roc import mean_auc

Floats = NDArray[np.float64]
AT_ONCE = 100


@metric(
    title="Real patients that the synthetic set is worth to a classifier",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="patients",
    per="set",
    source="arXiv:1706.02633",
    settings={"tested_on": "real test images", "curve": "AUC of real images alone, over the logarithm of patients"},
)
def classification_worth(
    classification_trial: ClassificationTrial, bootstrap: int, rng: np.random.Generator
) -> Finding:
    """Return with how many real patients a classifier does as well as with the synthetic images alone.

    It is read off the learning curve of real images alone, at the shares of ``[classification] fractions``. Beyond the
    curve's ends there is only a bound: 0 stands for fewer than the fewest, and the most for at least as many; the
    setting ``bound`` says so.

    Args:
        classification_trial: Trains the classifiers.
        bootstrap: Draws for the interval, which resamples patients and trainings for all points alike.
        rng: Source of the draws.

    Returns:
        Patients, from 0 to all training patients.

    Raises:
        NotMeasured: As for ``auc_gain``.

    Source:
        Esteban et al. 2017, arXiv:1706.02633 (TSTR), read off a learning curve.
    """
    trial = classification_trial
    shares = sorted({*trial.asked.fractions, 1.0})
    counts = [trial.count(share) for share in shares]
    scores = np.stack([trial.scores(arm) for arm in (*(Arm(share) for share in shares), Arm(0.0))])
    judged = trial.set_of("test")
    areas = np.array([[float(mean_auc(one, judged.labels)[0]) for one in arm] for arm in scores]).mean(axis=1)
    curve = list(zip(counts, areas[:-1].tolist(), strict=True))
    value, bound = worth(curve, float(areas[-1]))
    interval = None
    if len(set(judged.subjects)) >= FEW_SUBJECTS and bootstrap:
        points = _drawn(scores, judged.labels, judged.subjects, bootstrap, rng)
        points = points[np.isfinite(points).all(axis=1)]
        found = np.array([worth(list(zip(counts, row[:-1], strict=True)), float(row[-1]))[0] for row in points])
        interval = interval_of_draws(found, f"bootstrap of subjects and trainings, percentile, {bootstrap} draws")
    return Finding(
        value=value,
        interval=interval,
        n=len(judged.labels),
        subjects=len(set(judged.subjects)),
        settings={
            **trial.settings(Arm(0.0)),
            "bound": bound or "none",
            "auc_synthetic": float(areas[-1]),
            "auc_by_real_patients": "; ".join(f"{count}: {area:.3f}" for count, area in curve),
        },
    )


def _drawn(
    scores: Floats, truth: NDArray[np.intp], subjects: tuple[str, ...], draws: int, rng: np.random.Generator
) -> Floats:
    """Return ``draws arms``: each arm's AUC over the same resampled patients and trainings.

    Args:
        scores: ``arms trainings cases classes``.
        truth: Class index per case.
        subjects: Subject of each case.
        draws: Bootstrap draws.
        rng: Source of the draws.
    """
    _, index = np.unique(np.asarray(subjects), return_inverse=True)
    repeats, found = scores.shape[1], []
    for start in range(0, draws, AT_ONCE):
        step = min(AT_ONCE, draws - start)
        weights = subject_counts(int(index.max()) + 1, step, rng)[:, index]
        drawn = rng.multinomial(repeats, np.full(repeats, 1 / repeats), size=step) / repeats
        areas = np.array([[mean_auc(one, truth, weights) for one in arm] for arm in scores])
        found.append(np.einsum("atd,dt->da", areas, drawn))
    return np.concatenate(found)
