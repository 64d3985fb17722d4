"""The external check: what was learnt here translates real images from elsewhere, and their references judge it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import synthassay
from synthassay.data.cohorts import data_hashes
from synthassay.data.image_set import ImageSet
from synthassay.data.outside import folder_image_set
from synthassay.evaluate.case_pass import measure_cases
from synthassay.evaluate.evidence import Evidence, Options
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.needs import lacking
from synthassay.generators.stored import load_generator
from synthassay.images.image import Image
from synthassay.images.picture import montage
from synthassay.records.base import read_lines, whole_file, write_lines
from synthassay.records.evaluation import evaluation_folder
from synthassay.records.external import (
    EXTERNAL_METRIC,
    EXTERNAL_PICTURE,
    ExternalCheck,
    external_check_path,
    external_images,
)
from synthassay.records.manifest import Manifest
from synthassay.records.measurement import Measurement
from synthassay.records.vocabulary import Axis, Role, Split
from synthassay.study.console import Voice
from synthassay.study.origin import origin_of
from synthassay.study.plan import Plan, PlannedGenerator
from synthassay.study.run_folder import RunFolder
from synthassay.study.showcase import display_window
from synthassay.synthesise import synthesise
from synthassay.tasks import Task
from synthassay.tasks.elsewhere import elsewhere

MEASURES = (
    "hu_error", "hu_bias", "mae", "psnr", "ssim",
    "tissue_overlap", "tissue_distance", "edge_f_score", "gradient_error", "mind_distance",
    "edge_f_score_to_source", "mind_distance_to_source", "edge_displacement",
)  # fmt: skip
"""What is asked of single images from elsewhere: values, tissues, edges, structure; few images make no set."""
ROWS = "measurements.jsonl"
SHOWN_SLICES = (0.2, 0.4, 0.6, 0.8)


def check_elsewhere(plan: Plan, folder: RunFolder, voice: Voice) -> list[Measurement]:
    """Translate and judge the images of ``[external]`` with every generator and baseline; nothing without such a table.

    Returns:
        Rows of the measure ``external_agreement``, a stratum for each measure and part; without an interval where the
        subjects are too few for one.
    """
    if plan.external is None:
        return []
    task = elsewhere(plan.task, plan.external)
    rows = [row for generator in plan.generators for row in _of_one(plan, folder, task, generator, voice)]
    _show(plan, folder, task)
    return rows


def with_elsewhere(rows: Sequence[Measurement], found: Sequence[Measurement]) -> list[Measurement]:
    """Return the rows of a study with those of its external check in the place of the reason why there are none."""
    checked = {row.of for row in found}
    kept = [row for row in rows if row.metric != EXTERNAL_METRIC or row.of not in checked]
    order = list(dict.fromkeys(row.of for row in rows))
    return sorted([*kept, *found], key=lambda row: order.index(row.of))


def _of_one(
    plan: Plan, folder: RunFolder, task: Task, generator: PlannedGenerator, voice: Voice
) -> tuple[Measurement, ...]:
    spec, external, place = plan.spec, plan.external, external_images(folder.path, generator.name)
    assert spec.external is not None
    assert external is not None
    inputs = {
        "model": folder.outputs("train", generator.name),
        "external": spec.external.model_dump(mode="json", exclude={"note"}),
        "cohort": external.cohort.digest(),
        "data": data_hashes(external.cohort),
        "format": spec.sampling.format,
        "bootstrap": spec.evaluation.bootstrap,
        "protocol": plan.protocol.name,
        "title": spec.title,
        "software": synthassay.__version__,
    }
    if not folder.finished("external", generator.name, inputs):
        folder.begin("external", generator.name, inputs, [place])
        weights = folder.path / "model" / generator.name
        origin, title = origin_of(plan, generator, weights), f"external check of {generator.name}"
        with folder.timed("external", generator.name) as elapsed, voice.track(title) as advance:
            model = load_generator(weights)
            synthesise(task, model, origin, place, file_format=spec.sampling.format, progress=advance)
            evidence = _evidence(plan, task, generator.name, place)
            rows = _measured(evidence)
            write_lines(place / ROWS, rows)
            folder.finish("external", generator.name, inputs, [place / "manifest.json", place / ROWS])
        voice.panel(title, {"subjects": str(len(set(evidence.test.subjects))), "took": elapsed()})
    return read_lines(place / ROWS, Measurement, "Run the study again.")


def _evidence(plan: Plan, task: Task, name: str, place: Path) -> Evidence:
    manifest = Manifest.read(place / "manifest.json")
    sources = [image.condition["source"] for image in manifest.images]
    real = {role: _aligned(task.real(role, Split.EXTERNAL), sources) for role in ("source", "reference", "mask")}
    return Evidence(
        of=name,
        protocol=plan.protocol,
        task=plan.spec.task,
        synthetic=folder_image_set("synthetic", place, plan.spec.modality),
        test=ImageSet("external", real["reference"].entries),
        reference=real["reference"],
        source=real["source"],
        masks=real["mask"],
        data_range=task.data_range,
        seed=plan.spec.seed,
        options=Options(bootstrap=plan.spec.evaluation.bootstrap),
    )


def _measured(evidence: Evidence) -> list[Measurement]:
    """The measures of single images that apply, each stratum a part of the one measure of agreement elsewhere."""
    metrics = [METRICS.get(name) for name in MEASURES]
    able = [metric for metric in metrics if not lacking(evidence, metric)]
    found = [row for _, rows in measure_cases(evidence, able) for row in rows]
    return [
        row.model_copy(
            update={
                "metric": EXTERNAL_METRIC,
                "title": "External agreement",
                "axis": Axis.FIDELITY,
                "stratum": f"measure={row.metric}" + (f", {row.stratum}" if row.stratum else ""),
                "settings": {**row.settings, "measure": row.title, "part": row.stratum},
            }
        )
        for row in found
    ]


def _show(plan: Plan, folder: RunFolder, task: Task) -> None:
    """Write the record of the check and its picture: the first case in slices, real above what each made of it."""
    spec, external = plan.spec, plan.external
    assert spec.external is not None
    assert external is not None
    first = _evidence(plan, task, "", external_images(folder.path, plan.generators[0].name))
    window = spec.data.window or display_window(first)
    sets: dict[str, ImageSet | None] = {Role.SOURCE.value: first.source, Role.REFERENCE.value: first.reference}
    rows: dict[str, Sequence[Image]] = {}
    assert first.masks is not None
    mask = np.asarray(first.masks.entries[0].load().pixels.any(axis=0))
    for role, images in sets.items():
        assert images is not None
        image = images.entries[0].load()
        own = image if image.unit is first.protocol.unit else _spread(image, window)
        theirs = getattr(spec.external, {"source": "input", "reference": "image"}[role]) or role
        rows[f"{role} (real): {theirs}"] = _slices(own, mask)
    for generator in plan.generators:
        made = folder_image_set("synthetic", external_images(folder.path, generator.name), spec.modality)
        rows[f"synthetic: {generator.name}"] = _slices(made.entries[0].load(), mask)
    with whole_file(evaluation_folder(folder.path) / EXTERNAL_PICTURE) as partial:
        partial.write_bytes(montage(rows, window))
    cohort = external.cohort
    ExternalCheck(
        source=cohort.source,
        subjects=len(cohort.subjects(Split.EXTERNAL)),
        cases=tuple(first.reference.cases) if first.reference else (),
        stands_for=_stands_for(plan),
        own_spacing_mm=external.own_spacing_mm,
        spacing_mm=external.spacing_mm or external.own_spacing_mm,
        trained_on=plan.cohort.source,
        note=spec.external.note,
        caveats=cohort.notes,
        licence=cohort.licence,
        citation=cohort.citation,
        window=window,
        window_unit=first.protocol.unit.value,
        shown=first.test.cases[0],
    ).write(external_check_path(folder.path))


def _stands_for(plan: Plan) -> Mapping[str, str]:
    data, external = plan.spec.data, plan.spec.external
    assert external is not None
    return {data.input: external.input or data.input, data.image: external.image or data.image}


def _slices(image: Image, mask: np.ndarray) -> list[Image]:
    """Pictures as they are; of a volume, axial slices spread over those that show the subject."""
    if len(image.space) == 2:
        return [image]
    shown = np.flatnonzero(mask.any(axis=(0, 1)))
    places = [int(shown[round(share * (len(shown) - 1))]) for share in SHOWN_SLICES]
    return [image.with_pixels(image.pixels[..., at : at + 1]) for at in places]


def _spread(image: Image, window: tuple[float, float]) -> Image:
    """The source in the window of the others: black where it is 0, white at its largest usual value."""
    high = float(np.quantile(image.pixels, 0.995)) or 1.0
    return image.with_pixels(window[0] + image.pixels / high * (window[1] - window[0]))


def _aligned(images: ImageSet, order: Sequence[str]) -> ImageSet:
    at = {case: i for i, case in enumerate(images.cases)}
    return images.subset([at[case] for case in order])
