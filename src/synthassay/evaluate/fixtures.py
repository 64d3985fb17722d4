"""The names that a metric may ask for, and what stands behind each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from synthassay.errors import NotMeasured

if TYPE_CHECKING:
    from synthassay.evaluate.evidence import Evidence

SETS = {
    "synthetic": "the images that are judged",
    "test": "real images of held-out test subjects",
    "reference": "the real image that each synthetic one should equal",
    "source": "the image that each synthetic one was made from",
    "training": "real images that the generator was trained on",
    "holdout": "real images of subjects that the generator never saw, other than the test subjects",
    "external": "real images from elsewhere",
}
VIEWS = {
    "images": "float32 array, cases channels *space, in physical units",
    "features": "float64 array, cases features: the embedding, standardised by the real test images alone",
    "specimens": "lazy sequence of images with what is drawn on each (images.specimen.Specimen); sizes may differ",
    "prints": "small patterns and pixel hashes (leakage.prints.Prints), read image by image",
    "labels": "class name per case",
    "subjects": "subject per case",
    "cases": "case identifier per case",
    "groups": "per case, subgroup to value (site, scanner, sex, age band), where known",
}
COMMON = {
    "data_range": "lowest and highest possible value, as declared by the protocol or the study; never taken from data",
    "unit": "what a pixel means (Unit)",
    "spacing_mm": "pixel or voxel size per spatial axis; an empty tuple where unknown",
}
PER_CASE = {
    "synthetic": "array, channels *space",
    "reference": "array, channels *space",
    "source": "array, channels *space",
    "mask": "boolean array, *space: where to measure",
    "edge_matches": "edges of the source and of the image, found in each other (fidelity.edge_matching.Matches)",
    "structures": "integer array, *space: the label map of the reference",
    "synthetic_structures": "integer array, *space: the label map of the synthetic image",
    "lesion": "boolean array, *space: the lesion in the real image",
    "synthetic_lesion": "boolean array, *space: the lesion in the synthetic image",
    "synthetic_dose": "array, *space: dose in Gy of a plan calculated on the synthetic image; NaN where not calculated",
    "reference_dose": "array, *space: dose in Gy of the same plan calculated on the real image; NaN likewise",
    "prescription_gy": "dose that the plan prescribes; None where unknown",
    "density_curve": "points (HU, electron density relative to water) of the scanner; empty for the default",
    "structure_names": "mapping of label to name; empty where unknown",
    "structures_drawn": "labels that somebody drew on this reference; None where all that the data set has were drawn",
    "mpp": "micrometres per pixel; None where unknown",
}
PER_SET = {
    "rng": "numpy generator of this metric's own stream",
    "seed": "root seed of this metric's own streams",
    "bootstrap": "number of resampling draws for intervals",
    "inserted_lesions": "lesions added to sources, each with its surroundings (observers.inserted.LesionView)",
    "embedding": "name of the embedding behind *_features",
    "feature_names": "name per feature of the embedding",
    "embedding_settings": "what the features depend on, and which were left out or undefined, for a finding's settings",
    "real_memo": "dict shared by all generators judged on the same real images, for what depends on real images alone",
}

FACTS = frozenset(
    {
        "data_range",
        "unit",
        "spacing_mm",
        "structure_names",
        "structures_drawn",
        "mpp",
        "prescription_gy",
        "density_curve",
    }
)
"""Fixtures of a case that are facts about it, not images that somebody must supply."""

SET_BEHIND = {
    "mask": "masks",
    "edge_matches": "source",
    "lesion": "lesions",
    "synthetic_lesion": "synthetic_lesions",
    "reference_dose": "doses",
    "synthetic_dose": "synthetic_doses",
}
"""Fixture of a case to the set that it is read from, where the names differ."""

CASE_FIXTURES = frozenset({*PER_CASE, *COMMON})
OF_SETS = frozenset({*PER_SET, *COMMON, *(f"{name}_{view}" for name in SETS for view in VIEWS)})
Make = Callable[["Evidence"], Any]
M = TypeVar("M", bound=Make)


@dataclass(frozen=True)
class Provided:
    """A set fixture that a room of the evaluation provides itself.

    Attributes:
        about: What it is, in a line.
        make: Gives it for an evidence, or raises ``NotMeasured``; called once for each evidence.
        implies: Other set fixtures that must exist for it.
        lacking: Why an evidence cannot give it, told without reading an image; empty where it can.
        minutes: Whether it takes minutes, so that the failure bench cannot draw it hundreds of times.
    """

    about: str
    make: Make
    implies: tuple[str, ...]
    lacking: Callable[["Evidence"], str]
    minutes: bool


PROVIDED: dict[str, Provided] = {}


def provides(
    name: str,
    about: str,
    *,
    implies: tuple[str, ...] = (),
    lacking: Callable[["Evidence"], str] = lambda evidence: "",
    minutes: bool = False,
) -> Callable[[M], M]:
    """Register a function of the evidence as the set fixture ``name``; metrics of its module may then take it.

    Args:
        name: Name of the fixture; ours are declared in the room that knows how to make them.
        about: What it is, in a line.
        implies: Other set fixtures that must exist for it.
        lacking: Why an evidence cannot give it, told without reading an image.
        minutes: Whether it takes minutes.

    Raises:
        TypeError: Two rooms claim the name, or it implies an unknown one; our bug, found on import.
    """

    def register(make: M) -> M:
        if name in OF_SETS or (name in PROVIDED and PROVIDED[name].make is not make):
            raise TypeError(f"two fixtures claim the name {name}")
        unknown = [other for other in implies if not is_set_fixture(other)]
        if unknown:
            raise TypeError(f"fixture {name}: implies {', '.join(unknown)}, which do not exist")
        PROVIDED[name] = Provided(about, make, implies, lacking, minutes)
        return make

    return register


def is_set_fixture(name: str) -> bool:
    """Whether a metric of sets may take it."""
    return name in OF_SETS or name in PROVIDED


def set_fixtures() -> list[str]:
    """All that a metric of sets may take."""
    return sorted({*OF_SETS, *PROVIDED})


def implied(name: str) -> tuple[str, ...]:
    """Other fixtures that must exist for this one."""
    return PROVIDED[name].implies if name in PROVIDED else ()


def takes_minutes(needs: Iterable[str]) -> bool:
    """Whether any of a metric's needs takes minutes for each set that is judged."""
    return any(PROVIDED[need].minutes for need in needs if need in PROVIDED)


def provided(evidence: Evidence, name: str) -> Any:
    """Make a provided fixture for an evidence.

    Raises:
        NotMeasured: It cannot be given; the reason says why.
    """
    entry = PROVIDED[name]
    reason = entry.lacking(evidence)
    if reason:
        raise NotMeasured(reason)
    return entry.make(evidence)
