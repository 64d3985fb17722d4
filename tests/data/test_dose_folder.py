import nibabel as nib
import numpy as np
import pytest

from synthassay.data.dose_folder import dose_set
from synthassay.data.image_set import Entry, ImageSet
from synthassay.errors import DataError
from synthassay.images.image import Geometry, Image
from synthassay.records.vocabulary import Unit

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])


def ct(names):
    image = Image(np.zeros((1, 4, 5, 3), np.float32), Geometry.from_affine(AFFINE), Unit.HU)
    return ImageSet("reference", tuple(Entry(name, f"patient {name}", lambda: image) for name in names))


def test_each_image_gets_the_dose_of_its_name(tmp_path):
    for i, name in enumerate(("b", "a")):
        nib.save(nib.Nifti1Image(np.full((4, 5, 3), 10.0 * i, np.float32), AFFINE), tmp_path / f"{name}.nii.gz")
    doses = dose_set("doses", tmp_path, ct(["a", "b"]))
    assert [image.pixels.max() for image in doses] == [10.0, 0.0]
    assert doses.subjects == ["patient a", "patient b"]
    with pytest.raises(DataError, match="1 of 2 images have no dose of the same name"):
        dose_set("doses", tmp_path, ct(["a", "c"]))
    with pytest.raises(DataError, match="no folder"):
        dose_set("doses", tmp_path / "nowhere", ct(["a"]))
