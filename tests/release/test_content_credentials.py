"""C2PA manifests go into PNG and TIFF, say that an algorithm made the image, and notice a changed pixel."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from release.conftest import KEY, WISHES
from synthassay.errors import RunError
from synthassay.records.manifest import Manifest
from synthassay.release.build import release_run
from synthassay.release.content_credentials import credential_faults, read_chain
from synthassay.release.verify import verify_release

AUTHORITY = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
FROM, UNTIL = datetime.datetime(2026, 1, 1), datetime.datetime(2056, 1, 1)


def named(text: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, text), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Hospital")]
    )


def certificate(subject: str, key: Ed25519PrivateKey, *, authority: bool) -> x509.Certificate:
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    usages = x509.KeyUsage(digital_signature=True, key_cert_sign=authority, crl_sign=authority, **usage)
    made = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named("Authority"))
        .public_key(key.public_key())
        .serial_number(7 + authority)
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usages, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if not authority:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(AUTHORITY.public_key())
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        made = made.add_extension(issuer, critical=False)
    return made.sign(AUTHORITY, None)


@pytest.fixture
def chain(tmp_path):
    both = (certificate("Releaser", KEY, authority=False), certificate("Authority", AUTHORITY, authority=True))
    path = tmp_path / "chain.pem"
    path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in both))
    return path


@pytest.mark.parametrize("file_format", ["png", "tiff"])
def test_manifests_are_embedded_verified_and_bound_to_the_pixels(file_format, chain, released, tmp_path):
    c2pa = pytest.importorskip("c2pa", reason="c2pa-python is not installed")
    wishes = replace(WISHES, file_format=file_format, certificates=chain)
    folder = release_run(released().parent / "run", tmp_path / "out", KEY, wishes).folder
    found = verify_release(folder)
    assert found.ok, str(found)
    assert "ok   C2PA manifests hold (by c2pa-python)" in str(found)
    manifest = Manifest.read(folder / "manifest.json")
    one, two, _ = (folder / image.path for image in manifest.images)
    with c2pa.Reader(one) as reader:
        said = json.loads(reader.json())
    active = said["manifests"][said["active_manifest"]]
    actions = next(a["data"]["actions"] for a in active["assertions"] if a["label"].startswith("c2pa.actions"))
    assert actions[0]["action"] == "c2pa.created"
    assert actions[0]["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    kept = one.read_bytes()
    one.write_bytes(two.read_bytes())
    assert list(credential_faults(folder, manifest)) == [
        f"{manifest.images[0].path}: its C2PA manifest is of another image"
    ]
    at = kept.index(b"IDAT") + 20 if file_format == "png" else 300
    one.write_bytes(kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :])
    assert "C2PA manifest" in next(credential_faults(folder, manifest))


def test_a_format_without_place_for_them_is_refused(chain, released, tmp_path):
    with pytest.raises(RunError, match="has no place in this format"):
        release_run(released("ct").parent / "run", tmp_path / "out", KEY, replace(WISHES, certificates=chain))


def test_the_certificate_must_be_of_the_key(chain, tmp_path):
    assert read_chain(chain, KEY)
    with pytest.raises(RunError, match="of another key"):
        read_chain(chain, AUTHORITY)
    (tmp_path / "none.pem").write_text("nothing")
    with pytest.raises(RunError, match="holds no certificates"):
        read_chain(tmp_path / "none.pem", KEY)
    with pytest.raises(RunError, match="cannot be read"):
        read_chain(tmp_path / "nowhere.pem", KEY)


def test_without_the_library_it_is_a_message(chain, released, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "c2pa", None)
    with pytest.raises(RunError, match="pip install c2pa-python"):
        release_run(released().parent / "run", tmp_path / "out", KEY, replace(WISHES, certificates=chain))
    assert not (tmp_path / "out").exists()
