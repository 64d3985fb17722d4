"""Images made of a patient are linked by another image of the patient; strangers' images are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluate.sets import fields, images
from synthassay.errors import NotMeasured
from synthassay.evaluate.evidence import Evidence, Options
from synthassay.evaluate.leakage.patient_reidentification import patient_reidentification
from synthassay.evaluate.leakage.prints import take_prints
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.run import measure_sets, plan
from synthassay.protocols import PROTOCOLS


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
    return patient_reidentification(prints("s", pixels, subjects), training, test, 300, np.random.default_rng(0))[0]


def made(scale):
    return (FACES + np.random.default_rng(7).normal(scale=scale, size=FACES.shape)).astype(np.float32)


def test_images_of_a_patients_anatomy_are_linked_through_another_image():
    found = linked(made(25.0), TRAINING.subjects)
    assert found.settings["linked"] == 1.0 and found.settings["by_chance"] == pytest.approx(1 / 30)
    assert found.value == found.floor == pytest.approx(29 / 30)
    assert found.settings["gallery_patients"] == 50 and found.subjects == 30 and found.n == 60
    assert found.interval.method == "Clopper-Pearson" and 0.8 < found.interval.low < found.value


def test_images_of_nobody_under_a_patients_name_are_linked_as_often_as_by_chance():
    found = [linked(fields(60, seed), TRAINING.subjects) for seed in range(100, 130)]
    assert np.mean([row.interval.low <= 0 <= row.interval.high for row in found]) >= 0.9
    assert abs(np.mean([row.value for row in found])) < 0.01
    assert found[0].floor > 0.95  # the patients' own images can be linked, these cannot


def test_exchanged_names_carry_no_signal():
    rng = np.random.default_rng(8)
    names = [f"t{i}" for i in range(30)]
    found = []
    for _ in range(40):
        other = dict(zip(names, rng.permutation(names), strict=True))
        found.append(linked(made(25.0), [other[name] for name in TRAINING.subjects]))
    assert all(row.settings["by_chance"] == pytest.approx(1 / 30) for row in found)
    assert abs(np.mean([row.value for row in found])) < 0.02
    assert np.mean([row.interval.low <= 0 <= row.interval.high for row in found]) >= 0.9


def test_a_patient_with_most_of_the_gallery_makes_no_signal():
    """One patient has 44 of 60 images: strangers' images land there far more often than one in so many patients."""
    owners = ["t0"] * 44 + [f"t{i // 2}" for i in range(44, 60)]
    gallery = prints("t", fields(60, 21), owners)
    found = [linked(fields(60, seed), owners, training=gallery, test=TEST) for seed in range(200, 230)]
    chance = np.mean([row.settings["by_chance"] for row in found])
    assert chance > 3 / 29  # patients in the gallery
    assert abs(np.mean([row.value for row in found])) < 0.02


def test_none_linked_is_a_bound_and_not_a_proof():
    apart = prints(
        "t", np.repeat(fields(30, 1), 2, axis=0) * np.resize([1, -1], 60)[:, None, None, None], TRAINING.subjects
    )
    found = linked(fields(60, 9), TRAINING.subjects, training=apart)  # a patient's two images are each other's negative
    assert found.settings["linked"] == 0
    assert found.interval.high == pytest.approx(0.1157 - found.settings["by_chance"], abs=1e-4)


def test_the_less_is_left_of_the_patient_the_fewer_are_linked():
    shares = [linked(made(scale), TRAINING.subjects).value for scale in (25.0, 150.0, 400.0, 2000.0)]
    assert shares == sorted(shares, reverse=True) and shares[0] - shares[-1] > 0.5


def test_the_source_itself_does_not_count():
    """Copies of a patient's only alike image: taken out, the patient's other image is another picture."""
    strangers = prints("t", fields(60, 11), TRAINING.subjects)  # two images of a patient have nothing in common
    found = linked(fields(60, 11), TRAINING.subjects, training=strangers)
    assert found.value < 0.12


def test_the_same_pixels_twice_are_not_another_image():
    twice = prints("t", FACES, TRAINING.subjects)
    with pytest.raises(NotMeasured, match="of 30 training patients .*, 0 have a second real image"):
        linked(FACES, TRAINING.subjects, training=twice)


def test_it_equals_its_definition():
    """Image by image, and the control by exchanging names 2,000 times."""
    judged = prints("s", made(300.0), TRAINING.subjects)
    gallery = np.concatenate([TRAINING.rows, TEST.rows])
    names = [*TRAINING.subjects, *TEST.subjects]

    def hit(row, owner):
        order = list(np.argsort(-(gallery @ row), kind="stable"))
        order.remove(next(at for at in order if names[at] == owner))
        return names[order[0]] == owner

    table = {(i, own): hit(row, own) for i, row in enumerate(judged.rows) for own in set(judged.subjects)}
    rng = np.random.default_rng(4)
    control = np.mean([[table[i, own] for i, own in enumerate(rng.permutation(judged.subjects))] for _ in range(2000)])
    found = linked(made(300.0), TRAINING.subjects)
    assert 0 < found.settings["linked"] < 1
    assert found.settings["linked"] == np.mean([table[i, own] for i, own in enumerate(judged.subjects)])
    assert found.settings["by_chance"] == pytest.approx(control, abs=0.002)
    assert found.value == found.settings["linked"] - found.settings["by_chance"]


