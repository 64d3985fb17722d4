"""What every file format must pass: pixels, geometry, unit and mark come back; bytes are the same; nothing halved."""

from __future__ import annotations

import numpy as np

from synthassay.images.image import Geometry, Image
from synthassay.images.labelling import SyntheticLabel
from synthassay.records.vocabulary import Modality, Unit

LABEL = SyntheticLabel(
    study="Does it help? – Lübeck",
    generator="rectified_flow",
    software="synthassay 0.1.0",
    seed=2**62 + 7,
    case="person124_virus",
    weights_sha256="ab" * 32,
)
CT_LABEL = SyntheticLabel("Low dose", "pgan", "synthassay 0.1.0", 11, "case-1", modality=Modality.CT)
MR_LABEL = SyntheticLabel("T1 to T2", "pgan", "synthassay 0.1.0", 11, "case-1", modality=Modality.MRI)
XRAY_LABEL = SyntheticLabel("Pneumonia", "vae", "synthassay 0.1.0", 11, "case-1", modality=Modality.XRAY)


def rotation(degrees: float, axis: int) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = np.eye(3)
    i, j = [k for k in range(3) if k != axis]
    turned[i, i], turned[i, j], turned[j, i], turned[j, j] = c, -s, s, c
    return turned


def oblique_affine(spacing: tuple[float, float, float] = (0.8, 1.25, 3.0)) -> np.ndarray:
    """RAS+ with a turn of 12 and 7 degrees, so that no axis is a body axis."""
    affine = np.eye(4)
    affine[:3, :3] = rotation(12, 2) @ rotation(7, 0) @ np.diag(spacing)
    affine[:3, 3] = [-31.5, 42.25, -120.125]
    return affine


def ct_volume(space: tuple[int, int, int] = (7, 6, 5)) -> Image:
    """HU from -1024 to 3071, every voxel different from its neighbours."""
    values = np.random.default_rng(3).integers(-1024, 3072, (1, *space)).astype(np.int16)
    return Image(values, Geometry.from_affine(oblique_affine()), Unit.HU)


def grey_picture(kind: type = np.uint8, rows: int = 9, columns: int = 6) -> Image:
    top = int(np.iinfo(kind).max)
    values = np.random.default_rng(4).integers(0, top, (1, rows, columns), endpoint=True).astype(kind)
    values[0, 0, :2] = 0, top
    return Image(values, Geometry(spacing_mm=(0.25, 0.5)), Unit.ARBITRARY)


def rgb_picture() -> Image:
    values = np.random.default_rng(5).integers(0, 256, (3, 7, 7)).astype(np.uint8)
    return Image(values, Geometry(mpp=0.495), Unit.RGB)


def same(a: Image, b: Image, *, place_mm: float = 1e-5) -> None:
    """Fail unless pixels (values and type), unit and geometry are the same."""
    assert a.pixels.dtype == b.pixels.dtype
    np.testing.assert_array_equal(a.pixels, b.pixels)
    assert a.unit is b.unit
    assert a.geometry.mpp == b.geometry.mpp
    np.testing.assert_allclose(a.geometry.spacing_mm, b.geometry.spacing_mm, rtol=1e-6)
    assert (a.geometry.affine is None) == (b.geometry.affine is None)
    if a.geometry.affine is not None:
        np.testing.assert_allclose(a.geometry.affine, b.geometry.affine, rtol=0, atol=place_mm)
