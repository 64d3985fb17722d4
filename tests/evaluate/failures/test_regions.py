import numpy as np
import pytest
from scipy import stats

from synthassay.errors import NotMeasured
from synthassay.evaluate.failures.regions import frame_values, grey_values


def test_the_frame_is_the_outer_eighth_and_nothing_within():
    image = np.random.default_rng(0).normal(size=(1, 64, 48))
    before = frame_values(image)
    assert len(before) == 2 * (16**2 - 12**2)
    image[:, 8:-8, 6:-6] = 1e6
    np.testing.assert_array_equal(frame_values(image), before)
    image[0, 0, -1] = 99
    assert (frame_values(image) != before).sum() == 2  # one block's mean and maximum


def test_blocks_of_any_size_have_the_means_of_their_pixels():
    image = np.random.default_rng(1).normal(size=(2, 37, 53))
    found = frame_values(image).reshape(2, 2, -1)  # kind, channel, block
    for channel in range(2):
        corner = image[channel, : 37 // 16, : 53 // 16]
        assert found[0, channel, 0] == pytest.approx(corner.mean())
        assert found[1, channel, 0] == corner.max()


def test_volumes_have_a_frame_of_one_block_of_eight():
    volume = np.zeros((1, 16, 24, 9))
    assert len(frame_values(volume)) == 2 * (8**3 - 6**3)
    volume[:, 2:-2, 3:-3, 2:-3] = 5.0
    assert not frame_values(volume).any()


def test_grey_values_are_the_textbooks_and_forget_places():
    image = np.random.default_rng(2).gamma(3, 2, (1, 30, 30))
    found = grey_values(image)
    assert found[4] == pytest.approx(np.median(image))
    assert found[9:] == pytest.approx(
        [image.mean(), image.std(), stats.skew(image.ravel()), stats.kurtosis(image.ravel())]
    )
    np.testing.assert_allclose(grey_values(image[:, ::-1].transpose(0, 2, 1)), found)
    assert (grey_values(np.full((1, 20, 20), 7.0))[-3:] == 0).all()


def test_small_images_and_values_that_are_not_finite_are_refused():
    with pytest.raises(NotMeasured, match="at least 16 pixels"):
        frame_values(np.zeros((1, 15, 40)))
    with pytest.raises(NotMeasured, match="at least 16"):
        frame_values(np.zeros((1, 40)))
    torn = np.zeros((1, 20, 20))
    torn[0, 0, 0] = np.nan
    for describe in (frame_values, grey_values):
        with pytest.raises(NotMeasured, match="1 values that are not finite"):
            describe(torn)
