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
