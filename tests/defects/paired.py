"""Paired fidelity: similarity, its masks, ranges, borders and scales; errors; ranks."""

from __future__ import annotations

from functools import cache

import numpy as np
import SimpleITK as sitk
import torch
from skimage.metrics import normalized_mutual_information, structural_similarity

from defects.defect import Defect
from evaluate.fidelity.pictures import ball, noisy, smooth
from evaluate.fidelity.synthrad import (
    WEIGHTS,
    higher_better_2023,
    mean_absolute_error_2023,
    ms_ssim_2025,
    psnr_2023,
    rank_sums,
    ssim_brasyn,
)
from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.bias import bias
from synthassay.evaluate.fidelity.mae import mae
from synthassay.evaluate.fidelity.ms_ssim import ms_ssim
from synthassay.evaluate.fidelity.ms_ssim_synthrad import ms_ssim_synthrad
from synthassay.evaluate.fidelity.normalised_mutual_information import normalised_mutual_information
from synthassay.evaluate.fidelity.psnr import psnr
from synthassay.evaluate.fidelity.ssim import ssim
from synthassay.evaluate.metric import METRICS
from synthassay.records.vocabulary import Better, Unit

UNIT_RANGE, HU_RANGE = (0.0, 1.0), (-1024.0, 3071.0)
SIDE = 48


@cache
def pair():
    """A smooth volume between 0 and 1, the same with noise of 0.05, and an ellipsoid in it."""
    real = smooth((SIDE,) * 3)
    return noisy(real), real, ball((SIDE,) * 3, 0.7)


@cache
def head():
    """A volume in HU."""
    real = 600 * (smooth((SIDE,) * 3, 1) - 0.5) / 0.15
    return real, ball((SIDE,) * 3, 0.9)


def said(measure):
    """The number, or the reason why there is none, or the error."""
    try:
        return f"{measure():.3f}"
    except NotMeasured as problem:
        return f"not measured: {problem.reason}"
    except (ValueError, TypeError) as problem:
        return type(problem).__name__


def number(text):
    return float(text.split()[0])


def tensors(*fields):
    return [torch.from_numpy(field[None, None].astype(np.float32)) for field in fields]


# SynthRAD2025 ---------------------------------------------------------------------------------------------------------


def shifted(score):
    real, mask = head()
    return said(lambda: score(real, mask))


def corner():
    real = 600 * (smooth((97,) * 3, 2) - 0.5)
    mask = np.zeros(real.shape, bool)
    mask[:30, :30, :30] = True
    return real, mask


