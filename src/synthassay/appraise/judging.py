"""What follows from answers: the level of each domain, the whole, the weighted score, and how far appraisers agree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from synthassay.records.appraisal import (
    CONSENSUS,
    Agreement,
    AnswerFile,
    DomainJudgement,
    GivenJudgement,
    ItemAppraisal,
    Level,
    Score,
)
from synthassay.records.instrument import Domain, Instrument, Reply
from synthassay.stats.agreement.two_raters import kappa_of_two

RULE = "the rule"
ORDER = (Level.LOW, Level.UNCLEAR, Level.SOME, Level.HIGH)  # what is known to be wrong comes before what is unknown


def judge_domains(
    instrument: Instrument, items: Sequence[ItemAppraisal], files: Sequence[AnswerFile]
) -> tuple[DomainJudgement, ...]:
    """Return the level of each domain: by the rule, unless appraisers judged otherwise and may."""
    judged = []
    for domain in instrument.domains:
        by_rule = by_the_rule(
            instrument, domain, [item for item in items if item.domain == domain.key and item.applies]
        )
        own = {file.appraiser: file.judgements[domain.key] for file in files if domain.key in file.judgements}
        judged.append(_settled(by_rule, own))
    return tuple(judged)


def by_the_rule(instrument: Instrument, domain: Domain, items: Sequence[ItemAppraisal]) -> DomainJudgement:
    """Return a domain's level by its answers alone.

    A no to a critical item makes it high; another no what the instrument says; else an item that is open, in conflict
    or without information makes it unclear; else it is low.
    """
    against = [item.item for item in items if item.reply is not None and item.reply.bad]
    critical = [identifier for identifier in against if instrument.item(identifier).critical]
    unknown = [item.item for item in items if item.reply in (None, Reply.NO_INFORMATION)]
    if critical:
        level, why = Level.HIGH, f"no to {_listed(critical)}, which alone makes it high"
    elif against:
        level, why = Level(instrument.a_no_is), f"no to {_listed(against)}"
    elif unknown:
        level, why = Level.UNCLEAR, f"no answer yet to {_listed(unknown)}"
    else:
        level, why = Level.LOW, "yes to all that applies"
    if unknown and level in (Level.SOME, Level.HIGH):
        why += f"; no answer yet to {_listed(unknown)}"
    return DomainJudgement(domain=domain.key, title=domain.title, level=level, by=RULE, why=why)


def overall(domains: Sequence[DomainJudgement]) -> Level:
    """Return the level of the whole: that of its worst domain, what is known to be wrong before what is unclear."""
    return max((domain.level for domain in domains), key=ORDER.index)


def weighted(instrument: Instrument, items: Sequence[ItemAppraisal]) -> Score:
    """Return the weighted score: weight answered yes over weight that applies.

    Source:
        Kocak et al. 2024, doi:10.1186/s13244-023-01572-w.
    """
    weight = {item.id: item.weight or 0.0 for item in instrument.items}
    applying = [item for item in items if item.applies]
    reachable = sum(weight[item.item] for item in applying)
    reached = sum(weight[item.item] for item in applying if item.reply is not None and item.reply.good)
    open_items = [item for item in applying if item.reply is None]
    waiting = sum(weight[item.item] for item in open_items)
    share = 100 / reachable if reachable else 0.0
    return Score(
        percent=round(reached * share, 6),
        at_most=round((reached + waiting) * share, 6),
        reached=round(reached, 6),
        reachable=round(reachable, 6),
        open=len(open_items),
    )


def agreement(instrument: Instrument, files: Sequence[AnswerFile]) -> tuple[Agreement, ...]:
    """Return how far each two appraisers agree on the items that both answered; pairs that share none are left out."""
    people = [file for file in files if file.appraiser != CONSENSUS]
    found = []
    for one, other in combinations(people, 2):
        replies = [(_reply(one, key), _reply(other, key)) for key in instrument.asked]
        both = [(a, b) for a, b in replies if a and b]
        if not both:
            continue
        measured = kappa_of_two([a for a, _ in both], [b for _, b in both])
        found.append(
            Agreement(
                between=(one.appraiser, other.appraiser), items=measured.n, share=measured.share, kappa=measured.kappa,
                low=measured.low, high=measured.high,
                method="Cohen's kappa, unweighted; interval by Fleiss, Cohen and Everitt 1969",
            )
        )  # fmt: skip
    return tuple(found)


def _settled(by_rule: DomainJudgement, own: dict[str, GivenJudgement]) -> DomainJudgement:
    """The level that counts. Only a consensus may set a domain lower than the rule does; appraisers may raise it."""
    given = {CONSENSUS: own[CONSENSUS]} if CONSENSUS in own else own
    levels = {judgement.level for judgement in given.values()}
    if not levels:
        return by_rule
    who = ", ".join(given)
    if len(levels) > 1:
        return by_rule.model_copy(update={"why": f"{by_rule.why}; {who} judge differently"})
    level = levels.pop()
    lower = ORDER.index(level) < ORDER.index(by_rule.level)
    if lower and CONSENSUS not in given:
        note = f"{who} would say {level.value}, which only a consensus may"
        return by_rule.model_copy(update={"why": f"{by_rule.why}; {note}"})
    why = f"{next(iter(given.values())).why} (by the rule {by_rule.level.value}: {by_rule.why})"
    return by_rule.model_copy(update={"level": level, "by": who, "why": why})


def _reply(file: AnswerFile, key: str) -> str:
    answer = file.answers.get(key)
    return answer.reply.value if answer is not None and answer.reply is not None else ""


def _listed(identifiers: Sequence[str], most: int = 8) -> str:
    more = f" and {len(identifiers) - most} more" if len(identifiers) > most else ""
    return ", ".join(identifiers[:most]) + more
