"""Reader studies: time of the analyses, beside the definitions written out, in one run.

    python benchmarks/bench_mrmc.py [--readers 10] [--cases 1000] [--treatments 2]

Prints seconds (best of three) of the area's jackknife covariance and analysis, of U-statistics, of 2,000 resampled
studies, and of a naive implementation of two of them: areas pair by pair in numpy, one study per draw, one case left
out at a time. The naive ones do 20 cases and 10 draws and are scaled up. Both agree on a small study, which is checked
first.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from synthassay.stats.mrmc.areas import areas
from synthassay.stats.mrmc.bootstrap import bootstrap_means
from synthassay.stats.mrmc.covariance import covariance
from synthassay.stats.mrmc.obuchowski_rockette import components, random_readers_random_cases
from synthassay.stats.mrmc.ratings import Ratings
from synthassay.stats.mrmc.roe_metz import RoeMetz
from synthassay.stats.mrmc.ustatistic import ustatistic

DRAWS, NAIVE_DRAWS, NAIVE_CASES = 2000, 10, 20


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the best time of some repeats."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return float(best)


def naive_area(score: np.ndarray, truth: np.ndarray) -> float:
    """Area by the definition: all pairs."""
    gap = score[truth][:, None] - score[~truth][None, :]
    return float(((gap > 0) + 0.5 * (gap == 0)).mean())


def naive_jackknife(ratings: Ratings, most: int | None = None) -> np.ndarray:
    """Jackknife covariance, one case left out at a time; with ``most`` the work of the first cases alone."""
    flat = ratings.score.reshape(-1, len(ratings.cases))
    left = []
    for k in range(len(ratings.cases))[:most]:
        kept = np.arange(len(ratings.cases)) != k
        left.append([naive_area(row[kept], ratings.truth[kept]) for row in flat])
    centred = np.array(left) - np.mean(left, axis=0)
    count = len(ratings.cases)
    return np.asarray((count - 1) / count * centred.T @ centred)


def naive_bootstrap(ratings: Ratings, rng: np.random.Generator) -> list[np.ndarray]:
    """Resampled studies, one after the other."""
    out = []
    positive, negative = np.flatnonzero(ratings.truth), np.flatnonzero(~ratings.truth)
    for _ in range(NAIVE_DRAWS):
        readers = rng.integers(0, len(ratings.readers), len(ratings.readers))
        cases = np.r_[rng.choice(negative, len(negative)), rng.choice(positive, len(positive))]
        truth = ratings.truth[cases]
        out.append(np.array([np.mean([naive_area(t[r, cases], truth) for r in readers]) for t in ratings.score]))
    return out


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readers", type=int, default=10)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--treatments", type=int, default=2)
    asked = parser.parse_args()
    model = RoeMetz((1.5,) * asked.treatments, 0.03, 0.03, 0.3, 0.3, 0.2, 0.2)
    half = asked.cases // 2
    ratings = model.simulate(asked.readers, half, asked.cases - half, np.random.default_rng(0))

    def whole(method: str) -> object:
        figures = areas(ratings)
        return random_readers_random_cases(
            figures.values, components(figures.values, covariance(ratings, figures, method))
        )

    small = model.simulate(3, 20, 20, np.random.default_rng(2))
    same = np.allclose(covariance(small, areas(small), "jackknife"), naive_jackknife(small))
    print(f"{asked.readers} readers, {asked.cases} cases, {asked.treatments} treatments; equal covariances: {same}")
    jackknife = seconds(lambda: whole("jackknife"))
    naive = seconds(lambda: naive_jackknife(ratings, NAIVE_CASES), 1) * asked.cases / NAIVE_CASES
    print(f"Obuchowski-Rockette, jackknife      {jackknife:8.3f} s   naive {naive:8.2f} s   {naive / jackknife:8.0f} x")
    print(f"Obuchowski-Rockette, DeLong         {seconds(lambda: whole('delong')):8.3f} s")
    print(f"Obuchowski-Rockette, unbiased       {seconds(lambda: whole('unbiased')):8.3f} s")
    print(f"U-statistics, a difference          {seconds(lambda: ustatistic(ratings, 0, 1)):8.3f} s")
    fast = seconds(lambda: bootstrap_means(ratings, rng=np.random.default_rng(1), draws=DRAWS), 1)
    slow = seconds(lambda: naive_bootstrap(ratings, np.random.default_rng(1)), 1) * DRAWS / NAIVE_DRAWS
    print(
        f"bootstrap, {DRAWS} resampled studies  {fast:8.3f} s   naive {slow:8.1f} s   {slow / fast:8.0f} x (scaled up)"
    )


if __name__ == "__main__":
    main()
