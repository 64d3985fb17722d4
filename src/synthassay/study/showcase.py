"""Which cases a report shows, chosen by a number and not by hand, and their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from synthassay.data.image_set import ImageSet
from synthassay.evaluate.evidence import Evidence
from synthassay.images.image import Image
from synthassay.images.labelling import BANNER
from synthassay.images.picture import error_picture, montage, picture
from synthassay.randomness import stream
from synthassay.records.base import whole_file
from synthassay.records.evaluation import CaseSelection, NeighbourList, evaluation_folder, picture_path
from synthassay.records.measurement import Measurement
from synthassay.records.vocabulary import Better, Unit

SHOWN = 3
GRID_COLUMNS = 8
RANKED_BY = ("mae", "ssim", "psnr")
SOFT_TISSUE_WINDOW = (-200.0, 300.0)  # HU; errors that matter to a reader are seen here, not from -1000 to 3000
SHOWN_QUANTILES = (0.005, 0.995)
SYNTHETIC_MARK = {"Synthetic": "YES", "Comment": BANNER}


def display_window(evidence: Evidence) -> tuple[float, float]:
    """Return the intensities to show as black and white; for the eye alone, no number rests on it."""
    if evidence.protocol.unit is Unit.HU:
        return SOFT_TISSUE_WINDOW
    if evidence.data_range is not None:
        return evidence.data_range
    shown = np.concatenate([entry.load().pixels.ravel() for entry in evidence.test.entries[:GRID_COLUMNS]])
    low, high = np.nanquantile(shown, SHOWN_QUANTILES)
    return float(low), float(high) if high > low else float(low) + 1.0


def show_cases(run: Path, evidence: Evidence, rows: Sequence[Measurement], neighbours: NeighbourList | None) -> None:
    """Write ``cases.json``, ``grid.png`` and the pictures of chosen cases and of nearest neighbours.

    Args:
        run: Run folder.
        evidence: What was judged.
        rows: Its measurements.
        neighbours: Nearest real neighbours, where they were measured.
    """
    window = display_window(evidence)
    _write_grid(run, evidence, window)
    ranked = _ranked(rows)
    if ranked is not None and evidence.reference is not None:
        _write_pairs(run, evidence, ranked, window)
    if neighbours is not None:
        _write_neighbours(run, evidence, neighbours, window)


def _ranked(rows: Sequence[Measurement]) -> Measurement | None:
    for name in RANKED_BY:
        for row in rows:
            if row.metric == name and row.per_case and not row.stratum:
                return row
    return None


def _write_pairs(run: Path, evidence: Evidence, row: Measurement, window: tuple[float, float]) -> None:
    order = sorted(row.per_case, key=lambda case: (row.per_case[case], case), reverse=row.better is Better.HIGHER)
    count = min(SHOWN, -(-len(order) // 3))
    middle = max(0, len(order) // 2 - count // 2)
    best, worst = order[:count], order[::-1][:count]
    median = [case for case in order[middle : middle + count] if case not in {*best, *worst}]
    limit = _error_limit(evidence, [*best, *median, *worst])
    selection = CaseSelection(
        of=evidence.of,
        metric=row.metric,
        title=row.title,
        unit=row.unit,
        better=row.better,
        best=tuple(best),
        median=tuple(median),
        worst=tuple(case for case in worst if case not in best),
        values={case: row.per_case[case] for case in {*best, *median, *worst}},
        rule=f"Ranked by {row.title.lower()} over all {len(order)} cases; volumes are shown where the mask is largest.",
        window=window,
        window_unit=row.unit if evidence.protocol.unit is Unit.HU else evidence.protocol.unit.value,
        error_limit=limit,
    )
    selection.write(evaluation_folder(run, evidence.of) / "cases.json")
    for case in selection.values:
        _draw_pair(run, evidence, case, window, limit)


def _draw_pair(run: Path, evidence: Evidence, case: str, window: tuple[float, float], limit: float) -> None:
    at = evidence.synthetic.cases.index(case)
    position = _position(evidence, at)
    synthetic = _image(evidence.synthetic, at)
    assert synthetic is not None
    reference = _image(evidence.reference, at)
    drawn = {
        "source": _image(evidence.source, at),
        "synthetic": synthetic,
        "reference": reference,
    }
    for role, image in drawn.items():
        if image is not None:
            marks = SYNTHETIC_MARK if role == "synthetic" else None
            _save(picture_path(run, evidence.of, case, role), picture(image, window, position=position, marks=marks))
    if reference is not None:
        error = error_picture(synthetic, reference, limit, position=position)
        _save(picture_path(run, evidence.of, case, "error"), error)


def _write_neighbours(run: Path, evidence: Evidence, found: NeighbourList, window: tuple[float, float]) -> None:
    cases = evidence.synthetic.cases
    real = {entry.case: entry for name in ("training", "holdout", "test") for entry in _entries(evidence, name)}
    for one in found.entries:
        at = cases.index(one.synthetic)
        image, position = evidence.synthetic.entries[at].load(), _position(evidence, at)
        drawn = picture(image, window, position=position, marks=SYNTHETIC_MARK)
        _save(picture_path(run, evidence.of, one.synthetic, "synthetic"), drawn)
        nearest = real.get(one.nearest[0].case)
        if nearest is not None:
            beside = nearest.load()
            position = position if beside.space == image.space else None
            _save(
                picture_path(run, evidence.of, one.synthetic, "neighbour"), picture(beside, window, position=position)
            )


def _write_grid(run: Path, evidence: Evidence, window: tuple[float, float]) -> None:
    """Random cases, drawn by the study's seed: synthetic above real, class by class."""
    rows: dict[str, list[Image]] = {}
    for label in sorted(set(evidence.synthetic.labels)):
        name = f" {label}" if label else ""
        rows[f"synthetic{name}"] = _some(evidence, evidence.synthetic, label)
        real = evidence.reference or evidence.test
        rows[f"real{name}"] = _some(evidence, real, label)
    _save(evaluation_folder(run, evidence.of) / "grid.png", montage({k: v for k, v in rows.items() if v}, window))


