"""Requirements that modalities share: nothing learnt by heart, use on real patients, data from elsewhere, readers."""

from __future__ import annotations

from synthassay.protocols.protocol import Requirement
from synthassay.records.vocabulary import Axis

LEAST_PATIENTS = 20
"""Subjects below which a protocol calls a measure unmet: under 20, intervals of means still shrink fast with each."""

AUGMENT = ("augment",)
RESTYLED = ("translate_unpaired", "stain_normalise", "harmonise")
UNPAIRED = ("augment", "mask_to_image", "generate", *RESTYLED)
PAIRED = ("translate", "denoise", "super_resolve", "inpaint")

NO_READERS = "no clinician has read these images; a reader study is a study of its own"
NO_EXTERNAL = "no real images from another site or scanner were given for this measure"

SET_QUALITY = (
    Requirement(
        "frechet_distance",
        Axis.FIDELITY,
        "The synthetic images as a whole must look like patients' images, and only two real sets compared with each "
        "other show how near that can be.",
        "arXiv:1706.08500",
        LEAST_PATIENTS,
        UNPAIRED,
    ),
    Requirement(
        "density",
        Axis.FIDELITY,
        "Single images must lie where real images lie; a good average hides impossible ones.",
        "arXiv:2002.09797",
        LEAST_PATIENTS,
        UNPAIRED,
    ),
    Requirement(
        "classifier_two_sample",
        Axis.FIDELITY,
        "What a classifier uses to tell synthetic from real images is there to be learnt instead of the disease.",
        "arXiv:1610.06545",
        LEAST_PATIENTS,
        UNPAIRED,
    ),
    Requirement(
        "coverage",
        Axis.DIVERSITY,
        "All kinds of patients must be there; a generator that repeats its best images serves none of the others.",
        "arXiv:2002.09797",
        LEAST_PATIENTS,
        UNPAIRED,
    ),
)

ANATOMY_KEPT = Requirement(
    "mind_distance_to_source",
    Axis.FIDELITY,
    "What is learnt without pairs may move or invent anatomy at no cost to its loss; the structure of the image that "
    "it was made from must stay.",
    "arXiv:1809.04536",
    LEAST_PATIENTS,
    RESTYLED,
)

DRIFT = (
    Requirement(
        "edge_displacement",
        Axis.FIDELITY,
        "Borders of the source may move where nothing was learnt from pairs; how far, in mm, says whether it matters.",
        "arXiv:2408.06075",
        tasks=RESTYLED,
        sign=True,
    ),
    Requirement(
        "cycle_error",
        Axis.FIDELITY,
        "A source that does not come back was lost on the way; one that does may have been hidden in the image, which "
        "proves nothing.",
        "arXiv:1712.02950",
        tasks=RESTYLED,
        sign=True,
    ),
)
"""Shown of every unpaired task; nothing rests on it: pixels of unknown size have no mm, some families no way back."""

REPEATS = Requirement(
    "repeated_images",
    Axis.DIVERSITY,
    "No image may stand for many: a generator that repeats itself shows few patients however many images it makes.",
    "arXiv:1706.08224",
    LEAST_PATIENTS,
    UNPAIRED,
)

LABELS = Requirement(
    "label_agreement",
    Axis.FAILURE,
    "Images must show the class that they are labelled with; wrong labels spoil whoever trains on them.",
    "arXiv:1807.09499",
    LEAST_PATIENTS,
    AUGMENT,
)

LESIONS = tuple(
    Requirement(metric, Axis.FAILURE, why, "arXiv:1805.08841", LEAST_PATIENTS, ("translate",))
    for metric, why in (
        (
            "lesion_sensitivity",
            "Lesions of the patient must be there, drawn on both images by readers or a detector: no likeness of whole "
            "images sees a lesion that is gone.",
        ),
        (
            "invented_lesions",
            "No lesion may appear that the patient does not have; this too has to be drawn to be seen.",
        ),
    )
)

LEAKAGE = (
    Requirement(
        "nearest_training_ratio",
        Axis.LEAKAGE,
        "Synthetic images must not lie nearer to training patients than to patients whom the generator never saw.",
        "arXiv:2402.01054",
        LEAST_PATIENTS,
        not_below=1.0,
    ),
    Requirement(
        "copied_images",
        Axis.LEAKAGE,
        "A synthetic image that copies a training image gives that patient away.",
        "arXiv:2402.01054",
        at_most=0.0,
    ),
)

CLASSIFIER_UTILITY = (
    Requirement(
        "tstr_auc",
        Axis.UTILITY,
        "A classifier that has only seen synthetic images must recognise the disease in real patients; looking right "
        "is not enough.",
        "arXiv:1706.02633",
        LEAST_PATIENTS,
        AUGMENT,
    ),
    Requirement(
        "augmentation_gain",
        Axis.UTILITY,
        "Adding synthetic images must help, or at least not harm, a classifier of real patients; this is what they are "
        "made for.",
        "doi:10.1016/j.neucom.2018.09.013",
        LEAST_PATIENTS,
        AUGMENT,
    ),
)

SEGMENTER_UTILITY = (
    Requirement(
        "tstr_dice",
        Axis.UTILITY,
        "A network that has only seen synthetic images with their label maps must outline the structures of real "
        "patients; images that do not obey their label maps teach it wrong borders.",
        "arXiv:1706.02633",
        LEAST_PATIENTS,
        ("mask_to_image",),
    ),
    Requirement(
        "dice_gain",
        Axis.UTILITY,
        "Adding synthetic images must help, or at least not harm, a network that outlines structures of real patients; "
        "this is what they are made for.",
        "doi:10.1016/j.neucom.2018.09.013",
        LEAST_PATIENTS,
        ("mask_to_image",),
    ),
)

EXTERNAL_CLASSIFIER = Requirement(
    "tstr_auc_external",
    Axis.UTILITY,
    "What was learnt from one hospital's images must hold in another's.",
    "doi:10.1148/ryai.240300",
    LEAST_PATIENTS,
    AUGMENT,
)

EXTERNAL_IMAGES = Requirement(
    "external_agreement",
    Axis.FIDELITY,
    "Errors must stay small on scanners and sites that the generator was not trained on.",
    "doi:10.1148/ryai.240300",
    LEAST_PATIENTS,
    PAIRED,
    missing=NO_EXTERNAL,
)

FINE_DETAIL = Requirement(
    "spectral_fidelity",
    Axis.FIDELITY,
    "Detail must be there at every size: smoothing that hides small lesions leaves errors and similarity almost as "
    "they were.",
    "arXiv:2003.01826",
    LEAST_PATIENTS,
    PAIRED,
)

PLAUSIBLE = Requirement(
    "shape_plausibility",
    Axis.FAILURE,
    "Anatomy must have sizes, forms and places that patients have, which no likeness of pictures asks for.",
    "arXiv:2511.04729",
    LEAST_PATIENTS,
)

SEAMS = Requirement(
    "seam_index",
    Axis.FAILURE,
    "Networks that work in tiles or by doubling the resolution leave borders and patterns that no patient has.",
    "doi:10.23915/distill.00003",
    LEAST_PATIENTS,
)

READERS = Requirement(
    "reader_study",
    Axis.CLINICAL,
    "Only clinicians who read the images can tell whether anything that matters to a patient was added, lost or moved.",
    "doi:10.1148/ryai.240300",
    missing=NO_READERS,
)
