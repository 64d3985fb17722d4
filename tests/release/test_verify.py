"""Whatever is done to a release after it was signed is found, and told in words; a sound one passes."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pydicom
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image as Pillow
from PIL import PngImagePlugin

from release.conftest import KEY
from release.small_runs import SUBJECTS
from synthassay.errors import RunError
from synthassay.images.dicom_writing import restore_mark
from synthassay.images.verify import sha256_of_image
from synthassay.records.base import sha256_of
from synthassay.records.manifest import Manifest
from synthassay.records.vocabulary import Modality
from synthassay.release.build import ENVELOPE, PUBLIC_KEY
from synthassay.release.naming import label_of
from synthassay.release.signing import public_pem, read_envelope, seal
from synthassay.release.statement import read_statement, statement_of
from synthassay.release.verify import is_release, verify_release


def problems(folder: Path, **more) -> str:
    found = verify_release(folder, **more)
    assert not found.ok
    assert "do not rely on this release" in str(found)
    return str(found)


def sign_again(folder: Path, key=KEY) -> None:
    """What the signer alone can do, so that the checks behind the signature are tried too."""
    statement = read_statement(read_envelope(folder / ENVELOPE)[0], "")
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ENVELOPE]
    hashes = {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}
    (folder / ENVELOPE).write_bytes(seal(statement_of(hashes, statement.predicate).to_bytes(), key))


def list_again(folder: Path) -> None:
    """Write the hashes of altered images into the manifest."""
    manifest = Manifest.read(folder / "manifest.json")
    images = [i.model_copy(update={"sha256": sha256_of_image(folder / i.path)}) for i in manifest.images]
    manifest.model_copy(update={"images": tuple(images)}).write(folder / "manifest.json")


@pytest.mark.parametrize("kind", ["xray", "ct", "mri"])
def test_a_sound_release_passes_with_and_without_the_signers_key(kind, released, tmp_path):
    key = tmp_path / "signer.pem"
    key.write_bytes(public_pem(KEY.public_key()))
    found = verify_release(released(kind))
    assert found.ok, str(found)
    assert not found.trusted
    assert "shipped: compare it" in str(found)
    trusted = verify_release(released(kind), key, released(kind).parent / "run")
    assert trusted.ok, str(trusted)
    assert trusted.trusted
    assert "3 synthetic images are what the signer released" in str(trusted)


@pytest.mark.parametrize("kind", ["xray", "ct", "mri"])
def test_one_flipped_byte_is_found_in_every_file(kind, spoilt):
    folder = spoilt(kind)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in (path for path in files if path.name not in ("0002.dcm", "0003.dcm")):  # one slice is as good as all
        content = path.read_bytes()
        flipped = bytearray(content)
        flipped[len(content) // 2] ^= 1
        path.write_bytes(bytes(flipped))
        found = verify_release(folder)
        assert not found.ok, path
        path.write_bytes(content)
    assert verify_release(folder).ok


def test_another_key_is_found(spoilt, tmp_path):
    """Whoever alters a release can sign it with a key of his own, but not with the signer's."""
    folder, other = spoilt(), Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    signer = tmp_path / "signer.pem"
    signer.write_bytes(public_pem(KEY.public_key()))
    (folder / PUBLIC_KEY).write_bytes(public_pem(other.public_key()))
    assert "is not signed by this key" in problems(folder)
    sign_again(folder, other)
    assert verify_release(folder).checks[0].problems == ()
    told = problems(folder, key=signer)
    assert "is not signed by this key, or was altered" in told
    assert "public-key.pem: is another key than the one given" in told


def test_a_wrong_given_key_is_found(released, tmp_path):
    other = tmp_path / "other.pem"
    other.write_bytes(public_pem(Ed25519PrivateKey.generate().public_key()))
    assert "is not signed by this key" in problems(released(), key=other)
    with pytest.raises(RunError, match="cannot be read"):
        verify_release(released(), tmp_path / "nowhere.pem")


