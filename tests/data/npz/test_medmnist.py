import numpy as np
import pytest

from synthassay.data.listing import Fields
from synthassay.data.npz.archive import Archive, ArrayCache
from synthassay.data.npz.recognise import layout_of
from synthassay.errors import DataError
from synthassay.records.vocabulary import Split, Unit

RNG = np.random.default_rng(5)


def medmnist(tmp_path, *tail, labels=1, dtype=np.uint8):
    sizes = {"train": 4, "val": 2, "test": 3}
    arrays = {f"{p}_images": RNG.integers(0, 256, (n, *tail)).astype(dtype) for p, n in sizes.items()}
    arrays |= {f"{p}_labels": RNG.integers(0, 2, (n, labels)).astype(dtype) for p, n in sizes.items()}
    np.savez(tmp_path / "m.npz", **arrays)
    archive = Archive(tmp_path / "m.npz", ArrayCache(10**7))
    return archive, layout_of(archive), arrays


def test_the_given_split_is_kept_and_each_image_is_its_own_subject_with_a_note(tmp_path):
    archive, layout, arrays = medmnist(tmp_path, 28, 28)
    listing = layout.listing(archive, Fields())
    assert [c.case for c in listing.cases][3:6] == ["train-00003", "val-00000", "val-00001"]
    assert [listing.given[c.case] for c in listing.cases].count(Split.VALIDATION) == 2
    assert [c.label for c in listing.cases] == [
        str(v) for p in ("train", "val", "test") for v in arrays[f"{p}_labels"][:, 0]
    ]
    assert all(c.subject == c.case for c in listing.cases)
    assert "cannot be proven" in listing.notes[0]


@pytest.mark.parametrize(
    ("tail", "pixels", "unit"),
    [
        ((28, 28), (1, 28, 28), Unit.ARBITRARY),
        ((28, 28, 3), (3, 28, 28), Unit.RGB),
        ((16, 16, 16), (1, 16, 16, 16), Unit.ARBITRARY),
    ],
)
def test_grey_colour_and_volumes_are_told_apart(tmp_path, tail, pixels, unit):
    archive, layout, arrays = medmnist(tmp_path, *tail)
    image = layout.image(archive, "test_images", 2)
    assert (image.pixels.shape, image.unit) == (pixels, unit)
    stored = arrays["test_images"][2]
    assert np.array_equal(image.pixels, np.moveaxis(stored, -1, 0) if unit is Unit.RGB else stored[None])


def test_rows_of_several_findings_are_named_by_those_present(tmp_path):
    archive, layout, arrays = medmnist(tmp_path, 28, 28, labels=3)
    first = arrays["train_labels"][0]
    assert layout.listing(archive, Fields()).cases[0].label == (
        "+".join(str(i) for i in np.flatnonzero(first)) or "none"
    )


def test_a_named_field_is_refused_because_the_file_has_none(tmp_path):
    archive, layout, _ = medmnist(tmp_path, 28, 28)
    with pytest.raises(DataError, match=r"\[data\] subject: names a field, but a MedMNIST file has none"):
        layout.listing(archive, Fields(subject="patient"))


def test_labels_and_images_of_different_number_are_refused(tmp_path):
    _, _, arrays = medmnist(tmp_path, 28, 28)
    arrays["val_labels"] = arrays["val_labels"][:1]
    np.savez(tmp_path / "m.npz", **arrays)
    archive = Archive(tmp_path / "m.npz", ArrayCache(0))
    with pytest.raises(DataError, match="val_labels: has 1 rows for 2 images"):
        layout_of(archive).listing(archive, Fields())
