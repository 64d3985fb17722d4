"""The words of the field that records may use; each is one enum member with one spelling."""

from __future__ import annotations

from enum import StrEnum


class Modality(StrEnum):
    """What made the picture."""

    MRI = "mri"
    CT = "ct"
    XRAY = "xray"
    PATHOLOGY = "pathology"


class Unit(StrEnum):
    """What a pixel value means physically."""

    HU = "HU"
    ARBITRARY = "arbitrary"  # MR signal, radiograph grey level: only differences within one acquisition mean anything
    RGB = "RGB"
    GY = "Gy"  # absorbed dose
    LABEL = "label"


class Role(StrEnum):
    """What an image is to its case."""

    IMAGE = "image"  # the one image of an unpaired case
    SOURCE = "source"  # what is translated from, or the degraded image
    REFERENCE = "reference"  # the real image that a synthetic one should equal
    MASK = "mask"  # where to measure: body, brain, tissue
    LESION = "lesion"
    STRUCTURES = "structures"  # integer label map


class Split(StrEnum):
    """What a subject is used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    EXTERNAL = "external"


class Axis(StrEnum):
    """The side from which synthetic images are judged."""

    FIDELITY = "fidelity"
    DIVERSITY = "diversity"
    UTILITY = "utility"
    LEAKAGE = "leakage"
    FAILURE = "failure"
    CLINICAL = "clinical"


class Better(StrEnum):
    """Which way a number should go."""

    HIGHER = "higher"
    LOWER = "lower"
    TARGET = "target"  # nearest to a stated target value is best

    @property
    def arrow(self) -> str:
        """The arrow shown beside a number."""
        return {"higher": "↑", "lower": "↓", "target": "→"}[self.value]


class TaskName(StrEnum):
    """Tasks of the first house; outside packages may register more under other names."""

    AUGMENT = "augment"
    TRANSLATE = "translate"
    DENOISE = "denoise"
    MASK_TO_IMAGE = "mask_to_image"
    GENERATE = "generate"
    SUPER_RESOLVE = "super_resolve"
    INPAINT = "inpaint"
    TRANSLATE_UNPAIRED = "translate_unpaired"
    STAIN_NORMALISE = "stain_normalise"
    HARMONISE = "harmonise"

    @property
    def pairs(self) -> bool | None:
        """Whether each image has a real one that it should equal; None where that depends on the data."""
        if self in (TaskName.AUGMENT, TaskName.MASK_TO_IMAGE, TaskName.GENERATE):
            return False
        return None if self in (TaskName.TRANSLATE_UNPAIRED, TaskName.STAIN_NORMALISE, TaskName.HARMONISE) else True