def test_an_edited_statement_is_found(spoilt):
    folder = spoilt()
    envelope = json.loads((folder / ENVELOPE).read_text())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["predicate"]["rung"] = 5
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    (folder / ENVELOPE).write_text(json.dumps(envelope))
    assert "altered after it was signed" in problems(folder)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"payload": 1}', '{"payload": "!", "payloadType": "x"}', "[" * 9999]
)
def test_a_damaged_envelope_is_a_message(content, spoilt):
    folder = spoilt()
    (folder / ENVELOPE).write_text(content)
    assert "is no DSSE envelope" in problems(folder)


def test_a_lost_envelope_does_not_make_it_an_ordinary_folder(spoilt):
    folder = spoilt()
    (folder / ENVELOPE).unlink()
    assert is_release(folder)
    assert "release.dsse.json: cannot be read" in problems(folder)


def test_an_edited_manifest_is_found(spoilt):
    folder = spoilt()
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace('"vae"', '"gan"'))
    told = problems(folder)
    assert "manifest.json: was altered" in told
    assert "says of the generator something else" in told


def test_an_edited_pixel_is_found_even_if_signed(spoilt):
    folder = spoilt()
    image = Manifest.read(folder / "manifest.json").images[0]
    path = folder / image.path
    with Pillow.open(path) as picture:
        texts = PngImagePlugin.PngInfo()
        for key, value in picture.text.items():
            texts.add_text(key, value)
        pixel = picture.getpixel((2, 2))
        picture.putpixel((2, 2), 255 - pixel)
        picture.save(path, pnginfo=texts)
    assert f"{image.path}: was altered after it was signed" in problems(folder)
    sign_again(folder)
    assert f"{image.path}: does not have the hash that the manifest lists" in problems(folder)


def test_a_removed_mark_is_found_even_if_signed_and_listed(spoilt):
    folder = spoilt()
    for image in Manifest.read(folder / "manifest.json").images:
        with Pillow.open(folder / image.path) as picture:
            picture.copy().save(folder / image.path)
    list_again(folder)
    sign_again(folder)
    assert "does not say that it is synthetic" in problems(folder)


def test_swapped_images_are_found_even_if_signed_and_listed(spoilt):
    folder = spoilt()
    one, other, _ = (folder / image.path for image in Manifest.read(folder / "manifest.json").images)
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    told = problems(folder)
    assert told.count("was altered after it was signed") == 2
    list_again(folder)
    sign_again(folder)
    assert "its text identifier is not what the label of this image says" in problems(folder)


def test_a_de_identifier_that_removes_the_mark_is_found_and_the_mark_written_again(spoilt):
    folder = spoilt("ct")
    manifest = Manifest.read(folder / "manifest.json")
    for image in manifest.images:
        for file in sorted((folder / image.path).glob("*.dcm")):
            dataset = pydicom.dcmread(file)
            for keyword in ("SyntheticData", "DerivationDescription", "ContributingEquipmentSequence"):
                del dataset[keyword]
            dataset.save_as(file)
    assert "Synthetic Data (0008,001C) is absent, not YES" in problems(folder)
    for image in manifest.images:
        restore_mark(folder / image.path, label_of(manifest, image.case, image.seed, Modality.CT))
    assert verify_release(folder).ok


@pytest.mark.parametrize("name", ["images/syn9999.png", "notes.txt", ".hidden", "images/.DS_Store"])
def test_an_added_file_is_found(name, spoilt):
    folder = spoilt()
    (folder / name).write_bytes(b"more")
    assert f"{name}: was added; the signer did not release it" in problems(folder)


def test_an_added_empty_folder_is_found(spoilt):
    folder = spoilt()
    (folder / "images" / "of somebody").mkdir()
    assert "images/of somebody: is a folder of nothing that was released" in problems(folder)


@pytest.mark.parametrize("name", ["card.md", "images/syn0002.png", "manifest.json", "public-key.pem", "croissant.json"])
def test_a_missing_file_is_found(name, spoilt):
    folder = spoilt()
    (folder / name).unlink()
    told = problems(folder)
    assert name in told
    if name != "public-key.pem":
        assert f"{name}: was released and is not there" in told


