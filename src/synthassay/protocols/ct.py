"""What synthetic computed tomography must show."""

from __future__ import annotations

from synthassay.protocols.common import (
    CLASSIFIER_UTILITY,
    EXTERNAL_CLASSIFIER,
    EXTERNAL_IMAGES,
    LEAKAGE,
    LEAST_PATIENTS,
    PAIRED,
    READERS,
    SET_QUALITY,
)
from synthassay.protocols.protocol import PROTOCOLS, FailureMode, Protocol, Requirement
from synthassay.records.vocabulary import Axis, Modality, Unit

HOUNSFIELD = (
    Requirement(
        "hu_error",
        Axis.FIDELITY,
        "Attenuation is a measurement: errors in bone and air, which are small parts of a body, become errors of dose.",
        "doi:10.1002/mp.15150",
        LEAST_PATIENTS,
        PAIRED,
    ),
    Requirement(
        "hu_bias",
        Axis.FIDELITY,
        "A shift that is the same everywhere in a tissue moves thresholds and dose and is hidden by absolute errors.",
        "doi:10.1002/mp.15150",
        LEAST_PATIENTS,
        PAIRED,
    ),
    Requirement(
        "ssim",
        Axis.FIDELITY,
        "Structure must be where it is in the real CT, across slices as well as within them.",
        "doi:10.1109/TIP.2003.819861",
        LEAST_PATIENTS,
        PAIRED,
    ),
)
STRUCTURE = (
    Requirement(
        "structure_overlap",
        Axis.FAILURE,
        "Organs outlined on the synthetic and on the real CT must be the same.",
        "arXiv:2403.08447",
        tasks=PAIRED,
        missing="no segmentation of both images is part of this version",
    ),
    Requirement(
        "noise_texture",
        Axis.FAILURE,
        "Denoising that smooths noise into blotches hides low-contrast lesions while every error falls.",
        "doi:10.1002/mp.13763",
        tasks=("denoise",),
    ),
)
USE = (
    Requirement(
        "dose_agreement",
        Axis.UTILITY,
        "For radiotherapy only the dose counts, and image similarity does not foretell it.",
        "arXiv:2403.08447",
        tasks=("translate",),
        missing="no dose calculation is part of this version",
    ),
    Requirement(
        "lesion_detectability",
        Axis.UTILITY,
        "A denoised image is worth what an observer can find in it, with lesions and without, over many noise samples.",
        "doi:10.1002/mp.13763",
        tasks=("denoise",),
    ),
)

CT = Protocol(
    name="ct",
    title="Computed tomography",
    modality=Modality.CT,
    unit=Unit.HU,
    data_range=(-1024.0, 3071.0),
    range_source="Twelve bits with the usual offset of -1024 HU; published evaluations end at 3000 or at 3071.",
    requirements=(
        *SET_QUALITY,
        *HOUNSFIELD,
        *STRUCTURE,
        *LEAKAGE,
        *CLASSIFIER_UTILITY,
        *USE,
        EXTERNAL_CLASSIFIER,
        EXTERNAL_IMAGES,
        READERS,
    ),
    failure_modes=(
        FailureMode(
            name="Attenuation wrong, or artefacts",
            tasks=("synthetic CT from MR", "denoising"),
            consequence="Radiotherapy is planned on wrong densities",
            found_by=("hu_error", "hu_bias", "dose_agreement", "external_agreement"),
            source="doi:10.1002/mp.15150",
        ),
        FailureMode(
            name="Structures invented",
            tasks=("synthetic CT from MR",),
            consequence="Wrong conclusions about anatomy",
            found_by=("ssim", "structure_overlap", "reader_study"),
            source="arXiv:1805.08841",
        ),
        FailureMode(
            name="Low-contrast detail smoothed away",
            tasks=("denoising",),
            consequence="Small lesions are missed at low dose",
            found_by=("noise_texture", "lesion_detectability", "reader_study"),
            source="doi:10.1002/mp.13763",
        ),
    ),
)
PROTOCOLS.add("ct")(CT)
