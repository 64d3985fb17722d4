"""The vocabulary as pages and drawings write it."""

from __future__ import annotations

from synthassay.records.extraction import Family, SynthesisTask
from synthassay.records.review import Stage
from synthassay.records.vocabulary import Modality

FAMILY_WORDS: dict[Family | None, str] = {
    Family.GAN: "GAN",
    Family.VAE: "VAE",
    Family.HYBRID: "VAE-GAN",
    Family.DIFFUSION: "Diffusion",
    Family.FLOW: "Flow",
    Family.CLASSICAL: "Classical",
    Family.OTHER: "Other",
    None: "Not extracted",
}
MODALITY_WORDS = {Modality.MRI: "MRI", Modality.CT: "CT", Modality.XRAY: "X-ray", Modality.PATHOLOGY: "Pathology"}
TASK_WORDS = {
    SynthesisTask.AUGMENT: "Augment",
    SynthesisTask.TRANSLATE: "Translate",
    SynthesisTask.DENOISE: "Denoise",
    SynthesisTask.MASK_TO_IMAGE: "Mask to image",
    SynthesisTask.TRANSLATE_UNPAIRED: "Translate unpaired",
    SynthesisTask.HARMONISE: "Harmonise",
    SynthesisTask.STAIN_NORMALISE: "Normalise stain",
    SynthesisTask.SUPER_RESOLVE: "Super-resolve",
    SynthesisTask.INPAINT: "Inpaint",
    SynthesisTask.GENERATE: "Generate",
    SynthesisTask.OTHER: "Other",
}
STAGE_WORDS = {
    Stage.TITLE_ABSTRACT: "Title and abstract",
    Stage.RETRIEVAL: "Retrieval",
    Stage.FULL_TEXT: "Full text",
}
