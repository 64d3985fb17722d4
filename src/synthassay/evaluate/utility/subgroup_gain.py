"""Whether the gain is the same for all: the smallest gain among subgroups of real patients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.utility.classification_regimes import headline
from synthassay.evaluate.utility.classified import Drawn, corrected, gain_row
from synthassay.evaluate.utility.classifying import ClassificationTrial
from synthassay.records.vocabulary import Axis, Better
from synthassay.stats.roc import mean_auc

LEAST_PATIENTS = 10


@metric(
    title="Gain in AUC by subgroup",
    axis=Axis.UTILITY,
    better=Better.HIGHER,
    unit="1",
    per="set",
    source="doi:10.1136/bmj-2023-078378",
    settings={"tested_on": "real test images", "least": f"{LEAST_PATIENTS} patients and both classes per subgroup"},
)
def subgroup_gain(
    classification_trial: ClassificationTrial,
    test_groups: list[dict[str, str]],
    bootstrap: int,
    rng: np.random.Generator,
) -> list[Finding]:
    """Return the headline gain in AUC within each subgroup of the test patients that is known: site, scanner, sex, age.

    The measure's own row is the subgroup with the smallest gain: a gain on average that some pay for is shown as such.
    Patients are not compared across subgroups: each has its own classifiers' scores, with and without.

    Args:
        classification_trial: Trains the classifiers.
        test_groups: Per test image, what is known of its patient, such as ``{"site": "HH", "sex": "female"}``.
        bootstrap: Draws for the interval of each paired difference.
        rng: Source of the draws.

    Raises:
        NotMeasured: Nothing is known of the patients, or fewer than two subgroups are large enough.

    Source:
        Collins et al. 2024 (TRIPOD+AI, item 14 on fairness), doi:10.1136/bmj-2023-078378.
    """
    trial, arm = classification_trial, headline(classification_trial.asked)
    judged = trial.set_of("test")
    rows = []
    for name in sorted({key for one in test_groups for key in one}):
        for value in sorted({one[name] for one in test_groups if name in one}):
            at = np.flatnonzero([one.get(name) == value for one in test_groups])
            owners = {judged.subjects[i] for i in at}
            if len(owners) >= LEAST_PATIENTS and len(set(judged.labels[at].tolist())) == len(trial.classes):
                row = gain_row(trial, arm, mean_auc, Drawn(bootstrap, rng, cases=at))
                rows.append(replace(row, stratum=f"{name}={value}"))
    if len(rows) < 2:
        known = "nothing is known of them" if not any(test_groups) else "fewer than two subgroups are large enough"
        raise NotMeasured(f"subgroups of the test patients cannot be compared: {known}")
    found = corrected(rows)
    worst = min(found, key=lambda row: row.value if row.value is not None else 0.0)
    return [replace(worst, stratum="", settings={**worst.settings, "subgroup": worst.stratum}), *found]
