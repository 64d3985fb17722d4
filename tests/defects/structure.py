"""Structures: what is missing is dropped or perfect; small surface elements and large lesions outvote the others."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from unittest import mock

import numpy as np
import torch

from defects.defect import Defect
from synthassay.errors import NotMeasured
from synthassay.evaluate.structure.lesion_agreement import lesion_agreement
from synthassay.evaluate.structure.structure_distance import structure_distance
from synthassay.evaluate.structure.structure_overlap import structure_overlap
from synthassay.evaluate.structure.structure_surface_overlap import structure_surface_overlap

MM = (1.0, 1.0, 1.0)


def two_organs() -> tuple[np.ndarray, np.ndarray]:
    """A label map with two organs, and one in which the second is gone."""
    real = np.zeros((30, 30, 30), int)
    real[3:12, 3:12, 3:12], real[18:27, 18:27, 18:27] = 1, 2
    return real, np.where(real == 2, 0, real)


def quiet(compute: Callable[[], str]) -> Callable[[], str]:
    """``compute`` without the peers' own warnings."""

    def run() -> str:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return compute()

    return run


def hot(labels: np.ndarray, classes: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.from_numpy(labels).long(), classes).movedim(-1, 0)[None]


def monai_mean_hd95(real: np.ndarray, synthetic: np.ndarray, classes: int) -> float:
    from monai.metrics import HausdorffDistanceMetric

    metric = HausdorffDistanceMetric(include_background=False, percentile=95, reduction="mean")
    metric(hot(synthetic, classes), hot(real, classes))
    return float(metric.aggregate())


def lost_organ_theirs() -> str:
    real, synthetic = two_organs()
    return f"{monai_mean_hd95(real, synthetic, 3):.1f} mm"


def lost_organ_ours() -> str:
    real, synthetic = two_organs()
    return f"{np.mean(list(structure_distance(synthetic, real, {}, MM).values())):.1f} mm"


def synthrad2025_geometry(real: np.ndarray, synthetic: np.ndarray, classes: list[int]) -> tuple[float, float]:
    """Mean Dice and HD95 over the classes that the real image has, without those that are NaN; 0 where none is left."""
    from monai.metrics import compute_dice, compute_hausdorff_distance

    dice, distance = [], []
    for label in classes:
        if not (real == label).any():
            continue
        pair = [torch.from_numpy((labels == label)[None, None]) for labels in (synthetic, real)]
        dice.append(float(compute_dice(*pair)))
        distance.append(float(compute_hausdorff_distance(*pair, percentile=95, include_background=True)))
    kept = [value for value in distance if np.isfinite(value)]
    return (float(np.mean(dice)) if dice else 0.0), (float(np.mean(kept)) if kept else 0.0)


def all_lost_theirs() -> str:
    real, _ = two_organs()
    dice, distance = synthrad2025_geometry(real, np.zeros_like(real), [1, 2])
    return f"Dice {dice:.0f}, HD95 {distance:.0f} mm"


def all_lost_ours() -> str:
    real, _ = two_organs()
    nothing = np.zeros_like(real)
    dice = np.mean(list(structure_overlap(nothing, real, {}).values()))
    distance = np.mean(list(structure_distance(nothing, real, {}, MM).values()))
    return f"Dice {dice:.0f}, HD95 {distance:.0f} mm"


def invented_theirs() -> str:
    real, synthetic = two_organs()
    dice, distance = synthrad2025_geometry(synthetic, real, [1, 2])  # the second organ is in the synthetic image alone
    return f"Dice {dice:.2f}, HD95 {distance:.1f} mm"


def invented_ours() -> str:
    real, synthetic = two_organs()
    dice = np.mean(list(structure_overlap(real, synthetic, {}).values()))
    distance = np.mean(list(structure_distance(real, synthetic, {}, MM).values()))
    return f"Dice {dice:.2f}, HD95 {distance:.1f} mm"


def surface_distance_lost() -> str:
    import surface_distance

    real, _ = two_organs()
    with mock.patch.object(np, "Inf", np.inf, create=True):  # as before numpy 2
        found = surface_distance.compute_surface_distances(real == 2, np.zeros(real.shape, bool), MM)
        return f"{surface_distance.compute_robust_hausdorff(found, 95):.1f} mm"


def surface_ours_lost() -> str:
    real, synthetic = two_organs()
    return f"{structure_distance(synthetic, real, {}, MM)['structure=2']:.1f} mm"


def surface_dice_of_nothing_theirs() -> str:
    import surface_distance

    nothing = np.zeros((9, 9, 9), bool)
    found = surface_distance.compute_surface_distances(nothing, nothing, MM)
    return str(float(surface_distance.compute_surface_dice_at_tolerance(found, 1.0)))


