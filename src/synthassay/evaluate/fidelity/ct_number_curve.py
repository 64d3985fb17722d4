"""The CT-number curve: where on the Hounsfield scale a synthetic CT is wrong, and by how much."""

from __future__ import annotations

import numpy as np

from synthassay.errors import NotMeasured
from synthassay.evaluate.fidelity.pair import inside
from synthassay.evaluate.metric import metric
from synthassay.records.vocabulary import Axis, Better, Unit
from synthassay.shapes import Pixels, SpatialMask

EDGES_HU = (-200.0, -20.0, 20.0, 100.0, 250.0, 700.0)
BINS = tuple(
    f"hu={low}..{high}"
    for low, high in zip(("", *(f"{e:g}" for e in EDGES_HU)), (*(f"{e:g}" for e in EDGES_HU), ""), strict=True)
)
LINE_AT_HU = (0.0, 1000.0)
LINE = tuple(f"line={at:g}" for at in LINE_AT_HU)


@metric(
    title="CT-number curve",
    axis=Axis.FIDELITY,
    better=Better.TARGET,
    target=0.0,
    unit="HU",
    per="case",
    source="doi:10.1002/mp.15150",
    only=Unit.HU,
    strata=(*BINS, *LINE),
    settings={
        "bins": "by the reference: below " + ", ".join(f"{edge:g}" for edge in EDGES_HU) + ", and above, HU",
        "line": "least squares of synthetic on reference; its height above the diagonal at 0 and at 1000 HU",
        "clipping": "none",
    },
)
def ct_number_curve(
    synthetic: Pixels, reference: Pixels, unit: Unit, mask: SpatialMask | None = None
) -> dict[str, float]:
    """Return the mean of synthetic - reference per range of the reference's Hounsfield units, and a line's.

    ``hu=20..100`` holds voxels from 20 to below 100 HU. ``line=0`` is the intercept of the regression of synthetic on
    reference; ``line=1000`` how far the line lies above the diagonal at 1000 HU: intercept + 1000 (slope - 1). Noise
    and misplacement in the reference flatten the line: bins below the mean then lie above 0, and those beyond it below.

    Args:
        synthetic: ``channels *space`` in HU.
        reference: ``channels *space`` in HU.
        unit: What a pixel means.
        mask: ``*space``: the body; the whole picture where None.

    Returns:
        Stratum to HU; 0 at best. A range that the reference does not have is absent; so is the line where the
        reference is constant.

    Raises:
        NotMeasured: The images are not in HU; or as in ``mae``.

    Source:
        Spadea and Maspero et al., Med Phys 48:6537 (2021), doi:10.1002/mp.15150 (errors by range of CT numbers; the
        ranges differ between studies, and ours are stated with every number).

    Example:
        >>> real = np.array([[0.0, 50.0, 1000.0]])
        >>> found = ct_number_curve(1.1 * real, real, Unit.HU)
        >>> {stratum: round(value, 6) + 0 for stratum, value in found.items()}
        {'hu=-20..20': 0.0, 'hu=20..100': 5.0, 'hu=700..': 100.0, 'line=0': 0.0, 'line=1000': 100.0}
    """
    if unit is not Unit.HU:
        raise NotMeasured("the CT-number curve needs Hounsfield units")
    first, second = (values.ravel() for values in inside(synthetic, reference, mask))
    difference = first - second
    place = np.searchsorted(EDGES_HU, second, side="right")
    count = np.bincount(place, minlength=len(BINS))
    total = np.bincount(place, difference, minlength=len(BINS))
    found = {name: float(t / n) for name, t, n in zip(BINS, total, count, strict=True) if n}
    centred = second - second.mean()
    spread = float(centred @ centred)
    if spread > 0:
        excess = float(centred @ difference) / spread  # slope - 1
        height = float(difference.mean()) - excess * float(second.mean())
        found |= {name: height + excess * at for name, at in zip(LINE, LINE_AT_HU, strict=True)}
    return found
