"""What synthetic volumes must show, whichever modality they are of."""

from __future__ import annotations

from dataclasses import replace

from synthassay.protocols.common import (
    ANATOMY_KEPT,
    CLASSIFIER_UTILITY,
    DRIFT,
    EXTERNAL_CLASSIFIER,
    EXTERNAL_IMAGES,
    LEAKAGE,
    LEAST_PATIENTS,
    PAIRED,
    READERS,
    REPEATS,
    SEGMENTER_UTILITY,
    SET_QUALITY,
)
from synthassay.protocols.ct import HOUNSFIELD
from synthassay.protocols.protocol import PROTOCOLS, FailureMode, Protocol, Requirement
from synthassay.records.vocabulary import Axis, Modality, Unit

LIKENESS = Requirement(
    "ssim",
    Axis.FIDELITY,
    "Structure must be where it is in the real volume, in windows of three dimensions: a mean over slices cannot tell "
    "whether they fit together.",
    "doi:10.1109/TIP.2003.819861",
    LEAST_PATIENTS,
    PAIRED,
)
CONTINUITY = (
    Requirement(
        "slice_continuity",
        Axis.FAILURE,
        "Neighbouring slices must differ as patients' do; models that see single slices let them jump or repeat.",
        "arXiv:2211.10655",
        LEAST_PATIENTS,
    ),
    Requirement(
        "gradient_ratio",
        Axis.FAILURE,
        "A volume must be as sharp across its slices as within them, no more and no less than real volumes are.",
        "arXiv:2211.10655",
        LEAST_PATIENTS,
    ),
    Requirement(
        "slice_flicker",
        Axis.FAILURE,
        "Brightness that changes from slice to slice shows as bands in the other planes and shifts every threshold.",
        "arXiv:2211.10655",
        LEAST_PATIENTS,
    ),
    Requirement(
        "structure_continuity",
        Axis.FAILURE,
        "Vessels, bones and organs must go on from slice to slice; one that breaks off or appears from nowhere is read "
        "as a stenosis, a fracture or a lesion.",
        "arXiv:2211.03364",
        LEAST_PATIENTS,
    ),
    Requirement(
        "seam_index",
        Axis.FAILURE,
        "Volumes too large for memory are made in parts, and the borders of the parts must not show.",
        "arXiv:2008.01910",
        LEAST_PATIENTS,
    ),
)
ANATOMY = (
    Requirement(
        "shape_plausibility",
        Axis.FAILURE,
        "Organs must have sizes, forms and places that patients have, which no likeness of pictures asks for.",
        "arXiv:2511.04729",
        LEAST_PATIENTS,
    ),
    Requirement(
        "structure_presence",
        Axis.FAILURE,
        "No structure may be missing, surplus, or in more parts than in patients.",
        "arXiv:2211.03364",
        LEAST_PATIENTS,
    ),
)
SAME_STRUCTURES = Requirement(
    "structure_overlap",
    Axis.FAILURE,
    "Structures outlined on the synthetic and on the real volume must be the same, in all three dimensions.",
    "arXiv:2403.08447",
    LEAST_PATIENTS,
    PAIRED,
)

MODES = (
    FailureMode(
        name="Slices that do not continue into each other",
        tasks=("3D synthesis", "slice-wise translation", "denoising"),
        consequence="Diagnostic inconsistency: what is seen in one plane is not there in another, and sizes measured "
        "across slices are wrong",
        found_by=("slice_continuity", "gradient_ratio", "slice_flicker", "structure_continuity", "reader_study"),
        source="arXiv:2211.10655",
        enacted_by=("slice_jitter", "volume_discontinuity", "slice_dropout", "slice_repetition"),
        dominant=True,
    ),
    FailureMode(
        name="Seams where parts were joined",
        tasks=("3D synthesis in parts",),
        consequence="Edges that are no anatomy, and structures that are offset across them",
        found_by=("seam_index", "slice_continuity", "reader_study"),
        source="arXiv:2008.01910",
        enacted_by=("tile_seams",),
    ),
    FailureMode(
        name="Impossible anatomy",
        tasks=("3D synthesis",),
        consequence="Organs that are missing, doubled or deformed teach a model, or a student, what does not exist",
        found_by=("shape_plausibility", "structure_presence", "reader_study"),
        source="arXiv:2211.03364",
        enacted_by=("anatomical_distortion", "missing_structure"),
    ),
)

VOLUME = Protocol(
    name="volume",
    title="Volumetric synthesis (arbitrary units, such as MR)",
    modality=Modality.MRI,
    unit=Unit.ARBITRARY,
    data_range=None,
    range_source="Signal has no absolute scale: every study states its range. Volumes in HU are judged by volume_ct.",
    requirements=(
        *SET_QUALITY,
        REPEATS,
        LIKENESS,
        *CONTINUITY,
        *ANATOMY,
        SAME_STRUCTURES,
        ANATOMY_KEPT,
        *DRIFT,
        *LEAKAGE,
        *CLASSIFIER_UTILITY,
        *SEGMENTER_UTILITY,
        EXTERNAL_CLASSIFIER,
        EXTERNAL_IMAGES,
        READERS,
    ),
    failure_modes=MODES,
)
VOLUME_CT = replace(
    VOLUME,
    name="volume_ct",
    title="Volumetric synthesis (CT, in HU)",
    modality=Modality.CT,
    unit=Unit.HU,
    data_range=(-1024.0, 3071.0),
    range_source="Twelve bits with the usual offset of -1024 HU; published evaluations end at 3000 or at 3071.",
    requirements=(*(HOUNSFIELD[:2]), *VOLUME.requirements),
)
PROTOCOLS.add("volume")(VOLUME)
PROTOCOLS.add("volume_ct")(VOLUME_CT)
