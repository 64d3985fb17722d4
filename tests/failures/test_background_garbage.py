import numpy as np
import pytest

from failures.specimens import brain, head
from synthassay.errors import NotMeasured
from synthassay.failures.background_garbage import background_garbage


@pytest.mark.parametrize(("kind", "zero"), [(brain, 0.0), (head, -1000.0)])
def test_rms_outside_is_the_stated_share_of_the_signal_inside(kind, zero, real_data):
    specimen = kind(real_data)
    found = background_garbage(specimen, 10.0, np.random.default_rng(0)).pixels[0] - specimen.pixels[0]
    signal = specimen.pixels[0][specimen.mask].mean(dtype=np.float64) - zero
    assert np.sqrt((found[~specimen.mask].astype(float) ** 2).mean()) == pytest.approx(0.1 * signal, rel=1e-3)
    assert (found[specimen.mask] == 0).all()


def test_a_mask_that_leaves_no_background_cannot_carry_it(real_data):
    full = brain(real_data).replace(mask=np.ones(brain(real_data).space, bool))
    with pytest.raises(NotMeasured, match="less than 1 % of it as background"):
        background_garbage(full, 10.0, np.random.default_rng(0))
