"""Per synthetic image: where it is, its hash, and everything that it was made from."""

from __future__ import annotations

from pydantic import Field

from synthassay.records.base import Record
from synthassay.records.watermark import Watermark


class InsertedLesion(Record):
    """A lesion that was added to the source before the generator saw it, so that finding it can be measured.

    Attributes:
        centre: Voxel of the whole image at its centre.
        diameter_mm: Diameter of the ball.
        contrast: What it adds to a voxel wholly inside, in the image's unit.
    """

    centre: tuple[int, ...]
    diameter_mm: float = Field(gt=0)
    contrast: float


class DrawnFile(Record):
    """A file that shows what is drawn on a synthetic image, as hashed and listed as the image itself."""

    path: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class SyntheticImage(Record):
    """One synthetic image and its provenance.

    Attributes:
        case: Identifier of the synthetic case, unique in the manifest.
        path: File relative to the manifest's folder, forward slashes, never leaving it.
        sha256: Hash of the file's bytes (of each file, by name, where the image is a folder of slices).
        seed: Seed of this image alone.
        condition: What the generator was given: ``{"label": "pneumonia"}`` or ``{"source": "case-7"}``.
        source_subjects: Subjects whose images were conditioned on, or were resampled; empty for unconditional images.
        reference_case: The real case that this one should equal; empty where there is none.
        structures: The label map that the image was made from; None for images that were not made from one.
        lesion: What was added to the source; None for all ordinary images. Such an image shows one slice.
    """

    case: str
    path: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    seed: int
    condition: dict[str, str] = {}
    label: str = ""
    source_subjects: tuple[str, ...] = ()
    reference_case: str = ""
    structures: DrawnFile | None = None
    lesion: InsertedLesion | None = None

    @property
    def files(self) -> tuple[DrawnFile, ...]:
        """The image and what is drawn on it, as files with their hashes."""
        own = DrawnFile(path=self.path, sha256=self.sha256)
        return (own,) if self.structures is None else (own, self.structures)


class Manifest(Record):
    """All synthetic images of one generator in one run; ``synthassay verify`` checks it.

    Attributes:
        generator: The generator's name in the study; ``family`` its architecture.
        weights_sha256: Hash of the weight file.
        training_subjects_sha256: Hash of the sorted training subjects, one per line: proves which patients were
            learnt from without naming them.
        format: ``png``, ``nifti``, ``dicom`` or ``tiff``.
        watermark: What was added to the pixels of a release; None where they are as synthesised.
    """

    schema_version: int = 1
    synthetic: bool = True
    study: str
    generator: str
    family: str
    software: str
    weights_sha256: str = ""
    training_subjects_sha256: str = ""
    format: str
    unit: str
    images: tuple[SyntheticImage, ...]
    watermark: Watermark | None = None
