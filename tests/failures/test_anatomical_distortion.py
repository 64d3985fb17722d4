import numpy as np
import pytest

from failures.specimens import brain, chests, head
from synthassay.failures.anatomical_distortion import anatomical_distortion, displacement
from synthassay.failures.failure import FAILURES
from synthassay.images.specimen import Specimen


def coordinates(specimen):
    """The specimen with its own coordinates in mm as channels: after a distortion they tell where each value was."""
    spacing = np.reshape(specimen.spacing_mm, (-1, *[1] * len(specimen.space)))
    return specimen.replace(pixels=np.indices(specimen.space) * spacing)


@pytest.mark.parametrize("severity", FAILURES.get("anatomical_distortion").severities)
@pytest.mark.parametrize("kind", [brain, lambda folder: chests(folder)[3]])
def test_measured_displacement_has_its_95th_percentile_at_the_severity(severity, kind, real_data):
    specimen = coordinates(kind(real_data))
    found = anatomical_distortion(specimen, severity, np.random.default_rng(2))
    length = np.sqrt(((found.pixels - specimen.pixels) ** 2).sum(axis=0))
    inner = tuple(slice(6, -6) for _ in specimen.space)  # nothing is drawn from beyond the border
    within = np.ones(specimen.space, bool)[inner] if specimen.mask is None else specimen.mask[inner]
    assert np.percentile(length[inner][within], 95) == pytest.approx(severity, rel=0.12)


@pytest.mark.parametrize("kind", [brain, head])
def test_the_field_does_not_fold_and_does_not_shift(kind, real_data):
    specimen = kind(real_data)
    field = 8.0 * displacement(specimen, np.random.default_rng(0))
    gradients = np.stack([np.stack(np.gradient(part, *specimen.spacing_mm)) for part in field])
    jacobian = np.linalg.det(np.moveaxis(gradients, (0, 1), (-2, -1)) + np.eye(3))
    assert jacobian.min() > 0.2
    assert np.abs(field[:, specimen.mask].mean(axis=1)).max() < 1e-9
    assert np.percentile(np.linalg.norm(field, axis=0)[specimen.mask], 95) == pytest.approx(8.0)


def test_the_field_is_one_of_space_and_not_of_voxels():
    coarse = Specimen(np.zeros((1, 32, 32, 16), np.float32), (4.0, 4.0, 8.0))
    fine = Specimen(np.zeros((1, 64, 64, 64), np.float32), (2.0, 2.0, 2.0))
    one, other = (displacement(specimen, np.random.default_rng(0)) for specimen in (coarse, fine))
    same = np.abs(one - other[:, ::2, ::2, ::4])
    assert same.mean() < 0.05 * np.abs(one).mean() + 0.05


def test_labels_bend_with_the_image(real_data):
    specimen = brain(real_data)
    found = anatomical_distortion(specimen, 3.0, np.random.default_rng(0))
    assert set(np.unique(found.structures)) <= set(np.unique(specimen.structures))
    assert (found.structures != specimen.structures).mean() > 0.05
    values = [np.median(one.pixels[0][one.structures == 82]) for one in (specimen, found)]
    assert values[1] == pytest.approx(values[0], rel=0.05), "the label lies on the same tissue as before"
