"""How an injected failure is declared: one function, its doses in a physical unit, and the dose that would matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.failures.tissue import without_nan
from synthassay.images.specimen import Specimen
from synthassay.records.vocabulary import Modality
from synthassay.registry import Registry

OURS = "convention of synthassay"
"""Source of a dose that matters where no published tolerance exists; the reason then says how it was chosen."""

NEEDS = ("mask", "structures", "lesion", "spacing_mm", "label", "training")


@dataclass(frozen=True)
class Matter:
    """The smallest dose that would matter, why, and who says so (DOI, arXiv, or ``OURS``)."""

    at: float
    why: str
    source: str


@dataclass(frozen=True)
class Damaged:
    """A pair of which the synthetic image fails the reference; failures of presence may change either side."""

    synthetic: Specimen
    reference: Specimen


@dataclass(frozen=True)
class Failure:
    """One way in which synthetic images fail.

    Attributes:
        unit: Unit of the severity, in words ("mm", "HU", "% of the set").
        severities: Five or six doses, ascending, none zero.
        modalities: Where it occurs.
        scope: ``case``: one image is damaged; ``set``: the set is damaged, its images may all be real.
        matters_at: The smallest dose that would matter, with ``matters_why`` and its ``source``.
        matters_in: Modalities where another dose matters.
        dimensions: 2 for pictures, 3 for volumes, or both.
        needs: What a specimen must carry, of ``NEEDS``.
        apply: The function itself; ``inject`` and ``inject_set`` call it with all checks made.
    """

    name: str
    title: str
    unit: str
    severities: tuple[float, ...]
    modalities: tuple[Modality, ...]
    scope: Literal["case", "set"]
    matters_at: float
    matters_why: str
    source: str
    apply: Callable[..., Any]
    matters_in: Mapping[Modality, Matter] = field(default_factory=dict)
    dimensions: tuple[int, ...] = (2, 3)
    needs: tuple[str, ...] = ()

    def matter(self, modality: Modality) -> Matter:
        """The dose that matters in a modality."""
        return self.matters_in.get(modality, Matter(self.matters_at, self.matters_why, self.source))

    def inject(self, specimen: Specimen, severity: float, rng: np.random.Generator) -> Damaged:
        """Damage one image.

        Args:
            specimen: A real image; pixels ``channels *space``. It is not changed.
            severity: Dose in ``unit``; 0 gives the specimen back as it is.
            rng: Draws the place and shape of the damage; the same state gives the same damage, larger with severity.

        Returns:
            The damaged image and the reference beside which it fails; the reference is the specimen itself unless the
            failure is something that the synthetic image lacks. Values that were NaN outside the mask are NaN again.

        Raises:
            NotMeasured: The specimen cannot carry this failure; the reason says why.
            ValueError: The severity is negative or not finite, or the failure is one of sets; our bug.
        """
        self._require(severity, "case")
        if severity == 0:
            return Damaged(specimen, specimen)
        self._require_carried(specimen)
        blind = ~np.isfinite(specimen.pixels)
        found = self.apply(without_nan(specimen), severity, rng)
        pair = found if isinstance(found, Damaged) else Damaged(found, specimen)
        if not blind.any():
            return pair
        return Damaged(_blinded(pair.synthetic, blind), _blinded(pair.reference, blind))

    def inject_set(
        self, synthetic: Sequence[Specimen], training: Sequence[Specimen], severity: float, rng: np.random.Generator
    ) -> list[Specimen]:
        """Damage a set of images.

        Args:
            synthetic: Real images that stand for a faultless synthetic set.
            training: Real images that a generator would have been trained on.
            severity: Dose in ``unit``; 0 gives the same specimens back.
            rng: Draws which images are replaced; a larger severity replaces those of a smaller one and more.

        Returns:
            As many specimens as were given, in their order.

        Raises:
            NotMeasured: The set cannot carry this failure.
            ValueError: The severity is negative or not finite, or the failure is one of cases; our bug.
        """
        self._require(severity, "set")
        if severity == 0:
            return list(synthetic)
        if len(synthetic) < 2:
            raise NotMeasured(f"{self.name} needs a set of at least 2 images and got {len(synthetic)}")
        if "training" in self.needs and not len(training):
            raise NotMeasured(f"{self.name} needs training images, and there are none")
        if "label" in self.needs and len({specimen.label for specimen in synthetic} - {""}) < 2:
            raise NotMeasured(f"{self.name} needs images of at least 2 classes")
        return list(self.apply(synthetic, training, severity, rng))

    def _require(self, severity: float, scope: str) -> None:
        if scope != self.scope:
            raise ValueError(f"{self.name} is a failure of a {self.scope}, not of a {scope}")
        if not (np.isfinite(severity) and severity >= 0):
            raise ValueError(f"{self.name}: severity must be finite and not negative, got {severity}")

    def _require_carried(self, specimen: Specimen) -> None:
        where = specimen.case or "the image"
        if len(specimen.space) not in self.dimensions:
            kind = "volume" if self.dimensions == (3,) else "picture"
            raise NotMeasured(f"{self.name} needs a {kind}, and {where} has {len(specimen.space)} dimensions")
        absent = {
            "mask": specimen.mask is None or not specimen.mask.any(),
            "structures": specimen.structures is None or not specimen.structures.any(),
            "lesion": specimen.lesion is None or not specimen.lesion.any(),
            "spacing_mm": len(specimen.spacing_mm) != len(specimen.space),
            "label": not specimen.label,
        }
        missing = [need for need in self.needs if absent.get(need, False)]
        if missing:
            raise NotMeasured(f"{self.name} needs {' and '.join(missing)}, which {where} does not have")


FAILURES: Registry[Failure] = Registry("failure", package="synthassay.failures", group="synthassay.failures")
F = TypeVar("F", bound=Callable[..., Any])


def failure(
    *,
    title: str,
    unit: str,
    severities: tuple[float, ...],
    modalities: tuple[Modality, ...],
    matters: Matter,
    scope: Literal["case", "set"] = "case",
    matters_in: Mapping[Modality, Matter] | None = None,
    dimensions: tuple[int, ...] = (2, 3),
    needs: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Register a function as a failure under its own name.

    A function of scope ``case`` is ``(specimen, severity, rng) -> Specimen`` or ``Damaged``; one of scope ``set`` is
    ``(synthetic, training, severity, rng) -> list[Specimen]``. It never meets a severity of 0, NaN, or a specimen
    without what it ``needs``. It draws from ``rng`` the same numbers whatever the severity, so that the damage grows.

    Args:
        title: Name in tables.
        unit: Unit of the severity.
        severities: Five or six doses, ascending, none zero.
        modalities: Where it occurs.
        matters: The smallest dose that would matter.
        scope: Whether an image or a set is damaged.
        matters_in: Modalities where another dose matters.
        dimensions: 2 for pictures, 3 for volumes.
        needs: What a specimen must carry, of ``NEEDS``.

    Returns:
        A decorator that gives the function back unchanged.

    Raises:
        TypeError: The declaration contradicts itself; our bug, found on import.
    """

    def register(function: F) -> F:
        name = getattr(function, "__name__", "")
        if not (title and unit and matters.why and matters.source and modalities):
            raise TypeError(f"failure {name}: title, unit, modalities and the dose that matters must not be empty")
        if list(severities) != sorted(set(severities)) or len(severities) not in (5, 6) or severities[0] <= 0:
            raise TypeError(f"failure {name}: severities must be 5 or 6 ascending numbers above 0")
        if set(needs) - set(NEEDS):
            raise TypeError(f"failure {name}: needs must be of {NEEDS}, got {needs}")
        entry = Failure(
            name,
            title,
            unit,
            severities,
            modalities,
            scope,
            matters.at,
            matters.why,
            matters.source,
            function,
            matters_in or {},
            dimensions,
            needs,
        )
        FAILURES.add(name)(entry)
        return function

    return register


def _blinded(specimen: Specimen, blind: np.ndarray) -> Specimen:
    return specimen.replace(pixels=np.where(blind, np.nan, specimen.pixels).astype(specimen.pixels.dtype))
