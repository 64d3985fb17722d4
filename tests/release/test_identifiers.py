"""Planted identifiers are found wherever a file can carry one: names, headers, chunks, and behind the end."""

from __future__ import annotations

import gzip
import io
import struct
import zlib

import nibabel as nib
import pydicom
import pytest
import tifffile
from PIL import Image as Pillow
from PIL import PngImagePlugin
from pydicom.dataset import Dataset

from images.examination import LABEL, grey_picture
from synthassay.errors import ImageError
from synthassay.images.formats import write_image
from synthassay.release.carried import carried
from synthassay.release.identifiers import Identifiers, identifying

WHO = "HOSP-4711"
IDENTIFIERS = Identifiers.of({WHO, "12345", "7"})


def found(folder) -> list[tuple[str, str]]:
    return list(identifying(folder, IDENTIFIERS))


@pytest.mark.parametrize("kind", ["xray", "ct", "mri"])
def test_a_sound_release_holds_none(kind, released):
    assert found(released(kind)) == []


def test_short_identifiers_are_counted_and_not_searched_for():
    assert Identifiers(("12345", WHO), 1) == IDENTIFIERS
    assert Identifiers.of(()).pattern() is None


def test_whole_words_are_found_in_any_case():
    pattern = IDENTIFIERS.pattern()
    assert pattern.search("of hosp-4711, seen")
    assert pattern.search("a_12345_b")
    assert not pattern.search("HOSP-47110")
    assert not pattern.search("9123456")


def test_names_of_files_and_folders_are_found_and_not_repeated(tmp_path):
    (tmp_path / f"{WHO}_t2").mkdir()
    (tmp_path / "a.txt").write_text("nothing")
    assert found(tmp_path) == [("…_t2", "its name holds an identifier of a real subject, case or file")]


def test_texts_are_found(tmp_path):
    (tmp_path / "a.md").write_text(f"the scan of {WHO}")
    assert found(tmp_path) == [("a.md", "its text holds an identifier of a real subject, case or file")]


def deep() -> Dataset:
    inner, outer = Dataset(), Dataset()
    inner.PatientID = WHO
    outer.RequestAttributesSequence = [inner]
    return outer


def private(dataset: Dataset) -> None:
    block = dataset.private_block(0x0099, "SOMEBODY", create=True)
    block.add_new(0x01, "LO", WHO)


PLANTED = {
    "patient": (lambda d: setattr(d, "PatientID", WHO), "(0010,0020)"),
    "comment": (lambda d: setattr(d, "ImageComments", f"seen: {WHO}"), "(0020,4000)"),
    "nested": (lambda d: setattr(d, "RequestAttributesSequence", [deep()]), "(0040,0275) > (0040,0275) > (0010,0020)"),
    "private": (private, "(0099,1001)"),
    "bytes": (lambda d: d.add_new(0x00420011, "OB", WHO.encode() + b"\0"), "(0042,0011)"),
    "preamble": (lambda d: setattr(d, "preamble", WHO.encode().ljust(128, b"\0")), "its preamble"),
}


@pytest.mark.parametrize("place", PLANTED)
def test_dicom_headers_are_searched_wherever_they_nest(place, spoilt):
    folder = spoilt("ct")
    file = folder / "images/syn0001/0001.dcm"
    dataset = pydicom.dcmread(file)
    plant, where = PLANTED[place]
    plant(dataset)
    dataset.save_as(file)
    assert ("images/syn0001/0001.dcm", f"{where} holds an identifier of a real subject, case or file") in found(folder)


def test_png_texts_strange_chunks_and_what_lies_behind_the_end_are_found(spoilt):
    folder = spoilt("xray")
    one, two, three = sorted((folder / "images").iterdir())
    texts = PngImagePlugin.PngInfo()
    texts.add_text("synthassay:comment", WHO, zip=True)
    texts.add_text("Author", "somebody")
    with Pillow.open(one) as picture:
        picture.save(one, pnginfo=texts)
    content = two.read_bytes()
    body = b"eXIf" + WHO.encode()
    chunk = struct.pack(">I", len(WHO)) + body + struct.pack(">I", zlib.crc32(body))
    two.write_bytes(content[:-12] + chunk + content[-12:])
    three.write_bytes(three.read_bytes() + b"more")
    told = [f"{file.rpartition('/')[2]} {what}" for file, what in found(folder)]
    assert told == [
        "syn0001.png its text synthassay:comment holds an identifier of a real subject, case or file",
        "syn0001.png its text Author holds what no release has",
        "syn0002.png its chunk eXIf holds what no release has",
        "syn0002.png its chunk eXIf holds an identifier of a real subject, case or file",
        "syn0003.png behind its end holds what no release has",
    ]


def test_nifti_headers_and_what_lies_around_them_are_found(spoilt):
    folder = spoilt("mri")
    one, two, three = sorted(folder.rglob("*.nii.gz"))
    image = nib.load(one)
    image.header["aux_file"] = WHO.encode()
    nib.save(nib.Nifti1Image(image.get_fdata(), image.affine, image.header), one)
    packed = io.BytesIO()
    with gzip.GzipFile(filename=f"{WHO}.nii", mode="wb", fileobj=packed, mtime=0) as stream:
        stream.write(gzip.decompress(two.read_bytes()) + b"12345")
    two.write_bytes(packed.getvalue())
    three.write_bytes(three.read_bytes() + b"12345")
    told = [f"{file.rpartition('/')[2]} {what}" for file, what in found(folder)]
    for expected in (
        "sub-syn0001_desc-synthetic_T2w.nii.gz its header holds an identifier of a real subject, case or file",
        "sub-syn0001_desc-synthetic_T2w.nii.gz its header's aux_file holds what no release has",
        "sub-syn0002_desc-synthetic_T2w.nii.gz its gzip header holds an identifier of a real subject, case or file",
        "sub-syn0002_desc-synthetic_T2w.nii.gz behind its voxels holds an identifier of a real subject, case or file",
        "sub-syn0003_desc-synthetic_T2w.nii.gz behind its gzip stream holds what no release has",
    ):
        assert expected in told


def test_tiff_tags_and_further_pages_are_found(tmp_path):
    write_image(tmp_path / "a.tif", grey_picture(), LABEL)
    assert found(tmp_path) == []
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        pixels, text = file.asarray(), file.pages[0].description
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for _ in range(2):
            writer.write(pixels, description=text, metadata=None, extratags=[(315, 2, 0, WHO, True)])
    told = [what for _, what in found(tmp_path)]
    assert "its pages holds what no release has" in told
    assert "its tag 315 holds an identifier of a real subject, case or file" in told


def test_a_damaged_image_is_a_message(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\x10abc")
    with pytest.raises(ImageError, match=r"a\.png"):
        list(carried(tmp_path / "a.png"))
