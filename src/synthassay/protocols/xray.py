"""What synthetic radiographs must show."""

from __future__ import annotations

from synthassay.protocols.common import (
    ANATOMY_KEPT,
    AUGMENT,
    CLASSIFIER_UTILITY,
    DRIFT,
    EXTERNAL_CLASSIFIER,
    EXTERNAL_IMAGES,
    FINE_DETAIL,
    LABELS,
    LEAKAGE,
    LEAST_PATIENTS,
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

SHORTCUTS = Requirement(
    "shortcut_test",
    Axis.FAILURE,
    "A classifier may learn letters, borders and processing that mark a class in the training hospital, and synthetic "
    "images repeat them.",
    "doi:10.1371/journal.pmed.1002683",
    LEAST_PATIENTS,
    AUGMENT,
)
PICTURE = tuple(
    Requirement(metric, Axis.FIDELITY, why, "doi:10.1109/TIP.2003.819861", LEAST_PATIENTS, PAIRED)
    for metric, why in (
        ("ssim", "Structure must be where it is in the real radiograph of the same patient."),
        ("mae", "Grey levels must agree with the real radiograph before anything is normalised."),
    )
)

XRAY = Protocol(
    name="xray",
    title="Radiography",
    modality=Modality.XRAY,
    unit=Unit.ARBITRARY,
    data_range=None,
    range_source="Grey levels of a radiograph depend on the detector and its processing: every study states its range.",
    requirements=(
        *SET_QUALITY,
        *PICTURE,
        FINE_DETAIL,
        REPEATS,
        LABELS,
        SHORTCUTS,
        PLAUSIBLE,
        SEAMS,
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
            name="A model that overfits to synthetic patterns",
            tasks=("augmentation", "synthesis of rare findings"),
            consequence="Diagnosis becomes less robust on real patients",
            found_by=(
                "tstr_auc",
                "augmentation_gain",
                "tstr_auc_external",
                "shortcut_test",
                "classifier_two_sample",
                "seam_index",
            ),
            source="doi:10.1371/journal.pmed.1002683",
            enacted_by=(
                "checkerboard",
                "tile_seams",
            ),
            dominant=True,
        ),
        FailureMode(
            name="Labels that the images do not show",
            tasks=("augmentation", "synthesis of rare findings"),
            consequence="A classifier learns disease as health and health as disease",
            found_by=("label_agreement", "tstr_auc", "augmentation_gain"),
            source="arXiv:1807.09499",
            enacted_by=("label_noise",),
        ),
        FailureMode(
            name="Few images repeated with small changes",
            tasks=("augmentation",),
            consequence="Rare appearances of disease vanish from the training data",
            found_by=("repeated_images", "coverage"),
            source="arXiv:2002.09797",
            enacted_by=(
                "mode_collapse",
                "class_collapse",
            ),
        ),
        FailureMode(
            name="Training radiographs reproduced",
            tasks=("augmentation",),
            consequence="A patient can be recognised in images that were shared as harmless",
            found_by=("copied_images", "nearest_training_ratio"),
            source="arXiv:2402.01054",
            enacted_by=(
                "memorised_copies",
                "memorised_flipped",
                "memorised_shifted",
                "memorised_contrast",
            ),
        ),
    ),
)
PROTOCOLS.add("xray")(XRAY)
