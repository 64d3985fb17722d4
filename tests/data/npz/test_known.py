"""The real prepared files: counts and numbers as their publishers and preparers state them."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from synthassay.data.cohorts import load_cohort
from synthassay.data.store import ImageStore
from synthassay.records.spec import DataSpec
from synthassay.records.vocabulary import Modality, Split, Unit

SIDES = (Split.TRAIN, Split.VALIDATION, Split.TEST)


@pytest.fixture
def load(real_data, monkeypatch):
    monkeypatch.setenv("SYNTHASSAY_DATA", str(real_data))

    def loaded(source, modality, **data):
        cohort = load_cohort(DataSpec(source=source, **data), Modality(modality), 7, folder=Path())
        return cohort, ImageStore(cohort)

    return loaded


def sizes(cohort):
    return [len(cohort.of(side)) for side in SIDES]


def test_kermany_has_the_published_counts_and_its_exact_duplicates_within_patients(load):
    cohort, store = load("xray-kermany-pneumonia", "xray", split="given")
    assert (len(cohort.cases), len({c.subject for c in cohort.cases})) == (5216, 2846)
    assert Counter(c.label for c in cohort.cases) == {"normal": 1341, "pneumonia": 3875}
    assert sizes(cohort) == [3628, 810, 778]
    by_class = [Counter(c.label for c in cohort.of(side)) for side in SIDES]
    assert [(n["normal"], n["pneumonia"]) for n in by_class] == [(942, 2686), (200, 610), (199, 579)]
    assert "15 group(s) of exactly equal images, 15 of them within one subject." in cohort.notes
    assert all(count == 0 for name, count in cohort.proof().items() if "both" in name)
    image = store.image(cohort.cases[0], "image")
    assert (image.space, image.unit, image.geometry.spacing_mm) == ((64, 64), Unit.ARBITRARY, ())


def test_kermany_can_be_split_anew_by_bacteria_and_virus(load):
    cohort, _ = load("xray-kermany-pneumonia", "xray", split="stratified", label="subtype", subjects=300)
    assert cohort.classes == ("bacteria", "normal", "virus")
    assert len({c.subject for c in cohort.cases}) == 300


def test_openkbp_is_in_hu_with_the_modes_of_soft_tissue_and_fat(load):
    cohort, store = load("ct-openkbp-headneck", "ct", split="given")
    assert sizes(cohort) == [80, 18, 43]
    assert (cohort.unit, cohort.spacing_mm) == ("HU", (4, 4, 4))
    values = np.concatenate([store.image(c, "image").pixels.ravel() for c in cohort.cases])
    histogram = np.bincount((values[values > -1000] + 1000).astype(int), minlength=4096)
    assert histogram[1000:1080].argmax() == 39
    assert histogram[850:950].argmax() + 850 - 1000 == -87
    assert values.min() == -1000


def test_openkbp_lies_in_ras(load):
    """Parotids by name, chin before spine, brainstem above larynx, in every patient where they are drawn."""
    cohort, store = load("ct-openkbp-headneck", "ct", split="given", subjects=40)
    brainstem, cord, right, left, _, larynx, mandible = range(1, 8)
    checked = Counter()
    for case in cohort.cases:
        image = store.image(case, "structures")

        def centre(value, image=image):
            voxels = np.argwhere(image.pixels[0] == value)
            return image.geometry.affine[:3] @ [*voxels.mean(0), 1] if len(voxels) else None

        at = {value: centre(value) for value in range(1, 8)}
        for axis, high, low in ((0, right, left), (1, mandible, cord), (2, brainstem, larynx)):
            if at[high] is not None and at[low] is not None:
                assert at[high][axis] > at[low][axis], case.case
                checked[axis] += 1
    assert min(checked[axis] for axis in range(3)) >= 20


def test_openkbp_body_mask_is_the_body_with_its_airways_and_without_the_air_around(load):
    cohort, store = load("ct-openkbp-headneck", "ct", split="given", subjects=40)
    for case in cohort.cases:
        hu, mask = store.image(case, "image").pixels, store.image(case, "mask").pixels
        assert 0.1 < mask.mean() < 0.75
        assert (hu[mask] > -500).mean() > 0.9, case.case
        assert ((hu > -200) & ~mask).sum() < 0.03 * mask.sum(), case.case
        assert (hu[mask] < -700).any(), "the airway lies inside"


def test_ljubljana_has_seven_patients_nine_sessions_and_three_lesion_masks(load):
    cohort, store = load("mri-ljubljana-ms-multicontrast", "mri", image="t2", input="t1")
    assert (len(cohort.cases), len({c.subject for c in cohort.cases})) == (9, 7)
    assert [c.case for c in cohort.cases if "lesion" in c.images] == ["ljcs07", "ljcs19", "ljcs26"]
    assert {c.site for c in cohort.cases} == {"cross-sectional", "longitudinal"}
    twice = [c for c in cohort.cases if c.subject == "ljlong01"]
    assert [c.session for c in twice] == ["1", "2"]
    for case in cohort.cases:
        mask = store.image(case, "mask").pixels
        for contrast in ("t1", "t2", "flair"):
            assert not (store.image(case, contrast).pixels[~mask] > 0).any()


def test_ljubljana_flair_is_a_tenth_of_what_is_stored_and_lesions_are_bright_on_it(load, real_data):
    cohort, store = load("mri-ljubljana-ms-multicontrast", "mri", image="flair", input="t1")
    with np.load(real_data / "mri-ljubljana-ms-multicontrast" / "ljubljana_ms_2mm.npz") as stored:
        assert np.allclose(store.image(cohort.cases[0], "flair").pixels[0] * 10, stored["flair_x10"][0], rtol=1e-6)
    for case in cohort.cases[:3]:
        flair, mask = (store.image(case, role).pixels for role in ("flair", "mask"))
        lesion = store.image(case, "lesion").pixels
        assert lesion.any()
        assert flair[lesion].mean() > flair[mask & ~lesion].mean()


def test_cases_without_the_wanted_contrast_are_excluded_with_the_reason(load):
    cohort, _ = load("mri-ljubljana-ms-multicontrast", "mri", image="t1c", input="t1")
    assert len(cohort.cases) == 3
    assert set(cohort.excluded.values()) == {"has no t1c"}
    assert len(cohort.excluded) == 6


@pytest.mark.parametrize(
    ("source", "roles", "space", "spacing", "counts"),
    [
        ("mri-ixi-hh-t1", {"t1", "mask", "structures", "image"}, (80, 96, 80), (2, 2, 2), [70, 15, 16]),
        ("mri-msd-hippocampus", {"image", "mask", "structures"}, (48, 64, 48), (1, 1, 1), [182, 39, 39]),
    ],
)
def test_brain_files_have_their_counts_and_grids(load, source, roles, space, spacing, counts):
    cohort, store = load(source, "mri", split="given")
    assert sizes(cohort) == counts
    assert set(cohort.cases[0].images) == roles
    image = store.image(cohort.cases[0], "image")
    assert (image.space, image.geometry.spacing_mm) == (space, spacing)
    assert np.allclose(image.geometry.affine[:3] @ [*((np.array(space) - 1) / 2), 1], 0)


def test_ixi_labels_and_brain_lie_upright_in_ras(load):
    cohort, store = load("mri-ixi-hh-t1", "mri", split="given", subjects=10)
    for case in cohort.cases:
        labels = store.image(case, "structures").pixels[0]
        # DLMUSE follows MUSE: 35 brain stem, 38/39 right/left cerebellum exterior, 59/60 right/left thalamus.
        centre = {value: np.argwhere(labels == value).mean(0) for value in (35, 38, 39, 59, 60)}
        assert centre[59][0] > centre[60][0], "right is at high x"
        assert centre[38][0] > centre[39][0]
        assert centre[38][1] < centre[59][1], "the cerebellum lies behind the thalamus"
        assert centre[35][2] < centre[59][2], "the brain stem lies below the thalamus"


def test_the_porcine_phantom_is_one_object_in_mr_and_hu(load):
    cohort, store = load("mrct-mridir-phantom", "ct", image="ct", input="t2", fractions=(0, 0, 1))
    assert sizes(cohort) == [0, 0, 1]
    ct, t2 = (store.image(cohort.cases[0], role) for role in ("ct", "t2"))
    assert (ct.unit, t2.unit) == (Unit.HU, Unit.ARBITRARY)
    assert ct.space == t2.space == (74, 95, 118)
    meat = (t2.pixels > 300) & (ct.pixels > -200) & (ct.pixels < 300)
    assert 0 < np.median(ct.pixels[meat]) < 100


def test_kather_tiles_are_rgb_with_their_resolution_and_classes(load):
    cohort, store = load("path-kather2016-crc-tiles", "pathology", split="stratified")
    assert len(cohort.cases) == 124
    assert len(cohort.classes) == 8
    image = store.image(cohort.cases[0], "image")
    assert (image.unit, image.geometry.mpp, image.pixels.shape) == (Unit.RGB, 0.495, (3, 150, 150))
    hue = {
        name: np.mean([store.image(c, "image").pixels.mean() for c in cohort.cases if c.label == name])
        for name in ("lymphocytes", "background")
    }
    assert hue["background"] > 200 > hue["lymphocytes"]


def test_one_field_on_five_scanners_is_one_subject(load):
    cohort, _ = load("path-multiscanner-scc", "pathology", fractions=(0, 0, 1), size=(236, 236))
    assert sorted(c.scanner for c in cohort.cases) == ["3dhistech", "aperio", "leica", "nz2", "nz210"]
    assert len({c.subject for c in cohort.cases}) == 1
