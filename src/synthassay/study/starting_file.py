"""The commented file that ``synthassay new`` writes: it runs as it is, and each line says what may stand there."""

from __future__ import annotations

from typing import NamedTuple

from synthassay.errors import Fault, SpecError, did_you_mean


class Start(NamedTuple):
    """What differs between starting files."""

    title: str
    question: str
    phantom: str
    data: str
    generators: str
    sampling: str


_AUGMENT_GENERATORS = """\
[[generators]]
family = "rectified_flow"     # class-conditional flow with classifier-free guidance
images_seen = 200_000         # length of training, in images shown
batch = 64

[[generators]]
family = "vae"                # conditional variational autoencoder: quick, smooth
images_seen = 200_000
batch = 64
"""
_PAIRED_GENERATORS = """\
[[generators]]
family = "pgan"               # adversarial + L1 + perceptual loss on paired slices
images_seen = 20_000          # length of training, in slices shown
batch = 8
neighbours = 3                # slices that the generator sees: the one asked for and those beside it
"""
_PER_CLASS = "per_class = 200               # synthetic images per class\n"
_TEST_SPLIT = 'split = "test"                # whose images are the input: validation, test or external\n'

STARTS: dict[tuple[str, str], Start] = {
    ("xray", "augment"): Start(
        "Synthetic chest radiographs of two classes",
        "Do synthetic radiographs added to training help a classifier on real held-out patients?",
        "phantom:chest-xray",
        'label = ""                    # column that holds the class, for tables\nsplit = "stratified"          '
        "# by subject, classes kept in proportion; or given, subject, site\n",
        _AUGMENT_GENERATORS,
        _PER_CLASS,
    ),
    ("pathology", "augment"): Start(
        "Synthetic H&E tiles of two tissue classes",
        "Do synthetic tiles resemble real ones in colour and structure, and do they help a tissue classifier?",
        "phantom:histology",
        'split = "stratified"          # by subject, classes kept in proportion; or given, subject, site\n',
        _AUGMENT_GENERATORS,
        _PER_CLASS,
    ),
    ("mri", "translate"): Start(
        "T2-weighted MRI made from T1-weighted MRI",
        "Can the missing T2-weighted contrast be made from the T1-weighted one, and how wrong is it where?",
        "phantom:brain-mri",
        'input = "t1"                  # contrast to translate from\nimage = "t2"                  '
        '# contrast to make\nsplit = "subject"             # or given, site\n',
        _PAIRED_GENERATORS,
        _TEST_SPLIT,
    ),
    ("ct", "denoise"): Start(
        "CT at a quarter of the dose, denoised",
        "Does the generator give back Hounsfield units at a quarter of the dose, in each tissue?",
        "phantom:head-ct",
        'split = "subject"             # or given, site\nwindow = [-1150, 3071]        '
        "# Hounsfield units that the generator sees, with room for noise below air\n",
        _PAIRED_GENERATORS,
        _TEST_SPLIT + "\n[denoise]\ndose_fraction = 0.25          # simulated in the projection domain\n",
    ),
}


def starting_file(modality: str, task: str, source: str = "") -> str:
    """Return the commented study file for a modality and a task.

    Args:
        modality: ``mri``, ``ct``, ``xray`` or ``pathology``.
        task: ``augment``, ``translate`` or ``denoise``.
        source: A known source instead of virtual patients.

    Raises:
        SpecError: No starting file is written for this pair yet; the message lists those that are.
    """
    start = STARTS.get((modality, task))
    if start is None:
        known = [f"--modality {m} --task {t}" for m, t in sorted(STARTS)]
        remedy = did_you_mean(f"--modality {modality} --task {task}", known)
        raise SpecError(
            "synthassay new", [Fault("--modality/--task", "no starting file", f"{modality}, {task}", remedy)]
        )
    return f"""\
# A synthassay study: one question, one file.  Check it: synthassay check THIS_FILE.  Run it: synthassay run THIS_FILE
schema_version = 1
title = "{start.title}"
question = "{start.question}"
modality = "{modality}"
task = "{task}"
seed = 20260101               # root of every random number: the same seed gives the same bytes
intended_use = "research and teaching; not for diagnosis"

[data]
source = "{source or start.phantom}"   # virtual patients need no download; or a known source (synthassay list)
# path = "images/"            # or your own: a folder, a table (.csv, .parquet), an .npz or a BIDS root
subjects = 0                  # use at most so many subjects; 0 means all
{start.data}
{start.generators}
[sampling]
{start.sampling}
[evaluation]
bootstrap = 1000              # draws of the subject-clustered bootstrap behind each interval
"""
