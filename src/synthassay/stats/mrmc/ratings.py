"""What readers said of cases: one array with a place for every treatment, reader and case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Ratings:
    """The ratings of a reader study.

    Attributes:
        treatments: Names of what was compared (tests, modalities, real or synthetic images).
        readers: Names of readers.
        cases: Names of cases; case names are unique over the study, so a case that every reader has of his own has a
            name of its own for each.
        truth: Whether each case is positive: diseased, or synthetic where readers were asked for that.
        score: ``treatments readers cases``; higher means more likely positive, NaN where not read.
        beside: Other numbers of each reading, in the same places: ``position`` in the session, ``seconds``, and whether
            the place named was right (``located``).
    """

    treatments: tuple[str, ...]
    readers: tuple[str, ...]
    cases: tuple[str, ...]
    truth: Bools
    score: Floats
    beside: dict[str, Floats] = field(default_factory=dict)
    patients: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.treatments), len(self.readers), len(self.cases))
        if self.score.shape != shape or self.truth.shape != shape[2:]:
            raise ValueError(f"scores {self.score.shape} and truth {self.truth.shape} do not fit {shape}")
        if self.patients and len(self.patients) != len(self.cases):
            raise ValueError(f"{len(self.patients)} patients are not those of {len(self.cases)} cases")

    @cached_property
    def patient(self) -> NDArray[np.intp]:
        """Number of each case's patient, from 0."""
        if not self.patients:
            return np.arange(len(self.cases))
        return np.unique(np.array(self.patients), return_inverse=True)[1]

    @property
    def clustered(self) -> bool:
        """Whether a patient has several cases.

        >>> score = np.zeros((1, 1, 2))
        >>> Ratings(("a",), ("r",), ("1", "2"), np.array([False, True]), score, patients=("p", "p")).clustered
        True
        """
        return len(np.unique(self.patient)) < len(self.cases)

    @cached_property
    def read(self) -> Bools:
        """``treatments readers cases``: whether there is a rating."""
        read: Bools = ~np.isnan(self.score)
        return read

    @property
    def positive(self) -> int:
        """Number of positive cases."""
        return int(self.truth.sum())

    @property
    def negative(self) -> int:
        """Number of negative cases."""
        return int((~self.truth).sum())

    @cached_property
    def blocks(self) -> NDArray[np.intp]:
        """``treatments readers``: equal numbers where exactly the same cases were read."""
        rows = self.read.reshape(-1, len(self.cases))
        _, index = np.unique(rows, axis=0, return_inverse=True)
        return index.reshape(self.read.shape[:2])

    @property
    def crossed(self) -> bool:
        """Whether every reader read every case in every treatment."""
        return bool(self.read.all())

    @property
    def design(self) -> str:
        """``crossed``, ``cases nested in readers`` (``in treatments``, ``in both``), ``readers nested in treatments``
        or ``partly crossed``.

        >>> score = np.array([[[1.0, 2.0, np.nan, np.nan], [np.nan, np.nan, 1.0, 3.0]]])
        >>> Ratings(("a",), ("r", "s"), ("1", "2", "3", "4"), np.array([0, 1, 0, 1], bool), score).design
        'cases nested in readers'
        """
        read_at_all = self.read.any(axis=2)
        if not read_at_all.all():
            nested = bool((read_at_all.sum(axis=0) == 1).all())
            return "readers nested in treatments" if nested else "partly crossed"
        rows = self.read.reshape(-1, len(self.cases))
        shared = rows.astype(np.intp) @ rows.T.astype(np.intp)
        same = self.blocks.ravel()[:, None] == self.blocks.ravel()[None, :]
        if (same | (shared == 0)).all():
            if self.blocks.max() == 0:
                return "crossed"
            by_reader, by_treatment = (np.ptp(self.blocks, axis=a).max() == 0 for a in (0, 1))
            return f"cases nested in {'readers' if by_reader else 'treatments' if by_treatment else 'both'}"
        return "partly crossed"

    def of(self, treatments: Sequence[int]) -> Ratings:
        """Return the ratings of some treatments, with all cases that were read there."""
        chosen = list(treatments)
        score = self.score[chosen]
        kept: Bools = np.asarray(~np.isnan(score).all(axis=(0, 1)))
        readers: Bools = np.asarray(~np.isnan(score).all(axis=(0, 2)))
        return replace(
            self,
            treatments=tuple(self.treatments[i] for i in chosen),
            readers=tuple(n for n, k in zip(self.readers, readers, strict=True) if k),
            cases=tuple(n for n, k in zip(self.cases, kept, strict=True) if k),
            truth=self.truth[kept],
            score=score[:, readers][:, :, kept],
            beside={name: values[chosen][:, readers][:, :, kept] for name, values in self.beside.items()},
            patients=tuple(n for n, k in zip(self.patients, kept, strict=True) if k) if self.patients else (),
        )
