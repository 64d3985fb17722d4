"""The mark that says that an image is synthetic, and by whom and how it was made."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from synthassay.errors import ImageError
from synthassay.images.image import Geometry, Image
from synthassay.records.vocabulary import Modality, Unit

SYNTHETIC = "synthetic"
YES = "YES"
BANNER = "SYNTHETIC IMAGE - not an acquisition of a patient"


@dataclass(frozen=True)
class SyntheticLabel:
    """What is written into every synthetic image. It never names a source subject: the manifest does that.

    Attributes:
        study: Title of the study that the image was made in.
        generator: The generator's name in that study.
        software: Name and version, such as ``synthassay 0.1.0``.
        seed: Seed of this image alone.
        case: Identifier of the synthetic case; only its hash is written, because it may echo a real case's.
        weights_sha256: Hash of the generator's weights; empty for a baseline without weights.
        modality: What the image imitates; decides the DICOM object. HU prove CT where it is absent.
    """

    study: str
    generator: str
    software: str
    seed: int
    case: str
    weights_sha256: str = ""
    modality: Modality | None = None

    @property
    def identifier(self) -> str:
        """Pseudonym of the synthetic subject, which the manifest's owner can compute again.

        >>> SyntheticLabel("Study", "vae", "synthassay 0.1.0", 7, "img-0001").identifier
        'SYN-cc40d97802328330'
        """
        return f"SYN-{self._digest('identifier').hex()[:16]}"

    def uid(self, *parts: str | int) -> str:
        """Return the DICOM UID of ``parts`` of this image: ``2.25.`` and a UUID made of a SHA-256.

        Source: DICOM PS3.5 section B.2 (UUID derived UID); RFC 9562 section 5.8 (UUIDv8, vendor specific bits).
        """
        bits = int.from_bytes(self._digest("uid", *parts)[:16], "big")
        bits = (bits & ~(0xF << 76)) | (8 << 76)
        bits = (bits & ~(0x3 << 62)) | (2 << 62)
        return f"2.25.{uuid.UUID(int=bits).int}"

    def _digest(self, *parts: str | int) -> bytes:
        whole = [self.study, self.generator, self.software, self.weights_sha256, self.seed, self.case, *parts]
        return hashlib.sha256(json.dumps(whole).encode()).digest()


class Mark(NamedTuple):
    """What an image file says about itself.

    Attributes:
        why_not: Why the file does not say that it is synthetic; empty where it does.
        weakened: What else was written into the file and is gone, although it still says that it is synthetic.
    """

    why_not: str = ""
    weakened: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.why_not


def payload(image: Image, label: SyntheticLabel) -> dict[str, str]:
    """Return what formats without such fields of their own carry as text: mark, provenance, unit and geometry."""
    geometry = image.geometry
    entries = {
        SYNTHETIC: YES,
        "comment": BANNER,
        "study": label.study,
        "generator": label.generator,
        "software": label.software,
        "weights_sha256": label.weights_sha256,
        "seed": str(label.seed),
        "identifier": label.identifier,
        "unit": image.unit.value,
        "spacing_mm": json.dumps(list(geometry.spacing_mm)) if geometry.spacing_mm else "",
        "affine": "" if geometry.affine is None else json.dumps(np.asarray(geometry.affine).tolist()),
        "mpp": "" if geometry.mpp is None else json.dumps(geometry.mpp),
    }
    return {key: value for key, value in entries.items() if value}


def unit_in(entries: dict[str, str], where: str) -> Unit | None:
    """Return the unit that a payload states, or None.

    Raises:
        ImageError: The payload states a unit that this version does not know.
    """
    stated = entries.get("unit")
    try:
        return None if stated is None else Unit(stated)
    except ValueError:
        raise ImageError(where, "states an unknown unit", value=stated, remedy=f"Known: {', '.join(Unit)}.") from None


def geometry_in(entries: dict[str, str], where: str) -> Geometry:
    """Return the geometry that a payload states; an empty one where it states none.

    Raises:
        ImageError: What it states is not numbers of the right count.
    """
    try:
        spacing = tuple(float(value) for value in json.loads(entries.get("spacing_mm", "[]")))
        affine = np.array(json.loads(entries["affine"]), dtype=np.float64) if "affine" in entries else None
        mpp = float(json.loads(entries["mpp"])) if "mpp" in entries else None
        if affine is not None and affine.shape != (4, 4):
            raise ValueError(f"affine has shape {affine.shape}")
        return Geometry(affine=affine, spacing_mm=spacing, mpp=mpp)
    except (ValueError, TypeError) as problem:
        remedy = "The text was altered after writing; take the file from its origin."
        raise ImageError(where, f"has an unreadable geometry note: {problem}", remedy=remedy) from None


def mark_in(entries: dict[str, str]) -> Mark:
    """Return the mark of a payload read back from a file."""
    if entries.get(SYNTHETIC) != YES:
        return Mark("carries no synthassay:synthetic=YES text")
    gone = tuple(f"{key} is gone" for key in ("generator", "software", "seed", "identifier") if not entries.get(key))
    return Mark(weakened=gone)


def entries_in(text: str) -> dict[str, str]:
    """Return the payload of a JSON text with keys ``synthassay:...``; empty where the text is something else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        key.removeprefix("synthassay:"): value
        for key, value in found.items()
        if isinstance(value, str) and key.startswith("synthassay:")
    }


def text_of(entries: dict[str, str]) -> str:
    """Return a payload as JSON text with keys ``synthassay:...``; the inverse of ``entries_in``."""
    return json.dumps({f"synthassay:{key}": value for key, value in entries.items()}, sort_keys=True)
