"""Keys, signatures and envelopes, held against the tools that other people check them with."""

from __future__ import annotations

import base64
import json
import shutil
import stat
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from release.conftest import KEY
from synthassay.errors import RunError
from synthassay.release.signing import (
    fingerprint_of,
    load_key,
    load_public_key,
    new_key,
    public_pem,
    read_envelope,
    seal,
    unseal,
)


def test_a_new_key_is_its_owners_alone_and_comes_back(tmp_path):
    path = tmp_path / "deep" / "key.pem"
    key = new_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path).private_bytes_raw() == key.private_bytes_raw()
    with pytest.raises(RunError, match="exists already"):
        new_key(path)


def test_keys_that_are_none_are_messages(tmp_path):
    wrong = tmp_path / "wrong.pem"
    for content in (b"", b"hello", public_pem(KEY.public_key())):
        wrong.write_bytes(content)
        with pytest.raises(RunError, match="holds no private key"):
            load_key(wrong)
    other = generate_private_key(SECP256R1())
    wrong.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(RunError, match="is no Ed25519 key"):
        load_key(wrong)
    with pytest.raises(RunError, match="holds no public key"):
        load_public_key(wrong)
    with pytest.raises(RunError, match="cannot be read"):
        load_key(tmp_path / "nowhere.pem")


def test_an_encrypted_key_asks_for_its_passphrase(tmp_path):
    path = tmp_path / "key.pem"
    path.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame")))
    assert load_key(path, lambda: "open sesame").private_bytes_raw() == KEY.private_bytes_raw()
    with pytest.raises(RunError, match="passphrase is wrong"):
        load_key(path, lambda: "open barley")
    with pytest.raises(RunError, match="is encrypted"):
        load_key(path)


def test_an_envelope_opens_with_the_signers_key_alone(tmp_path):
    path = tmp_path / "e.json"
    path.write_bytes(seal(b"payload", KEY))
    assert unseal(path, KEY.public_key()) == b"payload"
    assert read_envelope(path)[0] == b"payload"
    with pytest.raises(RunError, match="is not signed by this key"):
        unseal(path, Ed25519PrivateKey.generate().public_key())


def test_the_signature_is_over_the_pre_authentication_encoding_of_dsse():
    """The example of the DSSE protocol, with our payload type in its place."""
    envelope = json.loads(seal(b"hello world", KEY))
    signed = b"DSSEv1 28 application/vnd.in-toto+json 11 hello world"
    KEY.public_key().verify(base64.b64decode(envelope["signatures"][0]["sig"]), signed)
    assert envelope["signatures"][0]["keyid"] == fingerprint_of(KEY.public_key())


@pytest.mark.parametrize(("was", "now"), [('"keyid": "', '"keyid": "0'), ('"keyid"', '"keyID"'), ("{", "{ ")])
def test_what_is_not_signed_may_not_be_altered_either(was, now, tmp_path):
    path = tmp_path / "e.json"
    path.write_text(seal(b"payload", KEY).decode().replace(was, now, 1))
    with pytest.raises(RunError, match="altered beside what is signed"):
        unseal(path, KEY.public_key())


def test_an_altered_payload_type_is_refused(tmp_path):
    path = tmp_path / "e.json"
    envelope = json.loads(seal(b"payload", KEY))
    path.write_text(json.dumps({**envelope, "payloadType": "text/plain"}))
    with pytest.raises(RunError, match="no signed in-toto statement"):
        unseal(path, KEY.public_key())
    path.write_text(json.dumps({**envelope, "signatures": []}))
    with pytest.raises(RunError, match="no signed in-toto statement"):
        unseal(path, KEY.public_key())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_gives_the_same_fingerprint(tmp_path):
    pem = tmp_path / "public.pem"
    pem.write_bytes(public_pem(KEY.public_key()))
    command = ["openssl", "pkey", "-pubin", "-in", str(pem), "-outform", "DER"]
    der = subprocess.run(command, capture_output=True, check=True).stdout
    import hashlib

    assert hashlib.sha256(der).hexdigest() == fingerprint_of(load_public_key(pem))
