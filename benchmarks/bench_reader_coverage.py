"""How often 95 % intervals cover, and how often a test finds what is not there, over Roe and Metz' twelve structures.

    python benchmarks/bench_reader_coverage.py [--studies 1000] [--readers 5] [--cases 50] [--seed 1]

Each study has two treatments of the same true area, so every "difference" is a false one. Prints a line per structure:
coverage of the difference and of a single area by Obuchowski and Rockette (jackknife), the rate of false differences of
that, of U-statistics, and of readers taken for fixed.
"""

from __future__ import annotations

import argparse

import numpy as np

from synthassay.stats.mrmc.areas import areas
from synthassay.stats.mrmc.covariance import covariance
from synthassay.stats.mrmc.obuchowski_rockette import (
    components,
    fixed_readers_random_cases,
    random_readers_random_cases,
)
from synthassay.stats.mrmc.roe_metz import STRUCTURES, RoeMetz
from synthassay.stats.mrmc.ustatistic import ustatistic


def tried(model: RoeMetz, studies: int, readers: int, cases: int, rng: np.random.Generator) -> list[float]:
    """Return the shares: covered difference, covered area, false differences by three analyses."""
    found = np.zeros((studies, 5))
    for k in range(studies):
        ratings = model.simulate(readers, cases, cases, rng)
        figures = areas(ratings)
        parts = components(figures.values, covariance(ratings, figures, "jackknife"))
        whole = random_readers_random_cases(figures.values, parts)
        low, high = whole.differences[0, 1].interval()
        least, most = whole.single[0].interval()
        found[k] = (
            low <= 0 <= high,
            least <= model.true_auc(0) <= most,
            whole.p < 0.05,
            ustatistic(ratings, 0, 1).contrast().p() < 0.05,
            fixed_readers_random_cases(figures.values, parts).p < 0.05,
        )
    return [float(share) for share in found.mean(axis=0)]


def main() -> None:
    """Run all structures and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--readers", type=int, default=5)
    parser.add_argument("--cases", type=int, default=50, help="of either truth")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    error = 1.96 * np.sqrt(0.05 * 0.95 / asked.studies)
    print(
        f"{asked.studies} studies of {asked.readers} readers and {asked.cases} + {asked.cases} cases; "
        f"0.05 and 0.95 are met within {error:.3f}"
    )
    print("structure  true area   covers: difference  area   false: O-R   U-stat   fixed readers")
    rng = np.random.default_rng(asked.seed)
    for (name, separation), model in STRUCTURES.items():
        difference, single, rockette, ustat, fixed = tried(model, asked.studies, asked.readers, asked.cases, rng)
        print(
            f"{name} {separation:4.2f}       {model.true_auc(0):.3f}             {difference:.3f}      {single:.3f}"
            f"       {rockette:.3f}    {ustat:.3f}           {fixed:.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