@pytest.mark.parametrize("to", ["file", "folder"])
def test_a_link_out_of_the_release_is_found_and_not_followed(to, spoilt, tmp_path):
    folder = spoilt()
    outside = tmp_path / "outside"
    outside.mkdir()
    image = folder / "images/syn0001.png"
    shutil.copy(image, outside / "syn0001.png")
    if to == "file":
        image.unlink()
        image.symlink_to(outside / "syn0001.png")  # the very same bytes
        assert "images/syn0001.png: is a link, and a release has none" in problems(folder)
    else:
        (folder / "more").symlink_to(outside)
        assert "more: is a link, and a release has none" in problems(folder)


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/hostname", "images/../../outside.txt", "./card.md"])
def test_a_path_that_leads_out_is_found_even_if_signed(name, spoilt, tmp_path):
    folder = spoilt()
    (tmp_path / "outside.txt").write_text("secret")
    statement = read_statement(read_envelope(folder / ENVELOPE)[0], "")
    hashes = {subject.name: subject.hashed.sha256 for subject in statement.subject}
    hashes[name] = sha256_of(tmp_path / "outside.txt")
    (folder / ENVELOPE).write_bytes(seal(statement_of(hashes, statement.predicate).to_bytes(), KEY))
    told = problems(folder)
    assert f"{name}: leads out of the release" in told or f"{name}: was released and is not there" in told


def test_a_path_in_the_manifest_that_leads_out_is_found(spoilt):
    folder = spoilt()
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace("images/syn0001.png", "../../images/syn0001.png"))
    assert "leaves this folder" in problems(folder)


def test_a_path_in_the_croissant_that_leads_out_is_found(spoilt):
    folder = spoilt()
    text = (folder / "croissant.json").read_text()
    (folder / "croissant.json").write_text(text.replace('"contentUrl": "card.md"', '"contentUrl": "../../etc/passwd"'))
    assert "leaves this folder" in problems(folder)


def test_an_identifier_is_found_by_whoever_has_the_run(spoilt, released):
    folder = spoilt("ct")
    file = next((folder / "images").rglob("*.dcm"))
    dataset = pydicom.dcmread(file)
    dataset.ContributingEquipmentSequence[0].StationName = SUBJECTS[0]
    dataset.save_as(file)
    list_again(folder)
    sign_again(folder)
    told = problems(folder, run=released("ct").parent / "run")
    assert "(0018,A001) > (0008,1010) holds an identifier of a real subject" in told
    assert "Station Name (0008,1010) is an attribute that no release has" in told
    assert SUBJECTS[0] not in told


def test_a_softened_audit_is_found_even_if_signed(spoilt):
    folder = spoilt()
    statement = read_statement(read_envelope(folder / ENVELOPE)[0], "")
    predicate = statement.predicate.model_copy(update={"audit": statement.predicate.audit[:1]})
    hashes = {subject.name: subject.hashed.sha256 for subject in statement.subject}
    (folder / ENVELOPE).write_bytes(seal(statement_of(hashes, predicate).to_bytes(), KEY))
    assert "does not follow from evidence.json" in problems(folder)


def test_descriptions_that_do_not_agree_are_found(spoilt):
    folder = spoilt("mri")
    (folder / "images.csv").write_text("image,path\n")
    crate = json.loads((folder / "ro-crate-metadata.json").read_text())
    crate["@graph"] = crate["@graph"][:1]
    (folder / "ro-crate-metadata.json").write_text(json.dumps(crate))
    croissant = json.loads((folder / "croissant.json").read_text())
    croissant["rai:hasSyntheticData"] = False
    croissant["recordSet"][0]["field"][0]["source"]["fileObject"]["@id"] = "nowhere.csv"
    (folder / "croissant.json").write_text(json.dumps(croissant))
    (folder / "bids/dataset_description.json").write_text("{}")
    told = problems(folder)
    for what in (
        "images.csv: does not list",
        "ro-crate-metadata.json: does not describe ./",
        "does not say that the data are synthetic",
        "does not say that the data set is a derivative",
        "croissant.json: images.csv does not have the hash",
    ):
        assert what in told
    pytest.importorskip("mlcroissant")
    assert "FAIL Croissant is valid" in told


def test_rubbish_is_a_message(tmp_path):
    (tmp_path / ENVELOPE).write_bytes(b"\x00\xff")
    for name in ("manifest.json", "croissant.json", "evidence.json", "images.csv", PUBLIC_KEY):
        (tmp_path / name).write_bytes(b"\xff\x00\x00")
    assert "FAIL" in problems(tmp_path)
