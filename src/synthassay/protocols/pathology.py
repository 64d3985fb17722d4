"""What synthetic stained sections must show."""

from __future__ import annotations

from synthassay.protocols.common import (
    ANATOMY_KEPT,
    AUGMENT,
    CLASSIFIER_UTILITY,
    DRIFT,
    EXTERNAL_CLASSIFIER,
    EXTERNAL_IMAGES,
    LABELS,
    LEAKAGE,
    LEAST_PATIENTS,
    PAIRED,
    READERS,
    REPEATS,
    SET_QUALITY,
)
from synthassay.protocols.protocol import PROTOCOLS, FailureMode, Protocol, Requirement
from synthassay.records.vocabulary import Axis, Modality, Unit

NORMALISE = ("translate", "stain_normalise")

STAIN_OF_SETS = (
    Requirement(
        "stain_vector_distance",
        Axis.FIDELITY,
        "Haematoxylin and eosin must have the colours, and the variety of colours, that the laboratories give them; a "
        "classifier learns a foreign colour before it learns tissue.",
        "doi:10.1016/j.media.2019.101544",
        LEAST_PATIENTS,
    ),
    Requirement(
        "stain_amount_distance",
        Axis.FIDELITY,
        "Tissue must hold as much of each stain as in real sections: dark nuclei are read as disease.",
        "doi:10.1109/ISBI.2009.5193250",
        LEAST_PATIENTS,
    ),
    Requirement(
        "normalised_median_intensity",
        Axis.FIDELITY,
        "Brightness must vary between tiles as it does between real ones, neither more nor less.",
        "doi:10.1117/12.2007173",
        LEAST_PATIENTS,
    ),
)
STAIN_OF_PAIRS = (
    Requirement(
        "stain_angle",
        Axis.FIDELITY,
        "After stain normalisation the dyes must have the colour of the laboratory aimed at, on the same section.",
        "doi:10.1109/ISBI.2009.5193250",
        LEAST_PATIENTS,
        NORMALISE,
    ),
    Requirement(
        "stain_concentration_distance",
        Axis.FIDELITY,
        "Stain normalisation must not add or take away dye: the amount of haematoxylin is what atypia is judged by.",
        "doi:10.1109/ISBI.2009.5193250",
        LEAST_PATIENTS,
        NORMALISE,
    ),
    Requirement(
        "reinhard_distance",
        Axis.FIDELITY,
        "The colours of the tissue as seen must have the mean and the spread of the section that was aimed at.",
        "doi:10.1109/38.946629",
        LEAST_PATIENTS,
        NORMALISE,
    ),
)
PICTURE = tuple(
    Requirement(metric, Axis.FIDELITY, why, "doi:10.1109/TIP.2003.819861", LEAST_PATIENTS, PAIRED)
    for metric, why in (
        ("ssim", "Structure must be where it is in the real tile of the same section."),
        ("mae", "Colour values must agree with the real tile pixel by pixel before anything is normalised."),
    )
)
MORPHOLOGY = (
    Requirement(
        "nuclear_f1",
        Axis.FAILURE,
        "Every nucleus of the real section must be there, and none besides: a lost mitosis changes the grade, an "
        "invented tumour cell the diagnosis.",
        "arXiv:1805.08841",
        LEAST_PATIENTS,
        PAIRED,
    ),
    Requirement(
        "nuclear_count_error",
        Axis.FAILURE,
        "Cellularity is reported and graded, so the number of nuclei must stay.",
        "arXiv:1907.02644",
        LEAST_PATIENTS,
        PAIRED,
    ),
    Requirement(
        "nuclear_morphometry",
        Axis.FAILURE,
        "Size, shape, spacing and chromatin of nuclei are what a pathologist grades by; they must be distributed as in "
        "patients' tissue.",
        "arXiv:1907.02644",
        LEAST_PATIENTS,
    ),
    Requirement(
        "tissue_architecture",
        Axis.FAILURE,
        "Tissue must be built as real tissue is at every scale, from chromatin to glands; generators lose the finest "
        "and the largest scale first.",
        "doi:10.1109/TCOM.1983.1095851",
        LEAST_PATIENTS,
    ),
    Requirement(
        "seam_index",
        Axis.FAILURE,
        "Slides are made tile by tile; a border between tiles cuts nuclei and glands that are whole.",
        "arXiv:2501.03592",
        LEAST_PATIENTS,
        AUGMENT,
    ),
)

PATHOLOGY = Protocol(
    name="pathology",
    title="Histopathology (haematoxylin and eosin)",
    modality=Modality.PATHOLOGY,
    unit=Unit.RGB,
    data_range=(0.0, 255.0),
    range_source="8-bit RGB of the slide scanner.",
    requirements=(
        *SET_QUALITY,
        REPEATS,
        LABELS,
        *STAIN_OF_SETS,
        *STAIN_OF_PAIRS,
        *PICTURE,
        *MORPHOLOGY,
        ANATOMY_KEPT,
        *DRIFT,
        *LEAKAGE,
        *CLASSIFIER_UTILITY,
        EXTERNAL_CLASSIFIER,
        EXTERNAL_IMAGES,
        READERS,
    ),
    failure_modes=(
        FailureMode(
            name="Diagnostic features lost: nuclei missing, merged, of another size, or tissue of another build",
            tasks=("stain normalisation", "patch synthesis"),
            consequence="States of tissue are misclassified: a tumour is graded too low, or missed",
            found_by=(
                "nuclear_f1",
                "nuclear_count_error",
                "nuclear_morphometry",
                "tissue_architecture",
                "tstr_auc",
                "reader_study",
            ),
            source="arXiv:1805.08841",
            enacted_by=(
                "nuclei_removed",
                "nuclei_merged",
            ),
            dominant=True,
        ),
        FailureMode(
            name="Stain of another colour or strength than was aimed at",
            tasks=("stain normalisation", "patch synthesis"),
            consequence="Classifiers and readers judge the laboratory in place of the tissue",
            found_by=(
                "stain_angle",
                "stain_concentration_distance",
                "reinhard_distance",
                "stain_vector_distance",
                "stain_amount_distance",
                "normalised_median_intensity",
            ),
            source="doi:10.1016/j.media.2019.101544",
            enacted_by=(
                "stain_shift",
                "stain_fading",
            ),
        ),
        FailureMode(
            name="Seams between tiles",
            tasks=("patch synthesis",),
            consequence="Nuclei and glands are cut, and borders are learnt as tissue",
            found_by=("seam_index", "reader_study"),
            source="arXiv:2501.03592",
            enacted_by=("tile_seams",),
        ),
        FailureMode(
            name="Few tiles repeated with small changes",
            tasks=("patch synthesis",),
            consequence="Rare kinds of tissue vanish from the training data",
            found_by=("repeated_images", "coverage"),
            source="arXiv:2002.09797",
            enacted_by=(
                "mode_collapse",
                "class_collapse",
            ),
        ),
        FailureMode(
            name="Training tiles reproduced",
            tasks=("patch synthesis",),
            consequence="A patient's tissue is shared as if it were nobody's",
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
PROTOCOLS.add("pathology")(PATHOLOGY)
