"""Traps of other tools that compare sets of images, on sets drawn from known distributions."""

from __future__ import annotations

import numpy as np
import torch
from prdc import compute_prdc
from sklearn.neighbors import NearestNeighbors
from torchmetrics.image.kid import poly_mmd
from torchmetrics.image.mifid import _compute_cosine_distance

from defects.defect import Defect
from oracles.make_frd import picture
from synthassay.evaluate.distribution.equal_n import Sample
from synthassay.evaluate.distribution.frechet_distance import frechet_distance
from synthassay.evaluate.distribution.gaussian import frechet_from_features
from synthassay.evaluate.distribution.gaussian_mmd import discrepancy_of
from synthassay.evaluate.distribution.kernel_mmd import kernel_discrepancy, median_distance
from synthassay.evaluate.distribution.neighbours import manifolds
from synthassay.evaluate.diversity.vendi import vendi_score
from synthassay.evaluate.features.embedding import EMBEDDINGS, Standardiser
from synthassay.evaluate.features.frd import FrdOptions, frd_features, frd_v1
from synthassay.evaluate.fidelity.rmse import rmse
from synthassay.evaluate.leakage.authenticity import authentic, nearest_other
from synthassay.evaluate.leakage.cells import data_copying
from synthassay.records.vocabulary import Unit

DEFECTS: list[Defect] = []