def surface_dice_of_nothing_ours() -> str:
    nothing = np.zeros((9, 9, 9), int)
    try:
        return str(structure_surface_overlap(nothing, nothing, {}, MM))
    except NotMeasured as problem:
        return f"not measured: {problem.reason}"


THICK = (0.5, 0.5, 6.0)


def bulge() -> tuple[np.ndarray, np.ndarray]:
    """A block of two thick slices, and the same with a bulge of 4 mm on a third of one side."""
    real = np.zeros((70, 70, 6), int)
    real[10:50, 10:50, 2:4] = 1
    synthetic = real.copy()
    synthetic[50:58, 10:24, 2:4] = 1
    return real, synthetic


def bulge_theirs() -> str:
    from monai.metrics import compute_hausdorff_distance

    real, synthetic = (torch.from_numpy((labels == 1)[None, None]) for labels in bulge())
    found = compute_hausdorff_distance(synthetic, real, percentile=95, include_background=True, spacing=THICK)
    return f"{float(found):.1f} mm"


def bulge_ours() -> str:
    real, synthetic = bulge()
    return f"{structure_distance(synthetic, real, {}, THICK)['structure=1']:.1f} mm"


def lesions() -> tuple[np.ndarray, np.ndarray]:
    """A large and a small lesion, and the large one alone."""
    grid = np.indices((40, 40, 40))
    large, small = (((grid - c) ** 2).sum(0) <= r**2 for c, r in ((12, 8), (31, 3)))
    return large | small, large


def lesions_theirs() -> str:
    from monai.metrics import compute_dice

    real, synthetic = (torch.from_numpy(mask[None, None]) for mask in lesions())
    return f"{float(compute_dice(synthetic, real)):.2f}"


def lesions_ours() -> str:
    real, synthetic = lesions()
    return f"{lesion_agreement(synthetic, real, MM):.2f}"


DEFECTS = [
    Defect(
        tool="MONAI 1.6 `HausdorffDistanceMetric`",
        trap="A structure that the synthetic image lost has no distance (NaN), which the mean leaves out: losing an "
        "organ costs nothing.",
        setting="two organs, one lost",
        theirs=quiet(lost_organ_theirs),
        ours=lost_organ_ours,
        holds=lambda theirs, ours: theirs == "0.0 mm" and float(ours.split()[0]) > 20,
    ),
    Defect(
        tool="SynthRAD2025 evaluation, geometric measures",
        trap="Where every structure is lost, all distances are left out and the mean of none is 0: Dice says the "
        "worst, HD95 the best.",
        setting="two organs, both lost; its formula",
        theirs=quiet(all_lost_theirs),
        ours=all_lost_ours,
        holds=lambda theirs, ours: theirs == "Dice 0, HD95 0 mm" and "HD95 52 mm" in ours,
    ),
    Defect(
        tool="SynthRAD2025 evaluation, geometric measures",
        trap="Structures that the real image lacks are skipped, so an invented one is never seen.",
        setting="one organ, and one invented; its formula",
        theirs=quiet(invented_theirs),
        ours=invented_ours,
        holds=lambda theirs, ours: theirs == "Dice 1.00, HD95 0.0 mm" and ours.startswith("Dice 0.50"),
    ),
    Defect(
        tool="surface-distance 0.1",
        trap="A structure that one image lacks is infinitely far away, which no mean over patients survives; under "
        "numpy 2 the program stops instead.",
        setting="an organ that was lost",
        theirs=quiet(surface_distance_lost),
        ours=surface_ours_lost,
        holds=lambda theirs, ours: theirs == "inf mm" and ours.endswith("mm"),
    ),
    Defect(
        tool="surface-distance 0.1",
        trap="A structure that neither image has is NaN, which a mean over patients spreads or a nanmean hides.",
        setting="two empty masks, surface Dice",
        theirs=quiet(surface_dice_of_nothing_theirs),
        ours=surface_dice_of_nothing_ours,
        holds=lambda theirs, ours: theirs == "nan" and ours.startswith("not measured"),
    ),
    Defect(
        tool="MONAI 1.6 `compute_hausdorff_distance`",
        trap="Border voxels count alike whatever their area: on thick slices the many small elements of the caps "
        "outvote the sides, and an error of the sides falls out of the 95th percentile.",
        setting="a bulge of 4 mm on slices of 6 mm, pixels of 0.5 mm",
        theirs=quiet(bulge_theirs),
        ours=bulge_ours,
        holds=lambda theirs, ours: float(theirs.split()[0]) < 0.5 * float(ours.split()[0]),
    ),
    Defect(
        tool="MONAI 1.6 `compute_dice`, and any Dice over all lesion voxels",
        trap="It is that of the largest lesion: a small one that vanished does not show.",
        setting="two lesions of 16 and 6 mm, the small one lost",
        theirs=quiet(lesions_theirs),
        ours=lesions_ours,
        holds=lambda theirs, ours: float(theirs) > 0.95 and float(ours) == 0.5,
    ),
]
