from __future__ import annotations

import torch

from generators.labelled_pictures import Pictures, filled, rngs
from synthassay.networks.batch import Batch


def test_every_image_lies_between_two_of_its_class_and_names_both():
    made, pictures = filled("smote", neighbours_mixed=3), Pictures()
    condition = Batch(label=torch.tensor([0, 1] * 6))
    images, origins = made.sample_with_origin(condition, rngs(12))
    for image, names, label in zip(images, origins, condition.label.tolist(), strict=True):
        own = [i for i in range(40) if pictures.subject(i) in names and int(pictures.label[i]) == label]
        ends = pictures.target[own]
        assert 1 <= len(names) <= 2
        fits = []
        for a in ends:
            for b in ends:
                along, of = (b - a).flatten(), (image - a).flatten()
                share = float(along @ of / (along @ along).clamp(min=1e-12))
                fits.append(float((of - share * along).abs().max()) if -1e-3 <= share <= 1 + 1e-3 else 9.0)
        assert min(fits) < 1e-3
    again, _ = made.sample_with_origin(Batch(label=condition.label[3:4]), [rngs(12)[3]])
    assert torch.equal(again[0], images[3])
