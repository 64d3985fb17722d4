from __future__ import annotations

import pytest

from appraise.test_filling import answers, filled, item
from synthassay.appraise.judging import by_the_rule, overall, weighted
from synthassay.appraise.library import instrument
from synthassay.records.appraisal import DomainJudgement, ItemAppraisal, Level
from synthassay.records.instrument import Reply

Y, PY, PN, N, NI, NA = Reply


def judged(name: str, domain: str, replies: list[Reply | None]) -> Level:
    one = instrument(name)
    (wanted,) = [d for d in one.domains if d.key == domain]
    items = [
        ItemAppraisal(item=i.id, domain=domain, asks=i.asks, reply=reply)
        for i, reply in zip(one.of(domain), replies, strict=True)
    ]
    return by_the_rule(one, wanted, items).level


@pytest.mark.parametrize(
    ("replies", "level"),
    [
        ([Y, Y, Y, Y, Y], Level.LOW),
        ([PY, Y, NA, Y, Y], Level.LOW),
        ([Y, Y, Y, Y, NI], Level.UNCLEAR),
        ([Y, Y, Y, Y, None], Level.UNCLEAR),
        ([Y, Y, Y, PN, None], Level.SOME),
        ([Y, Y, Y, Y, N], Level.SOME),
        ([N, Y, Y, Y, Y], Level.HIGH),  # 2.1 to 2.3 are critical
        ([Y, PN, Y, Y, None], Level.HIGH),
    ],
)
def test_the_rule_of_the_own_instrument(replies, level):
    assert judged("own", "separation", replies) is level


def test_a_no_makes_a_domain_of_probast_high():
    assert judged("probast-ai", "evaluation_participants", [Y, PN, Y]) is Level.HIGH
    assert judged("probast-ai", "evaluation_participants", [Y, PY, NI]) is Level.UNCLEAR


@pytest.mark.parametrize(
    ("levels", "whole"),
    [
        (["low", "low"], "low"),
        (["low", "unclear"], "unclear"),
        (["unclear", "some concerns"], "some concerns"),
        (["high", "unclear", "low"], "high"),
    ],
)
def test_the_whole_is_its_worst_domain(levels, whole):
    domains = [DomainJudgement(domain="a", title="A", level=level, by="x", why="y") for level in levels]
    assert overall(domains) is Level(whole)


def metrics(yes: set[int], no: set[int], off: set[str]) -> tuple[float, float, float, int]:
    one = instrument("metrics")
    items = [
        ItemAppraisal(
            item=i.id, domain=i.domain, asks=i.asks, applies=not off & set(i.conditions),
            reply=Y if int(i.id) in yes else N if int(i.id) in no else None,
        )
        for i in one.items
    ]  # fmt: skip
    score = weighted(one, items)
    return score.percent, score.at_most, score.reachable, score.open


def test_metrics_score_equals_one_computed_by_hand():
    """Deep learning without segmentation, features and tables: 8, 9, 10, 12, 14, 15 and 16 do not apply.

    These weigh 0.0337 + 0.0225 + 0.0112 + 0.0311 + 0.02 + 0.02 + 0.03 = 0.1685, all items 0.9982: 0.8297 apply.
    Yes to 2, 3, 18, 21 and 27: 0.0735 + 0.0919 + 0.0599 + 0.0234 + 0.075 = 0.3237, which is 39.0141 % of 0.8297.
    Open stay 1 and 4: 0.0368 + 0.0438 = 0.0806 more, which makes 0.4043, or 48.7285 %.
    """
    yes, waiting = {2, 3, 18, 21, 27}, {1, 4}
    no = set(range(1, 31)) - yes - waiting
    percent, at_most, reachable, waits = metrics(yes, no, {"segmentation", "automated", "handcrafted", "tabular"})
    assert percent == pytest.approx(39.0141, abs=1e-4)
    assert at_most == pytest.approx(48.7285, abs=1e-4)
    assert reachable == pytest.approx(0.8297)
    assert waits == 2


def test_metrics_at_its_ends():
    everything = set(range(1, 31))
    assert metrics(everything, set(), set())[0] == pytest.approx(100)
    assert metrics(set(), everything, set())[:2] == (0, 0)
    assert metrics(set(), set(), set())[:2] == (0, pytest.approx(100))


def test_what_does_not_apply_is_not_in_the_score(whole_run):
    named = answers("AB", name="metrics-2024", segmentation=("no",), _8=("yes", "p. 2"))
    done = filled(whole_run, named, name="metrics")
    assert not item(done, "8").applies
    assert item(done, "8").item not in {i.item for i in done.open}
    assert done.score.reachable == pytest.approx(0.9982 - 0.0337 - 0.0225 - 0.0112 - 0.0311 - 0.02 - 0.02 - 0.03)
