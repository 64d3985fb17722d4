from __future__ import annotations

from collections import Counter

import torch

from generators.labelled_pictures import Pictures, filled, rngs
from synthassay.networks.batch import Batch


def test_resampled_images_are_training_images_of_the_class_with_their_true_subject():
    made, real = filled("resample_real"), Pictures()
    labels = torch.tensor([0, 1] * 60)
    samples, origins = made.sample_with_origin(Batch(label=labels), rngs(120))
    apart = (samples[:, None] - real.target[None]).abs().amax(dim=(2, 3, 4))
    nearest = apart.argmin(dim=1)
    assert float(apart.amin(dim=1).max()) < 2e-5  # int16 steps
    assert torch.equal(real.label[nearest], labels)
    assert [(real.subject(int(i)),) for i in nearest] == origins


def test_resampling_gives_each_image_of_a_class_the_same_chance():
    made = filled("resample_real")
    _, origins = made.sample_with_origin(Batch(label=torch.ones(2000, dtype=torch.int64)), rngs(2000))
    counts = Counter(origins)
    # 10 images of class 1, each of a subject of its own: binomial(2000, 0.1) has deviation 13.4
    assert len(counts) == 10
    assert all(abs(count - 200) < 5 * 13.4 for count in counts.values())
