"""Array annotations with named axes, shared by every floor; enforced by jaxtyping and beartype in the test run.

Axis names: ``channels``, ``*space`` (``x y z`` for volumes in RAS+, ``rows columns`` for pictures), ``cases``,
``subjects``, ``features``, ``batch``.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int, Real, Shaped

Pixels: TypeAlias = Shaped[np.ndarray, "channels *space"]
Spatial: TypeAlias = Real[np.ndarray, "*space"]
SpatialMask: TypeAlias = Bool[np.ndarray, "*space"]
Affine: TypeAlias = Float[np.ndarray, "4 4"]
Features: TypeAlias = Float[np.ndarray, "cases features"]
PerCase: TypeAlias = Float[np.ndarray, " cases"]
Labels: TypeAlias = Int[np.ndarray, " cases"]
Values: TypeAlias = Float[np.ndarray, " values"]

__all__ = ["Affine", "Features", "Labels", "PerCase", "Pixels", "Spatial", "SpatialMask", "Values"]
