"""C2PA manifests inside PNG and TIFF: the mark that web sites, cameras and picture editors read.

Format: https://c2pa.org/specifications, version 2; written and read by c2pa-python, which is optional. A manifest holds
random identifiers, so that a release with them is signed anew in other bytes each time.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from synthassay.errors import RunError
from synthassay.images.verify import sha256_of_image
from synthassay.records.base import whole_file
from synthassay.records.manifest import Manifest, SyntheticImage
from synthassay.records.vocabulary import Modality
from synthassay.release.label_texts import label_faults
from synthassay.release.naming import label_of

MIME = {"png": "image/png", "tiff": "image/tiff"}
MADE_BY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED, COMPUTED = f"{MADE_BY}trainedAlgorithmicMedia", f"{MADE_BY}algorithmicMedia"
NO_THUMBNAIL = {"builder": {"thumbnail": {"enabled": False}}, "verify": {"verify_trust": False}}


def library() -> Any:
    """Return c2pa-python.

    Raises:
        RunError: It is not installed.
    """
    try:
        import c2pa  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        remedy = "Install it, or leave --c2pa out: pip install c2pa-python."
        raise RunError("--c2pa", "needs c2pa-python, which is not installed", remedy=remedy) from None
    return c2pa


def read_chain(path: Path, key: Ed25519PrivateKey) -> str:
    """Read a chain of certificates, the signer's first, in PEM.

    Raises:
        RunError: It cannot be read, holds no certificate, or the first is of another key.
    """
    try:
        text = path.read_text(encoding="ascii")
        first = x509.load_pem_x509_certificates(text.encode())[0]
    except OSError as problem:
        raise RunError(str(path), f"cannot be read: {problem.strerror or problem}") from None
    except ValueError:
        remedy = "Give the chain, the signer's first."
        raise RunError(str(path), "holds no certificates in PEM", remedy=remedy) from None
    if first.public_key() != key.public_key():
        remedy = "C2PA signs with the key of the release; give the certificate that was issued for it."
        raise RunError(str(path), "is a certificate of another key", remedy=remedy)
    return text


def embed(root: Path, manifest: Manifest, key: Ed25519PrivateKey, chain: str, modality: Modality) -> Manifest:
    """Put a C2PA manifest into every image of a release, and list the new hashes in ``manifest.json``.

    Args:
        root: The release in the making.
        manifest: Its images, PNG or TIFF.
        key: The releaser's key.
        chain: Certificates of that key, as ``read_chain`` returns them.
        modality: What the images imitate.

    Raises:
        RunError: The format has no place for it, c2pa-python is missing or refuses the certificates, or an image lost
            its mark on the way.
    """
    if manifest.format not in MIME:
        remedy = "DICOM and NIfTI have their own marks; leave --c2pa out."
        raise RunError("--c2pa", "has no place in this format", value=manifest.format, remedy=remedy)
    images = tuple(_embed(root, image, manifest, key, chain, modality) for image in manifest.images)
    changed = manifest.model_copy(update={"images": images})
    changed.write(root / "manifest.json")
    return changed


def _embed(
    root: Path, image: SyntheticImage, manifest: Manifest, key: Ed25519PrivateKey, chain: str, modality: Modality
) -> SyntheticImage:
    c2pa, path = library(), root / image.path
    described, credentialled = _described(image, manifest), io.BytesIO()
    try:
        with (
            c2pa.Context(settings=c2pa.Settings.from_dict(NO_THUMBNAIL)) as context,
            c2pa.Signer.from_callback(key.sign, c2pa.C2paSigningAlg.ED25519, chain) as signer,
            c2pa.Builder(json.dumps(described), context) as builder,
        ):
            builder.sign(signer, MIME[manifest.format], io.BytesIO(path.read_bytes()), credentialled)
    except c2pa.C2paError as problem:
        remedy = "The chain must be fit for C2PA: a signer's certificate and those above it, not self-signed."
        raise RunError("--c2pa", f"was refused: {problem}", remedy=remedy) from None
    with whole_file(path) as partial:
        partial.write_bytes(credentialled.getvalue())
    if faults := list(label_faults(path, label_of(manifest, image.case, image.seed, modality))):
        raise RunError(image.path, f"lost its label to its C2PA manifest: {faults[0]}")
    return image.model_copy(update={"sha256": sha256_of_image(path)})


def _described(image: SyntheticImage, manifest: Manifest) -> dict[str, Any]:
    name, _, version = manifest.software.rpartition(" ")
    created = {
        "action": "c2pa.created",
        "digitalSourceType": TRAINED if manifest.weights_sha256 else COMPUTED,
        "softwareAgent": {"name": f"{manifest.software}, {manifest.generator}"},
    }
    return {
        "claim_generator_info": [{"name": name or manifest.software, "version": version}],
        "title": image.case,
        "format": MIME[manifest.format],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }


def credential_faults(root: Path, manifest: Manifest) -> Iterator[str]:
    """Yield which images have no C2PA manifest, or one that does not hold.

    Raises:
        RunError: c2pa-python is not installed.
    """
    c2pa = library()
    for image in manifest.images:
        content = io.BytesIO((root / image.path).read_bytes())
        try:
            with c2pa.Reader(MIME[manifest.format], content) as reader:
                state, found = reader.get_validation_state(), json.loads(reader.json())
        except c2pa.C2paError as problem:
            yield f"{image.path}: has no C2PA manifest that can be read: {problem}"
            continue
        active = found["manifests"][found["active_manifest"]]
        if state not in ("Valid", "Trusted"):
            yield f"{image.path}: its C2PA manifest is {str(state).lower()}"
        elif active.get("title") != image.case:
            yield f"{image.path}: its C2PA manifest is of another image"
