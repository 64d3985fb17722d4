import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from evaluate.examination import assert_worsens
from synthassay.errors import NotMeasured
from synthassay.evaluate.failures.label_agreement import label_agreement
from synthassay.records.vocabulary import Better

RNG = np.random.default_rng(0)
NAMES = np.array(["normal", "normal", "normal", "pneumonia"])


def draw(n, seed):
    rng = np.random.default_rng(seed)
    labels = NAMES[rng.integers(0, 4, n)]
    rows = rng.normal(size=(n, 5))
    rows[:, 0] += 2.5 * (labels == "pneumonia")
    return rows, labels.tolist(), [f"p{i}" for i in range(n)]


TRAINING, TEST = draw(300, 1), draw(200, 2)
REAL = {"test_features": TEST[0], "test_labels": TEST[1], "test_subjects": TEST[2]}


def found(rows, labels, subjects, memo=None):
    return label_agreement(
        rows, labels, subjects, *TRAINING[:2], **REAL, rng=np.random.default_rng(5), bootstrap=300, real_memo=memo
    )  # fmt: skip


def swapped(share, n=300):
    rows, labels, subjects = draw(n, 3)
    wrong = np.random.default_rng(4).permutation(n)[: round(share * n)]
    return rows, ["normal" if i in wrong and v == "pneumonia" else "pneumonia" if i in wrong else v
                  for i, v in enumerate(labels)], subjects  # fmt: skip


def test_right_labels_reach_the_floor_and_wrong_ones_fall_from_it():
    memo = {}
    results = [found(*swapped(share), memo) for share in (0, 0.1, 0.25, 0.5)]
    first, last = results[0], results[-1]
    assert first.interval.low <= first.floor <= first.interval.high
    assert_worsens([r.value for r in results], Better.HIGHER)
    assert last.interval.high < last.floor_interval.low


def test_it_is_the_balanced_accuracy_of_a_classifier_of_real_images():
    memo = {}
    rows, labels, subjects = swapped(0.1)
    result = found(rows, labels, subjects, memo)
    predicted = memo["label_agreement"].predict(rows)
    assert result.value == pytest.approx(balanced_accuracy_score(labels, predicted))
    assert result.interval.low < result.value < result.interval.high


def test_what_cannot_be_told_is_not_measured():
    rows, labels, subjects = draw(50, 3)
    with pytest.raises(NotMeasured, match="no class tuberculosis"):
        found(rows, ["tuberculosis", *labels[1:]], subjects)
    with pytest.raises(NotMeasured, match="1 class"):
        label_agreement(rows, labels, subjects, TRAINING[0], ["normal"] * 300, **REAL, rng=RNG, bootstrap=200)
    few = ["pneumonia"] * 4 + ["normal"] * 296
    with pytest.raises(NotMeasured, match=r"fewer than 10 .* pneumonia \(4\)"):
        label_agreement(rows, labels, subjects, TRAINING[0], few, **REAL, rng=RNG, bootstrap=200)