def normal(n: int, d: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def alone(rows: np.ndarray) -> Sample:
    return Sample.of(rows, [str(i) for i in range(len(rows))])


def numbers(text: str) -> list[float]:
    return [float(word) for word in text.replace(",", " ").split() if word.lstrip("-").replace(".", "", 1).isdigit()]


TRAINING = normal(500, 32, 0)
COPIES = TRAINING[:1] + 1e-3 * normal(500, 32, 1)
HALF = np.concatenate([TRAINING[:250] + 1e-3 * normal(250, 32, 2), normal(250, 32, 3)])


def _authenticity_by_wrong_index() -> str:
    own = NearestNeighbors(n_neighbors=2).fit(TRAINING).kneighbors(TRAINING)[0][:, 1]
    distance, synthetic = NearestNeighbors(n_neighbors=1).fit(COPIES).kneighbors(TRAINING)
    return f"{(own[synthetic[:, 0]] < distance[:, 0]).mean():.3f}"


def _authenticity(judged: np.ndarray) -> str:
    return f"{authentic(judged, TRAINING, nearest_other(alone(TRAINING))).mean():.3f}"


def _mifid_penalty(judged: np.ndarray) -> str:
    found = _compute_cosine_distance(torch.from_numpy(TRAINING), torch.from_numpy(judged))
    return f"divides by {float(found):.3f}"


DEFECTS += [
    Defect(
        tool="authenticity in Alaa et al.'s code, synthcity and SIM",
        trap="the radii of real images are looked up at the positions of synthetic ones",
        setting="500 near-copies of one training patient",
        ours=lambda: _authenticity(COPIES),
        theirs=_authenticity_by_wrong_index,
        holds=lambda theirs, ours: float(theirs) > 0.9 and float(ours) == 0,
    ),
    Defect(
        tool="torchmetrics 1.9 MiFID",
        trap="the penalty counts below a mean cosine distance of 0.1 only, so that copies go free beside other images",
        setting="half of 500 images are near-copies of training images",
        ours=lambda: f"authenticity {_authenticity(HALF)}, of real images {_authenticity(normal(500, 32, 4))}",
        theirs=lambda: _mifid_penalty(HALF),
        holds=lambda theirs, ours: theirs == "divides by 1.000" and numbers(ours)[0] < 0.6 * numbers(ours)[1],
    ),
    Defect(
        tool="torchmetrics 1.9 MiFID",
        trap="distances are averaged over the real images instead of the synthetic ones",
        setting="500 near-copies of one training patient",
        ours=lambda: f"authenticity {_authenticity(COPIES)}",
        theirs=lambda: _mifid_penalty(COPIES),
        holds=lambda theirs, ours: theirs == "divides by 1.000" and numbers(ours) == [0.0],
    ),
]


def _cells():
    training = np.concatenate([normal(100, 4, 1), normal(100, 4, 2) + 40])
    centres = np.stack([training[:100].mean(0), training[100:].mean(0)])
    return normal(60, 4, 3), normal(60, 4, 4), training, centres


def _stopping_at_an_empty_cell() -> str:
    _, unseen, _, centres = _cells()
    cells = NearestNeighbors(n_neighbors=1).fit(centres).kneighbors(unseen)[1][:, 0]
    empty = [cell for cell in range(len(centres)) if not (cells == cell).any()]
    return f"stops: cell {empty[0]} lacks test samples" if empty else "a number"


def _merging_an_empty_cell() -> str:
    found = data_copying(*_cells())
    return f"{found.value:.2f}, {found.merged} cell merged"


DEFECTS += [
    Defect(
        tool="data-copying test C_T, the authors' code and dgm-eval",
        trap="stops where a cell of the training images holds no held-out image",
        setting="two groups of training images, held-out images of one",
        ours=_merging_an_empty_cell,
        theirs=_stopping_at_an_empty_cell,
        holds=lambda theirs, ours: theirs.startswith("stops") and ours.endswith("1 cell merged"),
    ),
    Defect(
        tool="vendi-score 0.0.3 score_X",
        trap="the order q is accepted and ignored",
        setting="q = 1, then q = 2; ours on 64 images of which half repeat one",
        ours=lambda: ", ".join(
            f"{vendi_score(np.where(np.arange(64)[:, None] < 32, 1.0, normal(64, 32, 5)), q):.2f}" for q in (1, 2)
        ),
        theirs_quoted="15.35, 15.35",
        holds=lambda theirs, ours: len(set(numbers(theirs))) == 1 and numbers(ours)[0] > numbers(ours)[1],
    ),
]


def _kid_spread() -> str:
    first, second = (torch.from_numpy(normal(100, 16, seed)) for seed in (6, 7))
    rng = np.random.default_rng(0)
    draws = [float(poly_mmd(first[rng.permutation(100)], second[rng.permutation(100)])) for _ in range(20)]
    return f"± {1.96 * np.std(draws):.4f}"


def _kernel_spread() -> str:
    found = kernel_discrepancy(alone(normal(100, 16, 6)), alone(normal(100, 16, 7)))
    return f"± {1.96 * found.standard_error:.4f}"


def _cmmd(first: np.ndarray, second: np.ndarray) -> float:
    def mean(x, y):
        return np.exp(-((x[:, None] - y[None]) ** 2).sum(-1) / (2 * 10**2)).mean()

    return 1000 * (mean(first, first) + mean(second, second) - 2 * mean(first, second))


def _mean_of_draws(measure) -> str:
    return f"{np.mean([measure(normal(50, 16, 2 * s), normal(50, 16, 2 * s + 1)) for s in range(40)]):.3f}"


def _pair_bandwidths() -> str:
    real = normal(100, 8, 8)
    pooled = [np.concatenate([real, normal(100, 8, 9) + shift]) for shift in (0.0, 10.0)]
    return ", ".join(f"{median_distance(alone(rows)):.1f}" for rows in pooled)


def _real_bandwidths() -> str:
    bandwidth = median_distance(alone(normal(100, 8, 8)))
    return f"{bandwidth:.1f}, {bandwidth:.1f}"


DEFECTS += [
    Defect(
        tool="KID with subsets of min(n, m) images, as in CheXGenBench",
        trap="the smaller set is never resampled, so the spread over subsets tells nothing of sampling error",
        setting="two sets of 100 images of one law, 20 subsets of 100",
        ours=_kernel_spread,
        theirs=_kid_spread,
        holds=lambda theirs, ours: theirs == "± 0.0000" and numbers(ours)[-1] > 0.01,
    ),
    Defect(
        tool="CMMD",
        trap="the biased estimate is above 0 for equal distributions",
        setting="mean of 40 pairs of 50 images of one law; ours the Gaussian MMD²",
        ours=lambda: _mean_of_draws(lambda a, b: discrepancy_of(alone(a), alone(b))),
        theirs=lambda: _mean_of_draws(_cmmd),
        holds=lambda theirs, ours: float(theirs) > 3 and abs(float(ours)) < 0.005,
    ),
    Defect(
        tool="MMD with the usual median heuristic",
        trap="the bandwidth comes from the pair compared, so two generators are judged with two kernels",
        setting="bandwidth for a set of the real law, then for one 10 SD away",
        ours=_real_bandwidths,
        theirs=_pair_bandwidths,
        holds=lambda theirs, ours: numbers(theirs)[1] > 2 * numbers(theirs)[0] and len(set(numbers(ours))) == 1,
    ),
]

TWINS = np.repeat(np.round(8 * normal(40, 6, 10)), 6, axis=0)  # whole numbers, whose distances are exact


def _floor_beside() -> str:
    rows, people = normal(300, 398, 11), [str(i) for i in range(300)]
    found = frechet_distance(rows[:100], people[:100], rows[100:], people[100:], 0)
    return f"{found.value:.0f} beside a floor of {found.floor:.0f}"


DEFECTS += [
    Defect(
        tool="prdc 0.2",
        trap="balls without their surface: a real image with five duplicates is never covered",
        setting="coverage by exact copies of 40 real images that each occur six times",
        ours=lambda: f"{manifolds(TWINS, TWINS).coverage:.2f}",
        theirs=lambda: f"{compute_prdc(TWINS, TWINS, 5)['coverage']:.2f}",
        holds=lambda theirs, ours: (float(theirs), float(ours)) == (0, 1),
    ),
    Defect(
        tool="synthcity AlphaPrecision",
        trap="refuses sets of unequal size",
        setting="300 real and 200 synthetic images of one law",
        ours=lambda: f"{manifolds(normal(200, 6, 12), normal(300, 6, 13)).precision:.2f}",
        theirs_quoted="refused: sets must have one size",
        holds=lambda theirs, ours: theirs.startswith("refused") and float(ours) > 0.8,
    ),
    Defect(
        tool="Fréchet distance without a floor",
        trap="depends on the number of images: the same law gives other numbers",
        setting="398 features; 50, 200, 400, 1,000 images per set; ours with 100",
        ours=_floor_beside,
        theirs=lambda: ", ".join(
            f"{frechet_from_features(normal(n, 398, 1), normal(n, 398, 2)):.0f}" for n in (50, 200, 400, 1000)
        ),
        holds=lambda theirs, ours: (
            numbers(theirs)[0] > 6 * numbers(theirs)[3] and abs(numbers(ours)[0] / numbers(ours)[1] - 1) < 0.1
        ),
    ),
]


def _wrapping() -> str:
    grey = np.random.default_rng(0).integers(1, 255, (64, 64), dtype=np.uint8)
    other = grey + np.where(np.arange(64) % 2, 1, 255).astype(np.uint8)
    return f"{np.sqrt(((grey - other).astype(float) ** 2).mean()):.1f}"


def _not_wrapping() -> str:
    grey = np.random.default_rng(0).integers(1, 255, (1, 64, 64), dtype=np.uint8)
    other = grey + np.where(np.arange(64) % 2, 1, 255).astype(np.uint8)
    return f"{rmse(other, grey):.1f}"


def _by_itself() -> str:
    first, second = normal(300, 20, 14), normal(300, 20, 15) + 5.0
    return f"{np.exp(frd_v1(first, second, by_first_alone=False)):.2f}"


def _by_real_alone() -> str:
    first, second = normal(300, 20, 14), normal(300, 20, 15) + 5.0
    scale = Standardiser.fit(first, [str(i) for i in range(20)])
    return f"{frechet_from_features(scale.apply(first), scale.apply(second)):.0f}"


DEFECTS += [
    Defect(
        tool="CheXGenBench pixel distance",
        trap="subtracts 8-bit values, which wrap around",
        setting="a picture and the same one grey level up or down",
        ours=_not_wrapping,
        theirs=_wrapping,
        holds=lambda theirs, ours: float(theirs) > 100 and float(ours) == 1,
    ),
    Defect(
        tool="frd-score with stored statistics",
        trap="each set is standardised by itself, and the difference of the means disappears",
        setting="20 features, means 5 SD apart; d²",
        ours=_by_real_alone,
        theirs=_by_itself,
        holds=lambda theirs, ours: float(theirs) < 2 and float(ours) > 400,
    ),
]

HU = 4 * picture() - 800.0


def _published_parts() -> str:
    found = [name for name in frd_features(picture()) if not name.startswith("diagnostics")]
    return f"{len(found)} features, {sum(name.startswith('log') for name in found)} of them of a Laplacian"


def _our_parts() -> str:
    names = EMBEDDINGS.get("radiomic").names((1, 48, 40))
    return f"{len(names)} features, {sum(name.startswith('log') for name in names)} of them of a Laplacian"


def _changed(before: np.ndarray, after: np.ndarray) -> str:
    moved = ~np.isclose(before, after, rtol=1e-6, atol=1e-6)
    return f"{int(moved.sum())} of {len(before)}"


def _published_shift() -> str:
    one, two = (np.array(list(frd_features(image).values())) for image in (HU, HU + 200))
    return _changed(one, two)


def _our_shift() -> str:
    rule = EMBEDDINGS.get("radiomic")
    one, two = (rule.features(image[None, None], unit=Unit.HU)[0] for image in (HU, HU + 200))
    return _changed(one, two)


def _shifted() -> tuple[np.ndarray, np.ndarray]:
    return normal(300, 10, 16), normal(300, 10, 17) + 1.0


def _paper() -> str:
    first, second = _shifted()
    return f"{frd_v1(first, second, as_in_paper=True):.2f} in the paper, {frd_v1(first, second):.2f} from the package"


def _either_way(measure) -> str:
    first, second = normal(300, 10, 18), 3 * normal(300, 10, 19)
    return f"{measure(first, second):.2f}, {measure(second, first):.2f}"


DEFECTS += [
    Defect(
        tool="FRD v1 on pictures",
        trap="Laplacian-of-Gaussian features vanish in silence (documented: about 464)",
        setting="one picture of 48 x 40",
        ours=_our_parts,
        theirs=_published_parts,
        holds=lambda theirs, ours: theirs == "385 features, 0 of them of a Laplacian" and numbers(ours)[1] > 100,
    ),
    Defect(
        tool="FRD v1",
        trap="every image is normalised by itself, so a shift in HU moves three diagnostics and no radiomic feature",
        setting="features that change when 200 HU are added",
        ours=_our_shift,
        theirs=_published_shift,
        holds=lambda theirs, ours: theirs == "3 of 398" and numbers(ours)[0] >= 8,
    ),
    Defect(
        tool="FRD v1",
        trap="pictures without spacing are resampled to half their size before anything is measured",
        setting="pixels of a 128 x 128 picture that are looked at",
        ours=lambda: f"{picture((128, 128)).size}",
        theirs=lambda: f"{frd_features(picture((128, 128)))['diagnostics_Mask-interpolated_VoxelNum']:.0f}",
        holds=lambda theirs, ours: (theirs, ours) == ("4096", "16384"),
    ),
    Defect(
        tool="FRD v1",
        trap="image means and voxel counts of the file stand among the radiomic features",
        setting="such numbers in the vector of one picture",
        ours=lambda: str(sum("diagnostic" in name for name in EMBEDDINGS.get("radiomic").names((1, 48, 40)))),
        theirs=lambda: str(
            len(frd_features(picture())) - len(frd_features(picture(), options=FrdOptions(diagnostics=False)))
        ),
        holds=lambda theirs, ours: (theirs, ours) == ("13", "0"),
    ),
    Defect(
        tool="FRD v1",
        trap="standardised by whichever set comes first: the value depends on the order",
        setting="two sets, one with three times the spread; ours d² on one real scale",
        ours=lambda: _either_way(frechet_from_features),
        theirs=lambda: _either_way(frd_v1),
        holds=lambda theirs, ours: numbers(theirs)[0] > numbers(theirs)[1] + 1 and len(set(numbers(ours))) == 1,
    ),
    Defect(
        tool="FRD v1",
        trap="the package returns log d² where the paper's equation 3 has log d",
        setting="one pair of sets; ours is d², and says so",
        ours=lambda: f"d² = {np.exp(frd_v1(*_shifted())):.2f}, titled d²",
        theirs=_paper,
        holds=lambda theirs, ours: abs(numbers(theirs)[1] - 2 * numbers(theirs)[0]) < 0.02,
    ),
]
