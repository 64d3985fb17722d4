"""What synthetic magnetic resonance images must show."""

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

PAIRS = (
    Requirement(
        "ssim",
        Axis.FIDELITY,
        "Anatomy must be the same in the synthetic contrast as in the real one, in three dimensions and inside the "
        "head, not in the empty background.",
        "doi:10.1109/TIP.2003.819861",
        LEAST_PATIENTS,
        PAIRED,
    ),
    Requirement(
        "mae",
        Axis.FIDELITY,
        "Signal must agree tissue by tissue before anything is normalised.",
        "arXiv:2408.06075",
        LEAST_PATIENTS,
        PAIRED,
    ),
    Requirement(
        "bias",
        Axis.FIDELITY,
        "A contrast that is too bright everywhere passes for inflammation or for its absence.",
        "arXiv:2408.06075",
        LEAST_PATIENTS,
        PAIRED,
    ),
    FINE_DETAIL,
)
STRUCTURE = (
    Requirement(
        "structure_overlap",
        Axis.FAILURE,
        "The borders of tissues and organs must not move between contrasts of one patient.",
        "arXiv:1809.04536",
        LEAST_PATIENTS,
        PAIRED,
    ),
    Requirement(
        "edge_f_score",
        Axis.FIDELITY,
        "Borders between tissues must lie within a voxel of where they lie in the real contrast.",
        "doi:10.1109/TPAMI.2004.1273918",
        LEAST_PATIENTS,
        PAIRED,
    ),
    PLAUSIBLE,
    SEAMS,
    Requirement(
        "lost_lesions",
        Axis.FAILURE,
        "A lesion of the patient must stay visible against the tissue around it.",
        "arXiv:1805.08841",
        LEAST_PATIENTS,
        PAIRED,
    ),
)

MRI = Protocol(
    name="mri",
    title="Magnetic resonance imaging",
    modality=Modality.MRI,
    unit=Unit.ARBITRARY,
    data_range=None,
    range_source="MR signal has no absolute scale: every study states its range.",
    requirements=(
        *SET_QUALITY,
        REPEATS,
        LABELS,
        *PAIRS,
        *STRUCTURE,
        *LESIONS,
        ANATOMY_KEPT,
        *DRIFT,
        *LEAKAGE,
        *CLASSIFIER_UTILITY,
        *SEGMENTER_UTILITY,
        EXTERNAL_CLASSIFIER,
        EXTERNAL_IMAGES,
        READERS,
    ),
    failure_modes=(
        FailureMode(
            name="Anatomy distorted between contrasts",
            tasks=("synthesis of a missing contrast", "harmonisation"),
            consequence="The contrast between tissues is misread",
            found_by=("ssim", "edge_f_score", "structure_overlap", "shape_plausibility", "reader_study"),
            source="arXiv:1809.04536",
            enacted_by=(
                "anatomical_distortion",
                "misregistration",
                "misrotation",
            ),
            dominant=True,
        ),
        FailureMode(
            name="Lesions invented or removed",
            tasks=("synthesis of a missing contrast",),
            consequence="Disease is seen where there is none, or missed",
            found_by=("lost_lesions", "lesion_sensitivity", "invented_lesions", "reader_study"),
            source="arXiv:1805.08841",
            enacted_by=(
                "lesion_erased",
                "lesion_invented",
            ),
        ),
        FailureMode(
            name="Intensity shifted",
            tasks=("synthesis of a missing contrast", "harmonisation"),
            consequence="Thresholds and quantitative readings are wrong",
            found_by=("mae", "bias"),
            source="arXiv:2408.06075",
            enacted_by=(
                "intensity_shift",
                "intensity_scaling",
            ),
        ),
    ),
)
PROTOCOLS.add("mri")(MRI)
