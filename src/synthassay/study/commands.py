"""Commands that show what several rooms made: a run's report, its reporting table, and several runs' appraisals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.", show_default=False)],
    reporting: Annotated[
        str,
        typer.Option(help="Also fill a reporting checklist (claim, stard-ai, tripod-ai), with cards and methods text."),
    ] = "",
    pictures: Annotated[
        float, typer.Option(min=0, help="Megabytes of pictures at most; base64 makes a third more of them.")
    ] = 9,
) -> None:
    """Write RUN/report.html: one file that opens anywhere, offline."""
    from synthassay.report.build import build_report

    if reporting:
        from synthassay.study.appraising import write_reporting

        for path in write_reporting(run, reporting):
            typer.echo(str(path))
    typer.echo(str(build_report(run, round(pictures * 1e6))))


def appraisals(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Appraised run folders.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path("appraisals"),
    instrument: Annotated[
        str, typer.Option("--instrument", "-i", help="Instrument whose domains are shown.")
    ] = "generative-imaging",
) -> None:
    """Set the appraisals of several runs side by side: traffic lights, summary and table."""
    from synthassay.study.appraising import write_side_by_side

    for path in write_side_by_side(runs, instrument, out):
        typer.echo(str(path))
