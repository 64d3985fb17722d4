"""What synthetic computed tomography must show."""

from __future__ import annotations

from synthassay.protocols.common import (
    ANATOMY_KEPT,
    CLASSIFIER_UTILITY,
    DRIFT,
    EXTERNAL_CLASSIFIER,
    EXTERNAL_IMAGES,
    FINE_DETAIL,
    LABELS,
    LEAKAGE,
    LEAST_PATIENTS,
    LESIONS,
    PAIRED,
    PLAUSIBLE,
    READERS,
    REPEATS,
    SEAMS,
    SEGMENTER_UTILITY,
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
    FINE_DETAIL,
)
STRUCTURE = (
    Requirement(
        "tissue_overlap",
        Axis.FAILURE,
        "Bone, air and body must lie where they lie in the real CT, patient by patient.",
        "arXiv:2403.08447",
        LEAST_PATIENTS,
        PAIRED,
    ),
    Requirement(
        "tissue_distance",
        Axis.FAILURE,
        "A displaced or missing piece of bone hardly changes an overlap; its distance shows it.",
        "arXiv:2403.08447",
        LEAST_PATIENTS,
        PAIRED,
    ),
    Requirement(
        "structure_overlap",
        Axis.FAILURE,
        "Organs outlined on the synthetic and on the real CT must be the same.",
        "arXiv:2403.08447",
        LEAST_PATIENTS,
        PAIRED,
    ),
    PLAUSIBLE,
    SEAMS,
    Requirement(
        "noise_texture",
        Axis.FAILURE,
        "Denoising that smooths noise into blotches hides low-contrast lesions while every error falls.",
        "doi:10.1002/mp.13763",
        LEAST_PATIENTS,
        ("denoise",),
    ),
)
USE = (
    Requirement(
        "gamma_pass_rate",
        Axis.UTILITY,
        "For radiotherapy only the dose counts, and image similarity does not foretell it.",
        "arXiv:2403.08447",
        LEAST_PATIENTS,
        ("translate",),
    ),
    Requirement(
        "lesion_detectability",
        Axis.UTILITY,
        "A denoised image is worth what an observer can find in it, with lesions and without, over many noise samples.",
        "doi:10.1002/mp.13763",
        LEAST_PATIENTS,
        ("denoise",),
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
        REPEATS,
        LABELS,
        *HOUNSFIELD,
        *STRUCTURE,
        *LESIONS,
        ANATOMY_KEPT,
        *DRIFT,
        *LEAKAGE,
        *CLASSIFIER_UTILITY,
        *SEGMENTER_UTILITY,
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
            found_by=(
                "hu_error",
                "hu_bias",
                "ssim",
                "spectral_fidelity",
                "tissue_overlap",
                "gamma_pass_rate",
                "external_agreement",
            ),
            source="doi:10.1002/mp.15150",
            enacted_by=(
                "hu_shift",
                "intensity_scaling",
                "tissue_swap",
                "ringing",
            ),
            dominant=True,
        ),
        FailureMode(
            name="Structures invented",
            tasks=("synthetic CT from MR",),
            consequence="Wrong conclusions about anatomy",
            found_by=(
                "ssim",
                "tissue_distance",
                "structure_overlap",
                "shape_plausibility",
                "lesion_sensitivity",
                "invented_lesions",
                "reader_study",
            ),
            source="arXiv:1805.08841",
            enacted_by=(
                "lesion_invented",
                "lesion_erased",
                "missing_structure",
            ),
        ),
        FailureMode(
            name="Low-contrast detail smoothed away",
            tasks=("denoising",),
            consequence="Small lesions are missed at low dose",
            found_by=("spectral_fidelity", "noise_texture", "lesion_detectability", "reader_study"),
            source="doi:10.1002/mp.13763",
            enacted_by=(
                "oversmoothing",
                "noise_texture",
            ),
        ),
    ),
)
PROTOCOLS.add("ct")(CT)
