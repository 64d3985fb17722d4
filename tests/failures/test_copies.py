import numpy as np
import pytest

from failures.specimens import brain, chests, head
from synthassay.errors import NotMeasured
from synthassay.failures.copies import flipped, recontrasted, shifted
from synthassay.failures.failure import FAILURES


@pytest.fixture
def sets(real_data):
    images = chests(real_data, 60)
    return list(images[::2]), list(images[1::2])


def injected(name, sets, severity, seed=2):
    return FAILURES.get(name).inject_set(*sets, severity, np.random.default_rng(seed))


@pytest.mark.parametrize("severity", [1.0, 10.0, 50.0])
def test_the_stated_share_are_training_images_of_the_same_class_and_none_twice(sets, severity):
    synthetic, training = sets
    found = injected("memorised_copies", sets, severity)
    pixels = {one.pixels.tobytes(): one for one in training}
    copied = [(one, pixels[one.pixels.tobytes()]) for one in found if one.pixels.tobytes() in pixels]
    assert len(copied) == max(1, round(severity / 100 * len(synthetic)))
    assert len({source.case for _, source in copied}) == len(copied)
    assert all(one.label == source.label for one, source in copied)
    assert [one.subject for one in found] == [one.subject for one in synthetic]


@pytest.mark.parametrize("name", ["memorised_flipped", "memorised_shifted", "memorised_contrast"])
def test_disguised_copies_are_copies_of_the_same_images(sets, name):
    plain, disguised = injected("memorised_copies", sets, 20.0), injected(name, sets, 20.0)
    replaced = [place for place, one in enumerate(plain) if one is not sets[0][place]]
    assert len(replaced) == 6
    disguise = {"memorised_flipped": flipped, "memorised_shifted": shifted, "memorised_contrast": recontrasted}[name]
    for place in replaced:
        assert np.array_equal(disguised[place].pixels, disguise(plain[place]).pixels)
        assert not np.array_equal(disguised[place].pixels, plain[place].pixels)


def test_left_becomes_right_in_volumes_and_in_pictures(real_data):
    volume = brain(real_data)
    assert np.array_equal(flipped(volume).pixels, volume.pixels[:, ::-1])
    assert np.array_equal(flipped(volume).structures, volume.structures[::-1])
    picture = chests(real_data)[0]
    assert np.array_equal(flipped(picture).pixels, picture.pixels[..., ::-1])


def test_shift_is_five_percent_and_contrast_keeps_the_order_of_values(real_data):
    picture = chests(real_data)[0]
    assert np.array_equal(shifted(picture).pixels[:, 3:, 3:], picture.pixels[:, :-3, :-3])
    other = recontrasted(picture).pixels
    order = np.argsort(picture.pixels, axis=None)
    assert (np.diff(other.ravel()[order]) >= 0).all()
    assert (other.min(), other.max()) == (picture.pixels.min(), picture.pixels.max())
    ct = head(real_data)
    assert np.allclose(recontrasted(ct).pixels, (ct.pixels + 1000) * 1.1 - 1000, atol=0.01)


@pytest.mark.parametrize("severity", [10.0, 40.0, 90.0])
def test_collapse_shows_one_image_in_the_stated_share_of_the_set(sets, severity):
    found = injected("mode_collapse", sets, severity)
    replaced = [place for place, one in enumerate(found) if one is not sets[0][place]]
    assert len(replaced) == round(severity / 100 * len(found))
    first = found[replaced[0]].pixels.ravel()
    assert all(np.corrcoef(first, found[place].pixels.ravel())[0, 1] > 0.97 for place in replaced)
    assert all(not np.array_equal(found[place].pixels.ravel(), first) for place in replaced[1:]), "near copies"


def test_only_the_rarest_class_collapses(sets):
    synthetic = sets[0][:8] + sets[0][15:]
    assert [one.label for one in synthetic].count("normal") == 8
    found = FAILURES.get("class_collapse").inject_set(synthetic, [], 50.0, np.random.default_rng(0))
    replaced = [one.label for one, before in zip(found, synthetic, strict=True) if one is not before]
    assert replaced == ["normal"] * 4


def test_sets_that_cannot_copy_say_so(sets):
    synthetic, training = sets
    rng = np.random.default_rng(0)
    with pytest.raises(NotMeasured, match="needs training images"):
        FAILURES.get("memorised_copies").inject_set(synthetic, [], 10.0, rng)
    with pytest.raises(NotMeasured, match="at least 2 images and got 1"):
        FAILURES.get("mode_collapse").inject_set(synthetic[:1], training, 10.0, rng)
    with pytest.raises(NotMeasured, match="at least 2 classes"):
        FAILURES.get("class_collapse").inject_set(synthetic[:5], training, 10.0, rng)
    with pytest.raises(NotMeasured, match="no class has 3 images"):
        FAILURES.get("class_collapse").inject_set([synthetic[0], synthetic[-1]], [], 10.0, rng)
