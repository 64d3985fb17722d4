"""Images whose class is not what their label says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthassay.failures.failure import Matter, failure
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality


@failure(
    title="Label noise",
    unit="% of the labels",
    severities=(2.0, 5.0, 10.0, 20.0, 35.0, 50.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY, Modality.PATHOLOGY),
    scope="set",
    needs=("label",),
    matters=Matter(
        2.0,
        "classifiers of clean chest radiographs become measurably worse from 2 % of wrong labels on",
        "doi:10.2196/18089",
    ),
)
def label_noise(
    synthetic: Sequence[Specimen], training: Sequence[Specimen], severity: float, rng: np.random.Generator
) -> list[Specimen]:
    """Give ``severity`` % of the images, at least one, the label of another class; pixels stay the same array."""
    found = list(synthetic)
    classes = sorted({specimen.label for specimen in found} - {""})
    labelled = np.array([place for place, specimen in enumerate(found) if specimen.label])
    order, draws = rng.permutation(labelled), rng.random(len(labelled))
    count = int(np.clip(round(severity / 100 * len(labelled)), 1, len(labelled)))
    for place, draw in zip(order[:count], draws[:count], strict=True):
        others = [label for label in classes if label != found[place].label]
        found[place] = found[place].replace(label=others[int(draw * len(others))])
    return found
