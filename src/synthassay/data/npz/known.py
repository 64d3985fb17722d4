"""The layouts of the prepared public files, declared: what each array is, in which unit and which way round."""

from __future__ import annotations

from synthassay.data.npz.layout import ArrayRole, MaskRule, NpzLayout
from synthassay.records.vocabulary import Unit

XRAY_KERMANY = NpzLayout(
    name="Kermany chest radiographs",
    marks=frozenset({"images", "label", "patient", "subtype", "source_resolution"}),
    roles=(ArrayRole("images", "image", axes="rows columns"),),
    case="filename",
    subject="patient",
    label="label",
    classes=("normal", "pneumonia"),
    split="split",
    groups=("source_resolution",),
    notes=(
        "Patients are inferred from file names, which the authors do not document; a personNNN with bacterial and viral"
        " images counts as one patient.",
        "Part of the images went through one JPEG round more than the others (array source_resolution).",
    ),
)

# Stored values are HU + 1000. The right parotid lies at low x, so x runs to the patient's left. Air around the patient
# is partly 0 and partly as scanned; -500 HU, half-way between air and soft tissue, is the skin at any voxel size.
CT_OPENKBP = NpzLayout(
    name="OpenKBP head-and-neck CT",
    marks=frozenset({"ct", "oar", "oar_contoured", "ptv70"}),
    roles=(
        ArrayRole("ct", "image", Unit.HU, "z y x", flipped="xyz", offset=-1000.0),
        ArrayRole("oar", "structures", Unit.LABEL, "z y x", flipped="xyz"),
    ),
    masks={"mask": MaskRule(("ct",), above=500, solid=True)},
    case="patient",
    subject="patient",
    split="split",
    spacing="spacing_mm",
    structure_names="oar_names",
    structures_drawn="oar_contoured",
    notes=(
        "The offset of 1000 between stored values and HU is inferred (soft tissue +39 HU, fat -87 HU). Values stop"
        " at 3095 HU.",
        "The body mask is the largest part above -500 HU with the holes of its axial slices.",
        "The place of the grid in the scanner is not kept: its middle stands at 0 mm.",
    ),
)

MRI_IXI = NpzLayout(
    name="IXI T1w with DLMUSE labels",
    marks=frozenset({"t1", "subject", "p999_intensity", "age", "sex"}),
    roles=(ArrayRole("t1", "t1"), ArrayRole("dlmuse", "structures", Unit.LABEL)),
    masks={"mask": MaskRule(("t1",))},
    case="subject",
    subject="subject",
    split="split",
    spacing="spacing_mm",
    notes=("Brain only; each volume is scaled by its 99.9 percentile to 0..255.",),
)

MRI_LJUBLJANA = NpzLayout(
    name="Ljubljana MS multi-contrast",
    marks=frozenset({"t1", "t2", "flair_x10", "t1c_index", "lesion_index", "group"}),
    roles=(
        ArrayRole("t1", "t1"),
        ArrayRole("t2", "t2"),
        ArrayRole("flair_x10", "flair", scale=0.1),
        ArrayRole("t1c", "t1c", rows_of="t1c_index"),
        ArrayRole("lesion", "lesion", Unit.LABEL, rows_of="lesion_index"),
    ),
    masks={"mask": MaskRule(("t1", "t2", "flair_x10"))},
    case="name",
    subject="patient",
    session="session",
    site="group",
    spacing="spacing_mm",
    notes=(
        "Site is the acquisition protocol (cross-sectional or longitudinal); whether patients of the two overlap is not"
        " documented.",
        "The mask is where any contrast is above 0. Patient ljlong03 has a cut field of view.",
    ),
)

MRI_HIPPOCAMPUS = NpzLayout(
    name="MSD hippocampus crops",
    marks=frozenset({"image", "label", "case", "original_shape", "p999_intensity"}),
    roles=(ArrayRole("image", "image"), ArrayRole("label", "structures", Unit.LABEL)),
    masks={"mask": MaskRule(("image",), solid=True)},
    case="case",
    subject="case",
    split="split",
    spacing="spacing_mm",
    structure_names=("anterior hippocampus", "posterior hippocampus"),
    notes=("One subject may have contributed a left and a right crop; the publishers name no subjects.",),
)

MRCT_PHANTOM = NpzLayout(
    name="MRI-DIR porcine phantom",
    marks=frozenset({"mr_t2", "ct_hu", "ct_to_mr_matrix"}),
    roles=(
        ArrayRole("mr_t2", "t2", axes="z y x", flipped="xy", single=True),
        ArrayRole("ct_hu", "ct", Unit.HU, "z y x", flipped="xy", single=True),
    ),
    spacing="spacing_mm",
    notes=("One object, meat with bone, not a patient: it proves scale and pairing, not anatomy.",),
)

PATHOLOGY_KATHER = NpzLayout(
    name="Kather colorectal tiles",
    marks=frozenset({"images", "label", "slide", "class_names", "source_repo"}),
    roles=(ArrayRole("images", "image", Unit.RGB, "rows columns channels"),),
    case="filename",
    subject="slide",
    label="label",
    classes="class_names",
    mpp=0.495,
    notes=("100 of the 124 tiles were up-sampled to 224 px and back to 150 px; their slides are unknown.",),
)

KNOWN = (
    XRAY_KERMANY,
    CT_OPENKBP,
    MRI_IXI,
    MRI_LJUBLJANA,
    MRI_HIPPOCAMPUS,
    MRCT_PHANTOM,
    PATHOLOGY_KATHER,
)
