"""Whether the colours of the stains vary over synthetic tiles as they do over real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synthassay.evaluate.metric import Finding, metric
from synthassay.evaluate.pathology.stain_rows import MOST_MATCHED, VECTOR_OF, matched_angle, stain_row
from synthassay.evaluate.pathology.tiles import compared_tiles, real_rows, rows_of
from synthassay.images.specimen import Specimen
from synthassay.images.stain import CONVENTION
from synthassay.records.vocabulary import Axis, Better, Unit


@metric(
    title="Stain vector distance",
    axis=Axis.FIDELITY,
    better=Better.LOWER,
    unit="degrees",
    per="set",
    source="doi:10.1109/ISBI.2009.5193250",
    settings={**CONVENTION, "most_tiles_matched": MOST_MATCHED},
    only=Unit.RGB,
)
def stain_vector_distance(
    synthetic_specimens: Sequence[Specimen],
    test_specimens: Sequence[Specimen],
    seed: int,
    *,
    holdout_specimens: Sequence[Specimen] | None = None,
    real_memo: dict[Any, Any] | None = None,
) -> list[Finding]:
    """Return the 1-Wasserstein distance between the stain vectors of synthetic and of real tiles, in degrees.

    Every tile has its own haematoxylin and eosin vector. Synthetic vectors are matched one to one with real ones so
    that the mean angle is least: a set that is shifted and a set that has one laboratory's colour only both show.

    Args:
        synthetic_specimens: RGB tiles.
        test_specimens: RGB tiles of held-out patients.
        seed: Root seed of the splits.
        holdout_specimens: Further real tiles that the generator never saw.
        real_memo: Keeps what depends on real tiles alone.

    Returns:
        Degrees, at least 0, per stratum ``stain=haematoxylin`` and ``stain=eosin``, each with its real floor.

    Raises:
        NotMeasured: No tile of a set has two stains; a stratum says so itself where subjects are too few.

    Source:
        Vectors: Macenko et al. 2009, doi:10.1109/ISBI.2009.5193250; distance: Rubner et al. 2000,
        doi:10.1023/A:1026543900054, with the angle as ground distance.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> def tile(i, red):
        ...     amounts = rng.uniform(0, 1, (2, 30, 30)) ** 2
        ...     light = 255 * 10 ** -np.einsum("sc,sij->cij", np.array([(red, 0.7, 0.29), (0.07, 0.99, 0.11)]), amounts)
        ...     return Specimen(light, unit=Unit.RGB, case=str(i), subject=str(i))
        >>> real, other = [tile(i, 0.65) for i in range(40)], [tile(i, 0.75) for i in range(40)]
        >>> found = stain_vector_distance(other, real, 0)[0]
        >>> found.stratum, round(found.value), found.floor < 1
        ('stain=haematoxylin', 4, True)
    """
    memo = {} if real_memo is None else real_memo
    real = real_rows("stain", test_specimens, holdout_specimens, stain_row, memo)
    judged = rows_of(synthetic_specimens, stain_row)
    return [
        compared_tiles(
            "stain_vector_distance", f"stain={name}", columns, matched_angle, judged, real, seed=seed, memo=memo
        )
        for name, columns in VECTOR_OF.items()
    ]
