"""What a report shows of appraisals and of the scorecard that lie in the run folder; names of patients are replaced."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synthassay.records.appraisal import APPRAISAL, SCORECARD, Appraisal, AppraisalList, ItemAppraisal, Pointer
from synthassay.records.base import inside, sha256_of
from synthassay.records.instrument import Reply
from synthassay.records.pseudonyms import Pseudonyms
from synthassay.records.scorecard import Entry, Scorecard
from synthassay.report.numbers import plain, unit_words, with_interval
from synthassay.report.risk_plots import kind_of, traffic_light
from synthassay.report.tables import DIRECTIONS

SIGNS = {Reply.YES: "✓", Reply.PROBABLY_YES: "✓", Reply.NO: "✗", Reply.PROBABLY_NO: "✗"}
OPEN = "open"


@dataclass(frozen=True)
class ShownItem:
    """One item as a row.

    Attributes:
        outcome: ``met``, ``unmet``, ``open`` or ``other``, for its colour; ``reply`` says it in words.
        stands: Where it stands, each as file, place and words.
    """

    item: str
    asks: str
    reply: str
    outcome: str
    by: str
    why: str
    stands: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class ShownDomain:
    """The items of one domain, and its level where it was judged."""

    title: str
    level: str
    kind: str
    by: str
    why: str
    items: tuple[ShownItem, ...]


@dataclass(frozen=True)
class ShownAppraisal:
    """One instrument's appraisal.

    Attributes:
        plot: Traffic lights as SVG; empty where no domain was judged.
        changed: Files that answers rest on and that have changed since.
    """

    name: str
    title: str
    source: str
    purpose: str
    overall: str
    judged: tuple[str, ...]
    appraisers: tuple[str, ...]
    by_run: int
    open: int
    asked: int
    domains: tuple[ShownDomain, ...]
    conflicts: tuple[tuple[str, str], ...]
    agreement: tuple[str, ...]
    score: str
    plot: str
    changed: tuple[str, ...]


@dataclass(frozen=True)
class ShownEntry:
    """One line of the scorecard."""

    of: str
    title: str
    value: str
    interval: str
    floor: str
    direction: str
    fact: str
    stands: str


@dataclass(frozen=True)
class ShownCriterion:
    """One criterion of the scorecard."""

    name: str
    asks: str
    entries: tuple[ShownEntry, ...]
    not_measured: tuple[str, ...]
    for_person: str
    not_verified: str


def appraisals(run: Path, names: Pseudonyms) -> tuple[ShownAppraisal, ...]:
    """Return the appraisals in a run folder; none where there is no ``appraisal.json``.

    Raises:
        RunError: It is damaged.
    """
    place = run / APPRAISAL
    found = AppraisalList.read(place).appraisals if place.is_file() else ()
    judged_first = sorted(found, key=lambda a: (not a.domains, a.instrument))
    return tuple(shown(appraisal, run, names) for appraisal in judged_first)


def scorecard(run: Path, names: Pseudonyms) -> tuple[ShownCriterion, ...]:
    """Return the criteria of the scorecard in a run folder; none where there is no ``scorecard.json``.

    Raises:
        RunError: It is damaged.
    """
    place = run / SCORECARD
    if not place.is_file():
        return ()
    return tuple(
        ShownCriterion(
            name=criterion.name.value,
            asks=criterion.asks,
            entries=tuple(_entry(entry, names) for entry in criterion.entries),
            not_measured=tuple(map(names.scrub, criterion.not_measured)),
            for_person=criterion.for_person,
            not_verified=criterion.not_verified,
        )
        for criterion in Scorecard.read(place).criteria
    )


def shown(appraisal: Appraisal, run: Path, names: Pseudonyms) -> ShownAppraisal:
    """Return one appraisal as a page shows it."""
    applying = [item for item in appraisal.items if item.applies]
    return ShownAppraisal(
        name=appraisal.instrument, title=appraisal.title, source=appraisal.source, purpose=appraisal.purpose.value,
        overall=appraisal.overall.value if appraisal.overall else "", judged=appraisal.judged,
        appraisers=appraisal.appraisers, by_run=sum(not item.needs_person for item in applying),
        open=len(appraisal.open), asked=len(applying), domains=_domains(appraisal, names),
        conflicts=tuple((item.item, item.conflict) for item in appraisal.conflicts),
        agreement=_agreement(appraisal), score=_score(appraisal),
        plot=traffic_light([(", ".join(appraisal.judged) or run.resolve().name, appraisal)])
        if appraisal.domains else "",
        changed=tuple(name for name, sha in appraisal.files.items() if _differs(run, name, sha)),
    )  # fmt: skip


def _domains(appraisal: Appraisal, names: Pseudonyms) -> tuple[ShownDomain, ...]:
    judged = {domain.domain: domain for domain in appraisal.domains}
    shown_domains = []
    for key in dict.fromkeys(item.domain for item in appraisal.items):
        items = tuple(_item(item, names) for item in appraisal.items if item.domain == key)
        domain = judged.get(key)
        if domain is None:
            shown_domains.append(ShownDomain(appraisal.titles.get(key, key), "", "", "", "", items))
        else:
            why = names.scrub(domain.why)
            level = domain.level
            shown_domains.append(ShownDomain(domain.title, level.value, kind_of(level), domain.by, why, items))
    return tuple(shown_domains)


def _item(item: ItemAppraisal, names: Pseudonyms) -> ShownItem:
    counted = item.counted or item.answers[0]
    stands = [(p.file, p.place, names.scrub(p.says)) for p in counted.evidence]
    if counted.where:
        stands.append((names.scrub(counted.where), "", ""))
    outcome, reply = "open", OPEN
    if not item.applies:
        outcome, reply = "other", "does not apply"
    elif item.reply is not None:
        outcome = "met" if item.reply.good else "unmet" if item.reply.bad else "other"
        reply = f"{SIGNS.get(item.reply, '–')} {item.reply.value}"
    why = item.overruled or (f"{item.conflict} (conflict)" if item.conflict else counted.why)
    return ShownItem(
        item=item.item, asks=item.asks, reply=reply, outcome=outcome, by=counted.by if item.reply else "",
        why=names.scrub(why), stands=tuple(stands),
    )  # fmt: skip


def _agreement(appraisal: Appraisal) -> tuple[str, ...]:
    sentences = []
    for pair in appraisal.agreement:
        kappa = "kappa undefined"
        if pair.kappa is not None and pair.low is not None and pair.high is not None:
            kappa = f"kappa {plain(pair.kappa, 2)} [{plain(pair.low, 2)}, {plain(pair.high, 2)}]"
        names = " and ".join(pair.between)
        sentences.append(f"{names}: {kappa}; {pair.share:.0%} of {pair.items} items answered alike")
    return tuple(sentences)


def _score(appraisal: Appraisal) -> str:
    score = appraisal.score
    if score is None:
        return ""
    text = f"{plain(score.percent, 1)} % of the weight that applies"
    return text + (
        f"; {plain(score.at_most, 1)} % if the {score.open} open items were answered yes" if score.open else ""
    )


def _entry(entry: Entry, names: Pseudonyms) -> ShownEntry:
    value, interval = with_interval(entry.value, entry.interval) if entry.value is not None else ("", "")
    stratum = f", {entry.stratum.replace('=', ': ')}" if entry.stratum else ""
    direction = ""
    if entry.better is not None:
        target = f" {plain(entry.target)}" if entry.target is not None else ""
        direction = f"{entry.better.arrow} {DIRECTIONS[entry.better]}{target}"
    return ShownEntry(
        of=entry.of, title=names.scrub(f"{entry.title}{stratum}"), value=f"{value} {unit_words(entry.unit)}".strip(),
        interval=interval, floor=plain(entry.floor) if entry.floor is not None else "", direction=direction,
        fact=names.scrub(entry.fact), stands=_place(entry.stands),
    )  # fmt: skip


def _place(pointer: Pointer) -> str:
    return f"{pointer.file}, {pointer.place}" if pointer.place else pointer.file


def _differs(run: Path, name: str, sha256: str) -> bool:
    path = inside(run, name)
    return not path.is_file() or sha256_of(path) != sha256
