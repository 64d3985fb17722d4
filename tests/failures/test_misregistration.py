import numpy as np
import pytest

from failures.specimens import brain, chests
from synthassay.failures.misregistration import misregistration, misrotation
from synthassay.images.specimen import Specimen


def blob(spacing, space):
    places = np.indices(space) * np.reshape(spacing, (-1, *[1] * len(space)))
    centre = (np.array(space) - 1) * spacing / 2
    squared = ((places - np.reshape(centre, (-1, *[1] * len(space)))) ** 2).sum(axis=0)
    return Specimen(np.exp(-squared / 200.0)[None].astype(np.float32), tuple(spacing), mask=squared < 900)


def centroid_mm(specimen):
    weights = specimen.pixels[0].astype(np.float64)
    places = np.indices(specimen.space).reshape(len(specimen.space), -1)
    return (places @ weights.ravel() / weights.sum()) * specimen.spacing_mm


@pytest.mark.parametrize(
    ("spacing", "space"), [((2.0, 3.0, 5.0), (64, 44, 26)), ((1.0, 2.5), (120, 50))], ids=["volume", "picture"]
)
@pytest.mark.parametrize("severity", [0.5, 5.0])
def test_the_centre_of_mass_moves_by_the_severity(spacing, space, severity):
    specimen = blob(np.array(spacing), space)
    found = misregistration(specimen, severity, np.random.default_rng(1))
    assert np.linalg.norm(centroid_mm(found) - centroid_mm(specimen)) == pytest.approx(severity, rel=0.02)
    step = (np.argwhere(found.mask).mean(0) - np.argwhere(specimen.mask).mean(0)) * spacing
    assert np.linalg.norm(step) == pytest.approx(severity, abs=0.6), "the mask moves along"


@pytest.mark.parametrize("kind", [brain, lambda folder: chests(folder)[3]])
def test_a_rotation_turns_by_its_angle_about_the_centre(kind, real_data):
    specimen = kind(real_data)
    spacing = np.reshape(specimen.spacing_mm, (-1, *[1] * len(specimen.space)))
    places = np.indices(specimen.space) * spacing
    found = misrotation(specimen.replace(pixels=places), 4.0, np.random.default_rng(1)).pixels
    inner = tuple(slice(10, -10) for _ in specimen.space)
    before = places[(slice(None), *inner)].reshape(len(specimen.space), -1)
    after = found[(slice(None), *inner)].reshape(len(specimen.space), -1)
    centred = [points - points.mean(axis=1, keepdims=True) for points in (before, after)]
    turn = centred[1] @ np.linalg.pinv(centred[0])
    assert np.allclose(turn @ turn.T, np.eye(len(turn)), atol=1e-6)
    cosine = (np.trace(turn) - 1) / 2 if len(turn) == 3 else turn[0, 0]
    assert np.rad2deg(np.arccos(cosine)) == pytest.approx(4.0, rel=1e-3)
    mask = np.ones(specimen.space, bool) if specimen.mask is None else specimen.mask
    centre = np.argwhere(mask).mean(axis=0) * specimen.spacing_mm
    fixed = turn @ (centre - before.mean(1)) + after.mean(1)
    assert np.allclose(fixed, centre, atol=1e-6)
