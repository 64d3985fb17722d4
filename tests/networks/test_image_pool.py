from __future__ import annotations

import torch

from synthassay.networks.image_pool import ImagePool


def numbered(*values: float) -> torch.Tensor:
    return torch.tensor(values).reshape(-1, 1, 1, 1)


def test_half_of_those_shown_are_older_and_newcomers_take_their_place():
    pool, rng = ImagePool(20), torch.Generator().manual_seed(0)
    pool.exchange(numbered(*range(20)), rng)
    shown = [float(pool.exchange(numbered(n), rng)) for n in range(20, 420)]
    older = sum(value != n for n, value in enumerate(shown, start=20))
    assert 160 < older < 240
    assert max(pool.images.flatten().tolist()) > 400 and len(pool.images) == 20
    assert len(set(pool.images.flatten().tolist())) == 20


def test_it_goes_on_after_a_load_as_it_would_have():
    one, other = ImagePool(4), ImagePool(4)
    one.exchange(numbered(1, 2, 3, 4), torch.Generator())
    other.images = torch.empty_like(one.images)
    other.load_state_dict(one.state_dict())
    shown = [pool.exchange(numbered(5, 6, 7), torch.Generator().manual_seed(3)) for pool in (one, other)]
    assert torch.equal(*shown)


def test_no_gradient_comes_out_and_size_0_keeps_nothing():
    images = numbered(1.0, 2.0).requires_grad_()
    for size in (0, 5):
        assert not ImagePool(size).exchange(images, torch.Generator()).requires_grad
    pool = ImagePool(0)
    assert torch.equal(pool.exchange(images, torch.Generator()), images.detach()) and len(pool.images) == 0
