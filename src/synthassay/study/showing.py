"""The plan and the cohort in words, for ``synthassay check`` and ``synthassay data show``."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from synthassay.records.vocabulary import Split
from synthassay.study.console import readable
from synthassay.study.estimate import classifiers, estimate
from synthassay.study.foresight import unmeasurable
from synthassay.study.plan import Plan
from synthassay.study.variants import described


def show_plan(plan: Plan, *, timing: bool) -> None:
    """Print the resolved plan, the protocol's demands, the estimated minutes, and what cannot be measured and why."""
    console = Console(highlight=False)
    spec, facts = plan.spec, plan.task.facts()
    _section(console, spec.title)
    _pairs(
        console,
        {
            "question": spec.question,
            "task": f"{spec.modality} {spec.task}, {'paired' if plan.task.paired else 'unpaired'}, "
            f"conditioned on {plan.task.conditioned_on}",
            "images": f"{facts.channels} channel(s), {'x'.join(map(str, facts.space))}, {plan.cohort.unit}"
            + (
                f", spacing {' x '.join(f'{s:g}' for s in plan.cohort.spacing_mm)} mm" if plan.cohort.spacing_mm else ""
            ),
            "to synthesise": f"{len(plan.task.requests()):,} per generator",
            "seed": str(spec.seed),
        },
    )
    show_cohort(plan, console)
    _show_generators(plan, console, timing=timing)
    _show_protocol(plan, console)
    console.print(f"\nnext: synthassay run {plan.path}")


def show_cohort(plan: Plan, console: Console | None = None) -> None:
    """Print the cases and subjects of each split, and the proof that no subject crosses."""
    console = console or Console(highlight=False)
    cohort = plan.cohort
    _section(console, f"cohort: {cohort.source}")
    table = Table("split", "subjects", "cases", *cohort.classes, box=None, pad_edge=False)
    for split in Split:
        cases = cohort.of(split)
        if cases:
            classes = [f"{sum(c.label == name for c in cases):,}" for name in cohort.classes]
            table.add_row(split, f"{len(cohort.subjects(split)):,}", f"{len(cases):,}", *classes)
    console.print(table)
    crossing = {key: count for key, count in cohort.proof().items() if key.startswith("subjects in both")}
    console.print(Text(f"split by {cohort.split_rule}; {'; '.join(f'{k}: {n}' for k, n in crossing.items())}"))
    for note in cohort.notes:
        console.print(Text(f"note: {note}"))
    if cohort.excluded:
        console.print(Text(f"left out: {len(cohort.excluded)} cases, e.g. {next(iter(cohort.excluded.items()))}"))
    if cohort.licence:
        console.print(Text(f"licence: {cohort.licence}"))


def _show_generators(plan: Plan, console: Console, *, timing: bool) -> None:
    _section(console, "generators")
    total = 0.0
    for planned in plan.generators:
        found = estimate(plan, planned) if timing and not planned.baseline else None
        changed = planned.settings.model_dump(exclude_defaults=True)
        settings = ", ".join(f"{key} = {value}" for key, value in changed.items()) or "its defaults"
        if planned.baseline:
            cost = "classical baseline"
        elif planned.variant_of is not None:
            total += found.sample_seconds if found else 0.0
            sampling = f"; sampling about {readable(found.sample_seconds)}" if found else ""
            console.print(Text(planned.name, style="bold"), Text(f"variant: {described(planned)}{sampling}"))
            continue
        elif found is None:
            cost = f"{planned.cls.family}, not timed"
        else:
            total += found.train_seconds + found.sample_seconds
            cost = (
                f"{planned.cls.family}, {found.parameters / 1e6:.2f} M parameters; training about "
                f"{readable(found.train_seconds)} at {found.images_per_second:,.0f} images/s, "
                f"sampling about {readable(found.sample_seconds)}"
            )
        console.print(Text(planned.name, style="bold"), Text(f"{cost}; settings: {settings}"))
    for control in plan.controls:
        told = f"{control.failure.title} of {control.spec.severity:g} {control.failure.unit} in {control.spec.of}"
        console.print(Text(control.name, style="bold"), Text(f"control: {told}"))
    if timing and plan.spec.classification is not None:
        count, seconds = classifiers(plan)
        total += seconds
        console.print(f"{count} classifiers to measure utility: about {readable(seconds)} on the cores here")
    if timing:
        console.print(f"estimated: {readable(total)} of training and sampling here, from a few timed steps of each")


def _show_protocol(plan: Plan, console: Console) -> None:
    _section(console, f"what the protocol {plan.protocol.name} ({plan.protocol.title}) demands")
    absent = dict(unmeasurable(plan))
    for requirement in plan.protocol.required(plan.spec.task):
        least = f" on at least {requirement.least_subjects} subjects" if requirement.least_subjects else ""
        console.print(Text(f"{requirement.axis}: {requirement.metric.replace('_', ' ')}{least}", style="bold"))
        console.print(Padding(Text(f"why: {requirement.why}"), (0, 0, 0, 2)))
        here = f"will not be met, because {absent[requirement]}" if requirement in absent else "will be measured"
        console.print(
            Padding(Text(f"here: {here}", style="yellow" if requirement in absent else "green"), (0, 0, 0, 2))
        )


def _section(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title, style="bold"))


def _pairs(console: Console, facts: dict[str, str]) -> None:
    table = Table.grid(padding=(0, 2))
    for key, value in facts.items():
        table.add_row(Text(key, style="dim"), Text(value))
    console.print(table)
