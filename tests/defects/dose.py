"""Traps of other tools that measure dose; doses are boxes with rounded edges, written down as formulas."""

from __future__ import annotations

import numpy as np

from defects.defect import Defect
from evaluate.dose.phantom_doses import box_dose
from synthassay.evaluate.dose.dvh_error import dvh_error
from synthassay.evaluate.dose.gamma import Criterion, above_cutoff, gamma_index, pass_rate

SPACING = (2.5, 2.5)
REFERENCE = box_dose((36, 36), SPACING)
LOCAL = Criterion(2, 2, local=True, cutoff_percent=20)
GLOBAL = Criterion(2, 2, cutoff_percent=20)


def _hot():
    """A dose that doubles in a corner of the field, beyond every gamma that is searched for."""
    hot = REFERENCE.copy()
    hot[:18, :18] *= 2
    return hot


def _noisy():
    moved = 1.01 * box_dose(REFERENCE.shape, SPACING, shift_mm=2.0)
    return moved + np.random.default_rng(0).normal(0, 0.5, REFERENCE.shape)


def _pymedphys(synthetic, criterion, **options):
    from pymedphys import gamma  # imported here: slow

    axes = tuple(np.arange(n) * s for n, s in zip(REFERENCE.shape, SPACING, strict=True))
    return gamma(axes, REFERENCE, axes, synthetic, criterion.percent, criterion.mm, local_gamma=criterion.local,
                 lower_percent_dose_cutoff=criterion.cutoff_percent, **options)  # fmt: skip


def _ours(synthetic, criterion):
    return f"{pass_rate(gamma_index(synthetic, REFERENCE, SPACING, criterion)):.1f} %"


def _passing_of_numbers():
    found = _pymedphys(_hot(), GLOBAL, max_gamma=1.0)
    return f"{100 * (found[~np.isnan(found)] <= 1).mean():.1f} %"


def _passing_of_shells():
    found = _pymedphys(_noisy(), LOCAL, max_gamma=2.0)
    judged = above_cutoff(REFERENCE, LOCAL, REFERENCE.max())
    return f"{100 * (found[judged] <= 1).mean():.1f} %"


def _spared():
    reference, structure = REFERENCE.copy(), np.zeros(REFERENCE.shape, int)
    structure[:3, :3] = 1
    reference[structure == 1] = 0.0
    return np.where(structure == 1, 0.01, reference), reference, structure


def _relative():
    synthetic, reference, structure = _spared()
    mean, other = (dose[structure == 1].mean() for dose in (synthetic, reference))
    return f"{abs(mean - other) / (other + 1e-12):.0e} relative"


def _absolute():
    synthetic, reference, structure = _spared()
    return f"{dvh_error(synthetic, reference, structure, {1: 'lens'}, SPACING)['structure=lens point=Dmean']:.2f} Gy"


DEFECTS = [
    Defect(
        tool="pymedphys 0.41 gamma",
        trap="points that agree nowhere within max_gamma = 1 get no number, or are cut to it; a pass rate over "
        "what has a number counts them as passing or not at all",
        setting="dose doubled in a quarter of the field, global 2%/2mm",
        ours=lambda: _ours(_hot(), GLOBAL),
        theirs=_passing_of_numbers,
        holds=lambda theirs, ours: float(theirs[:-2]) > float(ours[:-2]) + 10,
    ),
    Defect(
        tool="pymedphys 0.41 gamma",
        trap="shells at the default ten steps per distance to agreement miss the nearest agreeing point where dose is "
        "noisy or steep",
        setting="70 Gy moved by 2 mm and raised by 1 %, with 0.5 Gy noise, local 2%/2mm; ours agrees with a search in "
        "steps of 0.01 mm",
        ours=lambda: _ours(_noisy(), LOCAL),
        theirs=_passing_of_shells,
        holds=lambda theirs, ours: float(theirs[:-2]) < float(ours[:-2]) - 1,
    ),
    Defect(
        tool="SynthRAD dose_metrics (2023, 2025)",
        trap="the dose-volume error of an organ is relative to its own dose, which is next to none where it is spared",
        setting="mean dose of a lens, 0.01 Gy against 0 Gy",
        ours=_absolute,
        theirs=_relative,
        holds=lambda theirs, ours: float(theirs.split()[0]) > 1e6 and ours == "0.01 Gy",
    ),
]
