"""Images made of a patient are linked by another image of the patient; strangers' images are not."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.sets import fields, images
from synthassay.errors import NotMeasured
from synthassay.evaluate.leakage.patient_reidentification import patient_reidentification
from synthassay.evaluate.leakage.prints import take_prints


def prints(name, pixels, subjects=()):
    taken = images(name, pixels, subjects=subjects)
    return take_prints(taken, taken.subjects)


def patients(count, seed, name, scale=25.0):
    """Two images of each patient: the same face with other noise."""
    faces = np.repeat(fields(count, seed), 2, axis=0)
    noise = np.random.default_rng(seed + 50).normal(scale=scale, size=faces.shape)
    return faces, prints(name, (faces + noise).astype(np.float32), [f"{name}{i // 2}" for i in range(2 * count)])


FACES, TRAINING = patients(30, 1, "t")
_, TEST = patients(20, 2, "e")


def linked(pixels, subjects, training=TRAINING, test=TEST):
    return patient_reidentification(prints("s", pixels, subjects), training, test, 300, np.random.default_rng(0))


def made(scale):
    return (FACES + np.random.default_rng(7).normal(scale=scale, size=FACES.shape)).astype(np.float32)


def test_images_of_a_patients_anatomy_are_linked_through_another_image():
    found = linked(made(25.0), TRAINING.subjects)
    assert found.value > 0.95 and found.floor > 0.95
    assert found.settings["chance"] == 1 / 50 and found.subjects == 30 and found.n == 60


def test_images_of_nobody_under_a_patients_name_are_linked_by_chance():
    found = linked(fields(60, 9), TRAINING.subjects)
    assert found.interval.low <= found.settings["chance"] + 0.05 and found.value < 0.12
    assert found.floor > 0.95  # the patients' own images can be linked, these cannot


def test_the_less_is_left_of_the_patient_the_fewer_are_linked():
    shares = [linked(made(scale), TRAINING.subjects).value for scale in (25.0, 150.0, 400.0, 2000.0)]
    assert shares == sorted(shares, reverse=True) and shares[0] - shares[-1] > 0.5


def test_the_source_itself_does_not_count():
    """Copies of a patient's only alike image: taken out, the patient's other image is another picture."""
    strangers = prints("t", fields(60, 11), TRAINING.subjects)  # two images of a patient have nothing in common
    found = linked(fields(60, 11), TRAINING.subjects, training=strangers)
    assert found.value < 0.12


def test_it_equals_its_definition():
    judged = prints("s", made(300.0), TRAINING.subjects)
    gallery = np.concatenate([TRAINING.rows, TEST.rows])
    names = [*TRAINING.subjects, *TEST.subjects]
    hits = []
    for row, owner in zip(judged.rows, judged.subjects, strict=True):
        order = list(np.argsort(-(gallery @ row), kind="stable"))
        order.remove(next(at for at in order if names[at] == owner))
        hits.append(names[order[0]] == owner)
    assert 0 < np.mean(hits) < 1
    assert linked(made(300.0), TRAINING.subjects).value == np.mean(hits)


def test_unknown_patients_and_single_images_cannot_be_linked():
    with pytest.raises(NotMeasured, match="of 0 patients"):
        linked(made(25.0), ())
    single = prints("t", FACES[::2], TRAINING.subjects[::2])
    with pytest.raises(NotMeasured, match="of 30 patients .*, 0 have a second real image"):
        linked(made(25.0), TRAINING.subjects, training=single)
    with pytest.raises(NotMeasured, match="size"):
        linked(fields(60, 9, size=30), TRAINING.subjects)