def test_held_out_patients_and_single_images_are_left_out_and_counted():
    single = images(
        "t", np.concatenate([FACES[:40], FACES[40::2]]), subjects=[*TRAINING.subjects[:40], *TRAINING.subjects[40::2]]
    )
    noise = np.random.default_rng(3).normal(scale=25.0, size=(50, 1, 24, 24)).astype(np.float32)
    training = prints("t", single.array() + noise, single.subjects)
    found = linked(made(25.0), [*TRAINING.subjects[:56], "e0", "e0", "nobody", "e1"], training=training)
    assert found.n == 40 and found.subjects == 20
    assert found.settings["left_out_source_unknown"] == 4 and found.settings["left_out_single_image"] == 16


def test_unknown_patients_and_single_images_cannot_be_linked():
    with pytest.raises(NotMeasured, match="no synthetic image tells a training patient"):
        linked(made(25.0), ())
    with pytest.raises(NotMeasured, match="no synthetic image tells a training patient"):
        linked(made(25.0)[:40], TEST.subjects)  # what a translation was asked for is no training patient's
    single = prints("t", FACES[::2], TRAINING.subjects[::2])
    with pytest.raises(NotMeasured, match="of 30 training patients .*, 0 have a second real image"):
        linked(made(25.0), TRAINING.subjects, training=single)
    with pytest.raises(NotMeasured, match="size"):
        linked(fields(60, 9, size=30), TRAINING.subjects)


def embedded(training, test, judged):
    """Features of ours in the place of an embedding; the pictures are strangers' and tell nothing."""
    rows = patient_reidentification(
        prints("s", fields(60, 9), TRAINING.subjects),
        TRAINING,
        TEST,
        300,
        np.random.default_rng(0),
        synthetic_features=judged,
        training_features=training,
        test_features=test,
    )
    return {row.stratum: row for row in rows}


def test_an_embedding_may_link_what_pictures_do_not():
    rng = np.random.default_rng(5)
    persons = np.repeat(rng.normal(size=(50, 210)), 2, axis=0) * rng.uniform(0.2, 3, 210)
    training, test = np.split(persons + rng.normal(scale=0.3, size=persons.shape), [60])
    judged = persons[:60] + rng.normal(scale=0.9, size=(60, 210))
    found = embedded(training, test, judged)
    assert found[""].settings["linked"] < 0.12
    gallery, names = np.concatenate([training, test]), np.array([*TRAINING.subjects, *TEST.subjects])
    hits = []
    for row, owner in zip(judged, TRAINING.subjects, strict=True):
        order = np.argsort(((gallery - row) ** 2).sum(1))
        taken_out = next(at for at in order if names[at] == owner)
        hits.append(names[next(at for at in order if at != taken_out)] == owner)
    assert found["attack=embedding"].settings["linked"] == np.mean(hits) > 0.8
    assert found["attack=embedding"].floor > 0.9
    assert embedded(training, test, judged * np.nan)["attack=embedding"].not_measured == "a feature is not finite"
    nobody = embedded(training, test, rng.normal(size=(60, 210)))["attack=embedding"]
    assert nobody.interval.low <= 0 <= nobody.interval.high


def test_pixels_that_are_no_number_are_a_reason_and_constant_images_are_nobodys():
    with pytest.raises(NotMeasured, match="not finite"):
        linked(np.full_like(FACES, np.nan), TRAINING.subjects)
    assert linked(np.full_like(FACES, 7.0), TRAINING.subjects).settings["linked"] == 0


def test_both_measures_of_known_identities_are_made_unasked():
    """From sets as a run gives them: what is recorded of a patient stands on the real images alone."""

    def told(taken):
        groups = [{"sex": "FM"[int(entry.subject[1:]) % 2]} for entry in taken.entries]
        kept = zip(taken.entries, groups, strict=True)
        return replace(taken, entries=tuple(replace(entry, groups=own) for entry, own in kept))

    def real(name, seed):
        faces = np.repeat(fields(30, seed), 2, axis=0)
        noise = np.random.default_rng(seed).normal(scale=25.0, size=faces.shape)
        return told(
            images(name, (faces + noise).astype(np.float32), subjects=[f"{name[0]}{i // 2}" for i in range(60)])
        )

    training = real("training", 1)
    evidence = Evidence(
        of="g",
        protocol=PROTOCOLS.get("mri"),
        synthetic=images("synthetic", made(25.0), subjects=training.subjects),
        training=training,
        holdout=real("holdout", 3),
        test=real("evaluation", 4),
        options=Options(bootstrap=200),
    )
    names = ("attribute_inference", "patient_reidentification")
    planned = [step if isinstance(step, str) else step.name for step, _ in plan(evidence)]
    assert set(names) <= set(planned)
    inferred, linked_ = ({row.stratum: row for row in measure_sets(evidence, METRICS.get(name))} for name in names)
    assert inferred["attribute=sex"].settings["on_members"] == 1.0 and inferred["attribute=sex"].interval.low > 0.1
    assert linked_[""].settings["linked"] == 1.0 and linked_[""].settings["gallery_patients"] == 90
    assert set(linked_) == {"", "attack=embedding"}
