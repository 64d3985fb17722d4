"""How many real patients a set of synthetic images with label maps is worth to a segmenter."""

from __future__ import annotations

import numpy as np

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.arms import Arm, Floats, interval_of_draws, worth
from synthassay.evaluate.utility.outlining import SegmentationTrial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.resampling import FEW_SUBJECTS, subject_counts


@metric(
    title="Real patients that the synthetic set is worth",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="patients",
    per="set",
    source="arXiv:1706.02633",
    settings={"tested_on": "real test images", "curve": "Dice of real images alone, over the logarithm of patients"},
)
def segmentation_worth(segmentation_trial: SegmentationTrial, bootstrap: int, rng: np.random.Generator) -> Finding:
    """Return with how many real patients a segmenter does as well as with the synthetic images alone.

    It is read off the learning curve of real images alone, at the shares of ``[segmentation] fractions``. Beyond the
    curve's ends there is only a bound: 0 stands for fewer than the fewest, and the most for at least as many; the
    setting ``bound`` says so.

    Args:
        segmentation_trial: Trains the segmenters.
        bootstrap: Draws for the interval, which resamples patients and trainings for all points alike.
        rng: Source of the draws.

    Returns:
        Patients, from 0 to all training patients.

    Raises:
        NotMeasured: The study does not ask for it, label maps are missing, or synthetic images were made from test or
            validation patients.

    Source:
        Esteban et al. 2017, arXiv:1706.02633 (TSTR), read off a learning curve.
    """
    trial = segmentation_trial
    shares = sorted({*trial.asked.fractions, 1.0})
    counts = [trial.count(share) for share in shares]
    real = [trial.outlines(Arm(share)).dice.mean(axis=2) for share in shares]
    synthetic = trial.outlines(Arm(0.0)).dice.mean(axis=2)
    curve = list(zip(counts, [float(one.mean()) for one in real], strict=True))
    value, bound = worth(curve, float(synthetic.mean()))
    subjects = trial.read("test").subjects
    interval = None
    if len(set(subjects)) >= FEW_SUBJECTS and bootstrap:
        points = _drawn(np.stack([*real, synthetic]), subjects, bootstrap, rng)
        found = np.array([worth(list(zip(counts, row[:-1], strict=True)), float(row[-1]))[0] for row in points])
        interval = interval_of_draws(found, f"bootstrap of subjects and trainings, percentile, {bootstrap} draws")
    shown = "; ".join(f"{count}: {dice:.3f}" for count, dice in curve)
    return Finding(
        value=value,
        interval=interval,
        n=synthetic.shape[1],
        subjects=len(set(subjects)),
        settings={
            **trial.settings(Arm(0.0)),
            "bound": bound or "none",
            "dice_synthetic": float(synthetic.mean()),
            "dice_by_real_patients": shown,
        },
    )


def _drawn(values: Floats, subjects: tuple[str, ...], draws: int, rng: np.random.Generator) -> Floats:
    """Return ``draws arms``: each arm's mean over the same resampled patients and trainings.

    Args:
        values: ``arms trainings cases``.
        subjects: Subject of each case.
        draws: Bootstrap draws.
        rng: Source of the draws.
    """
    _, index = np.unique(np.asarray(subjects), return_inverse=True)
    weights = subject_counts(int(index.max()) + 1, draws, rng)[:, index]
    by_training = np.einsum("dc,atc->dat", weights, values) / weights.sum(axis=1)[:, None, None]
    repeats = values.shape[1]
    drawn = rng.multinomial(repeats, np.full(repeats, 1 / repeats), size=draws)
    means: Floats = np.einsum("dat,dt->da", by_training, drawn) / repeats
    return means
