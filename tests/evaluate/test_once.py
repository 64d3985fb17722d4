import gc
import weakref

import numpy as np

from synthassay.evaluate.once import once_per_specimen
from synthassay.images.specimen import Specimen


def test_each_image_is_looked_at_once_per_question():
    calls = []

    @once_per_specimen
    def share_above(specimen, level, *, inside=False):
        calls.append((level, inside))
        return float((specimen.pixels > level).mean())

    one, other = (Specimen(np.full((1, 4, 4), value)) for value in (1.0, 3.0))
    assert [share_above(one, 2), share_above(other, 2), share_above(one, 2), share_above(one, 0)] == [0, 1, 0, 1]
    assert share_above(one, 0, inside=True) == 1
    assert calls == [(2, False), (2, False), (0, False), (0, True)]


def test_an_image_that_is_gone_is_forgotten():
    describe = once_per_specimen(lambda specimen: specimen.pixels.copy())
    image = Specimen(np.ones((1, 4, 4)))
    found = weakref.ref(describe(image))
    assert found() is not None
    del image
    gc.collect()
    assert found() is None
