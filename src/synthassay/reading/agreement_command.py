"""The command ``agreement``: how far raters of the same cases agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from synthassay.records.agreement_result import AgreementResult, Coefficient

SCALES = ("nominal", "ordinal", "interval")
WIDTH = 120  # of the widest table; a narrow terminal folds its lines and loses no digit
CREDITS = ("linear", "quadratic", "ordinal")


def register(app: typer.Typer) -> None:
    """Add the command to an application."""

    @app.command()
    def agreement(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV of ratings.", show_default=False)],
        scale: Annotated[
            list[str] | None, typer.Option(help="nominal, ordinal or interval; all that apply where absent.")
        ] = None,
        weights: Annotated[str, typer.Option(help="linear, quadratic or ordinal: how much near ratings agree.")] = (
            "quadratic"
        ),
        order: Annotated[str, typer.Option(help="Words from low to high, with commas; makes them ordinal.")] = "",
        draws: Annotated[int, typer.Option(help="Draws of the bootstrap of cases.", min=100)] = 2000,
        seed: Annotated[int, typer.Option(help="Root of every random number.", min=0)] = 20260101,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
        out: Annotated[Path | None, typer.Option("--out", "-o", help="Where to write the record.")] = None,
    ) -> None:
        """Say how far readers agree: kappas, Gwet, Krippendorff, ICC, Bland-Altman, with intervals over cases."""
        from synthassay.reading.agreement_file import read_raters
        from synthassay.reading.coefficients import agreement_of
        from synthassay.reading.mrmc_command import one_of
        from synthassay.records.agreement_result import AgreementReport

        for name in scale or ():
            one_of("--scale", name, SCALES)
        one_of("--weights", weights, CREDITS)
        words = tuple(word.strip() for word in order.split(",")) if order else ()
        chosen = tuple(scale or (("nominal", "ordinal") if words else ()))
        found = AgreementReport(
            results=tuple(
                agreement_of(
                    raters, title=str(file), credit=weights, scales=chosen, seed=seed, draws=draws,  # type: ignore[arg-type]
                )
                for raters in read_raters(file, order=words)
            )
        )  # fmt: skip
        if as_json:
            typer.echo(found.model_dump_json(indent=1))
        else:
            for result in found.results:
                _show(result)
        if out is not None:
            found.write(out)
            typer.echo(str(out), err=as_json)


def _show(found: AgreementResult) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, width=max(WIDTH, Console().width))
    whose = "" if found.patients is None else f" of {found.patients} patients"
    head = f"{found.treatment or found.title}: {len(found.readers)} readers, {found.cases} cases{whose}"
    console.print(Text(f"{head}, {found.ratings} ratings", style="bold"))
    for scale in SCALES:
        some = [c for c in found.coefficients if c.scale == scale]
        if some:
            console.print(_coefficients(f"taken for {scale}", some, len(found.readers)))
    if found.limits:
        console.print(_limits(found))


def _coefficients(title: str, some: list[Coefficient], readers: int) -> Table:
    rows = []
    for c in some:
        two = f", {c.readers[0]} and {c.readers[1]}" if len(c.readers) == 2 and readers > 2 else ""
        value = "–" if c.estimate is None else f"{c.estimate:.4f}"
        tail = [_ends(c.analytic)] if c.scale == "interval" else []
        rows.append([c.coefficient + two, value, _ends(c.ci), *tail, str(c.cases), c.note])
    tail = ["95%, F"] if some[0].scale == "interval" else []
    return _table((title, "estimate", "95% over cases", *tail, "cases", ""), rows)


def _limits(found: AgreementResult) -> Table:
    rows = [
        [f"{two.a} - {two.b}: {what}", f"{value:.4g}", _ends(ends), str(two.cases)]
        for two in found.limits
        for what, value, ends in (
            ("bias", two.bias, two.bias_ci),
            ("lower limit", two.low, two.low_ci),
            ("upper limit", two.high, two.high_ci),
        )
    ]
    return _table(("limits of agreement", "value", "95%", "cases"), rows)


def _table(columns: tuple[str, ...], rows: list[list[str]]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for k, name in enumerate(columns):
        table.add_column(name, justify="right" if k > 0 and name else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _ends(ends: tuple[float, float] | None) -> str:
    return "–" if ends is None else f"{ends[0]:.4f} to {ends[1]:.4f}"
