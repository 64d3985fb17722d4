"""Case measures on pairs: every measure that compares an image with its reference, for all patients at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from synthassay.bench.damage import Pairs
from synthassay.bench.detection import Values
from synthassay.bench.material import Material
from synthassay.data.image_set import Entry, ImageSet
from synthassay.evaluate.case_pass import measure_cases
from synthassay.evaluate.evidence import Evidence, Options
from synthassay.evaluate.metric import METRICS, Metric
from synthassay.evaluate.needs import lacking
from synthassay.images.image import Geometry, Image
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Unit

DRAWS = 200


def case_metrics(material: Material, pairs: Pairs) -> list[Metric]:
    """Return the case measures that apply to these images, by name."""
    evidence = pair_evidence(material, pairs)
    return [metric for _, metric in METRICS.items() if metric.per == "case" and not lacking(evidence, metric)]


def measured_cases(material: Material, pairs: Pairs, metrics: Sequence[Metric]) -> dict[str, Values]:
    """Return metric to stratum to one value per specimen of the material; NaN where it was not measured."""
    evidence = pair_evidence(material, pairs)
    at = {specimen.case: pairs.positions[i] for i, specimen in enumerate(pairs.synthetic)}
    found: dict[str, Values] = {}
    for metric, rows in measure_cases(evidence, metrics):
        strata = {}
        for row in rows:
            values = np.full(len(material.specimens), np.nan)
            for case, value in row.per_case.items():
                values[at[case]] = value
            strata[row.stratum] = values
        found[metric.name] = strata
    return found


def pair_evidence(material: Material, pairs: Pairs) -> Evidence:
    """Return what case measures look at: pairs, with what is drawn on either side."""
    synthetic, reference = pairs.synthetic, pairs.reference
    anywhere = any(specimen.lesion is not None for specimen in (*synthetic, *reference))
    return Evidence(
        of="bench",
        protocol=material.protocol,
        synthetic=specimen_set("synthetic", synthetic),
        test=specimen_set("test", reference),
        reference=specimen_set("reference", reference),
        masks=_drawn("masks", reference, lambda s: s.mask),
        structures=_drawn("structures", reference, lambda s: s.structures),
        synthetic_structures=_drawn("synthetic_structures", synthetic, lambda s: s.structures),
        lesions=_lesions("lesions", reference) if anywhere else None,
        synthetic_lesions=_lesions("synthetic_lesions", synthetic) if anywhere else None,
        structure_names=reference[0].structure_names,
        data_range=material.data_range,
        options=Options(bootstrap=DRAWS),
    )


def specimen_set(name: str, specimens: Sequence[Specimen]) -> ImageSet:
    """Return specimens as a set of images that are in memory already."""
    return ImageSet(name, tuple(_entry(s, s.pixels, s.unit) for s in specimens))


def _drawn(name: str, specimens: Sequence[Specimen], pick: Callable[[Specimen], np.ndarray | None]) -> ImageSet | None:
    drawn = [pick(specimen) for specimen in specimens]
    entries = [_entry(s, d[None], Unit.LABEL) for s, d in zip(specimens, drawn, strict=True) if d is not None]
    return ImageSet(name, tuple(entries)) if len(entries) == len(specimens) else None


def _lesions(name: str, specimens: Sequence[Specimen]) -> ImageSet:
    """Lesions are known here, because the bench put them in: an image without one has an empty mask, not no mask."""
    drawn = [np.zeros(s.space, bool) if s.lesion is None else s.lesion for s in specimens]
    return ImageSet(name, tuple(_entry(s, d[None], Unit.LABEL) for s, d in zip(specimens, drawn, strict=True)))


def _entry(specimen: Specimen, pixels: np.ndarray, unit: Unit) -> Entry:
    geometry = Geometry(spacing_mm=specimen.spacing_mm, mpp=specimen.mpp)
    image = Image(pixels, geometry, unit, specimen.subject)
    return Entry(specimen.case, specimen.subject, lambda: image, specimen.label)
