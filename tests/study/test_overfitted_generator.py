"""A generator that learnt fifty patients by heart is caught; the same one, trained as long on many, is not.

Covers the losses' and the images' attacks together, from training to finding, on real radiographs of 32 x 32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from evaluate.sets import images
from synthassay.evaluate.leakage.attacks import Attack, Scored, attack
from synthassay.evaluate.leakage.membership_inference import membership_inference
from synthassay.evaluate.leakage.nearest_training_ratio import nearest_training_ratio
from synthassay.evaluate.leakage.prints import take_prints
from synthassay.evaluate.metric import Finding
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts
from synthassay.records.vocabulary import Split
from synthassay.study.losses import split_losses

SEEN, BATCH, SYNTHETIC = 6_000, 16, 150
SETTINGS = {"widths": [16, 32, 64], "latent": 16, "images_seen": SEEN, "batch": BATCH}


@dataclass
class Pictures:
    """Real radiographs as examples; one image of each patient."""

    pixels: np.ndarray
    label: np.ndarray
    patient: np.ndarray

    def __len__(self):
        return len(self.pixels)

    def batch(self, positions):
        at = list(positions)
        return Batch(torch.from_numpy(self.pixels[at] / 127.5 - 1), None, torch.from_numpy(self.label[at]))

    def subject(self, position):
        return str(self.patient[position])

    def prints(self):
        return take_prints(images("real", self.pixels), list(self.patient))


@dataclass
class Caught:
    images: Finding
    ratio: Finding
    loss: Attack
    between_members: Attack


def trained(examples):
    """A vae after the family's own schedule, without the loop's files."""
    model = build_generator("vae", SETTINGS, Facts(1, 0, ("normal", "pneumonia"), (32, 32)), seed=1)
    rng, optimiser = torch.Generator().manual_seed(0), model.optimiser("elbo")
    for shown in range(0, SEEN, BATCH):
        for group in optimiser.param_groups:
            group["lr"] = model.settings.learning_rate * model.learning_rate_factor("elbo", shown / SEEN)
        chosen = torch.randint(0, len(examples), (BATCH,), generator=rng).tolist()
        sum(model.loss("elbo", examples.batch(chosen), rng).values()).backward()
        optimiser.step()
        optimiser.zero_grad()
        model.after_step(shown + BATCH)
    return model.eval()


def judged(training, holdout, test):
    model = trained(training)
    with torch.inference_mode():
        rngs = [torch.Generator().manual_seed(i) for i in range(SYNTHETIC)]
        made = model.sample(Batch(label=torch.arange(SYNTHETIC) % 2), rngs)
    pixels = np.rint((made.numpy() + 1) * 127.5).astype(np.float32)
    synthetic = take_prints(images("synthetic", pixels), [f"nobody {i}" for i in range(SYNTHETIC)])
    real = [part.prints() for part in (training, test, holdout)]
    losses = {
        name: Scored(
            -np.array([line.loss for line in split_losses(model, part, Split.TRAIN, 8, 1)]), part.patient.tolist()
        )
        for name, part in (("training", training), ("holdout", holdout))
    }
    half = np.arange(len(training)) % 2 == 0
    halves = [
        Scored(losses["training"].scores[at], [training.subject(i) for i in np.flatnonzero(at)]) for at in (half, ~half)
    ]
    rng = np.random.default_rng
    return Caught(
        images=membership_inference(synthetic, real[0], real[1], rng(0), holdout_prints=real[2])[0],
        ratio=nearest_training_ratio(synthetic, real[0], real[1], rng(0), 200, real[2]),
        loss=attack(losses["training"], losses["holdout"], rng(0)),
        between_members=attack(halves[0], halves[1], rng(0)),
    )


@pytest.fixture(scope="module")
def found(real_data):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with np.load(real_data / "xray-kermany-pneumonia" / "kermany_pneumonia_64.npz") as archive:
        small = archive["images"].astype(np.float32).reshape(-1, 1, 32, 2, 32, 2).mean((3, 5))
        patient, label = archive["patient"].astype(str), archive["label"].astype(np.int64)
    _, first = np.unique(patient, return_index=True)
    order = np.random.default_rng(0).permutation(first)
    part = lambda start, stop: Pictures(*(v[order[start:stop]] for v in (small, label, patient)))  # noqa: E731
    holdout, test = part(0, 200), part(200, 400)
    yield {count: judged(part(400, 400 + count), holdout, test) for count in (50, 1200)}
    torch.set_num_threads(threads)


def test_a_generator_that_learnt_fifty_patients_by_heart_is_caught(found):
    caught = found[50]
    assert caught.loss.difference > 0.4
    assert caught.loss.settings()["p"] == 1 / 500
    assert caught.images.value > 0.1
    assert caught.images.interval.low > 0.03
    assert caught.images.settings["p"] < 0.05
    assert caught.ratio.interval.high < 1


def test_the_same_generator_on_many_patients_is_not(found):
    free = found[1200]
    assert free.loss.interval.low < 0 < free.loss.interval.high
    assert free.loss.settings()["p"] > 0.05
    assert free.images.interval.low < 0 < free.images.interval.high
    assert free.images.settings["p"] > 0.05
    assert free.ratio.interval.low < 1 < free.ratio.interval.high


@pytest.mark.parametrize("count", [50, 1200])
def test_the_control_shows_no_signal_however_much_was_learnt_by_heart(found, count):
    caught = found[count]
    assert caught.between_members.interval.low < 0 < caught.between_members.interval.high
    assert caught.loss.settings()["control_auc"] == pytest.approx(0.5, abs=0.03)
    assert caught.images.settings["control_auc"] == pytest.approx(0.5, abs=0.03)
    assert caught.images.floor_interval.low < 0 < caught.images.floor_interval.high
