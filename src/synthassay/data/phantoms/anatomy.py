"""What a virtual patient's head is made of: tissues as fractions of each voxel, on a grid in RAS+ millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, UInt8

from synthassay.errors import ImageError
from synthassay.shapes import Affine

Disease = Literal["ms", "tumour"]


class Tissue(IntEnum):
    """Tissues that an imaging physics must know; the value is the row in ``Anatomy.fractions``."""

    AIR = 0
    MUSCLE = 1  # muscle and skin
    FAT = 2
    BONE = 3
    MARROW = 4
    CSF = 5  # also the vitreous of the eye
    GREY = 6
    WHITE = 7
    DEEP_GREY = 8
    PLAQUE = 9
    TUMOUR = 10
    OEDEMA = 11


class Structure(IntEnum):
    """Labels of the structure map."""

    BACKGROUND = 0
    CSF = 1
    VENTRICLES = 2
    CORTEX = 3
    WHITE_MATTER = 4
    DEEP_GREY = 5
    CEREBELLUM = 6
    BRAINSTEM = 7
    SKULL = 8
    SOFT_TISSUE = 9
    LESION = 10


@dataclass(frozen=True)
class Grid:
    """Voxels of a volume, axes x, y, z towards right, anterior, superior.

    Attributes:
        shape: Voxels along x, y, z.
        spacing_mm: Voxel size along x, y, z.
        centre_mm: Where the middle of the grid stands; the origin is the anterior commissure.
    """

    shape: tuple[int, int, int] = (80, 96, 80)
    spacing_mm: tuple[float, float, float] = (2.0, 2.0, 2.0)
    centre_mm: tuple[float, float, float] = (0.0, -15.0, 8.0)

    def __post_init__(self) -> None:
        if min(self.shape) < 8 or min(self.spacing_mm) <= 0:
            raise ImageError(
                "phantom grid",
                "needs at least 8 voxels of positive size along each axis",
                value=f"{self.shape} at {self.spacing_mm} mm",
            )

    @property
    def affine(self) -> Affine:
        """Voxel index to RAS+ millimetres."""
        matrix = np.diag([*self.spacing_mm, 1.0])
        half = (np.array(self.shape) - 1) / 2 * np.array(self.spacing_mm)
        matrix[:3, 3] = np.array(self.centre_mm) - half
        return matrix

    @property
    def voxel_mm(self) -> float:
        """Side of a cube with a voxel's volume."""
        return float(np.prod(self.spacing_mm) ** (1 / 3))

    def axes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Open (broadcastable) millimetre coordinates along x, y, z."""
        affine = self.affine
        lines = [affine[i, 3] + affine[i, i] * np.arange(n) for i, n in enumerate(self.shape)]
        x, y, z = np.ix_(*(line.astype(np.float32) for line in lines))
        return x, y, z


@dataclass(frozen=True)
class Traits:
    """What makes one patient: drawn once, apart from its use.

    Attributes:
        age: Years.
        sex: ``F`` or ``M``.
        scale: Head size along x, y, z relative to the MNI 152 frame.
        ventricles: Factor on the ventricles' radius.
        atrophy: 0 in youth to about 1 in old age: widens sulci, thins the cortex.
        skull_mm: Thickness of the vault; scalp_mm: of skin and fat over it.
        disease: What the lesions are.
        seed: Root of the patient's random fields: folding, asymmetry, lesions.
    """

    age: float
    sex: Literal["F", "M"]
    scale: tuple[float, float, float]
    ventricles: float
    atrophy: float
    skull_mm: float
    scalp_mm: float
    disease: Disease
    seed: int

    @property
    def cortex_mm(self) -> float:
        """Mean thickness of the cortex: 2.8 mm in youth, 2.3 mm in old age (Salat 2004, doi:10.1093/cercor/bhh032)."""
        return 2.8 - 0.5 * self.atrophy


def draw_traits(rng: np.random.Generator) -> Traits:
    """Draw one patient of the virtual population: adults of 20 to 85 years, both sexes evenly.

    >>> traits = draw_traits(np.random.default_rng(1))
    >>> 20 <= traits.age <= 85
    True
    """
    age = float(rng.uniform(20, 85))
    male = bool(rng.random() < 0.5)
    atrophy = float(np.clip((age - 30) / 55 + rng.normal(0, 0.12), 0, 1.1))
    size = (0.925 if male else 0.885) + rng.normal(0, 0.012)
    scale = size * (1 + rng.normal(0, 0.018, 3))
    return Traits(
        age=age,
        sex="M" if male else "F",
        scale=(float(scale[0]), float(scale[1]), float(scale[2])),
        ventricles=float(np.exp(-0.25 + 0.75 * atrophy + rng.normal(0, 0.14))),
        atrophy=atrophy,
        skull_mm=float(rng.normal(6.5 if male else 6.8, 0.6)),
        scalp_mm=float(np.clip(rng.normal(5.5, 1.0), 3.5, 8)),
        disease="tumour" if rng.random() < 0.3 else "ms",
        seed=int(rng.integers(1 << 62)),
    )


@dataclass(frozen=True)
class Anatomy:
    """One patient's head on a grid.

    Attributes:
        fractions: Share of each voxel that each tissue fills, in the order of ``Tissue``; sums to 1 everywhere.
        structures: ``Structure`` labels.
        brain: Brain with its ventricles and sulci, as a brain extraction would leave.
        lesion: Voxels of which lesion (plaque, or tumour with its core) fills at least half.
    """

    grid: Grid
    traits: Traits
    fractions: Float[np.ndarray, "tissues x y z"]
    structures: UInt8[np.ndarray, "x y z"]
    brain: Bool[np.ndarray, "x y z"]
    lesion: Bool[np.ndarray, "x y z"]
