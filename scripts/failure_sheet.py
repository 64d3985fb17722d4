"""Draw every injected failure at growing severity on real images: docs/images/failures.png.

    SYNTHASSAY_DATA=... python scripts/failure_sheet.py

Real images: IXI brain (Imperial College London, CC BY-SA 3.0), OpenKBP head and neck CT, Kermany chest radiographs
(CC BY 4.0). The radiographs have no stated pixel size; 4 mm is assumed here, for the picture alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from synthassay.data.cohorts import load_cohort
from synthassay.data.store import ImageStore
from synthassay.failures.copies import flipped, recontrasted, shifted
from synthassay.failures.failure import FAILURES, Failure
from synthassay.images.specimen import Specimen
from synthassay.records.spec import DataSpec
from synthassay.records.vocabulary import Modality, Unit

TILE, GAP, NAME = 100, 3, 26
LEVELS, LARGEST_BYTES = 40, 400_000
HERE = Path(__file__).resolve().parents[1]
ON_CT = {"hu_shift", "tissue_swap", "oversmoothing", "misrotation"}
ON_XRAY = {"added_noise", "noise_texture", "checkerboard", "tile_seams", "over_sharpening", "misregistration"}
SEED = 1


def first(source: str, modality: Modality, count: int = 1, **data: str) -> list[Specimen]:
    """The first cases of a prepared file."""
    cohort = load_cohort(DataSpec(source=source, split="given", **data), modality, 7, folder=Path())
    store, found = ImageStore(cohort), []
    step = max(1, len(cohort.cases) // count)
    for case in cohort.cases[::step][:count]:
        image = store.image(case, "t1" if "t1" in case.images else "image")
        mask = store.image(case, "mask").pixels[0] > 0 if "mask" in case.images else None
        drawn = store.image(case, "structures").pixels[0].astype(np.int32) if "structures" in case.images else None
        pixels = image.pixels.astype(np.float32)
        found.append(
            Specimen(
                pixels,
                image.geometry.spacing_mm,
                None,
                image.unit,
                case.case,
                case.subject,
                case.label or "",
                mask,
                drawn,
            )
        )
    return found


def shown(specimen: Specimen, axis: int | None, place: int) -> np.ndarray:
    """A slice as grey levels, upright."""
    plane = specimen.pixels[0]
    if axis is not None:
        plane = np.take(plane, place, axis=axis).T[::-1]
    low, high = (-200.0, 350.0) if specimen.unit is Unit.HU else (0.0, 255.0)
    return np.clip((plane - low) / (high - low), 0, 1)


def tile(plane: np.ndarray) -> Image.Image:
    """A slice in a square of fixed size, with few grey levels so that the file stays small."""
    grey = Image.fromarray((np.round(plane * (LEVELS - 1)) * (255 // (LEVELS - 1))).astype(np.uint8))
    scale = TILE / max(grey.size)
    grey = grey.resize((round(grey.size[0] * scale), round(grey.size[1] * scale)), Image.Resampling.NEAREST)
    framed = Image.new("L", (TILE, TILE), 0)
    framed.paste(grey, ((TILE - grey.size[0]) // 2, (TILE - grey.size[1]) // 2))
    return framed


def row_of_case(entry: Failure, specimen: Specimen) -> tuple[str, list[Image.Image]]:
    """The real image and the image at four doses, in the slice where the largest dose does most."""
    doses = [entry.severities[i] for i in (0, 2, -2, -1)]
    seed = 3 if "lesion" in entry.name else SEED  # a site in the middle of the picture
    pairs = [entry.inject(specimen, dose, np.random.default_rng(seed)) for dose in doses]
    axis, place = None, 0
    if len(specimen.space) == 3:
        axis = 1 if entry.dimensions == (3,) else 2
        change = np.abs(pairs[-1].synthetic.pixels[0] - pairs[-1].reference.pixels[0])
        amount = change.mean(axis=tuple(other for other in range(3) if other != axis))
        middle = specimen.space[axis] // 2
        place = int(amount.argmax()) if "lesion" in entry.name or "structure" in entry.name else middle
        place = int(amount.argmax()) if entry.name == "tissue_swap" else place
    sides = [pair.reference if entry.name == "lesion_erased" else pair.synthetic for pair in pairs]
    tiles = [tile(shown(one, axis, place)) for one in (specimen, *sides)]
    return f"{entry.title}: {', '.join(f'{dose:g}' for dose in doses)} {entry.unit}", tiles


def mosaic(images: Sequence[Specimen]) -> Image.Image:
    """Nine images of a set in a square."""
    planes = [shown(one, None, 0) for one in images[:9]]
    return tile(np.vstack([np.hstack(planes[row : row + 3]) for row in (0, 3, 6)]))


def rows_of_sets(chests: list[Specimen]) -> list[tuple[str, list[Image.Image]]]:
    """Collapse as nine images of the set, and one training image in its disguises."""
    entry = FAILURES.get("mode_collapse")
    doses = (20.0, 40.0, 60.0, 90.0)
    sets = [entry.inject_set(chests, [], dose, np.random.default_rng(SEED)) for dose in (0.0, *doses)]
    collapse = f"{entry.title}: {', '.join(f'{dose:g}' for dose in doses)} {entry.unit}"
    copy = chests[0]
    disguises = [copy, copy, flipped(copy), shifted(copy), recontrasted(copy)]
    return [
        (collapse, [mosaic(images) for images in sets]),
        ("Memorised copies: plain, flipped, shifted, other contrast", [tile(shown(one, None, 0)) for one in disguises]),
    ]


def sheet(rows: list[tuple[str, list[Image.Image]]]) -> Image.Image:
    """Rows in two columns, each under its name."""
    font = ImageFont.load_default(size=14)
    per_column = (len(rows) + 1) // 2
    width = 5 * (TILE + GAP) + 20
    page = Image.new("L", (2 * width, per_column * (TILE + NAME) + 10), 255)
    draw = ImageDraw.Draw(page)
    for number, (name, tiles) in enumerate(rows):
        left, top = (number // per_column) * width + 10, (number % per_column) * (TILE + NAME) + 5
        draw.text((left, top), name, fill=0, font=font)
        for column, one in enumerate(tiles):
            page.paste(one, (left + column * (TILE + GAP), top + 19))
    return page


def main() -> None:
    """Draw the sheet."""
    brain = first("mri-ixi-hh-t1", Modality.MRI)[0]
    head = first("ct-openkbp-headneck", Modality.CT)[0]
    chests = [one.replace(spacing_mm=(4.0, 4.0)) for one in first("xray-kermany-pneumonia", Modality.XRAY, 9)]
    rows = []
    for name, entry in FAILURES.items():
        if entry.scope == "case" and entry.modalities != (Modality.PATHOLOGY,):
            on = head if name in ON_CT else chests[4] if name in ON_XRAY else brain
            rows.append(row_of_case(entry, on))
    page = sheet(rows + rows_of_sets(chests)).quantize(LEVELS)
    out = HERE / "docs" / "images" / "failures.png"
    page.save(out, optimize=True)
    if out.stat().st_size > LARGEST_BYTES:
        sys.exit(f"{out}: is {out.stat().st_size} bytes, more than {LARGEST_BYTES}")


if __name__ == "__main__":
    main()
