"""Disguised copies of real radiographs found among other patients, beside pHash and plain correlation, and the cost.

    python benchmarks/bench_audit.py [--json FILE] [--images N ...]

Copies of held-out patients' images are planted under other names. The peers get the best threshold that there is: the
one at which just no pair of different patients is taken for copies; the audit calibrates its own. pHash is that of
ImageHash 4.3 (32 x 32 DCT, 8 x 8 of it against the median), written out here; plain correlation is the brute force of
all pairs. Both are also given all mirrorings. Times are of one core.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import fft, ndimage

from synthassay.data.sources import SOURCES, fetch
from synthassay.evaluate.leakage.likeness import likeness
from synthassay.evaluate.leakage.natural import natural_likeness
from synthassay.evaluate.leakage.sketches import averaged_down, sketches_of

COPIES = 40


def pillow(picture):
    return Image.fromarray(np.clip(np.round(picture), 0, 255).astype(np.uint8))


def jpeg(picture, quality):
    file = io.BytesIO()
    pillow(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).astype(np.float32)


def part(picture, share, place):
    size = picture.shape[0]
    kept = round(share * size)
    y, x = [(size - kept) // 2] * 2 if place == "middle" else [(size - kept) * (place in ends) for ends in ("c", "bc")]
    return np.asarray(pillow(picture[y : y + kept, x : x + kept]).resize((size, size), Image.Resampling.BICUBIC)) * 1.0


def moved(picture, share):
    step = round(share * picture.shape[0])
    return np.pad(picture, ((step, 0), (0, step)), mode="edge")[:-step, step:]


def noisy(picture, level):
    return picture + np.random.default_rng(int(picture.sum())).normal(scale=level, size=picture.shape)


DISGUISES = {
    "mirrored": lambda x: x[:, ::-1],
    "turned by half": lambda x: x[::-1, ::-1],
    "shifted by 5 %": lambda x: moved(x, 0.05),
    "shifted by 10 %": lambda x: moved(x, 0.1),
    "shifted by half a pixel more": lambda x: ndimage.shift(x, (3.5, -3.5), order=1, mode="nearest"),
    "middle 95 %": lambda x: part(x, 0.95, "middle"),
    "middle 90 %": lambda x: part(x, 0.9, "middle"),
    "corner 90 %": lambda x: part(x, 0.9, "a"),
    "corner 87 %": lambda x: part(x, 0.87, "c"),
    "corner 80 %": lambda x: part(x, 0.8, "b"),
    "contrast x 0.8": lambda x: np.round(0.8 * x),
    "gamma 0.8": lambda x: np.round(255 * (x / 255) ** 0.8),
    "JPEG quality 50": lambda x: jpeg(x, 50),
    "JPEG quality 25": lambda x: jpeg(x, 25),
    "noise of 5 grey levels": lambda x: noisy(x, 5),
    "noise of 10 grey levels": lambda x: noisy(x, 10),
    "mirrored, corner 90 %, contrast x 0.8": lambda x: 0.8 * part(x[:, ::-1], 0.9, "a"),
}


def radiographs():
    card = SOURCES.get("xray-kermany-pneumonia")
    with np.load(fetch(card) / next(iter(card.files))) as archive:
        pixels, patient = archive["images"], archive["patient"]
    return pixels.astype(np.float32), patient


def one_per_patient(pixels, patient):
    _, first = np.unique(patient, return_index=True)
    order = np.random.default_rng(0).permutation(first)
    return pixels[order], patient[order]


def mirrored(pixels):
    return [pixels, pixels[:, ::-1], pixels[:, :, ::-1], pixels[:, ::-1, ::-1]]


def correlation(judged, among):
    def rows(x):
        x = x.reshape(len(x), -1) - x.reshape(len(x), -1).mean(axis=1, keepdims=True)
        return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)

    return np.maximum.reduce([rows(turned) @ rows(among).T for turned in mirrored(judged)])


def phash(judged, among):
    def bits(pixels):
        small = np.stack([np.asarray(pillow(p).resize((32, 32), Image.Resampling.LANCZOS)) for p in pixels]).astype(
            float
        )
        low = fft.dct(fft.dct(small, axis=1), axis=2)[:, :8, :8].reshape(len(pixels), -1)
        return np.where(low > np.median(low, axis=1, keepdims=True), 1.0, -1.0).astype(np.float32)

    return np.maximum.reduce([bits(turned) @ bits(among).T for turned in mirrored(judged)])


def ours(pixels, patient):
    sketches = sketches_of(np.stack([averaged_down(p[None]) for p in pixels]))
    _, owner = np.unique(patient, return_inverse=True)
    found = likeness(sketches, sketches, owner=owner, owner_among=owner)
    return found, natural_likeness(found, owner, np.arange(len(owner))), owner


def recall():
    pixels, patient = one_per_patient(*radiographs())
    half = len(pixels) // 2
    found, natural, _ = ours(pixels[:half], patient[:half])
    # on patients that did not calibrate the bound
    held, _, _ = ours(pixels[half:], patient[half:])
    rows = {
        "bound calibrated on": half,
        "bound": natural.bound,
        "held-out patients": len(pixels) - half,
        "held-out patients above the bound": int((held.correlation[:, 0] > natural.bound).sum()),
        "highest correlation of held-out patients": float(held.correlation[:, 0].max()),
    }
    print(rows, flush=True)
    originals = pixels[:half]
    thresholds = {}
    for name, alike in (("correlation", correlation), ("pHash", phash)):
        table = alike(originals, originals)
        np.fill_diagonal(table, -np.inf)
        thresholds[name] = (alike, table.max())
    table = {}
    planted = np.concatenate(
        [np.stack([f(p) for p in originals[i * COPIES : (i + 1) * COPIES]]) for i, f in enumerate(DISGUISES.values())]
    ).astype(np.float32)
    names = np.concatenate([patient[:half], [f"copy {i}" for i in range(len(planted))]])
    found, with_copies, _ = ours(np.concatenate([originals, planted]), names)
    pairs = found_pairs(found, with_copies.bound)
    rows["bound with copies among the data"] = with_copies.bound
    rows["pairs of different patients above it"] = sum(max(pair) < half for pair in pairs)
    for i, name in enumerate(DISGUISES):
        sources = np.arange(i * COPIES, (i + 1) * COPIES)
        table[name] = {"audit": float(np.mean([(s, half + s) in pairs for s in sources]))}
        for peer, (alike, threshold) in thresholds.items():
            table[name][peer] = float((np.diag(alike(planted[sources], originals[sources])) > threshold).mean())
        print(name, table[name], flush=True)
    return {"setting": rows, "recall": table}


def found_pairs(found, bound):
    rows, columns = np.nonzero((found.position >= 0) & (found.correlation > bound))
    return {tuple(sorted((r, int(found.position[r, c])))) for r, c in zip(rows.tolist(), columns.tolist(), strict=True)}


def cost(count):
    pixels, _ = radiographs()
    rng = np.random.default_rng(0)
    album = np.stack([averaged_down(noisy(pixels[i % len(pixels)], 20)[None]) for i in range(count)])
    owner = rng.permutation(count)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    sketches = sketches_of(album)
    likeness(sketches, sketches, owner=owner, owner_among=owner)
    seconds = time.process_time() - start
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    start = time.process_time()
    for first in range(0, count, 512):
        correlation(album[first : first + 512].astype(np.float32), album.astype(np.float32)).max(axis=1)
    brute = time.process_time() - start
    return {"images": count, "seconds": seconds, "memory_mib": memory, "correlation_seconds": brute}


def share_of_many(count, judged=256):
    """Some images sought among very many: the whole takes count / judged times as long, and as much memory."""
    pixels, _ = radiographs()
    base = np.stack([averaged_down(p[None]) for p in pixels])
    rng = np.random.default_rng(0)
    with tempfile.TemporaryFile() as file:
        album = np.memmap(file, np.uint8, "w+", shape=(count, 64, 64))
    for first in range(0, count, len(base)):
        kept = album[first : first + len(base)]
        noise = rng.integers(0, 40, (len(kept), 64, 64), dtype=np.uint8)
        kept[:] = base[: len(kept)] // 2 + np.roll(noise, 1, axis=1)
    del base, pixels
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    among = sketches_of(album)
    sketched, start = time.process_time() - start, time.process_time()
    owner = np.arange(count)
    likeness(sketches_of(album, np.arange(judged)), among, owner=owner[:judged], owner_among=owner)
    seconds = time.process_time() - start
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    whole = sketched + seconds * count / judged
    return {"images": count, "judged": judged, "hours_for_all": whole / 3600, "memory_mib": memory}


def main() -> None:
    """Print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--images", type=int, nargs="*", default=[1000, 2000, 4000])
    parser.add_argument("--many", type=int, default=100_000)
    chosen = parser.parse_args()
    found = {"cost": [cost(count) for count in chosen.images]}
    for row in found["cost"]:
        print(row)
    found["many"] = share_of_many(chosen.many)
    print(found["many"])
    found |= recall()
    print(found["setting"])
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    sys.exit(main())
