"""Detail lost to blur, as networks trained on pixel losses lose it."""

from __future__ import annotations

import numpy as np

from synthassay.failures.failure import Matter, failure
from synthassay.failures.tissue import FWHM, blurred, in_voxels, with_values
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality


@failure(
    title="Oversmoothing",
    unit="mm FWHM",
    severities=(1.0, 2.0, 3.0, 4.0, 6.0, 8.0),
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    needs=("spacing_mm",),
    matters=Matter(
        2.0,
        "a lesion of 3 mm, the smallest that counts in multiple sclerosis, loses 37 % of its contrast (closed form)",
        "doi:10.1016/S1474-4422(17)30470-2",
    ),
    matters_in={
        Modality.CT: Matter(
            4.0,
            "a nodule of 6 mm, the smallest that is followed up, loses 37 % of its contrast (closed form)",
            "doi:10.1148/radiol.2017161659",
        ),
    },
)
def oversmoothing(specimen: Specimen, severity: float, rng: np.random.Generator) -> Specimen:
    """Blur with a Gaussian of ``severity`` mm full width at half maximum, along every axis.

    A sphere of diameter D keeps erf(a) - 2 a exp(-a²) / sqrt(pi) of the contrast at its centre, a = D / (2 sqrt(2) s)
    with s the SD of the Gaussian. The image is mirrored at its borders. Anatomy stays where it is.
    """
    sigma = in_voxels(specimen, severity / FWHM)
    return with_values(specimen, np.stack([blurred(plane, sigma) for plane in specimen.pixels]))
