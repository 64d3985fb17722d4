"""A segmenter trained on the real training images of the run, which draws on images that nobody drew on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthassay.data.image_set import Entry, ImageSet
from synthassay.errors import NotMeasured
from synthassay.evaluate.structure.label_maps import structure_pairs
from synthassay.images.drawing import labels_drawn
from synthassay.images.image import Image
from synthassay.randomness import derive, stream
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Pixels, Spatial

if TYPE_CHECKING:
    from synthassay.networks.segmenting import SliceSegmenter

LEAST_CASES = 4
MOST_CASES = 120
MOST_VOXELS = 10**8
CHECKED_CASES = 12
WINDOWS_HU = ((-1000.0, 1000.0), (-160.0, 240.0))
FEWEST_STEPS, MOST_STEPS = 100, 400
TRAINED_PIXELS = 2 * 10**7
BATCH_SLICES = 16
JITTER = {Unit.HU: 0.02}
Setting = str | float | int | bool


class DrawnImage(NamedTuple):
    """A real image and what somebody drew on it; ``drawn`` None where all structures of the data set were."""

    pixels: Pixels
    labels: Spatial
    drawn: frozenset[int] | None


@dataclass(frozen=True, eq=False)
class Segmenter:
    """Draws structures on images of the kind that it was trained on.

    Attributes:
        network: The trained network; its class i is ``labels[i - 1]``.
        labels: Labels that it draws, ascending.
        unit: Unit of the images, which decides how they are scaled.
        settings: How it was trained and how good it is on real images, for the record.
    """

    network: SliceSegmenter
    labels: tuple[int, ...]
    unit: Unit
    settings: Mapping[str, Setting] = field(default_factory=dict)

    def draw(self, pixels: Pixels) -> NDArray[np.int32]:
        """Return the label map ``*space`` of an image ``channels *space``."""
        from synthassay.networks.segmenting import segment

        classes = segment(self.network, on_scale(pixels, self.unit))
        return np.array([0, *self.labels], np.int32)[classes]

    def dice(self, drawn: Sequence[DrawnImage]) -> float:
        """Return its mean Dice coefficient over structures and then over real images that it was not trained on."""
        means = []
        for image in drawn:
            pairs = structure_pairs(self.draw(image.pixels), image.labels, image.drawn)
            means.append(float(np.mean([pair.dice() for _, pair in pairs])))
        return float(np.mean(means))


def train_segmenter(
    training: ImageSet,
    drawings: ImageSet,
    *,
    unit: Unit,
    steps: int = 0,
    seed: int = 0,
    held_out: tuple[ImageSet, ImageSet] | None = None,
) -> Segmenter:
    """Train a small U-Net on the real training images on which structures are drawn, and test it on others.

    Measures of structure that rest on it can be no better than it is: its Dice coefficient on real held-out images is
    recorded with each of them, and their floor is the same measure of the real images themselves.

    Args:
        training: Real images of training subjects.
        drawings: Label maps of some or all of them, by case.
        unit: Unit of the images: CT is shown to it in two fixed windows, others are standardised image by image.
        steps: Optimiser steps; 0 chooses by the size of the slices, for a few minutes on one core at most.
        seed: Of everything drawn at random; the same seed gives the same segmenter on the same machine.
        held_out: Real images of other subjects and what is drawn on them.

    Raises:
        NotMeasured: Structures are drawn on fewer than ``LEAST_CASES`` training images, or on none of them.

    Source:
        Ronneberger et al. 2015, arXiv:1505.04597; loss: Milletari et al. 2016, arXiv:1606.04797, with cross-entropy.
    """
    from synthassay.networks.segmenting import fit_segmenter

    pairs = drawn_pairs(training, drawings)
    if len(pairs) < LEAST_CASES:
        raise NotMeasured(f"structures are drawn on {len(pairs)} training images; a segmenter needs {LEAST_CASES}")
    images = _read(pairs, seed)
    labels = sorted({int(label) for image in images for label in np.unique(image.labels)} - {0})
    if not labels:
        raise NotMeasured("the label maps of the training images are empty, so a segmenter has nothing to learn")
    steps = steps or chosen_steps(images[0].pixels.shape)
    network = fit_segmenter(
        [on_scale(image.pixels, unit) for image in images],
        [_classes(image.labels, labels) for image in images],
        [_unknown(image.drawn, labels) for image in images],
        len(labels) + 1,
        steps=steps,
        seed=derive(seed, "segmenter"),
        jitter=JITTER.get(unit, 0.1),
    )
    settings: dict[str, Setting] = {
        "segmenter": "U-Net trained on the real training images",
        "segmenter_steps": steps,
        "segmenter_trained_on": f"{len(images)} images",
        "segmenter_structures": len(labels),
    }
    segmenter = Segmenter(network, tuple(labels), unit, settings)
    checked = [] if held_out is None else _read(drawn_pairs(*held_out)[:CHECKED_CASES], seed)
    if checked:
        settings["segmenter_dice_on_real"] = round(segmenter.dice(checked), 4)
        settings["segmenter_checked_on"] = f"{len(checked)} held-out real images"
    else:
        settings["segmenter_dice_on_real"] = "not measured: nothing is drawn on held-out real images"
    return segmenter


def segmenter_of_run(
    images: Mapping[str, ImageSet | None], drawings: Mapping[str, ImageSet], *, unit: Unit, steps: int, seed: int
) -> Segmenter:
    """Return the segmenter of a run, trained on its training images and tested on its holdout, or else its test images.

    Raises:
        NotMeasured: Too little is drawn on the training images.
    """
    training = images.get("training")
    if training is None or "training" not in drawings:
        raise NotMeasured("no structures are drawn on training images that a segmenter could learn from")
    others = [(held, drawings[name]) for name in ("holdout", "test") if (held := images.get(name)) and name in drawings]
    return train_segmenter(
        training, drawings["training"], unit=unit, steps=steps, seed=seed, held_out=others[0] if others else None
    )


def drawn_by_segmenter(images: ImageSet, segmenter: Callable[[], Segmenter]) -> ImageSet:
    """Return label maps of images, each drawn when it is asked for; ``segmenter`` gives the segmenter on first use."""

    def drawing(entry: Entry) -> Image:
        image = entry.load()
        return Image(segmenter().draw(image.pixels)[None], image.geometry, Unit.LABEL, image.subject)

    return ImageSet(images.name, tuple(replace(entry, load=partial(drawing, entry)) for entry in images.entries))


def chosen_steps(shape: Sequence[int]) -> int:
    """Return how many steps an image ``channels *space`` is worth: small slices are cheap, so they get more.

    >>> chosen_steps((1, 48, 64, 48)), chosen_steps((1, 80, 96, 80)), chosen_steps((1, 512, 512))
    (400, 162, 100)
    """
    from synthassay.networks.segmenting import LARGEST_PATCH

    area = min(shape[1], LARGEST_PATCH) * min(shape[2], LARGEST_PATCH)
    return int(np.clip(TRAINED_PIXELS // (BATCH_SLICES * area), FEWEST_STEPS, MOST_STEPS))


def on_scale(pixels: Pixels, unit: Unit) -> NDArray[np.float32]:
    """Return an image as the network sees it: CT in two windows, wide and soft tissue; others standardised.

    Standardising image by image means that a shift or scaling of all values moves no border: that is for other
    measures to find. Values that are not finite are taken for the lowest.

    >>> on_scale(np.array([[[-2000.0, 40.0]]]), Unit.HU).tolist()
    [[[-1.0, 0.03999999910593033]], [[-1.0, 0.0]]]
    """
    values = np.asarray(pixels, np.float32)
    if unit is Unit.HU:
        values = np.nan_to_num(values, nan=WINDOWS_HU[0][0])
        middles = [((high + low) / 2, (high - low) / 2) for low, high in WINDOWS_HU]
        return np.concatenate([np.clip((values - m) / half, -1, 1) for m, half in middles]).astype(np.float32)
    finite = np.isfinite(values)
    if not finite.all():
        values = np.where(finite, values, values[finite].min() if finite.any() else 0)
    axes = tuple(range(1, values.ndim))
    spread = values.std(axis=axes, keepdims=True)
    return (values - values.mean(axis=axes, keepdims=True)) / np.where(spread > 0, spread, 1)


def drawn_pairs(images: ImageSet, drawings: ImageSet) -> list[tuple[Entry, Entry]]:
    """Return each image that something is drawn on, with its drawing, by case."""
    at = {entry.case: entry for entry in drawings.entries}
    return [(entry, at[entry.case]) for entry in images.entries if entry.case in at]


def _read(pairs: Sequence[tuple[Entry, Entry]], seed: int) -> list[DrawnImage]:
    """Read pairs in an order of their own until there are as many as a training needs, or memory should hold."""
    found: list[DrawnImage] = []
    voxels = 0
    for position in stream(seed, "segmenter", "cases").permutation(len(pairs)):
        image, drawing = (entry.load() for entry in pairs[position])
        if drawing.pixels.shape[1:] != image.space:
            raise NotMeasured(f"{pairs[position][0].case} has size {image.space} but its drawing {drawing.space}")
        found.append(DrawnImage(image.pixels, drawing.pixels[0], labels_drawn(drawing)))
        voxels += image.pixels.size
        if len(found) == MOST_CASES or voxels > MOST_VOXELS:
            break
    return found


def _classes(drawing: Spatial, labels: Sequence[int]) -> NDArray[np.int64]:
    table = np.zeros(int(max(labels[-1], drawing.max(initial=0))) + 1, np.int64)
    table[list(labels)] = np.arange(1, len(labels) + 1)
    return table[drawing.astype(np.int64)]


def _unknown(drawn: frozenset[int] | None, labels: Sequence[int]) -> frozenset[int]:
    if drawn is None:
        return frozenset()
    return frozenset(i for i, label in enumerate(labels, 1) if label not in drawn)
