"""A small bench: sixty little pictures of sixty patients, noisy as scans are."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from synthassay.bench.material import Material
from synthassay.evaluate.features.embedding import Embedding
from synthassay.images.specimen import Specimen
from synthassay.protocols import PROTOCOLS
from synthassay.records.vocabulary import Unit

SIZE = 24


def picture(number: int) -> Specimen:
    rng = np.random.default_rng(number)
    smooth = ndimage.gaussian_filter(rng.normal(size=(SIZE, SIZE)), 2.5)
    pixels = 120 + 60 * smooth / smooth.std() / 2 + rng.normal(0, 2, (SIZE, SIZE))
    return Specimen(
        pixels=pixels[None].astype(np.float32),
        spacing_mm=(1.0, 1.0),
        case=f"case-{number:03d}",
        subject=f"patient-{number:03d}",
        mask=np.ones((SIZE, SIZE), bool),
    )


class QuickEmbedding(Embedding):
    """Deciles of the pixels and of their differences, in place of an embedding that takes milliseconds per image."""

    source = "doi:10.1000/none"

    def settings(self, unit):
        return {}

    def names(self, shape):
        return tuple(f"{what} {i}" for what in ("pixel", "step") for i in range(9))

    def features(self, images, *, spacing=(), unit=Unit.ARBITRARY, mask=None):
        shares = np.linspace(0.1, 0.9, 9)
        return np.stack([np.r_[np.quantile(x, shares), np.quantile(np.diff(x, axis=-1), shares)] for x in images])


def material(count: int = 60, protocol: str = "xray") -> Material:
    return Material(
        protocol=PROTOCOLS.get(protocol),
        source="pictures",
        licence="none",
        citation="none",
        specimens=tuple(picture(i) for i in range(count)),
        data_range=(0.0, 255.0),
    )
