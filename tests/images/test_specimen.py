import numpy as np
import pytest

from synthassay.errors import ImageError
from synthassay.images.specimen import Specimen


def test_annotations_lie_on_the_images_grid():
    pixels = np.zeros((1, 4, 5), np.float32)
    drawn = Specimen(pixels, (1.0, 2.0), case="a", mask=np.ones((4, 5), bool))
    assert drawn.space == (4, 5)
    with pytest.raises(ImageError, match=r"a: lesion.*\(5, 4\).*\(4, 5\)"):
        drawn.replace(lesion=np.zeros((5, 4), bool))


def test_a_change_leaves_the_rest():
    pixels = np.zeros((1, 4, 5), np.float32)
    drawn = Specimen(pixels, (1.0, 2.0), case="a", subject="s", structures=np.zeros((4, 5), np.int32))
    moved = drawn.replace(pixels=pixels + 1)
    assert moved.subject == "s"
    assert moved.structures is drawn.structures
    assert drawn.pixels.max() == 0