def half_noise(real):
    return np.where(np.arange(SIDE) < SIDE // 2, noisy(real, scale=1000), real)


def bone():
    real, mask = head()
    return 4 * real[None], 5 * real[None], mask


def dense_bone(high):
    synthetic, real, mask = bone()
    return ms_ssim_2025(real[0], synthetic[0], mask, high=high)


def rank_of_the_worse(higher_better):
    teams = {"better": {"ms_ssim": 0.95}, "worse": {"ms_ssim": 0.80}}
    return f"{rank_sums(teams, higher_better)['worse']:.0f}"


SYNTHRAD_2025 = [
    Defect(
        "SynthRAD2025 metrics",
        "Its MS-SSIM overwrites the variable that decides about luminance, so that luminance enters at all five scales "
        "instead of the last",
        "a volume and itself + 100 HU",
        theirs=lambda: shifted(lambda real, mask: ms_ssim_2025(real, real + 100, mask)),
        ours=lambda: (
            shifted(
                lambda real, mask: ms_ssim_2025(real, real + 100, mask, luminance_weights=[0, 0, 0, 0, WEIGHTS[-1]])
            )
            + " by its formula with luminance last; `ms_ssim` "
            + shifted(lambda real, mask: ms_ssim(real[None] + 100, real[None], (-1024.0, 3000.0), mask))
        ),
        holds=lambda theirs, ours: number(theirs) < number(ours) - 0.002,
    ),
    Defect(
        "SynthRAD2025 metrics",
        "Its MS-SSIM applies the exponents per voxel before averaging, the definition after, which is never lower",
        "noise of 1000 HU in half of a volume",
        theirs=lambda: shifted(lambda real, mask: ms_ssim_2025(real, half_noise(real), mask)),
        ours=lambda: (
            shifted(lambda real, mask: ms_ssim_2025(real, half_noise(real), mask, average_first=True))
            + " by its formula averaged first; `ms_ssim` "
            + shifted(lambda real, mask: ms_ssim(half_noise(real)[None], real[None], (-1024.0, 3000.0), mask))
        ),
        holds=lambda theirs, ours: number(theirs) < number(ours) - 0.002,
    ),
    Defect(
        "SynthRAD2025 metrics",
        "Its MS-SSIM is not a number where the mask lies in a corner: at the fifth scale one voxel is left to average",
        "97³ voxels, mask of 30³ in a corner",
        theirs=lambda: said(lambda: ms_ssim_2025(corner()[0], corner()[0] + 50, corner()[1])),
        ours=lambda: said(lambda: ms_ssim_synthrad(corner()[0][None] + 50, corner()[0][None], Unit.HU, corner()[1])),
        holds=lambda theirs, ours: theirs == "nan" and ours.startswith("not measured: its mask is empty at scale 5"),
    ),
    Defect(
        "SynthRAD2025 metrics",
        "Its MS-SSIM offers to work without a mask and then pads the mask that is not there",
        "no mask",
        theirs=lambda: said(lambda: np.pad(None, [(24, 25)] * 3, mode="edge").mean()),
        ours=lambda: shifted(lambda real, mask: ms_ssim_synthrad(real[None] + 100, real[None], Unit.HU)),
        holds=lambda theirs, ours: theirs == "ValueError" and 0 < number(ours) < 1,
    ),
    Defect(
        "SynthRAD2025 evaluation and metrics",
        "The challenge's two programs clip at 3071 and at 3000 HU, and neither number says which",
        "dense bone at 0.8 of its HU",
        theirs=lambda: f"{dense_bone(3071.0):.4f} or {dense_bone(3000.0):.4f}",
        ours=lambda: (
            f"{ms_ssim_synthrad(*bone()[:2], Unit.HU, bone()[2]):.4f} with clipping = "
            f"{METRICS.get('ms_ssim_synthrad').settings['clipping']}"
        ),
        holds=lambda theirs, ours: len(set(theirs.split(" or "))) == 2 and ours.endswith("-1024 to 3000 HU"),
    ),
    Defect(
        "SynthRAD2025 rank_teams.py",
        "Only names that it knows from 2023 are better when higher, so that it ranks `ms_ssim`, and `DICE` too, upside "
        "down",
        "rank of the worse of two teams by `ms_ssim`",
        theirs=lambda: rank_of_the_worse(higher_better_2023),
        ours=lambda: rank_of_the_worse(lambda name: METRICS.get(name).better is Better.HIGHER),
        holds=lambda theirs, ours: (theirs, ours) == ("1", "2"),
    ),
]


# SynthRAD2023 ---------------------------------------------------------------------------------------------------------


def torn():
    real, mask = head()
    return real, np.where(mask, real + 20, np.nan), mask


def metal():
    real, mask = head()
    implant = ball(real.shape, 0.2)
    return np.where(implant, 3000.0, real), np.where(implant, 12000.0, real + 10), mask


def flat_mask():
    """What numpy makes of a comparison of a SimpleITK image."""
    image = sitk.GetImageFromArray(head()[1].astype(np.uint8))
    return np.where(image > 0, 1.0, 0.0)


SYNTHRAD_2023 = [
    Defect(
        "SynthRAD2023 metrics",
        "It multiplies by the mask, and not a number times 0 is not a number",
        "MAE; + 20 HU inside the mask, NaN outside",
        theirs=lambda: said(lambda: mean_absolute_error_2023(*torn())),
        ours=lambda: said(lambda: mae(torn()[1][None], torn()[0][None], torn()[2])),
        holds=lambda theirs, ours: theirs == "nan" and ours == "20.000",
    ),
    Defect(
        "SynthRAD2023 metrics",
        "Its PSNR clips both images to 3000 HU first, so that no error above can be seen",
        "+ 10 HU, and an implant of 3000 HU shown as 12000",
        theirs=lambda: said(lambda: psnr_2023(*metal())),
        ours=lambda: said(lambda: psnr(metal()[1][None], metal()[0][None], (-1024.0, 3000.0), metal()[2])),
        holds=lambda theirs, ours: number(theirs) > number(ours) + 20,
    ),
    Defect(
        f"SynthRAD2023 metrics with SimpleITK {sitk.Version.VersionString()}",
        "It passes the SimpleITK mask instead of its array, of which numpy makes a flat array that fits no volume",
        f"mask of {SIDE}³ voxels",
        theirs=lambda: f"shape {flat_mask().shape}",
        ours=lambda: shifted(lambda real, mask: ssim(real[None], real[None], HU_RANGE, flat_mask() > 0)),
        holds=lambda theirs, ours: theirs == f"shape ({SIDE**3},)" and ours.startswith("not measured: its size is"),
    ),
]


# BraSyn and masks -----------------------------------------------------------------------------------------------------

BRASYN = [
    Defect(
        "BraSyn ssim.py",
        "SSIM of volumes multiplied by the mask: the background, equal by construction, has the most say",
        "noise of 0.05 in a volume of 0 to 1, mask of a sixth of it",
        theirs=lambda: said(lambda: ssim_brasyn(pair()[1], pair()[0], pair()[2])),
        ours=lambda: said(lambda: ssim(pair()[0][None], pair()[1][None], UNIT_RANGE, pair()[2])),
        holds=lambda theirs, ours: number(theirs) > number(ours) + 0.05,
    ),
    Defect(
        "BraSyn ssim.py",
        "Each volume is normalised by its own percentiles first, which hides any error of brightness or contrast",
        "a volume at 1.5 of its intensity",
        theirs=lambda: said(lambda: ssim_brasyn(pair()[1], 1.5 * pair()[1], pair()[2])),
        ours=lambda: (
            said(lambda: ssim(1.5 * pair()[1][None], pair()[1][None], UNIT_RANGE, pair()[2]))
            + f"; bias {bias(1.5 * pair()[1][None], pair()[1][None], pair()[2]):.3f}"
        ),
        holds=lambda theirs, ours: (
            theirs == "1.000" and number(ours.split(";")[0]) < 0.97 and not ours.endswith("0.000")
        ),
    ),
]


# one name, several numbers --------------------------------------------------------------------------------------------


def of_scikit_image(**options):
    return structural_similarity(pair()[0], pair()[1], data_range=1.0, **options)


def of_monai(kernel, size):
    from monai.metrics.regression import compute_ssim_and_cs

    one, two = tensors(*pair()[:2])
    found, _ = compute_ssim_and_cs(
        one, two, spatial_dims=3, kernel_size=(size,) * 3, kernel_sigma=(1.5,) * 3, kernel_type=kernel
    )
    return float(found.mean())


def of_torchmetrics():
    from torchmetrics.functional.image import structural_similarity_index_measure

    return float(structural_similarity_index_measure(*tensors(*pair()[:2]), data_range=1.0))


def of_slices():
    one, two = pair()[:2]
    return np.mean([structural_similarity(one[..., z], two[..., z], data_range=1.0) for z in range(SIDE)])


def family():
    numbers = {
        "MONAI, uniform 7": of_monai("uniform", 7),
        "scikit-image, Gaussian": of_scikit_image(gaussian_weights=True, use_sample_covariance=False),
        "MONAI, Gaussian": of_monai("gaussian", 11),
        "torchmetrics": of_torchmetrics(),
        "mean of slices": of_slices(),
    }
    return ", ".join(f"{value:.3f} ({name})" for name, value in numbers.items())


def of_torchmetrics_multi(one, two, **options):
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

    return float(multiscale_structural_similarity_index_measure(*tensors(one, two), data_range=1.0, **options))


def of_monai_multi():
    from monai.metrics import MultiScaleSSIMMetric

    return float(MultiScaleSSIMMetric(spatial_dims=3, data_range=1.0)(*tensors(*pair()[:2])))


def guessed_range(bright):
    """Torchmetrics takes the range from the images where none is given."""
    from torchmetrics.functional.image import structural_similarity_index_measure

    one, two = (field.copy() for field in pair()[:2])
    one[0, 0, 0] = two[0, 0, 0] = bright
    return float(structural_similarity_index_measure(*tensors(one, two)))


def declared_range(bright):
    one, two = (field.copy() for field in pair()[:2])
    one[0, 0, 0] = two[0, 0, 0] = bright
    return ssim(one[None], two[None], UNIT_RANGE)


def information(measure):
    """The same pair without and with one bright voxel."""
    found = []
    for bright in (1.0, 50.0):
        one, two = (np.clip(field, 0, 1) for field in pair()[:2])
        one[0, 0, 0] = two[0, 0, 0] = bright
        found.append(f"{measure(one, two):.3f}")
    return " and ".join(found)


def hounsfield(measure):
    """Values around water, as they are and counted from -1024 HU."""
    real = 100 * (pair()[1] - 0.5)
    return " and ".join(f"{measure(noisy(real, scale=20) + 60 + c, real + c, c):.3f}" for c in (0.0, 1024.0))


inverted = lambda: (1 - smooth((192, 192), 0, 1), smooth((192, 192), 0, 1))  # noqa: E731

FAMILIES = [
    Defect(
        "scikit-image, MONAI, torchmetrics",
        "One name, several numbers: weights, covariance, border and dimensions differ and stand beside no number",
        f"SSIM of one pair of {SIDE}³ voxels",
        theirs=family,
        ours=lambda: (
            said(lambda: ssim(pair()[0][None], pair()[1][None], UNIT_RANGE))
            + ", with window, covariance, border, range and dimensions in the row"
        ),
        holds=lambda theirs, ours: len({part.split()[0] for part in theirs.split("), ")}) >= 4,
    ),
    Defect(
        "MONAI MultiScaleSSIMMetric",
        "Its defaults refuse any side of 160 or less, and with it most volumes in medicine",
        f"{SIDE}³ voxels",
        theirs=lambda: said(of_monai_multi),
        ours=lambda: said(lambda: ms_ssim(pair()[0][None], pair()[1][None], UNIT_RANGE)) + " on 3 scales",
        holds=lambda theirs, ours: theirs == "ValueError" and 0 < number(ours) < 1,
    ),
    Defect(
        "torchmetrics multiscale SSIM, normalize=None",
        "A negative contrast-structure to the power of a fraction is not a number",
        "MS-SSIM of a picture and its negative",
        theirs=lambda: said(lambda: of_torchmetrics_multi(*inverted(), normalize=None)),
        ours=lambda: said(lambda: ms_ssim(inverted()[0][None], inverted()[1][None], UNIT_RANGE)),
        holds=lambda theirs, ours: (theirs, ours) == ("nan", "0.000"),
    ),
    Defect(
        "torchmetrics SSIM, data_range=None (its default)",
        "The range is taken from the images, so that one bright voxel, the same in both, makes all others similar",
        "without and with one voxel of 50 in a volume of 0 to 1",
        theirs=lambda: f"{guessed_range(1.0):.3f} and {guessed_range(50.0):.3f}",
        ours=lambda: f"{declared_range(1.0):.3f} and {declared_range(50.0):.3f}",
        holds=lambda theirs, ours: (
            number(theirs.split(" and ")[1]) > number(theirs) + 0.1
            and abs(number(ours.split(" and ")[1]) - number(ours)) < 0.01
        ),
    ),
    Defect(
        "scikit-image normalized_mutual_information",
        "Bins lie between each image's own extremes, so that one bright voxel puts all others into a few bins",
        "64 bins; without and with one voxel of 50 in volumes of 0 to 1",
        theirs=lambda: information(lambda one, two: normalized_mutual_information(one, two, bins=64)),
        ours=lambda: information(lambda one, two: normalised_mutual_information(one[None], two[None], UNIT_RANGE)),
        holds=lambda theirs, ours: (
            abs(number(theirs.split(" and ")[1]) - number(theirs)) > 0.02 and len(set(ours.split(" and "))) == 1
        ),
    ),
    Defect(
        "scikit-image structural_similarity on HU",
        "Luminance compares means as if they were above 0; in HU the same pair scores otherwise after any offset",
        "around 0 HU, error of 60 HU; in HU and counted from -1024 HU",
        theirs=lambda: hounsfield(lambda one, two, _: structural_similarity(one, two, data_range=4095)),
        ours=lambda: hounsfield(lambda one, two, c: ssim(one[None], two[None], (-1024.0 + c, 3071.0 + c))),
        holds=lambda theirs, ours: len(set(theirs.split(" and "))) == 2 and len(set(ours.split(" and "))) == 1,
    ),
]

DEFECTS = [*SYNTHRAD_2025, *SYNTHRAD_2023, *BRASYN, *FAMILIES]
