"""A lesion that the patient has and the synthetic image has not, and one that nobody has."""

from __future__ import annotations

import numpy as np

from synthassay.failures.failure import OURS, Damaged, Matter, failure
from synthassay.failures.lesions import with_lesion
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality

DIAMETERS_MM = (2.0, 3.0, 4.0, 6.0, 10.0, 15.0)
SMALLEST_MS = Matter(
    3.0, "smallest lesion that counts in the diagnosis of multiple sclerosis", "doi:10.1016/S1474-4422(17)30470-2"
)
SMALLEST = {
    Modality.CT: Matter(6.0, "smallest solid nodule that is followed up", "doi:10.1148/radiol.2017161659"),
    Modality.XRAY: Matter(10.0, "nodules below a centimetre are hardly seen on radiographs", OURS),
}


@failure(
    title="Lesion erased",
    unit="mm diameter",
    severities=DIAMETERS_MM,
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    needs=("spacing_mm",),
    matters=SMALLEST_MS,
    matters_in=SMALLEST,
)
def lesion_erased(specimen: Specimen, severity: float, rng: np.random.Generator) -> Damaged:
    """The reference has an inserted lesion of ``severity`` mm; the synthetic image is the real one without it."""
    with_it, without = with_lesion(specimen, severity, rng)
    return Damaged(synthetic=without, reference=with_it)


@failure(
    title="Lesion invented",
    unit="mm diameter",
    severities=DIAMETERS_MM,
    modalities=(Modality.MRI, Modality.CT, Modality.XRAY),
    needs=("spacing_mm",),
    matters=SMALLEST_MS,
    matters_in=SMALLEST,
)
def lesion_invented(specimen: Specimen, severity: float, rng: np.random.Generator) -> Damaged:
    """The synthetic image has an inserted lesion of ``severity`` mm that the reference does not have."""
    with_it, without = with_lesion(specimen, severity, rng)
    return Damaged(synthetic=with_it, reference=without)
