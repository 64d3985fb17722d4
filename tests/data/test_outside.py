import nibabel as nib
import numpy as np
import pytest
from PIL import Image as Picture

from synthassay.data.outside import folder_image_set
from synthassay.errors import DataError, ImageError
from synthassay.images.formats import write_image
from synthassay.images.image import Geometry, Image
from synthassay.images.labelling import SyntheticLabel
from synthassay.records.manifest import Manifest, SyntheticImage
from synthassay.records.vocabulary import Modality, Unit

RNG = np.random.default_rng(8)


def png(path, shape=(8, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Picture.fromarray(RNG.integers(0, 255, shape, dtype=np.uint8)).save(path)


def ct(path, size=5, value=None):
    volume = np.full((4, 4, size), value, np.float32) if value is not None else RNG.normal(0, 300, (4, 4, size))
    nib.save(nib.Nifti1Image(volume.astype(np.float32), np.diag([2, 2, 2, 1.0])), path)


def manifest(folder, images, unit="arbitrary"):
    record = Manifest(study="s", generator="g", family="f", software="x", format="png", unit=unit, images=tuple(images))
    record.write(folder / "manifest.json")


def entry(case, path, **more):
    return SyntheticImage(case=case, path=path, sha256="0" * 64, seed=1, **more)


def test_class_subfolders_are_labels(tmp_path):
    for label in ("ill", "normal"):
        for i in range(2):
            png(tmp_path / label / f"{label}{i}.png")
    images = folder_image_set("test", tmp_path, Modality.XRAY)
    assert images.labels == ["ill", "ill", "normal", "normal"]
    assert images.array().shape == (4, 1, 8, 8)


def test_a_manifest_gives_order_labels_references_and_subjects(tmp_path):
    for name in ("b", "a", "c"):
        png(tmp_path / f"{name}.png")
    manifest(
        tmp_path,
        [
            entry("syn-b", "b.png", label="ill", reference_case="real-7", source_subjects=("p7",)),
            entry("syn-a", "a.png", label="normal"),
            entry("syn-c", "c.png", source_subjects=("p1", "p2")),
        ],
    )
    images = folder_image_set("synthetic", tmp_path, Modality.XRAY)
    assert images.cases == ["syn-b", "syn-a", "syn-c"]
    assert images.labels == ["ill", "normal", ""]
    assert images.subjects == ["p7", "syn-a", "syn-c"]
    assert [e.reference_case for e in images.entries] == ["real-7", "", ""]


def test_an_image_that_the_manifest_lists_and_is_gone_is_named(tmp_path):
    png(tmp_path / "a.png")
    manifest(tmp_path, [entry("a", "a.png"), entry("b", "b.png")])
    with pytest.raises(DataError, match=r"lists 1 of 2 image\(s\) that are not there \(b.png\).*flatter"):
        folder_image_set("synthetic", tmp_path, Modality.XRAY)


def test_a_manifest_cannot_point_outside_its_folder(tmp_path):
    png(tmp_path / "secret.png")
    (tmp_path / "s").mkdir()
    manifest(tmp_path / "s", [entry("a", "../secret.png")])
    with pytest.raises(DataError, match="leaves this folder"):
        folder_image_set("synthetic", tmp_path / "s", Modality.XRAY)


def test_every_unreadable_image_is_reported(tmp_path):
    for i in range(3):
        png(tmp_path / f"{i}.png")
    for i in range(2):
        (tmp_path / f"bad{i}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DataError, match=r"(?s)2 image\(s\) of 5 case\(s\).*bad0.*bad1"):
        folder_image_set("synthetic", tmp_path, Modality.XRAY)


def test_ct_needs_hu_and_a_known_unit_gives_it(tmp_path):
    ct(tmp_path / "a.nii.gz")
    with pytest.raises(ImageError, match="synthetic: case a: holds values in arbitrary units"):
        folder_image_set("synthetic", tmp_path, Modality.CT)
    images = folder_image_set("synthetic", tmp_path, Modality.CT, unit=Unit.HU)
    assert images.entries[0].load().unit is Unit.HU
    assert folder_image_set("synthetic", tmp_path, Modality.MRI).entries[0].load().unit is Unit.ARBITRARY


def test_a_manifest_in_hu_says_the_unit(tmp_path):
    ct(tmp_path / "a.nii.gz")
    manifest(tmp_path, [entry("a", "a.nii.gz")], unit="HU")
    assert folder_image_set("synthetic", tmp_path, Modality.CT).entries[0].load().unit is Unit.HU


def test_volumes_may_differ_in_size_and_pictures_may_not(tmp_path):
    (tmp_path / "v").mkdir()
    ct(tmp_path / "v" / "a.nii.gz", 5)
    ct(tmp_path / "v" / "b.nii.gz", 6)
    assert [e.load().space[2] for e in folder_image_set("x", tmp_path / "v", Modality.MRI).entries] == [5, 6]
    png(tmp_path / "p" / "a.png")
    png(tmp_path / "p" / "b.png", (8, 9))
    with pytest.raises(DataError, match="2 different sizes"):
        folder_image_set("x", tmp_path / "p", Modality.XRAY)


def test_a_folder_of_masks_is_read_as_masks(tmp_path):
    ct(tmp_path / "a.nii.gz", value=3)
    images = folder_image_set("masks", tmp_path, Modality.CT, role="mask")
    assert images.entries[0].load().pixels.dtype == bool
    ct(tmp_path / "a.nii.gz", value=0)
    with pytest.raises(DataError, match="is an empty mask"):
        folder_image_set("masks", tmp_path, Modality.CT, role="mask")


def test_a_role_is_chosen_from_an_npz_with_several(tmp_path):
    np.savez(tmp_path / "x.npz", t1=RNG.normal(size=(2, 4, 4, 4)), t2=np.full((2, 4, 4, 4), 5.0), subject=["a", "b"])
    assert folder_image_set("x", tmp_path / "x.npz", Modality.MRI, role="t2").array().max() == 5
    with pytest.raises(DataError, match="more than one picture"):
        folder_image_set("x", tmp_path / "x.npz", Modality.MRI)


def test_micrometres_per_pixel_fill_in_what_a_file_leaves_open(tmp_path):
    png(tmp_path / "plain" / "a.png", (8, 8, 3))
    stated = Image(np.full((3, 8, 8), 90, np.uint8), Geometry(mpp=0.25), Unit.RGB)
    label = SyntheticLabel(study="s", generator="g", software="x", seed=1, case="a")
    write_image(tmp_path / "stated" / "a.png", stated, label)
    for folder, given, expected in (
        ("plain", None, None),
        ("plain", 0.5, 0.5),
        ("stated", None, 0.25),
        ("stated", 0.5, 0.25),
    ):
        image = folder_image_set("test", tmp_path / folder, Modality.PATHOLOGY, mpp=given).entries[0].load()
        assert image.geometry.mpp == expected
        assert image.unit is Unit.RGB
