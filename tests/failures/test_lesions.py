import numpy as np
import pytest

from failures.specimens import brain, chests, head
from synthassay.errors import NotMeasured
from synthassay.failures.failure import FAILURES
from synthassay.failures.lesion_presence import lesion_erased, lesion_invented
from synthassay.failures.lesions import LARGEST_MM, profile, site, with_lesion
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit


def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize("diameter", [3.0, 6.0, 10.0])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.7, 3.0)])
def test_the_volume_is_that_of_the_sphere(diameter, spacing):
    empty = Specimen(np.zeros((1, 40, 40, 20)), spacing, unit=Unit.HU)
    share = profile(empty, (20, 20, 10), diameter)
    assert share.sum() * np.prod(spacing) == pytest.approx(np.pi / 6 * diameter**3, rel=0.06)
    assert share.max() <= 1


def test_a_radiograph_shows_the_thickness_and_a_ct_slice_the_section():
    picture = Specimen(np.zeros((1, 60, 60)), (0.5, 0.5))
    projected = profile(picture, (30, 30), 10.0)
    assert projected.sum() * 0.25 * 10 == pytest.approx(np.pi / 6 * 10**3, rel=0.01)
    section = profile(picture.replace(unit=Unit.HU), (30, 30), 10.0)
    assert section.sum() * 0.25 == pytest.approx(np.pi * 25, rel=0.01)


@pytest.mark.parametrize(("kind", "in_hu"), [(brain, False), (head, True)])
def test_contrast_is_as_stated_and_site_is_the_same_for_all_doses(kind, in_hu, real_data):
    specimen = kind(real_data)
    stated = 40.0 if in_hu else specimen.pixels[0][specimen.mask].std(dtype=float)
    places = set()
    for diameter in FAILURES.get("lesion_invented").severities:
        pair = lesion_invented(specimen, diameter, rng())
        added = (pair.synthetic.pixels - pair.reference.pixels)[0]
        centre = site(specimen, diameter, rng())
        places.add(centre)
        assert added[centre] > 0.98 * added.max()
        drawn = pair.synthetic.lesion
        assert drawn.any()
        assert not pair.reference.lesion.any()
        assert drawn[centre]
        assert added.sum() * np.prod(specimen.spacing_mm) == pytest.approx(stated * np.pi / 6 * diameter**3, rel=0.35)
    assert len(places) == 1
    assert added.max() == pytest.approx(stated, rel=0.12), "15 mm are wide enough for the full contrast"
    assert specimen.mask[drawn].all()


def test_erased_is_invented_with_the_sides_changed(real_data):
    specimen = chests(real_data)[3]
    erased, invented = lesion_erased(specimen, 15.0, rng()), lesion_invented(specimen, 15.0, rng())
    assert np.array_equal(erased.reference.pixels, invented.synthetic.pixels)
    assert erased.synthetic.pixels is specimen.pixels
    assert not erased.synthetic.lesion.any()
    assert erased.reference.lesion.any()


def test_lesions_already_drawn_stay_and_are_avoided(real_data):
    specimen = brain(real_data)
    old = np.zeros(specimen.space, bool)
    old[:24] = specimen.mask[:24]
    with_it, without = with_lesion(specimen.replace(lesion=old), 6.0, rng())
    assert np.array_equal(without.lesion, old)
    assert (with_it.lesion & old).sum() == old.sum()
    assert with_it.lesion.sum() > old.sum()
    assert (
        np.array_equal(with_it.pixels[0][old], specimen.pixels[0][old])
        or np.argwhere(with_it.lesion & ~old)[:, 0].min() > 23
    )


def test_a_ct_lesion_lies_in_soft_tissue(real_data):
    specimen = head(real_data)
    for seed in range(5):
        centre = site(specimen, 6.0, np.random.default_rng(seed))
        assert -150 < specimen.pixels[0][centre] < 200


def test_without_room_there_is_no_lesion(real_data):
    thin = np.zeros(brain(real_data).space, bool)
    thin[20:22] = True
    with pytest.raises(NotMeasured, match=r"has no room for a lesion of 15 mm: its tissue is 4 mm deep"):
        lesion_invented(brain(real_data).replace(mask=thin), LARGEST_MM, rng())
