"""What the link log says now: which records show one report. Lines are added, never changed; undo is a line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synthassay.records.review import Link, Tie

Pair = tuple[str, str]


@dataclass(frozen=True)
class Standing:
    """What stands of a link log after all undoing.

    Attributes:
        said_same: Pairs that a person called the same; ``said_apart`` two reports.
        ruled: Pair to the rule that linked it.
    """

    said_same: frozenset[Pair]
    said_apart: frozenset[Pair]
    ruled: dict[Pair, str]


def standing(links: Iterable[Link]) -> Standing:
    """Read a link log from its first line to its last.

    An undo takes back the newest word on its pair that still stands, and gives the one before it back.
    """
    said: dict[Pair, list[Link]] = defaultdict(list)
    for link in links:
        pair = (link.a, link.b)
        if link.tie is not Tie.UNDO:
            said[pair].append(link)
        elif said[pair]:
            said[pair].pop()
    last = {pair: lines[-1] for pair, lines in said.items() if lines}
    return Standing(
        said_same=frozenset(p for p, link in last.items() if link.tie is Tie.SAME and not link.by_rule),
        said_apart=frozenset(p for p, link in last.items() if link.tie is Tie.APART),
        ruled={p: link.by for p, link in last.items() if link.tie is Tie.SAME and link.by_rule},
    )


class Groups:
    """Records joined into groups, unless a join would put together what a person has called two reports."""

    def __init__(self, apart: Iterable[Pair]) -> None:
        self._root: dict[str, str] = {}
        self._members: dict[str, set[str]] = {}
        self._apart: dict[str, set[str]] = defaultdict(set)
        for a, b in apart:
            self._apart[a].add(b)
            self._apart[b].add(a)

    def members(self, record: str) -> set[str]:
        """All records of a record's group, itself included."""
        return self._members.get(self._find(record), {record})

    def join(self, a: str, b: str) -> bool:
        """Put the groups of two records together; False where a person's word forbids it."""
        first, second = self._find(a), self._find(b)
        if first == second:
            return True
        ours, theirs = self.members(first), self.members(second)
        few, many = sorted((ours, theirs), key=len)
        if any(self._apart.get(record, set()) & many for record in few):
            return False
        root = min(first, second)
        joined = ours | theirs
        self._members.pop(first, None)
        self._members.pop(second, None)
        self._members[root] = joined
        for record in few:
            self._root[record] = root
        self._root[first] = self._root[second] = root
        return True

    def _find(self, record: str) -> str:
        while (root := self._root.get(record, record)) != record:
            record = root
        return record


@dataclass(frozen=True)
class Clusters:
    """Records by report.

    Attributes:
        leader: Record to the member that stands for its report: the first of the project's order.
        members: Leader to all records of the report, in the project's order.
        held_back: Rule links that were not followed because a person's word forbids it.
        contradictions: Pairs called two reports that persons' own links join all the same.
    """

    leader: dict[str, str]
    members: dict[str, tuple[str, ...]]
    held_back: tuple[Pair, ...]
    contradictions: tuple[Pair, ...]

    @property
    def duplicates(self) -> int:
        """Records beyond the first of each report."""
        return len(self.leader) - len(self.members)


def clusters(records: Sequence[str], links: Iterable[Link]) -> Clusters:
    """Group records by what the link log says now; persons' words before rules'.

    Args:
        records: All identifiers, in the project's order.
        links: The log.
    """
    now = standing(links)
    groups = Groups(now.said_apart)
    refused = [pair for pair in sorted(now.said_same) if not groups.join(*pair)]
    held = [pair for pair in sorted(now.ruled) if not groups.join(*pair)]
    leader: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    for record in records:
        if record not in leader:
            for member in groups.members(record):
                leader[member] = record
            members[record] = []
        members[leader[record]].append(record)
    known = set(records)
    return Clusters(
        leader={record: first for record, first in leader.items() if record in known},
        members={first: tuple(all_) for first, all_ in members.items()},
        held_back=tuple(held),
        contradictions=tuple(refused),
    )
