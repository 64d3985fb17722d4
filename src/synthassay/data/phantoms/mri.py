"""Magnetic resonance of a phantom: signal equations, receive field, resolution, Rician noise, scanners that differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from synthassay.data.phantoms.anatomy import Anatomy, Tissue
from synthassay.data.phantoms.fields import smooth_field
from synthassay.errors import ImageError

Contrast = Literal["t1", "t2", "pd", "flair"]
CONTRASTS: tuple[Contrast, ...] = ("t1", "t2", "pd", "flair")


@dataclass(frozen=True)
class Relaxation:
    """T1 and T2 in milliseconds, proton density relative to water."""

    t1: float
    t2: float
    pd: float


_NONE = Relaxation(1.0, 1.0, 0.0)
# 1.5 T: BrainWeb (Kwan 1999, doi:10.1109/42.816072), except deep grey: BrainWeb's cortex times the ratio of putamen to
# cortex of Wright 2008 (doi:10.1007/s10334-008-0104-8).
# 3 T: T1 of white matter, cortex and putamen of Wright 2008; T2 of white matter and cortex of Wansapura 1999
# (J Magn Reson Imaging 9:531); muscle of Stanisz 2005 (doi:10.1002/mrm.20605); fat of de Bazelaire 2004
# (doi:10.1148/radiol.2303021331); fluid with T1 of 4 s and T2 of 0.5 s, less than free fluid's, as flow dephases it.
# Tumour, oedema, marrow and the plaque at 3 T are chosen between these, so that they look as they do in patients.
_TISSUES: dict[float, dict[Tissue, Relaxation]] = {
    1.5: {
        Tissue.AIR: _NONE,
        Tissue.MUSCLE: Relaxation(900, 47, 1.0),
        Tissue.FAT: Relaxation(350, 70, 1.0),
        Tissue.BONE: _NONE,
        Tissue.MARROW: Relaxation(400, 60, 0.6),
        Tissue.CSF: Relaxation(2569, 329, 1.0),
        Tissue.GREY: Relaxation(833, 83, 0.86),
        Tissue.WHITE: Relaxation(500, 70, 0.77),
        Tissue.DEEP_GREY: Relaxation(755, 74, 0.83),
        Tissue.PLAQUE: Relaxation(752, 237, 0.76),
        Tissue.TUMOUR: Relaxation(1050, 120, 0.88),
        Tissue.OEDEMA: Relaxation(950, 160, 0.86),
    },
    3.0: {
        Tissue.AIR: _NONE,
        Tissue.MUSCLE: Relaxation(1412, 50, 1.0),
        Tissue.FAT: Relaxation(382, 68, 1.0),
        Tissue.BONE: _NONE,
        Tissue.MARROW: Relaxation(450, 55, 0.6),
        Tissue.CSF: Relaxation(4000, 500, 1.0),
        Tissue.GREY: Relaxation(1607, 110, 0.86),
        Tissue.WHITE: Relaxation(838, 80, 0.77),
        Tissue.DEEP_GREY: Relaxation(1332, 85, 0.83),
        Tissue.PLAQUE: Relaxation(1350, 220, 0.78),
        Tissue.TUMOUR: Relaxation(1700, 140, 0.88),
        Tissue.OEDEMA: Relaxation(1500, 180, 0.86),
    },
}


def tissues(field_tesla: float) -> dict[Tissue, Relaxation]:
    """Return the table of relaxation times at 1.5 or 3 T; its sources stand beside it and in the documentation.

    Raises:
        ImageError: There is no table for this field strength.
    """
    if field_tesla not in _TISSUES:
        raise ImageError(
            "field strength", "has no table of relaxation times", value=f"{field_tesla} T", remedy="Use 1.5 or 3 T."
        )
    return _TISSUES[field_tesla]


@dataclass(frozen=True)
class Sequence:
    """Timing of a spin echo, with an inversion pulse where ``ti`` is given.

    Attributes:
        te: Echo time; tr: repetition time; ti: inversion time; all in milliseconds.
    """

    te: float
    tr: float
    ti: float | None = None

    def __post_init__(self) -> None:
        times = [self.te, self.tr, *([] if self.ti is None else [self.ti])]
        if not all(math.isfinite(t) and t > 0 for t in times) or self.te >= self.tr or (self.ti or 0) >= self.tr:
            raise ImageError(
                "MR sequence", "needs 0 < TE < TR and 0 < TI < TR", value=f"TE {self.te}, TR {self.tr}, TI {self.ti} ms"
            )


def signal(tissue: Relaxation, sequence: Sequence) -> float:
    """Return the magnitude signal of a tissue, relative to fully relaxed water.

    Spin echo: ``PD (1 - exp(-TR/T1)) exp(-TE/T2)``.
    Inversion recovery: ``PD |1 - 2 exp(-TI/T1) + exp(-TR/T1)| exp(-TE/T2)``.

    Source: Bernstein, King & Zhou, Handbook of MRI Pulse Sequences (2004), equations 14.2 and 14.43, for TE much
        shorter than TR.

    >>> round(signal(Relaxation(t1=500, t2=70, pd=0.77), Sequence(te=15, tr=500)), 4)
    0.3929
    """
    recovered = 1 - math.exp(-sequence.tr / tissue.t1)
    if sequence.ti is not None:
        recovered = abs(1 - 2 * math.exp(-sequence.ti / tissue.t1) + math.exp(-sequence.tr / tissue.t1))
    return tissue.pd * recovered * math.exp(-sequence.te / tissue.t2)


def nulling_ti(t1: float, tr: float) -> float:
    """Return the inversion time in ms at which a tissue gives no signal: ``T1 (ln 2 - ln(1 + exp(-TR/T1)))``.

    >>> round(nulling_ti(2569, 9000))  # cerebrospinal fluid at 1.5 T
    1705
    """
    return t1 * (math.log(2) - math.log1p(math.exp(-tr / t1)))


@dataclass(frozen=True)
class Scanner:
    """One site's scanner.

    Attributes:
        field_tesla: 1.5 or 3.
        gain: Signal of fully relaxed water in scanner units; arbitrary, and different at each site.
        bias: Standard deviation of the receive field's logarithm.
        noise: Standard deviation of each channel's noise relative to fully relaxed water.
        blur_mm: Full width at half maximum of the point spread.
        sequences: Timing of each contrast.
    """

    name: str
    field_tesla: float
    gain: float
    bias: float
    noise: float
    blur_mm: float
    sequences: dict[Contrast, Sequence]


def _protocol(field: float, *, t1: tuple[float, float], t2: tuple[float, float]) -> dict[Contrast, Sequence]:
    ti = round(nulling_ti(_TISSUES[field][Tissue.CSF].t1, 9000))
    return {
        "t1": Sequence(te=t1[0], tr=t1[1]),
        "t2": Sequence(te=t2[0], tr=t2[1]),
        "pd": Sequence(te=18, tr=t2[1]),
        "flair": Sequence(te=t2[0] + 5, tr=9000, ti=ti),
    }


SCANNERS: dict[str, Scanner] = {
    scanner.name: scanner
    for scanner in (
        Scanner("north-1.5T", 1.5, 1800.0, 0.08, 0.006, 2.2, _protocol(1.5, t1=(14, 520), t2=(95, 4200))),
        Scanner("harbour-3T", 3.0, 2600.0, 0.16, 0.004, 1.8, _protocol(3.0, t1=(10, 680), t2=(85, 5200))),
        Scanner("valley-1.5T", 1.5, 900.0, 0.11, 0.008, 3.0, _protocol(1.5, t1=(18, 600), t2=(105, 3600))),
    )
}


def acquire(
    anatomy: Anatomy, scanner: Scanner, contrast: Contrast, rng: np.random.Generator
) -> Float[np.ndarray, "x y z"]:
    """Return the magnitude image of one contrast, in the scanner's arbitrary units, at least 0.

    Order: tissue signals mixed by their share of the voxel, receive field, point spread, Rician noise, gain.

    Raises:
        ImageError: The scanner has no sequence for the contrast.
    """
    if contrast not in scanner.sequences:
        raise ImageError(scanner.name, "has no sequence for this contrast", value=contrast)
    table, sequence = tissues(scanner.field_tesla), scanner.sequences[contrast]
    signals = np.array([signal(table[tissue], sequence) for tissue in Tissue], np.float32)
    mixed = np.tensordot(signals, anatomy.fractions, axes=(0, 0)) * receive_field(anatomy, scanner.bias, rng)
    width = scanner.blur_mm / math.sqrt(8 * math.log(2))
    blurred = ndimage.gaussian_filter(mixed, [width / step for step in anatomy.grid.spacing_mm])
    return scanner.gain * rician(blurred, scanner.noise, rng)


def receive_field(anatomy: Anatomy, strength: float, rng: np.random.Generator) -> Float[np.ndarray, "x y z"]:
    """Return a smooth multiplicative field with mean 1 over the head and log standard deviation ``strength``."""
    log = smooth_field(rng, anatomy.grid.axes(), 75.0, 160.0)
    head = anatomy.fractions[Tissue.AIR] < 0.5
    field = np.exp((log - log[head].mean()) * (strength / float(log[head].std())))
    return (field / float(field[head].mean())).astype(np.float32)


def rician(magnitude: np.ndarray, sd: float, rng: np.random.Generator) -> np.ndarray:
    """Return the magnitude of a signal with Gaussian noise of ``sd`` in its real and its imaginary part.

    Source: Gudbjartsson & Patz 1995, doi:10.1002/mrm.1910340618.
    """
    real = magnitude + sd * rng.standard_normal(magnitude.shape, np.float32)
    imaginary = sd * rng.standard_normal(magnitude.shape, np.float32)
    return np.hypot(real, imaginary).astype(np.float32)
