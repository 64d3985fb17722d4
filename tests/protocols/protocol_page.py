"""The page of protocols, written from the declarations; run this file to write it anew."""

from __future__ import annotations

from pathlib import Path

from synthassay.protocols import PROTOCOLS, Protocol
from synthassay.protocols.ladder import RUNGS
from synthassay.protocols.protocol import FailureMode, Requirement
from synthassay.records.external import EXTERNAL_METRIC

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "protocols.md"
OPENING = """\
# Protocols

What synthetic images of a modality must show before anybody relies on them. A requirement is **met** when it was
measured on at least the stated number of subjects and lies within its bound, where it has one; met does not mean that
the value is good. What cannot be measured stays in the list, and in the report, as unmet with the reason. A **sign**
has its row in the report too, with a number or a reason, but is neither met nor unmet. Images in another unit than the
protocol's are refused. The tables are written from the declarations in `synthassay.protocols`.

## The ladder of evidence

Fryback and Thornbury's levels of efficacy (doi:10.1177/0272989X9101100203): each is necessary for the next, none is
sufficient. The rung reached is the highest one up to which nothing is lacking; what was shown above a gap is named
beside it.
"""


def page() -> str:
    """The whole page."""
    rungs = [
        [
            f"{rung.number}. {rung.title}",
            "data from elsewhere" if rung.external else " and ".join(rung.axes),
            rung.level,
        ]
        for rung in RUNGS
    ]
    parts = [OPENING, table(["rung", "requirements on", "speaks to"], rungs)]
    for name, protocol in PROTOCOLS.items():
        parts.append(section(name, protocol))
    return "\n".join(parts)


def section(name: str, protocol: Protocol) -> str:
    span = protocol.data_range
    shown = "stated by every study" if span is None else f"{span[0]:g} to {span[1]:g} {protocol.unit.value}"
    facts = f"{protocol.title}. Unit: {protocol.unit.value}. Data range: {shown}. {protocol.range_source}"
    requirements = table(
        ["requirement", "axis", "tasks", "least subjects", "bound", "why", "source"],
        [requirement_row(r) for r in protocol.requirements],
    )
    modes = table(
        ["how it goes wrong", "in", "consequence", "found by", "source"], map(mode_row, protocol.failure_modes)
    )
    return f"## {name}\n\n{facts}\n\n{requirements}\n{modes}"


def requirement_row(requirement: Requirement) -> list[str]:
    bound = "" if requirement.at_most is None else f"at most {requirement.at_most:g}"
    bound += "" if requirement.not_below is None else f"interval not wholly below {requirement.not_below:g}"
    gap = f" *Cannot be measured yet: {requirement.missing}.*" if requirement.missing else ""
    if requirement.metric == EXTERNAL_METRIC:
        gap = " *Measured where a study of a translation has an `[external]` table.*"
    gap += " *A sign, shown beside the requirements: nothing rests on it.*" if requirement.sign else ""
    return [
        f"`{requirement.metric}`",
        requirement.axis.value,
        ", ".join(requirement.tasks) or "all",
        str(requirement.least_subjects or ""),
        bound,
        requirement.why + gap,
        requirement.source,
    ]


def mode_row(mode: FailureMode) -> list[str]:
    found_by = ", ".join(f"`{name}`" for name in mode.found_by)
    return [mode.name, ", ".join(mode.tasks), mode.consequence, found_by, mode.source]


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
