"""Populations as data: same seed same bytes, patients that do not know how many they are, truth in its place."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from synthassay.data.phantoms.recipes import Phantom
from synthassay.data.phantoms.source import PHANTOMS, phantom_cohort, population
from synthassay.data.store import ImageStore
from synthassay.errors import DataError, UnknownName
from synthassay.records.spec import DataSpec
from synthassay.records.vocabulary import Modality, Unit

SMALL_HEAD = (28, 34, 28)


def small(name: str) -> Phantom:
    shape = SMALL_HEAD if PHANTOMS[name].modality in (Modality.MRI, Modality.CT) else (32, 32)
    return replace(PHANTOMS[name], shape=shape)


@pytest.fixture
def shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Populations of small images, so that all four are quick."""
    for name in list(PHANTOMS):
        monkeypatch.setitem(PHANTOMS, name, small(name))


@pytest.mark.parametrize("name", PHANTOMS)
def test_same_seed_same_bytes(name: str, tmp_path: Path) -> None:
    phantom = small(name)
    files = [population(phantom, 3, 11, phantom.shape, tmp_path / str(k)) for k in range(2)]
    assert len({hashlib.sha256(file.read_bytes()).hexdigest() for file in files}) == 1
    assert files[0].name == files[1].name
    other = population(phantom, 3, 12, phantom.shape, tmp_path)
    assert other.read_bytes() != files[0].read_bytes()


@pytest.mark.parametrize("name", PHANTOMS)
def test_a_patient_does_not_know_how_many_there_are(name: str, tmp_path: Path) -> None:
    phantom = small(name)
    few = np.load(population(phantom, 2, 5, phantom.shape, tmp_path))
    many = np.load(population(phantom, 4, 5, phantom.shape, tmp_path))
    for key in ("subject", "site", "label", "image" if "image" in few else "t2"):
        np.testing.assert_array_equal(few[key], many[key][:2])


def test_the_cache_is_used_and_a_changed_recipe_is_not_taken_for_the_old(tmp_path: Path) -> None:
    phantom = small("phantom:chest-xray")
    first = population(phantom, 2, 1, phantom.shape, tmp_path)
    stamp = first.stat().st_mtime_ns
    made: list[int] = []
    assert population(phantom, 2, 1, phantom.shape, tmp_path, lambda done, _: made.append(done)) == first
    assert first.stat().st_mtime_ns == stamp and not made
    assert population(replace(phantom, version=99), 2, 1, phantom.shape, tmp_path) != first
    assert population(phantom, 2, 1, (48, 48), tmp_path) != first


def test_an_interrupted_population_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    phantom = small("phantom:histology")
    with pytest.raises(KeyboardInterrupt):
        population(phantom, 3, 1, phantom.shape, tmp_path, stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("shrunk")
def test_brain_cohort_has_its_contrasts_truth_geometry_and_sites(tmp_path: Path) -> None:
    spec = DataSpec(source="phantom:brain-mri", subjects=4, image="t2", input="t1", fractions=(0.5, 0.25, 0.25))
    cohort = phantom_cohort(spec.source, spec, Modality.MRI, 3, tmp_path)
    assert cohort.source == "phantom:brain-mri" and cohort.unit == "arbitrary"
    assert {case.site for case in cohort.cases} == {"north", "harbour", "valley"}
    assert "not scanned" in cohort.notes[0]
    store = ImageStore(cohort)
    for case in cohort.cases:
        assert {"t1", "t2", "pd", "flair", "mask", "structures"} <= case.images.keys()
        picture, mask = store.image(case, "t1"), store.image(case, "mask")
        assert picture.pixels.shape == (1, *SMALL_HEAD) and picture.geometry.spacing_mm == (2.0, 2.0, 2.0)
        assert mask.pixels.any() and mask.unit is Unit.LABEL
        if "lesion" in case.images:
            assert not (store.image(case, "lesion").pixels & ~mask.pixels).any()


@pytest.mark.usefixtures("shrunk")
def test_head_ct_cohort_is_in_hounsfield_units(tmp_path: Path) -> None:
    spec = DataSpec(source="phantom:head-ct", subjects=4, fractions=(0.5, 0.25, 0.25))
    cohort = phantom_cohort(spec.source, spec, Modality.CT, 3, tmp_path)
    assert cohort.unit == "HU" and cohort.spacing_mm == (3.0, 3.0, 3.0)
    store = ImageStore(cohort)
    picture, mask = (store.image(cohort.cases[0], role) for role in ("image", "mask"))
    assert picture.unit is Unit.HU
    assert np.median(picture.pixels[mask.pixels]) > -200 and picture.pixels.max() > 500


@pytest.mark.usefixtures("shrunk")
@pytest.mark.parametrize(
    ("name", "modality", "classes"),
    [
        ("phantom:chest-xray", Modality.XRAY, ("normal", "opacity")),
        ("phantom:histology", Modality.PATHOLOGY, ("normal", "tumour")),
    ],
)
def test_classes_and_sites_are_crossed_evenly(
    name: str, modality: Modality, classes: tuple[str, ...], tmp_path: Path
) -> None:
    spec = DataSpec(source=name, subjects=24, split="stratified", size=(24, 24))
    cohort = phantom_cohort(name, spec, modality, 3, tmp_path)
    assert cohort.classes == classes
    cells = [(case.site, case.label) for case in cohort.cases]
    assert {cells.count(cell) for cell in cells} == {4}
    assert ImageStore(cohort).image(cohort.cases[0], "image").space == (24, 24)
    ill = [case for case in cohort.cases if case.label == "opacity"]
    assert all("lesion" in case.images for case in ill)


@pytest.mark.usefixtures("shrunk")
def test_a_site_can_be_kept_apart(tmp_path: Path) -> None:
    spec = DataSpec(source="phantom:chest-xray", subjects=12, split="site", external_sites=("valley",))
    cohort = phantom_cohort(spec.source, spec, Modality.XRAY, 3, tmp_path)
    assert {case.site for case in cohort.cases if cohort.split[case.subject] == "external"} == {"valley"}


def test_unknown_names_other_modalities_and_odd_sizes_are_refused(tmp_path: Path) -> None:
    spec = DataSpec(source="phantom:chest-xray")
    with pytest.raises(UnknownName, match="phantom:chest-xray"):
        phantom_cohort("phantom:chest-xrays", spec, Modality.XRAY, 0, tmp_path)
    with pytest.raises(DataError, match="modality = 'xray'"):
        phantom_cohort("phantom:chest-xray", spec, Modality.CT, 0, tmp_path)
    odd = spec.model_copy(update={"size": (64, 80)})
    with pytest.raises(DataError, match="square"):
        phantom_cohort("phantom:chest-xray", odd, Modality.XRAY, 0, tmp_path)
