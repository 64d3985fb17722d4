"""What synthetic CT made from magnetic resonance images must show."""

from __future__ import annotations

from synthassay.protocols.common import DRIFT, LEAKAGE, LEAST_PATIENTS, LESIONS, NO_EXTERNAL, READERS
from synthassay.protocols.protocol import PROTOCOLS, FailureMode, Protocol, Requirement
from synthassay.records.vocabulary import Axis, Modality, Unit

INTENSITY = (
    Requirement(
        "hu_error",
        Axis.FIDELITY,
        "MR signal does not tell bone from air; their errors, small parts of a body, become errors of dose.",
        "doi:10.1002/mp.15150",
        LEAST_PATIENTS,
    ),
    Requirement(
        "hu_bias",
        Axis.FIDELITY,
        "A shift that is the same everywhere in a tissue moves thresholds and dose and is hidden by absolute errors.",
        "doi:10.1002/mp.15150",
        LEAST_PATIENTS,
    ),
    Requirement(
        "ct_number_curve",
        Axis.FIDELITY,
        "CT numbers must rise with the real ones over the whole range; regression to the mean flattens dense bone.",
        "doi:10.1002/mp.15150",
        LEAST_PATIENTS,
    ),
    Requirement(
        "electron_density_error",
        Axis.FIDELITY,
        "Dose is computed from electron density, to which a calibration curve turns HU, steeply in soft tissue.",
        "doi:10.1259/bjr.72.860.10624344",
        LEAST_PATIENTS,
    ),
    Requirement(
        "ssim",
        Axis.FIDELITY,
        "Structure must be where it is in the real CT, across slices as well as within them.",
        "doi:10.1109/TIP.2003.819861",
        LEAST_PATIENTS,
    ),
    Requirement(
        "mind_distance_to_source",
        Axis.FIDELITY,
        "The CT must have the anatomy of the MR image that it was made from, not that of the pairs it was learnt from.",
        "doi:10.1016/j.media.2012.05.008",
        LEAST_PATIENTS,
    ),
    Requirement(
        "edge_displacement",
        Axis.FIDELITY,
        "A border that lies elsewhere than in the MR image puts dose beside the target by as many mm; no likeness of "
        "values says how many.",
        "arXiv:2408.06075",
        LEAST_PATIENTS,
    ),
    *(sign for sign in DRIFT if sign.metric != "edge_displacement"),
)
STRUCTURE = (
    Requirement(
        "tissue_overlap",
        Axis.FAILURE,
        "Bone, air and body must lie where they lie in the real CT, patient by patient.",
        "arXiv:2403.08447",
        LEAST_PATIENTS,
    ),
    Requirement(
        "tissue_distance",
        Axis.FAILURE,
        "A displaced or missing piece of bone hardly changes an overlap; its distance shows it.",
        "arXiv:2403.08447",
        LEAST_PATIENTS,
    ),
    Requirement(
        "structure_overlap",
        Axis.FAILURE,
        "Organs outlined on the synthetic and on the real CT must be the same, because planning rests on the outlines.",
        "arXiv:2403.08447",
        LEAST_PATIENTS,
    ),
    Requirement(
        "shape_plausibility",
        Axis.FAILURE,
        "Structures that no patient has can be seen without a reference, and where the reference is misaligned.",
        "arXiv:2511.04729",
        LEAST_PATIENTS,
    ),
    Requirement(
        "structure_presence",
        Axis.FAILURE,
        "Nothing may be invented or lost: a network that matches the look of a set of images does both.",
        "arXiv:1805.08841",
        LEAST_PATIENTS,
    ),
)
DOSE = (
    Requirement(
        "gamma_pass_rate",
        Axis.UTILITY,
        "The plan computed on the synthetic CT must give the dose that it gives on the real one, all over the body.",
        "arXiv:2403.08447",
        LEAST_PATIENTS,
    ),
    Requirement(
        "dvh_error",
        Axis.UTILITY,
        "The doses that clinicians prescribe and limit, to targets and organs, must be the same.",
        "arXiv:2403.08447",
        LEAST_PATIENTS,
    ),
)
ELSEWHERE = Requirement(
    "external_agreement",
    Axis.FIDELITY,
    "MR signal changes with scanner and sequence, so errors must stay small where the generator was not trained.",
    "arXiv:2403.08447",
    LEAST_PATIENTS,
    missing=NO_EXTERNAL,
)

MR_TO_CT = Protocol(
    name="mr_to_ct",
    title="Synthetic CT from MR",
    modality=Modality.CT,
    unit=Unit.HU,
    data_range=(-1024.0, 3071.0),
    range_source="Twelve bits with the usual offset of -1024 HU; published evaluations end at 3000 or at 3071.",
    requirements=(*INTENSITY, *STRUCTURE, *LESIONS, *LEAKAGE, ELSEWHERE, *DOSE, READERS),
    failure_modes=(
        FailureMode(
            name="Structures invented or lost",
            tasks=("synthetic CT from MR",),
            consequence="Wrong conclusions about anatomy; targets and organs at risk are drawn wrongly",
            found_by=(
                "tissue_overlap",
                "tissue_distance",
                "structure_overlap",
                "shape_plausibility",
                "structure_presence",
                "lesion_sensitivity",
                "invented_lesions",
                "reader_study",
            ),
            source="arXiv:1805.08841",
            enacted_by=("lesion_invented", "lesion_erased", "missing_structure", "tissue_swap"),
            dominant=True,
        ),
        FailureMode(
            name="Anatomy not aligned with the MR image",
            tasks=("synthetic CT from MR",),
            consequence="Dose is delivered beside the target; errors against a misregistered reference hide it",
            found_by=(
                "mind_distance_to_source",
                "edge_displacement",
                "tissue_distance",
                "structure_overlap",
                "gamma_pass_rate",
            ),
            source="arXiv:2408.06075",
            enacted_by=("misregistration", "misrotation", "anatomical_distortion"),
        ),
        FailureMode(
            name="Attenuation wrong: bone and air confused or flattened",
            tasks=("synthetic CT from MR",),
            consequence="Radiotherapy is planned on wrong densities, attenuation correction in PET is wrong",
            found_by=(
                "hu_error",
                "hu_bias",
                "ct_number_curve",
                "electron_density_error",
                "gamma_pass_rate",
                "dvh_error",
            ),
            source="doi:10.1002/mp.15150",
            enacted_by=("hu_shift", "intensity_scaling"),
        ),
    ),
)
PROTOCOLS.add("mr_to_ct")(MR_TO_CT)
