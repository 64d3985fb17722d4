"""Choosing an embedding, and looking inside masks; with the evidence that does so."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from evaluate.features.test_weights import write_card
from evaluate.sets import fields, images, paired
from synthassay.errors import DataError, ImageError, NotMeasured, UnknownName
from synthassay.evaluate.evidence import Options
from synthassay.evaluate.features.choose import (
    batches,
    card_of,
    embed,
    embedding_called,
    have_masks,
    identity_of,
    stacked,
)
from synthassay.evaluate.features.embedding import EMBEDDINGS
from synthassay.images.specimen import Specimen
from synthassay.networks.residual import ResidualNetwork
from synthassay.records.vocabulary import Unit


def specimens(n=4, *, masked=True, **changes):
    mask = np.zeros((24, 24), bool)
    mask[4:20, 4:20] = True
    return [
        Specimen(pixels, (1.0, 1.0), case=f"c{i}", subject=f"s{i}", mask=mask if masked else None, **changes)
        for i, pixels in enumerate(fields(n, 1))
    ]


def masks(name, count):
    drawn = np.zeros((count, 1, 24, 24), np.float32)
    drawn[:, :, 4:20, 4:20] = 1
    return images(name, drawn, subjects=[f"p{i // 2}" for i in range(count)], unit=Unit.LABEL)


def test_names_lead_to_embeddings(tmp_path):
    assert embedding_called("radiomic") is EMBEDDINGS.get("radiomic")
    with pytest.raises(UnknownName, match="in_domain, radiomic"):
        embedding_called("radiomics_v2")
    torch.manual_seed(0)
    card = write_card(tmp_path, ResidualNetwork("resnet18", 3, 2).state_dict())
    name = f"weights:{card}"
    assert embedding_called(name).card.title == "random ResNet-18"
    assert card_of(name).title == "random ResNet-18"
    assert card_of("radiomic") is None
    before = identity_of(name)
    card.write_text(card.read_text().replace("random ResNet-18", "another"))
    assert identity_of(name) != before
    assert identity_of("radiomic") == "radiomic"
    with pytest.raises(DataError, match="cannot be read"):
        card_of("weights:/nowhere/card.toml")


def test_embedding_inside_masks_never_reads_outside():
    whole, rule = specimens(), EMBEDDINGS.get("radiomic")
    spoilt = [s.replace(pixels=np.where(s.mask, s.pixels, np.nan)) for s in whole]
    inside = embed(rule, spoilt, Unit.ARBITRARY, masked=True)
    np.testing.assert_array_equal(inside, embed(rule, whole, Unit.ARBITRARY, masked=True))
    assert np.nanmax(np.abs(inside - embed(rule, whole, Unit.ARBITRARY, masked=False))) > 1
    with pytest.raises(NotMeasured, match="values of c0 are not finite"):
        embed(rule, spoilt, Unit.ARBITRARY, masked=False)


def test_each_image_is_described_with_its_own_spacing():
    mixed = [s.replace(spacing_mm=(1.0, 1.0 if i < 2 else 3.0)) for i, s in enumerate(specimens())]
    assert [len(part) for part, _, _ in batches(mixed, masked=False)] == [2, 2]
    rule = EMBEDDINGS.get("radiomic")
    found = embed(rule, mixed, Unit.ARBITRARY, masked=False)
    alone = rule.features(mixed[3].pixels[None], spacing=(1.0, 3.0))
    np.testing.assert_array_equal(found[3], alone[0])


def test_sizes_that_differ_and_lacking_masks_are_said():
    odd = [*specimens(2), specimens(1)[0].replace(pixels=np.zeros((1, 20, 24)), mask=None, case="odd")]
    with pytest.raises(NotMeasured, match=r"one size, and odd has \(1, 20, 24\)"):
        stacked(odd, masked=False)
    with pytest.raises(ImageError, match="has no mask"):
        stacked([*specimens(1), *specimens(1, masked=False)], masked=True)
    assert have_masks(specimens())
    assert not have_masks([*specimens(1), *specimens(1, masked=False)])
    assert not have_masks([s.replace(mask=np.zeros((24, 24), bool)) for s in specimens(1)])


def test_evidence_looks_inside_masks_where_every_image_has_one():
    count = 12
    everywhere = paired(masks=None)
    some = paired(masks=masks("masks", count))  # the test images have none
    by_case = images("masks", np.ones((count, 1, 24, 24), np.float32))
    drawn = {"test": {"mask": type(by_case)("masks", tuple(
        type(e)(case=t.case, subject=t.subject, load=m.load)
        for e, t, m in zip(by_case.entries, everywhere.test.entries, masks("masks", count).entries, strict=True)
    ))}}  # fmt: skip
    all_drawn = paired(masks=masks("masks", count), drawn=drawn)
    assert everywhere.set_fixture("embedding_settings", "")["described"] == "whole image"
    assert some.set_fixture("embedding_settings", "")["described"] == "whole image"
    assert all_drawn.set_fixture("embedding_settings", "")["described"] == "inside the mask"
    np.testing.assert_array_equal(everywhere.set_fixture("test_features", ""), some.set_fixture("test_features", ""))
    assert not np.array_equal(everywhere.set_fixture("test_features", ""), all_drawn.set_fixture("test_features", ""))


def test_an_embedding_that_learns_is_trained_once_for_all_generators_of_a_run():
    memo = {}
    options = Options(bootstrap=200, embedding="in_domain", embedding_steps=2)
    training = images("training", fields(20, 7))
    first, second = (paired(real_memo=memo, options=options, training=training) for _ in range(2))
    assert first.set_fixture("synthetic_features", "").shape[0] == 12
    assert second._rule() is first._rule()
    settings = second.set_fixture("embedding_settings", "")
    assert (settings["embedding"], settings["encoder_steps"]) == ("in_domain", 2)
    with pytest.raises(NotMeasured, match="training images were not given"):
        paired(options=options).set_fixture("synthetic_features", "")
