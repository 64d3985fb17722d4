"""From records to links and to questions: what is surely one report, and what a person should look at.

Nothing is deleted. A link is a line in a log, and a person's word on a pair outweighs every rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synthassay.records.review import Link, Publication, Tie
from synthassay.review.blocking import candidate_pairs
from synthassay.review.clusters import Groups, Pair, clusters, standing
from synthassay.review.keys import Keys, keys_of
from synthassay.review.matching import judge

IDENTIFIERS = ("rule:doi", "rule:pmid")


@dataclass(frozen=True)
class Question:
    """A pair that a person should judge, and why."""

    a: str
    b: str
    why: str


@dataclass(frozen=True)
class Proposal:
    """What deduplication found beyond what the log already holds.

    Attributes:
        links: Lines to add to the log.
        questions: Pairs for a person, those of one report left out; in the order of identifiers.
    """

    links: tuple[Link, ...]
    questions: tuple[Question, ...]


def propose(records: Sequence[Publication], log: Iterable[Link] = ()) -> Proposal:
    """Compare records and say what to link and what to ask.

    The same records give the same proposal in any order, and none after its links were added to the log.
    """
    log = tuple(log)
    keys = {record.id: keys_of(record) for record in records}
    now = standing(log)
    spoken = {(link.a, link.b) for link in log}  # undone pairs included: a rule does not insist
    ruled: dict[Pair, str] = dict(now.ruled)
    asked: dict[Pair, str] = {}
    for pair in candidate_pairs(keys):
        if pair in spoken:
            continue
        verdict = judge(keys[pair[0]], keys[pair[1]])
        if verdict.rule:
            ruled[pair] = f"rule:{verdict.rule}"
        elif verdict.ask:
            asked[pair] = verdict.ask
    doubtful = _bridges(ruled, now.said_same, keys)
    new = {pair: rule for pair, rule in ruled.items() if pair not in spoken and pair not in doubtful}
    asked |= {pair: "it matches two reports with different identifiers" for pair in doubtful if pair not in spoken}
    links = tuple(Link(tie=Tie.SAME, a=a, b=b, by=rule) for (a, b), rule in sorted(new.items()))
    groups = clusters([record.id for record in records], (*log, *links))
    settled = {pair for pair in asked if groups.leader[pair[0]] == groups.leader[pair[1]]}
    questions = (Question(*pair, why) for pair, why in sorted(asked.items()) if pair not in settled)
    return Proposal(links=links, questions=tuple(questions))


def _bridges(ruled: dict[Pair, str], said: Iterable[Pair], keys: dict[str, Keys]) -> set[Pair]:
    """Links by description in groups that would hold two DOIs or two PubMed identifiers.

    A record without an identifier that resembles two reports belongs to one of them at most; no rule knows to which.
    """
    groups = Groups(())
    for a, b in (*said, *ruled):
        groups.join(a, b)
    loose = {pair for pair, rule in ruled.items() if rule not in IDENTIFIERS}
    found: set[Pair] = set()
    checked: dict[int, bool] = {}
    for pair in loose:
        members = groups.members(pair[0])
        if id(members) not in checked:
            checked[id(members)] = _contradicts(members, keys)
        if checked[id(members)]:
            found.add(pair)
    return found - _harmless(found, ruled, said, keys)


def _harmless(suspects: set[Pair], ruled: dict[Pair, str], said: Iterable[Pair], keys: dict[str, Keys]) -> set[Pair]:
    """Of the suspects, those whose records meet no second report: all that they reach by suspects agrees."""
    groups = Groups(())
    for a, b in (*said, *(pair for pair in ruled if pair not in suspects)):
        groups.join(a, b)
    reached: dict[str, set[str]] = defaultdict(set)
    for a, b in suspects:
        first, second = min(groups.members(a)), min(groups.members(b))
        reached[first] |= {first, second}
        reached[second] |= {first, second}

    def agrees(block: str) -> bool:
        records = {record for leader in reached[block] for record in groups.members(leader)}
        return not _contradicts(records, keys)

    fine = {block: agrees(block) for block in reached}
    return {(a, b) for a, b in suspects if fine[min(groups.members(a))] and fine[min(groups.members(b))]}


def _contradicts(records: Iterable[str], keys: dict[str, Keys]) -> bool:
    records = list(records)
    return any(len({getattr(keys[r], kind) for r in records} - {""}) > 1 for kind in ("doi", "pmid"))
