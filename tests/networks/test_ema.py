"""The moving average follows its recursion, warms up, and survives being stored."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from synthassay.networks.ema import Ema


def test_average_follows_the_recursion_by_hand() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, 0.0)
    ema, expected = Ema(network, 0.9), 0.0
    for update in range(200):
        nn.init.constant_(network.weight, float(update))
        ema.update(network)
        decay = min(0.9, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * update
    assert float(ema.average.weight.detach()) == pytest.approx(expected, rel=1e-5)
    assert expected == pytest.approx(199 - 9, abs=0.01)  # a ramp is followed 1 / (1 - decay) - 1 updates behind


def test_average_takes_no_gradient_and_copies_buffers() -> None:
    network = nn.BatchNorm1d(3)
    ema = Ema(network, 0.9)
    network(torch.randn(8, 3) + 5)
    ema.update(network)
    assert not any(p.requires_grad for p in ema.parameters())
    assert torch.equal(ema.average.running_mean, network.running_mean)


def test_stored_average_goes_on_where_it_was() -> None:
    network, other = nn.Linear(2, 2), nn.Linear(2, 2)
    ema, later = Ema(network, 0.99), Ema(other, 0.99)
    ema.update(network)
    later.load_state_dict(ema.state_dict())
    assert int(later.updates) == 1
    ema.update(network)
    later.update(network)
    assert torch.equal(later.average.weight, ema.average.weight)
