"""Real hippocampi with their drawings, and what may go wrong with them."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.images.specimen import Specimen


@pytest.fixture(scope="session")
def hippocampi(real_data):
    """160 crops of 1 mm with anterior and posterior part drawn, in random order; one case is one subject.

    Neighbours in the published numbering are more alike than chance, and a floor needs exchangeable patients.
    """
    chosen = np.random.default_rng(0).permutation(260)[:160]
    with np.load(real_data / "mri-msd-hippocampus" / "msd_hippocampus_1mm.npz") as kept:
        images, labels = kept["image"][chosen], kept["label"][chosen]
    return [
        Specimen(
            image[None].astype(np.float32),
            (1.0, 1.0, 1.0),
            case=f"case-{i}",
            subject=f"subject-{i}",
            mask=image > 0,
            structures=label.astype(np.int64),
            structure_names={1: "anterior", 2: "posterior"},
        )
        for i, (image, label) in enumerate(zip(images, labels, strict=True))
    ]
