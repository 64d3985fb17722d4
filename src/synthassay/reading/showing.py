"""What readers are shown of each stimulus, and that it is encoded alike: pictures, volumes and slides."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from synthassay.errors import DataError
from synthassay.images.formats import read_image
from synthassay.images.image import Geometry, Image
from synthassay.images.slide import Slide, is_slide, open_slide
from synthassay.reading.arms import Stimulus
from synthassay.reading.encoding import TILE, Depth, common_depth, encode, reencoded, write_encoded
from synthassay.reading.portraits import Portrait, blockiness, portrait_of
from synthassay.reading.slide_encoding import Coding, coding_of, picture_bands, write_slide
from synthassay.records.base import sha256_of
from synthassay.records.reader_study import ArmRole, ReaderStudy
from synthassay.records.reading import EncodedImage
from synthassay.records.vocabulary import Unit

OVERVIEW = 2048  # pixels at most along a side of what a slide's portrait is taken from

Progress = Callable[[int, int], None]


def encode_all(study: ReaderStudy, shown: dict[str, Stimulus], folder: Path, progress: Progress | None) -> str:
    """Encode what is shown, aids apart from the rest, and return the hash over all of it, in the order of names.

    Where one image is a slide, all are coded as slides are, so that neither grid nor coding tells arms apart.

    Args:
        study: The study.
        shown: Opaque name to stimulus.
        folder: Where images are written.
        progress: Called with the images encoded so far and in all.

    Raises:
        ImageError: An image cannot be read, or is no picture that can be shown among slides.
        DataError: [reencode] asks of slides what would need them whole.
    """
    lines: dict[str, str] = {}
    for aids in (True, False):
        names = [name for name in sorted(shown) if (shown[name].role is ArmRole.AID) is aids]
        slides = any(is_slide(shown[name].path) for name in names)
        how = _coding(study, aids=aids) if slides else common_depth(to_show(study, shown[name]) for name in names)
        for name in names:
            head = _encode(study, shown[name], how, folder, name)
            lines[name] = f"{name} {head.digest()} {sha256_of(folder / f'{name}.bin')}\n"
            if progress:
                progress(len(lines), len(shown))
    return hashlib.sha256("".join(lines[name] for name in sorted(lines)).encode()).hexdigest()


def _encode(study: ReaderStudy, one: Stimulus, how: Depth | Coding, folder: Path, name: str) -> EncodedImage:
    if isinstance(how, Depth):
        head, tiles = encode(to_show(study, one), how, study.windows)
        write_encoded(folder, name, head, tiles)
        return head
    path = folder / f"{name}.bin"
    if is_slide(one.path):
        with _opened(study, one) as slide:
            head = write_slide(path, slide.bands(TILE), (slide.rows, slide.columns), slide.mpp, how)
    else:
        image = to_show(study, one)
        rows, columns = image.space[:2]
        head = write_slide(path, picture_bands(image, one.label), (rows, columns), _mpp_of(image), how)
    (folder / f"{name}.json").write_text(head.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return head


def to_show(study: ReaderStudy, one: Stimulus) -> Image:
    """Return a picture or volume as it is shown: aids keep their own size, all else passes through [reencode].

    Raises:
        ImageError: It cannot be read or re-encoded.
    """
    if one.role is ArmRole.AID:
        return read_image(one.path, index=one.index)
    return reencoded(one.read(study.seed), study.reencode, one.label)


def portrait(study: ReaderStudy, one: Stimulus) -> Portrait:
    """Take the portrait of a stimulus as readers would receive it; of its file too where nothing is re-encoded.

    Raises:
        ImageError: It cannot be read.
        DataError: A slide is to be changed in ways that would need it whole.
    """
    path = None if study.reencode else one.path
    if not is_slide(one.path):
        return portrait_of(one.arm, one.case, to_show(study, one), path)
    with _opened(study, one) as slide:
        overview, step, steep = _overview(slide)
    geometry = Geometry(mpp=slide.mpp)
    taken = portrait_of(one.arm, one.case, Image(overview, geometry, Unit.RGB), path)
    sides = (slide.rows, slide.columns)
    facts = {"size": " x ".join(map(str, sides))}
    numbers = {
        "longer side": float(max(sides)), "shorter side": float(min(sides)), "8x8 grid of JPEG": steep,
        "border": taken.numbers["border"] * step,
    }  # fmt: skip
    return Portrait(one.arm, one.case, taken.facts | facts, taken.numbers | numbers)


def _overview(slide: Slide) -> tuple[np.ndarray, int, float]:
    """Every n-th pixel of a slide, channels first; n; and how steep steps on an 8 x 8 grid are in its middle."""
    step = -(-max(slide.rows, slide.columns) // OVERVIEW)
    rows: list[np.ndarray] = []
    steep, top = 1.0, 0
    for band in slide.bands(TILE):
        if top <= slide.rows // 2 < top + len(band):
            steep = blockiness(np.moveaxis(band, -1, 0))
        rows.append(band[-top % step :: step, ::step].copy())
        top += len(band)
    return np.moveaxis(np.concatenate(rows), -1, 0), step, steep


def _opened(study: ReaderStudy, one: Stimulus) -> AbstractContextManager[Slide]:
    if one.made:
        remedy = "Give the control a path: slides that you degraded yourself."
        raise DataError(one.label, "is a slide, which the room does not degrade", remedy=remedy)
    if one.role is not ArmRole.AID:
        _coding(study, aids=False)
    return open_slide(one.path, one.index)


def _coding(study: ReaderStudy, *, aids: bool) -> Coding:
    """Return how slides are coded.

    Raises:
        DataError: [reencode] asks for what would need a slide whole.
    """
    spec = None if aids else study.reencode
    if spec is None:
        return coding_of(0)
    asked: Iterable[tuple[str, object]] = (
        ("crop", spec.crop), ("size", spec.size), ("window", spec.window), ("stretch", spec.stretch),
        ("levels", spec.levels),
    )  # fmt: skip
    if wrong := [name for name, value in asked if value]:
        remedy = "Slides can be given another coding (jpeg) and nothing else; cut or scale them before the study."
        raise DataError(
            "[reencode]", "asks of slides what would need them whole", value=", ".join(wrong), remedy=remedy
        )
    return coding_of(spec.jpeg)


def _mpp_of(image: Image) -> float | None:
    if image.geometry.mpp:
        return image.geometry.mpp
    return image.geometry.spacing_mm[0] * 1000 if image.geometry.spacing_mm else None