def _some(evidence: Evidence, images: ImageSet, label: str) -> list[Image]:
    at = [i for i, found in enumerate(images.labels) if not label or found == label]
    if len(at) > GRID_COLUMNS:
        at = sorted(stream(evidence.seed, "grid", label).choice(at, GRID_COLUMNS, replace=False).tolist())
    return [images.entries[i].load() for i in at]


def _position(evidence: Evidence, at: int) -> int | None:
    mask = _image(evidence.masks, at)
    if mask is None or len(mask.space) != 3:
        return None
    area = mask.pixels.astype(bool).any(axis=0).sum(axis=(0, 1))
    return int(np.median(np.flatnonzero(area >= 0.95 * area.max())))


def _error_limit(evidence: Evidence, cases: Sequence[str]) -> float:
    """Return a round limit that 99% of the shown errors stay within."""
    largest = []
    for case in cases:
        at = evidence.synthetic.cases.index(case)
        synthetic, reference, mask = (_image(s, at) for s in (evidence.synthetic, evidence.reference, evidence.masks))
        assert synthetic is not None
        assert reference is not None
        error = np.abs(np.subtract(synthetic.pixels, reference.pixels, dtype=np.float64))
        inside = error if mask is None else error[np.broadcast_to(mask.pixels.astype(bool), error.shape)]
        largest.append(float(np.nanquantile(inside, 0.99)) if inside.size else 0.0)
    limit = max(largest, default=0.0) or 1.0
    step = 10 ** np.floor(np.log10(limit))
    return float(np.ceil(limit / step) * step)


def _image(images: ImageSet | None, at: int) -> Image | None:
    return None if images is None else images.entries[at].load()


def _entries(evidence: Evidence, name: str) -> tuple:
    images: ImageSet | None = getattr(evidence, name)
    return () if images is None else images.entries


def _save(path: Path, png: bytes) -> None:
    with whole_file(path) as partial:
        partial.write_bytes(png)
