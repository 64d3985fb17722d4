"""The pattern of transposed convolutions."""

from __future__ import annotations

import numpy as np

from synthassay.failures.failure import OURS, Matter, failure
from synthassay.failures.repeat import require_noise
from synthassay.failures.tissue import inside, with_values
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality


@failure(
    title="Checkerboard",
    unit="noise SD",
    severities=(0.25, 0.5, 1.0, 2.0, 4.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    matters=Matter(1.0, "a regular pattern as strong as the noise is seen by eye", OURS),
)
def checkerboard(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Add plus and minus ``severity`` noise SD in turn, with a period of 2 voxels along every axis, inside the mask."""
    sign = 1.0 - 2.0 * (np.indices(specimen.space).sum(axis=0) % 2)
    return with_values(specimen, specimen.pixels + severity * require_noise(specimen) * sign * inside(specimen))
