"""Ed25519 signatures in a DSSE envelope, and the keys they need.

Formats: DSSE, https://github.com/secure-systems-lab/dsse, version 1.0.2; Ed25519, RFC 8032; keys, RFC 8410.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from synthassay.errors import RunError
from synthassay.records.base import disk_problem

PAYLOAD_TYPE = "application/vnd.in-toto+json"
LARGEST_ENVELOPE = 512 * 1024 * 1024
AskPassphrase = Callable[[], str]


def new_key(path: Path) -> Ed25519PrivateKey:
    """Make a private key and write it where only its owner can read it.

    Raises:
        RunError: The file exists, or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(pem)
    except FileExistsError:
        remedy = "Give it with --key to sign with it, or remove it."
        raise RunError(str(path), "is a key that exists already", remedy=remedy) from None
    except OSError as problem:
        raise disk_problem(path, problem) from problem
    return key


def load_key(path: Path, ask: AskPassphrase | None = None) -> Ed25519PrivateKey:
    """Read a private key (PEM, PKCS #8).

    Args:
        path: The key's file.
        ask: Asked for the passphrase, where the key is encrypted.

    Raises:
        RunError: It cannot be read, is no Ed25519 key, or the passphrase is wrong.
    """
    pem = _read(path)
    try:
        try:
            key = load_pem_private_key(pem, None)
        except TypeError:  # how the library says that the key is encrypted
            if ask is None:
                raise RunError(str(path), "is encrypted, and nobody can be asked for its passphrase") from None
            key = load_pem_private_key(pem, ask().encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        remedy = "Give a private Ed25519 key in PEM, such as `openssl genpkey -algorithm ed25519` writes."
        raise RunError(str(path), "holds no private key, or the passphrase is wrong", remedy=remedy) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise RunError(
            str(path), "is no Ed25519 key", value=type(key).__name__, remedy="Releases are signed with Ed25519."
        )
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key (PEM).

    Raises:
        RunError: It cannot be read or is no public Ed25519 key.
    """
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm):
        raise RunError(str(path), "holds no public key", remedy="Give the signer's public key in PEM.") from None
    if not isinstance(key, Ed25519PublicKey):
        raise RunError(str(path), "is no Ed25519 key", value=type(key).__name__)
    return key


def public_pem(key: Ed25519PublicKey) -> bytes:
    """Return a public key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def fingerprint_of(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a public key (DER, SubjectPublicKeyInfo) in hexadecimal digits.

    The same as ``openssl pkey -pubin -in public-key.pem -outform DER | sha256sum``.
    """
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def seal(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """Return a DSSE envelope around a payload; Ed25519 is deterministic, so equal payloads give equal bytes."""
    return _enveloped(payload, key.sign(_authenticated(PAYLOAD_TYPE, payload)), key.public_key())


def _enveloped(payload: bytes, signature: bytes, key: Ed25519PublicKey) -> bytes:
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": fingerprint_of(key), "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(envelope, indent=1).encode() + b"\n"


def unseal(path: Path, key: Ed25519PublicKey) -> bytes:
    """Return the payload of an envelope that the owner of ``key`` signed.

    Raises:
        RunError: It is no DSSE envelope, ``key`` did not sign it, or it holds anything that is not signed.
    """
    payload, kind, signatures = read_envelope(path)
    for signature in signatures:
        try:
            key.verify(signature, _authenticated(kind, payload))
        except InvalidSignature:
            continue
        if path.read_bytes() != _enveloped(payload, signature, key):
            raise RunError(str(path), "was altered beside what is signed", remedy="Take it from its origin again.")
        return payload
    what = "is not signed by this key, or was altered after it was signed"
    raise RunError(str(path), what, value=f"key {fingerprint_of(key)}")


def read_envelope(path: Path) -> tuple[bytes, str, tuple[bytes, ...]]:
    """Return payload, payload type and signatures of an envelope, unverified.

    Raises:
        RunError: It is no DSSE envelope with an in-toto payload.
    """
    remedy = "The release is damaged, or was made by another program; take it from its origin again."
    try:
        envelope: Any = json.loads(_read(path))
        payload = base64.b64decode(envelope["payload"], validate=True)
        kind = envelope["payloadType"]
        signatures = tuple(base64.b64decode(one["sig"], validate=True) for one in envelope["signatures"])
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise RunError(str(path), "is no DSSE envelope", remedy=remedy) from None
    if kind != PAYLOAD_TYPE or not signatures:
        raise RunError(str(path), "is no signed in-toto statement", value=kind, remedy=remedy)
    return payload, kind, signatures


def _authenticated(kind: str, payload: bytes) -> bytes:
    """What is signed: DSSE's pre-authentication encoding."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_ENVELOPE:
            raise RunError(str(path), "is too large to be a key or a signature", value=f"{path.stat().st_size} bytes")
        return path.read_bytes()
    except OSError as problem:
        raise RunError(str(path), f"cannot be read: {problem.strerror or problem}", remedy="Check the path.") from None
