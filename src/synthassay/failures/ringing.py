"""Ripples beside edges, from frequencies that were never acquired."""

from __future__ import annotations

import numpy as np
from scipy import fft

from synthassay.failures.failure import Matter, failure
from synthassay.failures.tissue import with_values
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality


@failure(
    title="Ringing",
    unit="% of the frequencies lost per axis",
    severities=(10.0, 20.0, 30.0, 40.0, 50.0, 65.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    matters=Matter(
        50.0,
        "with 128 instead of 256 phase-encoding steps a spinal cord shows a syrinx that is not there",
        "doi:10.1148/radiology.166.2.3336725",
    ),
)
def ringing(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Cut the highest ``severity`` % of the frequencies along every axis, sharply (Gibbs).

    Frequencies are those of the cosine transform: the image is mirrored at its borders, so that the ripples come from
    its edges and none from the border of the field of view. Beside a step they reach 9 % of it at every severity; what
    grows is how far they spread, and the detail that is lost.
    """
    axes = range(1, specimen.pixels.ndim)
    spectrum = fft.dctn(specimen.pixels.astype(np.float64), axes=axes, norm="ortho")
    for axis in axes:
        length = specimen.pixels.shape[axis]
        kept = round(length * max(0.0, 1 - severity / 100))
        lost = [slice(None)] * specimen.pixels.ndim
        lost[axis] = slice(max(1, kept), None)
        spectrum[tuple(lost)] = 0.0
    return with_values(specimen, fft.idctn(spectrum, axes=axes, norm="ortho"))
