"""synthassay makes synthetic medical images and finds out what they are worth.

The names below are the public ones; each is imported when it is first used, so that ``import synthassay`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Case": "synthassay.records.cohort",
    "Cohort": "synthassay.records.cohort",
    "DataError": "synthassay.errors",
    "Evidence": "synthassay.evaluate.evidence",
    "GENERATORS": "synthassay.generators",
    "Generator": "synthassay.generators",
    "Geometry": "synthassay.images.image",
    "Image": "synthassay.images.image",
    "ImageError": "synthassay.errors",
    "ImageSet": "synthassay.data.image_set",
    "METRICS": "synthassay.evaluate.metric",
    "Manifest": "synthassay.records.manifest",
    "Measurement": "synthassay.records.measurement",
    "NotMeasured": "synthassay.errors",
    "PROTOCOLS": "synthassay.protocols",
    "RunError": "synthassay.errors",
    "SOURCES": "synthassay.data.sources",
    "SpecError": "synthassay.errors",
    "StudySpec": "synthassay.records.spec",
    "SyntheticLabel": "synthassay.images.labelling",
    "SynthassayError": "synthassay.errors",
    "TASKS": "synthassay.tasks",
    "Unit": "synthassay.records.vocabulary",
    "build_report": "synthassay.report.build",
    "evaluate": "synthassay.evaluate.run",
    "folder_image_set": "synthassay.data.outside",
    "generator": "synthassay.generators",
    "load_cohort": "synthassay.data.cohorts",
    "load_generator": "synthassay.generators.stored",
    "metric": "synthassay.evaluate.metric",
    "read_image": "synthassay.images.formats",
    "read_study": "synthassay.records.study_file",
    "run_study": "synthassay.study.run",
    "verify_folder": "synthassay.images.verify",
    "write_image": "synthassay.images.formats",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605 - a list of str, built once


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'synthassay' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__"])
