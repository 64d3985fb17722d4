from __future__ import annotations

import numpy as np
import pytest
import torch

from synthassay.errors import DataError
from synthassay.generators.combat import landmarks
from synthassay.generators.stored import build_generator
from synthassay.networks.batch import Batch, Facts


def scans(seed: int, count: int, gain: float = 1.0, offset: float = 0.0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    made = np.full((count, 1, 24, 24), -1.0)
    for i in range(count):
        made[i, 0, 3:21, 3:21] = np.clip(gain * rng.normal(-0.1, 0.2, (18, 18)) + offset, -0.99, 1)
    return torch.from_numpy(made).float()


class Sites:
    """Sources of site 1 (brighter, stronger contrast) and targets of site 0."""

    source, target = scans(1, 40, 1.5, 0.3), scans(2, 40)

    def __len__(self) -> int:
        return 40

    def batch(self, positions) -> Batch:
        at = list(positions)
        return Batch(self.target[at], self.source[at], torch.ones(len(at), dtype=torch.int64))

    def subject(self, position: int) -> str:
        return f"s{position}"


@pytest.fixture(scope="module")
def fitted():
    made = build_generator("combat", {}, Facts(1, 1, ("home", "away"), (24, 24)), seed=0)
    made.prepare(Sites(), torch.Generator().manual_seed(0))
    return made


def test_sources_get_the_percentiles_of_the_target_site(fitted):
    source, aim = scans(5, 8, 1.5, 0.3), landmarks(scans(6, 1)[0].double().numpy())
    out = fitted.sample(Batch(source=source, label=torch.ones(8, dtype=torch.int64)), [torch.Generator()] * 8)
    before = np.mean([abs(landmarks(i.double().numpy()) - aim).mean() for i in source])
    after = np.mean([abs(landmarks(i.double().numpy()) - aim).mean() for i in out])
    assert after < 0.2 * before
    assert torch.equal(out[source == -1], source[source == -1])


def test_order_within_an_image_stays_so_anatomy_cannot_move(fitted):
    source = scans(7, 1, 1.5, 0.3)
    out = fitted.sample(Batch(source=source, label=torch.ones(1, dtype=torch.int64)), [torch.Generator()])
    order = source.flatten().argsort()
    assert bool((out.flatten()[order].diff() >= -1e-6).all())


def test_images_of_the_target_site_stay(fitted):
    source = scans(8, 2)
    out = fitted.sample(Batch(source=source, label=torch.zeros(2, dtype=torch.int64)), [torch.Generator()] * 2)
    torch.testing.assert_close(out, source, atol=1e-6, rtol=0)


def test_an_unknown_site_is_refused(fitted):
    with pytest.raises(DataError, match="not fitted to this site"):
        fitted.sample(Batch(source=scans(9, 1), label=torch.tensor([-1])), [torch.Generator()])
    assert fitted.knows_domains
