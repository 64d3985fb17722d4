"""Traps of stain separation, colour distances and nuclear matching."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from defects.defect import Defect
from evaluate.pathology.sections import RUIFROK, mixture
from synthassay.errors import NotMeasured
from synthassay.evaluate.pathology.normalised_median_intensity import median_intensity
from synthassay.evaluate.pathology.nuclear_pairs import matched
from synthassay.evaluate.pathology.reinhard_distance import reinhard_distance
from synthassay.images.specimen import Specimen
from synthassay.images.stain import angle_between, checked_rgb, optical_density, stains_of
from synthassay.records.vocabulary import Unit


def all_colours_above_a_threshold(picture: np.ndarray) -> np.ndarray:
    """Stain vectors as torchstain computes them: white 240, every colour's density at least 0.15, about the mean."""
    density = -np.log((picture.reshape(3, -1).T + 1) / 240)
    density = density[~(density < 0.15).any(axis=1)]
    plane = np.linalg.eigh(np.cov(density.T))[1][:, 1:3]
    first, second = plane.T @ density.T
    ends = np.percentile(np.arctan2(second, first), [1, 99])
    pair = np.stack([plane @ [np.cos(end), np.sin(end)] for end in ends])
    pair *= np.sign(pair.sum(axis=1, keepdims=True))
    return pair if pair[0, 0] > pair[1, 0] else pair[::-1]


def one_stain() -> np.ndarray:
    rng = np.random.default_rng(3)
    tile = 255 * 10.0 ** -(rng.uniform(0.3, 0.9, (1, 90, 90)) * RUIFROK[0][:, None, None])
    return np.clip(np.rint(tile + rng.normal(size=tile.shape)), 0, 255)


def with_black() -> np.ndarray:
    tile = np.rint(mixture())
    tile[:, :10, :10] = 0
    return tile


def changed_by_a_tool() -> str:
    """TIAToolbox's rgb2od writes 1 into every 0 of the array that it is given."""
    tile = with_black()
    before = tile.copy()
    tile[tile == 0] = 1
    np.maximum(-np.log(tile / 255), 1e-6)
    return f"{int((tile != before).sum())} values changed"


def changed_by_us() -> str:
    tile = with_black()
    before = tile.copy()
    stains_of(checked_rgb(tile, Unit.RGB))
    optical_density(tile)
    return f"{int((tile != before).sum())} values changed"


def named(picture: np.ndarray) -> str:
    try:
        found = stains_of(picture)
    except NotMeasured as problem:
        return f"not measured: {problem.reason.partition(':')[0]}"
    return f"two stains, {angle_between(found.haematoxylin, found.eosin):.1f}°"


GREYS = np.full((3, 40, 40), 100.0), np.full((3, 40, 40), 120.0)


def lightness_of(grey: float) -> float:
    linear = ((grey / 255 + 0.055) / 1.055) ** 2.4
    return float(116 * np.cbrt(linear) - 16)


TWICE = np.array([[0.0, 0.0], [1.0, 0.0], [20.0, 0.0], [21.0, 0.0]])
ONCE = np.array([[0.5, 0.0], [20.5, 0.0]])


def f1_by_nearest() -> str:
    precision = (cKDTree(ONCE).query(TWICE)[0] <= 3).mean()
    recall = (cKDTree(TWICE).query(ONCE)[0] <= 3).mean()
    return f"{2 * precision * recall / (precision + recall):.2f}"


def half_glass() -> np.ndarray:
    tile = np.full((3, 60, 120), 245.0)
    tile[:, :, :40] = np.where(np.random.default_rng(0).uniform(size=(60, 40)) < 0.6, 80.0, 160.0)
    return tile


DEFECTS = [
    Defect(
        tool="torchstain, as the first published Macenko code",
        trap="Pixels count as tissue only where red, green and blue all stop light, so pure eosin, which lets red "
        "pass, is dropped and the eosin vector turns towards haematoxylin.",
        setting="error of the eosin vector on a mixture of known stains",
        theirs=lambda: f"{angle_between(all_colours_above_a_threshold(mixture())[1], RUIFROK[1]):.1f}°",
        ours=lambda: f"{angle_between(stains_of(mixture()).eosin, RUIFROK[1]):.1f}°",
        holds=lambda theirs, ours: float(theirs[:-1]) > 4 and float(ours[:-1]) < 0.5,
    ),
    Defect(
        tool="torchstain",
        trap="A tile with one stain is split into two all the same, and which is called haematoxylin is chance.",
        setting="a tile of haematoxylin alone with camera noise of one grey level",
        theirs=lambda: f"two stains, {angle_between(*all_colours_above_a_threshold(one_stain())):.1f}°",
        ours=lambda: named(one_stain()),
        holds=lambda theirs, ours: theirs.startswith("two stains") and ours.startswith("not measured"),
    ),
    Defect(
        tool="TIAToolbox (rgb2od)",
        trap="The picture that is handed in is changed: every 0 becomes 1.",
        setting="a tile with a black square of 10 x 10 pixels",
        theirs=changed_by_a_tool,
        ours=changed_by_us,
        holds=lambda theirs, ours: theirs == "300 values changed" and ours == "0 values changed",
    ),
    Defect(
        tool="scripts on OpenCV's 8-bit Lab",
        trap="Lightness of 0 to 100 is stored as 0 to 255 and colour is not stretched, so that a distance counts "
        "lightness 2.55 times.",
        setting="grey 100 against grey 120",
        theirs=lambda: f"{(lightness_of(120) - lightness_of(100)) * 2.55:.2f}",
        ours=lambda: f"{reinhard_distance(*GREYS, Unit.RGB)['statistic=mean']:.2f}",
        holds=lambda theirs, ours: abs(float(theirs) / float(ours) - 2.55) < 0.01,
    ),
    Defect(
        tool="scripts that match nuclei with their nearest neighbour",
        trap="Two detections may claim one nucleus, so that every nucleus drawn twice costs nothing.",
        setting="F1 of two nuclei, each found twice",
        theirs=f1_by_nearest,
        ours=lambda: f"{2 * matched(TWICE, ONCE, 3.0) / (len(TWICE) + len(ONCE)):.2f}",
        holds=lambda theirs, ours: theirs == "1.00" and ours == "0.67",
    ),
    Defect(
        tool="scripts that take the normalised median intensity of whole tiles",
        trap="Without a tissue mask the median is glass, and the value is near 1 whatever the stain.",
        setting="a tile that is glass on two thirds",
        theirs=lambda: f"{np.median(half_glass().mean(0)) / np.percentile(half_glass().mean(0), 95):.2f}",
        ours=lambda: f"{median_intensity(Specimen(half_glass(), unit=Unit.RGB)):.2f}",
        holds=lambda theirs, ours: theirs == "1.00" and ours == "0.50",
    ),
]
