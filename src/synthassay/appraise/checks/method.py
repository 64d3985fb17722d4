"""Whether a stranger could do it again: settings, versions, inputs, geometry, training, marks."""

from __future__ import annotations

from synthassay.appraise.checks import check
from synthassay.appraise.checks.found import Found, no, unknown, yes
from synthassay.appraise.dossier import COHORT, LOCK, REQUIREMENTS, STUDY, Dossier
from synthassay.records.appraisal import Pointer

NO_STUDY, NO_LOCK = "the run holds no study.toml", "the run holds no lock.json"


@check
def settings_recorded(dossier: Dossier) -> Found:
    """Whether the study file and the lock stand."""
    if dossier.study is None or dossier.lock is None:
        return unknown(NO_STUDY if dossier.study is None else NO_LOCK)
    lock = Pointer(
        file=LOCK, place="packages, seed, command", says=f"{dossier.lock.software}, seed {dossier.lock.seed}"
    )
    return yes("all settings, versions, the seed and the command are recorded", Pointer(file=STUDY), lock)


@check
def software_recorded(dossier: Dossier) -> Found:
    """Whether versions of software are recorded."""
    if dossier.lock is None or not dossier.lock.packages:
        return unknown(NO_LOCK)
    says = f"{dossier.lock.software}, Python {dossier.lock.python}, {len(dossier.lock.packages)} packages"
    return yes("software is recorded with versions", Pointer(file=LOCK, place="packages", says=says))


@check
def inputs_hashed(dossier: Dossier) -> Found:
    """Whether each input file has its hash."""
    if dossier.lock is None or not dossier.lock.data_sha256:
        return unknown(NO_LOCK if dossier.lock is None else "the lock lists no input file")
    says = f"{len(dossier.lock.data_sha256):,} input files with SHA-256"
    return yes(says, Pointer(file=LOCK, place="data_sha256", says=says))


@check
def geometry_recorded(dossier: Dossier) -> Found:
    """Whether unit and spacing are recorded, and the study's grid and window."""
    if dossier.cohort is None or dossier.study is None:
        return unknown("the run holds no cohort.json" if dossier.cohort is None else NO_STUDY)
    if not dossier.cohort.spacing_mm:
        return unknown("the images do not state their spacing")
    spacing = " × ".join(f"{s:g}" for s in dossier.cohort.spacing_mm)
    says = f"{dossier.cohort.unit}, {spacing} mm"
    data = dossier.study.data
    grid = f"size {list(data.size) or 'kept'}, window {list(data.window) if data.window else 'of the protocol'}"
    return yes(
        "unit, spacing, grid and window are recorded",
        Pointer(file=COHORT, place="unit, spacing_mm", says=says),
        Pointer(file=STUDY, place="[data]", says=grid),
    )


@check
def question_stated(dossier: Dossier) -> Found:
    """Whether the study states its question."""
    if dossier.study is None:
        return unknown(NO_STUDY)
    return yes("the question is stated", Pointer(file=STUDY, place="question", says=dossier.study.question))


@check
def intended_use_stated(dossier: Dossier) -> Found:
    """Whether the study states what the images are for."""
    if dossier.study is None or not dossier.study.intended_use:
        return unknown(NO_STUDY if dossier.study is None else "study.toml states no intended_use")
    says = dossier.study.intended_use
    return yes("the intended use is stated", Pointer(file=STUDY, place="intended_use", says=says))


@check
def architecture_recorded(dossier: Dossier) -> Found:
    """Whether family, settings and weights of every generator are recorded."""
    if dossier.study is None:
        return unknown(NO_STUDY)
    learnt = [of for of in dossier.judged if of in dossier.manifests and dossier.manifests[of].weights_sha256]
    if not learnt or len(learnt) < len(dossier.judged):
        return unknown("not every set has a manifest with the hash of its weights")
    found = [
        Pointer(file=f"synthetic/{of}/manifest.json", place="family, weights_sha256", says=dossier.manifests[of].family)
        for of in learnt
    ]
    return yes("families, settings and weights are recorded", Pointer(file=STUDY, place="[[generators]]"), *found)


@check
def training_recorded(dossier: Dossier) -> Found:
    """Whether the training of every generator was logged."""
    if not dossier.judged or not set(dossier.judged) <= set(dossier.trained):
        return unknown("not every set has a log of its training")
    return yes("each training was logged", *(Pointer(file=f"model/{of}/training.jsonl") for of in dossier.judged))


@check
def marked_synthetic(dossier: Dossier) -> Found:
    """Whether every image is listed as synthetic with its hash."""
    if not dossier.judged or not all(of in dossier.manifests for of in dossier.judged):
        return unknown("not every set has a manifest")
    found = [
        Pointer(file=f"synthetic/{of}/manifest.json", place="synthetic", says=f"{len(m.images):,} images, {m.format}")
        for of in dossier.judged
        if (m := dossier.manifests[of]).synthetic and m.images
    ]
    if len(found) < len(dossier.judged):
        return unknown("a manifest does not list its images as synthetic")
    return yes("images are listed as synthetic, each with its hash (synthassay verify looks into them)", *found)


@check
def requirements_listed(dossier: Dossier) -> Found:
    """Whether the protocol's requirements were held against the run."""
    if dossier.requirements is None or not dossier.requirements.requirements:
        return unknown("the run holds no list of requirements")
    asked = [s for s in dossier.requirements.requirements if s.of in (*dossier.judged, "")]
    says = f"protocol {dossier.requirements.protocol}: {sum(s.met for s in asked)} of {len(asked)} met"
    return yes("evaluated by a protocol stated beforehand", Pointer(file=REQUIREMENTS, place="requirements", says=says))


@check
def has_segmentation(dossier: Dossier) -> Found:
    """Whether the study trains segmenters."""
    return _declared(dossier, "segmentation", dossier.study is not None and dossier.study.segmentation is not None)


@check
def has_features(dossier: Dossier) -> Found:
    """Whether the study's downstream classifier rests on a table of features."""
    spec = dossier.study.classification if dossier.study else None
    return _declared(dossier, "classification", spec is not None and spec.network == "features")


@check
def has_network(dossier: Dossier) -> Found:
    """Whether a downstream network learns from pixels."""
    study = dossier.study
    spec = study.classification if study else None
    segments = study is not None and study.segmentation is not None
    return _declared(dossier, "classification", segments or (spec is not None and spec.network == "convnet"))


def _declared(dossier: Dossier, table: str, holds: bool) -> Found:
    """What a study file declares; where it declares no downstream study at all, nothing is said."""
    study = dossier.study
    if study is None or (study.classification is None and study.segmentation is None):
        return unknown(NO_STUDY if study is None else "study.toml declares no downstream model of its own")
    pointer = Pointer(file=STUDY, place=f"[{table}]", says="as declared")
    return yes("declared so", pointer) if holds else no("declared otherwise", pointer)
