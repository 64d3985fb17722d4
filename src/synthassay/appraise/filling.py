"""An instrument filled from a run, and completed by people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from synthassay.appraise.answers import allowed, held_against
from synthassay.appraise.checks import CHECKS
from synthassay.appraise.dossier import Dossier
from synthassay.appraise.judging import agreement, judge_domains, overall, weighted
from synthassay.errors import DataError
from synthassay.records.appraisal import CONSENSUS, RUN, Answer, AnswerFile, Appraisal, ItemAppraisal
from synthassay.records.instrument import Instrument, Item, Purpose, Reply

ONLY_A_PERSON = "only a person can answer this"


def appraise(dossier: Dossier, instrument: Instrument, given: Iterable[tuple[str, AnswerFile]] = ()) -> Appraisal:
    """Return what the run proves of an instrument's items, with what people answered to the rest.

    The run never says yes without pointing at what it rests on. Where answers differ, there is a conflict, which only
    a consensus ends; until then the item counts as open, or as no where the run shows a no. A consensus against what
    the run shows needs a reason. In instruments of reporting the run only says yes: what a run folder lacks may stand
    in the paper.

    Args:
        dossier: The run.
        instrument: What is asked.
        given: Where each appraiser's file lies, and what it holds; those about other instruments are passed over.

    Raises:
        DataError: A file of answers cannot be followed; the message names file and item.
    """
    files = held_against(instrument, dossier.digest, given)
    conditions = tuple(
        _settled(c.key, "", c.asks, _run_answer(dossier, instrument, c.key, c.check), files)
        for c in instrument.conditions
    )
    refused = {c.item for c in conditions if c.reply is Reply.NO}
    items = tuple(_item(dossier, instrument, item, files, refused) for item in instrument.items)
    risk = instrument.purpose is Purpose.RISK
    domains = judge_domains(instrument, items, files) if risk else ()
    cited = {p.file for item in (*conditions, *items) for answer in item.answers for p in answer.evidence}
    return Appraisal(
        instrument=instrument.name, title=instrument.title, purpose=instrument.purpose, source=instrument.source,
        instrument_sha256=instrument.digest(), run_sha256=dossier.digest,
        files={name: sha for name, sha in sorted(dossier.sha256.items()) if name in cited}, judged=dossier.judged,
        titles={domain.key: domain.title for domain in instrument.domains},
        appraisers=tuple(file.appraiser for file in files), conditions=conditions, items=items, domains=domains,
        overall=overall(domains) if risk else None,
        score=weighted(instrument, items) if instrument.purpose is Purpose.SCORE else None,
        agreement=agreement(instrument, files),
    )  # fmt: skip


def _item(
    dossier: Dossier, instrument: Instrument, item: Item, files: Sequence[AnswerFile], refused: set[str]
) -> ItemAppraisal:
    applies = not refused & set(item.conditions)
    own = _run_answer(dossier, instrument, item.id, item.check)
    return _settled(item.id, item.domain, item.asks, own, files).model_copy(update={"applies": applies})


def _run_answer(dossier: Dossier, instrument: Instrument, identifier: str, check: str) -> Answer:
    if not check:
        return Answer(reply=Reply.NO_INFORMATION, by=RUN, why=ONLY_A_PERSON)
    found = CHECKS.get(check)(dossier)
    reply, why = found.reply, found.why
    silent = instrument.purpose is Purpose.REPORTING and reply.bad
    if silent or reply not in (*allowed(instrument, identifier), Reply.NO_INFORMATION):
        reply = Reply.NO_INFORMATION
    return Answer(reply=reply, by=RUN, evidence=found.evidence, why=why)


def _settled(identifier: str, domain: str, asks: str, own: Answer, files: Sequence[AnswerFile]) -> ItemAppraisal:
    """Which answer counts, and who differs."""
    people = [
        Answer(reply=g.reply, by=file.appraiser, where=g.where, why=g.why)
        for file in files
        if (g := file.answers.get(identifier)) is not None and g.reply is not None
    ]
    run_tells = own.reply is not Reply.NO_INFORMATION
    settled = next((answer for answer in people if answer.by == CONSENSUS), None)
    speaking = ([own] if run_tells else []) + [answer for answer in people if answer.by != CONSENSUS]
    replies = {answer.reply for answer in speaking}
    overruled = ""
    differing = len(replies) > 1
    if settled is not None:
        reply: Reply | None = settled.reply
        if run_tells and settled.reply is not own.reply:
            overruled = _reason(identifier, own, settled)
    elif differing:
        reply = own.reply if run_tells and own.reply.bad else None  # what the run shows to be wrong stands
    else:
        reply = next(iter(replies), None)
    differs = differing and settled is None
    conflict = "; ".join(f"{a.by}: {a.reply.value}" for a in speaking) if differs else ""
    return ItemAppraisal(
        item=identifier, domain=domain, asks=asks, answers=(own, *people), reply=reply,
        needs_person=not run_tells,
        conflict=conflict, overruled=overruled,
    )  # fmt: skip


def _reason(identifier: str, own: Answer, settled: Answer) -> str:
    if not settled.why.strip():
        raise DataError(
            f"item {identifier}",
            f"a consensus says {settled.reply.value} where the run shows {own.reply.value}, without a reason",
            remedy="Give the reason in why.",
        )
    return f"the run shows {own.reply.value} ({own.why}); set aside by consensus: {settled.why}"
