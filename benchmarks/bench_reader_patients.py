"""How often 95 % intervals cover where patients have several images, and those of odds ratios of points.

    python benchmarks/bench_reader_patients.py [--studies 500] [--seed 1]

The first table draws studies of 5 readers and 60 + 60 images of Roe and Metz' structure HL (area 0.854) with two equal
treatments, four images of each patient, whose images share 90 % or none of the variance of cases. It prints how often
intervals of the area and of the difference cover, with patients as the unit and with images as the unit.
The second draws points of 1 to 5 by 5 readers on 20 + 20 cases with log odds ratio 0.8, readers who differ by 0.8,
cases by 0.9, and readers who differ about the arms; it prints how often Student's and the normal interval cover.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from synthassay.stats.mrmc.areas import areas
from synthassay.stats.mrmc.covariance import covariance
from synthassay.stats.mrmc.cumulative_logit import fit_cumulative_logit
from synthassay.stats.mrmc.obuchowski_rockette import Contrast, components, random_readers_random_cases
from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.roe_metz import STRUCTURES

MODEL, READERS, EFFECT = STRUCTURES["HL", 1.5], 5, 0.8


def covers(ratings: Ratings) -> tuple[bool, bool]:
    """Whether the intervals of the first area and of the difference hold the truth."""
    figures = areas(ratings)
    found = random_readers_random_cases(
        figures.values, components(figures.values, covariance(ratings, figures, "jackknife"))
    )
    low, high = found.single[0].interval()
    least, most = found.differences[0, 1].interval()
    return low <= MODEL.true_auc(0) <= high, least <= 0 <= most


def odds_cover(rng: np.random.Generator, about_arms: float) -> tuple[bool, bool]:
    """Whether Student's and the normal interval of a log odds ratio hold the truth."""
    own = rng.normal(0, 0.8, READERS)[None, :, None] + rng.normal(0, about_arms, (2, READERS))[:, :, None]
    shift = np.array([0.0, EFFECT])[:, None, None] + own + rng.normal(0, 0.9, (2, 1, 20))
    answer = ((shift + rng.logistic(size=shift.shape))[..., None] > np.array([-2, -0.7, 0.7, 2])).sum(axis=-1)
    arm, reader, case = (index.ravel() for index in np.indices(answer.shape))
    groups = {"reader": reader, "reader in arm": arm * READERS + reader, "case": arm * 20 + case}
    found = fit_cumulative_logit(answer.ravel(), arm[:, None], groups)
    ends = [
        Contrast(float(found.effects[0]), float(np.sqrt(found.covariance[0, 0])), df).interval()
        for df in (READERS - 1, np.inf)
    ]
    return ends[0][0] <= EFFECT <= ends[0][1], ends[1][0] <= EFFECT <= ends[1][1]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    print("alike   by patients: area  difference   by images: area  difference")
    for alike in (0.0, 0.9):
        hits = np.zeros((2, 2))
        for _ in range(asked.studies):
            ratings = MODEL.simulate(READERS, 60, 60, rng, images=4, alike=alike)
            hits += [covers(ratings), covers(replace(ratings, patients=()))]
        (a, b), (c, d) = hits / asked.studies
        print(f"{alike:5.1f}                {a:.3f}       {b:.3f}              {c:.3f}       {d:.3f}", flush=True)
    print("readers differ about arms by   Student   normal")
    for about_arms in (0.0, 0.3, 0.6):
        student, normal = np.mean([odds_cover(rng, about_arms) for _ in range(asked.studies // 2)], axis=0)
        print(f"{about_arms:28.1f}     {student:.3f}    {normal:.3f}", flush=True)


if __name__ == "__main__":
    main()
