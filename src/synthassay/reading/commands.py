"""The commands of the reading room: ``synthassay reader ...``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from synthassay.errors import Fault, RunError, SpecError, did_you_mean

reader_app = typer.Typer(help="Reader studies: design, invite, read in the browser, verify, export, analyse.")

KINDS = ("turing", "choice", "quality", "diagnostic", "change")
Folder = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of a compiled study.", show_default=False)]
Database = Annotated[
    str, typer.Option(help="SQLAlchemy URL, such as postgresql+psycopg://...; STUDY/readings.db where absent.")
]


@reader_app.command("new")
def reader_new(
    kind: Annotated[str, typer.Option("--kind", "-k", help=f"{', '.join(KINDS)}.")] = "turing",
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write it.")] = Path("reader.toml"),
) -> None:
    """Write a commented study file to start from."""
    from synthassay.reading.starting_file import starting_file
    from synthassay.records.base import write_text
    from synthassay.records.reader_study import StudyKind

    if kind not in KINDS:
        raise SpecError(
            "synthassay reader new", [Fault("--kind", "is no kind of study", kind, did_you_mean(kind, KINDS))]
        )
    if out.exists():
        raise RunError(str(out), "exists already; nothing was written", remedy="Choose another --out.")
    write_text(out, starting_file(StudyKind(kind)))
    typer.echo(f"{out}\nNext: synthassay reader compile {out} --out FOLDER")


@reader_app.command("compile")
def reader_compile(
    study: Annotated[Path, typer.Argument(metavar="STUDY.TOML", help="Study file.", show_default=False)],
    out: Annotated[Optional[Path], typer.Option("--out", "-o", help="Folder to write; beside the file.")] = None,  # noqa: UP045
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Fix a study before anyone reads: check the arms, encode the images, draw the orders, hash everything."""
    from synthassay.reading.compiling import compile_study
    from synthassay.reading.summary import design_lines

    made = compile_study(study, out or study.with_suffix(""))
    if not quiet:
        for line in design_lines(made):
            typer.echo(line)


@reader_app.command("invite")
def reader_invite(
    study: Folder,
    who: Annotated[str, typer.Argument(metavar="READER", help="A reader's code.", show_default=False)],
    coordinator: Annotated[bool, typer.Option(help="Invite someone who sees progress and no answers.")] = False,
    days: Annotated[float, typer.Option(help="How long the invitation holds.")] = 30.0,
    url: Annotated[str, typer.Option(help="How readers reach the room.")] = "",
    database: Database = "",
) -> None:
    """Print the link that lets a reader in; a new one ends the earlier ones."""
    from synthassay.reading.serving import make_invitation

    typer.echo(make_invitation(study, who, database=database, coordinator=coordinator, days=days, url=url))


@reader_app.command("serve")
def reader_serve(
    study: Folder,
    host: Annotated[str, typer.Option(help="Address to listen at; loopback unless told.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.", min=1, max=65535)] = 8377,
    url: Annotated[str, typer.Option(help="How readers reach the room, where that differs.")] = "",
    proxy: Annotated[bool, typer.Option(help="A proxy on this machine passes on who asks.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Give everyone the plain viewer.")] = False,
    database: Database = "",
) -> None:
    """Open the room; stop it with Ctrl-C."""
    from synthassay.reading.serving import opening_lines, serve

    for line in opening_lines(study, host, port, url):
        typer.echo(line)
    serve(study, host=host, port=port, database=database, url=url, proxy=proxy, plain=plain)


@reader_app.command("progress")
def reader_progress(study: Folder, database: Database = "") -> None:
    """Show how far each reader is."""
    from synthassay.reading.summary import progress_lines

    for line in progress_lines(study, database):
        typer.echo(line)


@reader_app.command("verify")
def reader_verify(study: Folder, database: Database = "") -> None:
    """Check images, log and responses; exit code 1 where anything was changed."""
    from synthassay.reading.serving import verify_readings

    check = verify_readings(study, database)
    typer.echo(f"{check.entries} log entries, {check.responses} responses; head {check.head}")
    for fault in check.faults:
        typer.echo(f"CHANGED {fault}", err=True)
    if not check.ok:
        raise typer.Exit(1)
    typer.echo("Nothing was changed. Keep the head elsewhere: it shows later whether entries were cut off at the end.")


TruthFolder = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads the annotation at run time
    typer.Option("--truth", help="Folder that holds truth.json, where it was kept elsewhere.", show_default=False),
]


@reader_app.command("export")
def reader_export(
    study: Folder,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path("export"),
    truth: TruthFolder = None,
    database: Database = "",
) -> None:
    """Join responses with the truth and write tables, among them those of iMRMC and MRMCaov."""
    from synthassay.reading.exporting import export
    from synthassay.reading.joining import join

    joined = join(study, database, truth=truth)
    for path in export(joined, out):
        typer.echo(str(path))
    for reader, missing in joined.unread.items():
        typer.echo(f"note: reader {reader} has not read {missing} trial(s)", err=True)


@reader_app.command("analyse")
def reader_analyse(
    study: Folder,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path("analysis"),
    cut: Annotated[Optional[float], typer.Option(help="Rating from which a case was called positive.")] = None,  # noqa: UP045
    truth: TruthFolder = None,
    database: Database = "",
) -> None:
    """Analyse a study as its design fixed it; refuses a design, truth or log that was changed."""
    from synthassay.reading.analysing import analyse_study
    from synthassay.reading.showing_result import show_result

    show_result(analyse_study(study, out, database, truth=truth, cut=cut))
    typer.echo(str(out / "reader_result.json"))
