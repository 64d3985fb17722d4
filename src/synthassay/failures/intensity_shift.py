"""Values that are right relative to each other and wrong as they stand."""

from __future__ import annotations

import numpy as np

from synthassay.failures.failure import OURS, Matter, failure
from synthassay.failures.tissue import AIR_HU, inside, tissue_sd, with_values
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality, Unit


@failure(
    title="HU shift",
    unit="HU",
    severities=(5.0, 10.0, 20.0, 40.0, 80.0),
    modalities=(Modality.CT,),
    matters=Matter(
        20.0, "a rise of 20 HU is what counts as enhancement of a renal mass", "doi:10.1148/radiol.2019182646"
    ),
)
def hu_shift(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Add ``severity`` HU to every value inside the mask."""
    return with_values(specimen, specimen.pixels + severity * inside(specimen))


@failure(
    title="Intensity shift",
    unit="tissue SD",
    severities=(0.05, 0.1, 0.2, 0.4, 0.8),
    modalities=(Modality.MRI, Modality.XRAY),
    matters=Matter(0.2, "a small effect in Cohen's sense: a fifth of the spread of the tissue", OURS),
)
def intensity_shift(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Add ``severity`` times the SD of the values inside the mask to every value inside it."""
    return with_values(specimen, specimen.pixels + severity * tissue_sd(specimen) * inside(specimen))


@failure(
    title="Intensity scaling",
    unit="%",
    severities=(1.0, 2.0, 5.0, 10.0, 20.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    matters=Matter(10.0, "the scale of MR signal and of film is arbitrary, but one study keeps one scale", OURS),
    matters_in={
        Modality.CT: Matter(2.0, "moves water by 20 HU, the shift that matters", "doi:10.1148/radiol.2019182646")
    },
)
def intensity_scaling(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Multiply the values inside the mask by 1 + ``severity`` / 100; in HU the attenuation, which is HU + 1000."""
    zero = AIR_HU if specimen.unit is Unit.HU else 0.0
    gain = severity / 100 * inside(specimen)
    return with_values(specimen, specimen.pixels + gain * (specimen.pixels.astype(np.float64) - zero))
