"""Whether synthetic tiles as a set are stained as strongly as real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.pathology.stain_rows import AMOUNT_OF, QUANTILES, amount_distance, stain_row
from synthassay.evaluate.pathology.tiles import compared_tiles, real_rows, rows_of
from synthassay.images.specimen import Specimen
from synthassay.images.stain import CONVENTION
from synthassay.records.vocabulary import Axis, Better, Unit


@metric(
    title="Stain amount distance",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="optical density",
    per="set",
    source="doi:10.1109/ISBI.2009.5193250",
    settings={**CONVENTION, "vectors": "each tile's own", "quantiles_per_tile": QUANTILES, "order": 1},
    only=Unit.RGB,
)
def stain_amount_distance(
    synthetic_specimens: Sequence[Specimen],
    test_specimens: Sequence[Specimen],
    seed: int,
    *,
    holdout_specimens: Sequence[Specimen] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> list[Finding]:
    """Return the 1-Wasserstein distance between the amounts of stain on synthetic and on real tissue.

    Every tile has the same weight: it gives 33 quantiles of the amounts on its tissue, along its own stain vectors.

    Args:
        synthetic_specimens: RGB tiles.
        test_specimens: RGB tiles of held-out patients.
        seed: Root seed of the splits.
        holdout_specimens: Further real tiles that the generator never saw.
        real_memo: Keeps what depends on real tiles alone.

    Returns:
        Optical density (base 10), at least 0, per stratum ``stain=haematoxylin`` and ``stain=eosin``, each with its
        real floor.

    Raises:
        NotMeasured: No tile of a set has two stains; a stratum says so itself where subjects are too few.

    Source:
        Amounts: Macenko et al. 2009, doi:10.1109/ISBI.2009.5193250; distance: doi:10.3390/e19020047.

    Example:
        >>> import numpy as np
        >>> rng, vectors = np.random.default_rng(0), np.array([(0.65, 0.7, 0.29), (0.07, 0.99, 0.11)])
        >>> def tile(i, dye):
        ...     light = 255 * 10 ** -np.einsum("sc,sij->cij", vectors, dye * rng.uniform(0, 1, (2, 30, 30)) ** 2)
        ...     return Specimen(light, unit=Unit.RGB, case=str(i), subject=str(i))
        >>> real, pale = [tile(i, 1.0) for i in range(40)], [tile(i, 0.7) for i in range(40)]
        >>> found = stain_amount_distance(pale, real, 0)[0]
        >>> found.stratum, round(found.value, 2), found.floor < 0.01
        ('stain=haematoxylin', 0.1, True)
    """
    memo = {} if real_memo is None else real_memo
    real = real_rows("stain", test_specimens, holdout_specimens, stain_row, memo)
    judged = rows_of(synthetic_specimens, stain_row)
    return [
        compared_tiles(
            "stain_amount_distance", f"stain={name}", columns, amount_distance, judged, real, seed=seed, memo=memo
        )
        for name, columns in AMOUNT_OF.items()
    ]
