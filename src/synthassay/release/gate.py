"""The leakage audit that a set must pass before it is released, and the written word that overrides a failed part."""

from __future__ import annotations

from collections.abc import Sequence

from synthassay.errors import RunError, did_you_mean
from synthassay.protocols import PROTOCOLS
from synthassay.protocols.ladder import requirement_statuses
from synthassay.records.measurement import Measurement
from synthassay.records.vocabulary import Axis
from synthassay.release.statement import AuditItem

SHORTEST_REASON = 12
BURNED_IN = "burned_in_text"
# What is measured beyond the protocol shows leakage when its whole interval lies on the wrong side of this value.
NOTHING_LEAKS = {
    "exposed_patients": 0.0,
    "membership_inference": 0.0,
    "membership_by_loss": 0.0,
    "attribute_inference": 0.0,
    "patient_reidentification": 0.0,
    "closer_to_training": 0.5,
}


def leakage_audit(rows: Sequence[Measurement], protocol: str, task: str) -> tuple[AuditItem, ...]:
    """Return what was asked about leakage, and whether the answer allows a release.

    What the protocol requires fails where it is unmet, so also where nobody measured it. An attack beyond that fails
    where it was made and its whole interval says that something leaks.

    Args:
        rows: Measurements of the set.
        protocol: Name of its protocol.
        task: The study's task.
    """
    statuses = requirement_statuses(PROTOCOLS.get(protocol), task, rows)
    items = [
        AuditItem(name=s.metric, asked=s.statement, passed=s.met, found=_shown(s.metric, rows, s.reason))
        for s in statuses
        if s.axis is Axis.LEAKAGE
    ]
    required = {item.name for item in items}
    for name, none in NOTHING_LEAKS.items():
        row = next((r for r in rows if r.metric == name and not r.stratum and r.value is not None), None)
        if row is None or name in required or row.interval is None or row.value is None:
            continue
        leaks = row.value > none if name == "exposed_patients" else row.interval.low > none
        asked = f"{row.title}: its {row.interval.level:.0%} interval must not lie above {none:g}"
        if name == "exposed_patients":
            asked = f"{row.title}: none"
        items.append(AuditItem(name=name, asked=asked, passed=not leaks, found=_shown(name, rows, "")))
    return tuple(items)


def text_audit(images: int, with_text: int, too_small: int = 0) -> AuditItem:
    """Return what was asked about text that is burned into pixels; it fails where one image has a row of glyphs.

    Args:
        images: Images searched.
        with_text: Of these, images in which something like text stands.
        too_small: Of these, images too small to search.
    """
    asked = "no row of glyph-like strokes in any image"
    found = f"{with_text} of {images} images have one"
    if too_small:
        found += f"; {too_small} are too small to tell"
    return AuditItem(name=BURNED_IN, asked=asked, passed=not with_text, found=found)


def read_overrides(texts: Sequence[str]) -> dict[str, str]:
    """Return name to reason of ``NAME: reason`` texts.

    Raises:
        RunError: A text has no name, no reason or one too short to be any, or a name comes twice.

    >>> read_overrides(["copied_images: the copies are of a phantom, no patient"])
    {'copied_images': 'the copies are of a phantom, no patient'}
    """
    found: dict[str, str] = {}
    for text in texts:
        name, colon, reason = (part.strip() for part in text.partition(":"))
        if not colon or not name or len(reason) < SHORTEST_REASON:
            remedy = 'Write --override "NAME: reason"; who receives the release will read the reason.'
            raise RunError("--override", "needs a name and a reason", value=text, remedy=remedy)
        if name in found:
            raise RunError("--override", "is given twice for one name", value=name)
        found[name] = reason
    return found


def decide(items: Sequence[AuditItem], overrides: dict[str, str]) -> tuple[AuditItem, ...]:
    """Return the audit with the overrides written into what failed.

    Raises:
        RunError: Something failed and nobody overrode it, or an override is of what did not fail.
    """
    failed = {item.name for item in items if not item.passed}
    if strange := sorted(overrides.keys() - failed):
        raise RunError(
            "--override", "is of nothing that failed", value=strange[0], remedy=did_you_mean(strange[0], failed)
        )
    decided = tuple(item.model_copy(update={"override": overrides.get(item.name, "")}) for item in items)
    blocking = [item for item in decided if item.blocks]
    if blocking:
        lines = "".join(f"\n  - {item.name}: {item.found}. Asked: {item.asked}" for item in blocking)
        raise RunError(
            "audit",
            f"failed, so nothing was released:{lines}",
            remedy='If it may be released nevertheless, say why for each: --override "NAME: reason". The reasons are '
            "signed with the release.",
        )
    return decided


def _shown(name: str, rows: Sequence[Measurement], reason: str) -> str:
    row = next((r for r in rows if r.metric == name and not r.stratum and r.value is not None), None)
    if row is None:
        return reason or "not measured"
    interval = f" [{row.interval.low:.3g}, {row.interval.high:.3g}]" if row.interval else ""
    return f"{row.value:.3g}{interval}, n = {row.n}" + (f"; {reason}" if reason else "")
