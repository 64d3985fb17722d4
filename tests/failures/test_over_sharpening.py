import numpy as np
import pytest

from synthassay.failures.over_sharpening import over_sharpening
from synthassay.images.specimen import Specimen


def test_gain_is_that_of_the_finest_detail():
    finest = (-1.0) ** np.indices((32, 32)).sum(axis=0)[None]
    found = over_sharpening(Specimen(finest), 1.0, np.random.default_rng(0)).pixels[0]
    assert found[8:-8, 8:-8] == pytest.approx(2 * finest[0, 8:-8, 8:-8], rel=1e-3), "gain 1 doubles it"
    flat = Specimen(np.full((1, 32, 32), 5.0))
    assert np.allclose(over_sharpening(flat, 4.0, np.random.default_rng(0)).pixels, 5.0)
