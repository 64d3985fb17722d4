"""The optional watermark of a release: put into each image, found again in each file, and said in the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from synthassay.errors import ImageError
from synthassay.images.formats import read_image
from synthassay.images.image import Image
from synthassay.images.watermark import FALSE_ALARMS, FRACTION, THRESHOLD, key_of, mark_pixels, score_of, set_score
from synthassay.protocols import PROTOCOLS
from synthassay.records.base import fingerprint, inside
from synthassay.records.manifest import Manifest, SyntheticImage
from synthassay.records.watermark import MarkEffect, MarkStrength, Watermark
from synthassay.release.naming import Named
from synthassay.release.source import Source

FRACTIONS = (FRACTION, 0.35, 0.5)
"""Strength over noise: the first with which the mark is found for sure, else the last."""
SURE = THRESHOLD + 1.0
MarkCase = Callable[[str, Image], Image]


class Effects(NamedTuple):
    """What a mark did to the measures of a run; ``missing`` says why there are none."""

    rows: tuple[MarkEffect, ...]
    missing: str = ""


Remeasure = Callable[[Path, str, MarkCase], Effects]
"""Takes the run's measures again on marked images: (run folder, set, what marks an image of a case)."""


def identity_of(entries: Iterable[SyntheticImage], study: str, generator: str, weights_sha256: str) -> str:
    """Return what the keys of a release come from: all that its manifest says but files, hashes and the mark itself."""
    listed = [entry.model_dump(mode="json", exclude={"path", "sha256", "structures"}) for entry in entries]
    return fingerprint([study, generator, weights_sha256, listed])


class Marker:
    """Marks the images of one release, and keeps how strongly."""

    def __init__(self, source: Source, named: Sequence[Named]) -> None:
        made = source.manifest
        self.identity = identity_of([one.entry for one in named], made.study, made.generator, made.weights_sha256)
        self.unit = made.unit
        self._names = {one.made.case: one.name for one in named}
        self._range = PROTOCOLS.get(source.protocol).data_range
        self._strengths: dict[str, MarkStrength] = {}

    def marked(self, case: str, image: Image) -> Image:
        """Return the image of a case of the run with its mark.

        Raises:
            ImageError: It has no noise to hide a mark in.
        """
        name = self._names[case]
        key = key_of(self.identity, name)
        try:
            for fraction in FRACTIONS:
                found = mark_pixels(image.pixels, key, fraction=fraction, data_range=self._range)
                if score_of(found.pixels, key) >= SURE:
                    break
        except ImageError as problem:
            raise ImageError(f"{name}: watermark", problem.what, value=problem.value, remedy=problem.remedy) from None
        self._strengths[name] = MarkStrength(strength=found.strength, noise=found.noise, score=0.0)
        return Image(found.pixels, image.geometry, image.unit, image.subject)

    def require_found(self, name: str, seen: Image) -> None:
        """Note the score of a file as it was read back.

        Raises:
            ImageError: Its mark cannot be found.
        """
        score = score_of(seen.pixels, key_of(self.identity, name))
        if score < THRESHOLD:
            what = f"is too weak to be found in this image: score {score:.1f} below {THRESHOLD:.2f}"
            raise ImageError(f"{name}: watermark", what, remedy="Release the set without --watermark.")
        self._strengths[name] = self._strengths[name].model_copy(update={"score": round(score, 2)})

    def record(self, effects: Effects) -> Watermark:
        """Return what the manifest says of the mark."""
        return Watermark(
            identity=self.identity, fraction=FRACTION, threshold=round(THRESHOLD, 4), false_alarms=FALSE_ALARMS,
            unit=self.unit, images=dict(sorted(self._strengths.items())), effects=effects.rows,
            effects_missing=effects.missing,
        )  # fmt: skip


class Detected(NamedTuple):
    """Scores of all images of a folder by name, and of the set as a whole."""

    scores: dict[str, float]
    whole: float


def detect(folder: Path, manifest: Manifest) -> Detected:
    """Look for a release's watermark in its images, as they lie in the folder.

    Args:
        folder: The release.
        manifest: Of the release; its watermark gives the key.

    Raises:
        ImageError: An image cannot be read.
    """
    mark = manifest.watermark
    assert mark is not None
    found = {
        image.case: score_of(read_image(inside(folder, image.path)).pixels, key_of(mark.identity, image.case))
        for image in manifest.images
    }
    return Detected(found, set_score(list(found.values())))


def mark_faults(folder: Path, manifest: Manifest) -> Iterable[str]:
    """Yield what is wrong with a watermark that was signed for.

    Raises:
        ImageError: An image cannot be read.
    """
    mark = manifest.watermark
    if mark is None:
        yield "manifest.json: tells of no watermark, and one was signed for"
        return
    if mark.identity != identity_of(manifest.images, manifest.study, manifest.generator, manifest.weights_sha256):
        yield "manifest.json: the watermark's identity does not follow from the entries"
        return
    if abs(mark.threshold - THRESHOLD) > 1e-3 or mark.false_alarms != FALSE_ALARMS:
        yield "manifest.json: the watermark's threshold is not that of its scheme"
    if set(mark.images) != {image.case for image in manifest.images}:
        yield "manifest.json: the watermark does not tell of every image"
    for name, score in detect(folder, manifest).scores.items():
        if score < THRESHOLD:
            yield f"{name}: does not bear the watermark (score {score:.1f} below {THRESHOLD:.2f})"


def told(mark: Watermark | None) -> str:
    """Return one line about a mark for cards and terminals."""
    if mark is None:
        return "as synthesised; no watermark"
    strengths = sorted(one.strength for one in mark.images.values())
    shares = sorted(one.strength / one.noise for one in mark.images.values() if one.noise > 0)
    share = f", {shares[len(shares) // 2]:.0%} of the image's own noise" if shares else ""
    return (
        f"watermarked: {strengths[0]:.3g} to {strengths[-1]:.3g} {mark.unit} root mean square{share} (median); "
        f"found in every file; an unmarked image counts as marked with a chance of at most {mark.false_alarms:g}"
    )
