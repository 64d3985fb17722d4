"""PNG, TIFF and NIfTI say what their labels say, and whoever changes a word is found."""

from __future__ import annotations

import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import PngImagePlugin

from images.examination import CT_LABEL, LABEL, ct_volume, grey_picture
from synthassay.images.formats import write_image
from synthassay.images.nifti import sidecar_of
from synthassay.release.label_texts import label_faults

MADE = {
    "a.png": (grey_picture, LABEL),
    "a.tif": (grey_picture, LABEL),
    "a.nii.gz": (ct_volume, CT_LABEL),
    "a": (ct_volume, CT_LABEL),
}


@pytest.mark.parametrize("name", MADE)
def test_an_image_says_what_its_label_says(name, tmp_path):
    image, label = MADE[name]
    path = write_image(tmp_path / name, image(), label)
    assert list(label_faults(path, label)) == []


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("change", [{"seed": 12}, {"case": "other"}, {"generator": "gan"}, {"study": "Other"}])
def test_another_label_is_another_image(name, change, tmp_path):
    image, label = MADE[name]
    path = write_image(tmp_path / name, image(), label)
    assert list(label_faults(path, replace(label, **change)))


def repainted(path, **changes):
    with Pillow.open(path) as picture:
        texts = PngImagePlugin.PngInfo()
        for key, value in {**picture.text, **changes}.items():
            texts.add_text(key, value)
        picture.save(path, pnginfo=texts)


@pytest.mark.parametrize(
    ("key", "value"),
    [("unit", "SMITH"), ("spacing_mm", "[0.25, SMITH]"), ("patient", "SMITH"), ("comment", "a patient")],
)
def test_words_of_ones_own_are_found(key, value, tmp_path):
    path = write_image(tmp_path / "a.png", grey_picture(), LABEL)
    repainted(path, **{f"synthassay:{key}": value})
    assert list(label_faults(path, LABEL)) == [f"its text {key} is not what the label of this image says"]


def test_a_changed_header_and_sidecar_of_nifti_are_found(tmp_path):
    path = write_image(tmp_path / "a.nii.gz", ct_volume(), CT_LABEL)
    image = nib.load(path)
    image.header["descrip"] = b"SMITH"
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj), image.affine, image.header), path)
    sidecar = sidecar_of(path)
    words = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps({**words, "PatientName": "SMITH"}))
    assert list(label_faults(path, CT_LABEL)) == [
        "its header's descrip is not what the label of this image says",
        "its sidecar is not what the label of this image says",
    ]
    sidecar.write_text(json.dumps({**words, "Units": "SMITH"}))
    assert list(label_faults(path, CT_LABEL))[1] == "its sidecar is not what the label of this image says"
    sidecar.unlink()
    assert list(label_faults(path, CT_LABEL))[1] == "its sidecar is gone or is no JSON"
