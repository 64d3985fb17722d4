"""The images that an audit's page shows side by side, drawn as small PNG pictures."""

from __future__ import annotations

import numpy as np

from synthassay.data.listing import Listing
from synthassay.data.store import ImageStore
from synthassay.errors import SynthassayError
from synthassay.images.image import Image
from synthassay.images.picture import picture
from synthassay.records.audit import Audit

PAIRS_SHOWN = 24
SHOWN_QUANTILES = (0.005, 0.995)


def shown_pairs(found: Audit) -> tuple[tuple[str, str, str], ...]:
    """Return pairs to show, and in words what they are: those across splits first, then equal ones, then near ones."""
    pairs: dict[tuple[str, str], str] = {}
    crossing = {name for names in found.cross_split_exact.values() for name in names}
    groups = sorted(found.exact_duplicates, key=lambda group: not crossing & set(group))
    for group in groups:
        split = {name: found.about[name].split for name in group}
        other = next((name for name in group if split[name] != split[group[0]]), group[1])
        where = f"{split[group[0]]} and {split[other]}" if split[other] != split[group[0]] else split[other]
        pairs[group[0], other] = f"equal pixels, {where or 'no split'}"
    for near in found.near_duplicates:
        one, other = near.splits.split("|")
        where = f"{one} and {other}" if one != other else one or "no split"
        whose = {True: ", one subject", False: ", two subjects", None: ""}[near.same_subject]
        pairs.setdefault((near.a, near.b), f"correlation {near.correlation:.3f}, {where}{whose}")
    ordered = sorted(pairs.items(), key=lambda item: " and " not in item[1])
    return tuple((a, b, words) for (a, b), words in ordered[:PAIRS_SHOWN])


def draw_shown(found: Audit, listing: Listing) -> dict[str, bytes]:
    """Return image name to PNG for every image of ``shown_pairs``; one that cannot be drawn is left out."""
    cases = {case.case: case for case in listing.cases}
    store = ImageStore(listing.root)
    drawn = {}
    for name in {name for a, b, _ in shown_pairs(found) for name in (a, b)}:
        about = found.about[name]
        try:
            image = store.image(cases[about.case], about.role)
            drawn[name] = picture(image, _window(image))
        except SynthassayError:
            continue
    return drawn


def _window(image: Image) -> tuple[float, float]:
    low, high = (float(value) for value in np.quantile(image.pixels, SHOWN_QUANTILES))
    return (low, high) if high > low else (low, low + 1)
