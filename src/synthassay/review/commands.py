"""``synthassay review``: the commands of a systematic review, in the order in which one is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from synthassay.errors import DataError

review_app = typer.Typer(help="Do a systematic review: records, duplicates, screening, extraction, flow, evidence map.")

ReviewPath = Annotated[Path, typer.Argument(metavar="REVIEW", help="Folder of the review.", show_default=False)]
Reviewer = Annotated[str, typer.Option("--reviewer", "-r", help="A reviewer of review.toml, or consensus.")]
StageName = Annotated[str, typer.Option("--stage", "-s", help="title_abstract, retrieval or full_text.")]


@review_app.command("new")
def new(
    review: ReviewPath,
    title: Annotated[str, typer.Option(help="Title of the review.")],
    question: Annotated[str, typer.Option(help="What it asks, as one sentence.")],
    reviewer: Annotated[list[str], typer.Option("--reviewer", "-r", help="Name of a reviewer; may be repeated.")],
) -> None:
    """Write a folder with a commented review.toml to start from."""
    from synthassay.review.project import start_project

    typer.echo(str(start_project(review, title=title, question=question, reviewers=reviewer)))
    typer.echo(f"next: synthassay review import {review} FILE --source NAME")


@review_app.command("import")
def import_records(
    review: ReviewPath,
    file: Annotated[Path, typer.Argument(help="RIS, NBIB, BibTeX or CSV.", show_default=False)],
    source: Annotated[str, typer.Option(help="Where it was exported from, e.g. PubMed.")],
    stream: Annotated[str, typer.Option(help="database, register, website, organisation or citation.")] = "database",
) -> None:
    """Import an export of a database; the file is kept, and nothing of it is ever changed."""
    from synthassay.records.review import Stream
    from synthassay.review.project import Project

    made = Project(review).import_file(file, source=source, stream=_word(Stream, stream, "stream"))
    typer.echo(f"{len(made.publications)} records of {source}, read as {made.format}")
    for note in made.notes:
        typer.echo(f"  note: {note}")


@review_app.command("deduplicate")
def deduplicate(
    review: ReviewPath,
    questions: Annotated[
        Path | None, typer.Option(help="CSV to write the pairs to that a person should judge.")
    ] = None,
) -> None:
    """Link records of one report where all speaks for it, and list the pairs that a person should judge."""
    from synthassay.review.deduplicating import ask_sheet, link_duplicates

    found, duplicates = link_duplicates(review)
    typer.echo(f"{len(found.links)} new links; {duplicates} duplicates in all; {len(found.questions)} pairs to judge")
    if questions is not None:
        typer.echo(str(ask_sheet(review, found.questions, questions)))
    for question in found.questions[:10] if questions is None else ():
        typer.echo(f"  {question.a} {question.b}: {question.why}")


@review_app.command("judge")
def judge_pairs(
    review: ReviewPath,
    reviewer: Reviewer,
    sheet: Annotated[Path | None, typer.Option(help="Filled CSV of `deduplicate --questions`.")] = None,
    same: Annotated[tuple[str, str] | None, typer.Option(help="Two records of one report.")] = None,
    apart: Annotated[tuple[str, str] | None, typer.Option(help="Two records of two reports.")] = None,
    undo: Annotated[tuple[str, str] | None, typer.Option(help="Take back the last word on two records.")] = None,
) -> None:
    """Say of pairs whether they are one report, or take a word back; a person outweighs every rule."""
    from synthassay.review.deduplicating import say_of_pairs, say_of_sheet

    said = {word: pair for word, pair in (("same", same), ("apart", apart), ("undo", undo)) if pair}
    if bool(said) == (sheet is not None):
        remedy = "Give --sheet, or one or more of --same, --apart and --undo with two records each."
        raise DataError("review judge", "nothing to judge, or two ways to judge at once", remedy=remedy)
    count = say_of_sheet(review, sheet, reviewer) if sheet is not None else say_of_pairs(review, said, reviewer)
    typer.echo(f"{count} pairs judged")


@review_app.command("sheet")
def sheet(
    review: ReviewPath,
    reviewer: Reviewer,
    out: Annotated[Path, typer.Option("--out", "-o", help="CSV to write.")],
    stage: StageName = "title_abstract",
) -> None:
    """Write what a reviewer has still to decide as a sheet to fill."""
    from synthassay.records.review import Stage
    from synthassay.review.project import Project
    from synthassay.review.sheets import write_sheet

    count = write_sheet(Project(review), _word(Stage, stage, "stage"), reviewer, out)
    typer.echo(f"{out}: {count} reports; fill the columns choice (include, exclude, unsure) and reason")


@review_app.command("decide")
def decide(
    review: ReviewPath,
    file: Annotated[Path, typer.Argument(help="Filled sheet.", show_default=False)],
    reviewer: Reviewer,
    stage: StageName = "title_abstract",
) -> None:
    """Add the decisions of a filled sheet to the log."""
    from synthassay.records.review import Stage
    from synthassay.review.project import Project
    from synthassay.review.sheets import read_sheet

    typer.echo(f"{read_sheet(Project(review), _word(Stage, stage, 'stage'), reviewer, file)} new decisions")


@review_app.command("screen")
def screen(
    review: ReviewPath,
    reviewer: Reviewer,
    port: Annotated[int, typer.Option(help="Port of 127.0.0.1.", min=1024, max=65535)] = 8765,
) -> None:
    """Screen in the browser: a page on this computer alone, opened by a link that is printed once."""
    from synthassay.review.screen_server import serve_screening

    serve_screening(review, reviewer, port)


@review_app.command("status")
def status(review: ReviewPath) -> None:
    """Say how far the review is, stage by stage and reviewer by reviewer, and how far reviewers agree."""
    from synthassay.review.status import status_lines

    for line in status_lines(review):
        typer.echo(line)


@review_app.command("extract")
def extract(
    review: ReviewPath,
    file: Annotated[Path | None, typer.Argument(help="Filled sheet to read.", show_default=False)] = None,
    sheet_out: Annotated[Path | None, typer.Option("--sheet", help="Sheet to write.")] = None,
) -> None:
    """Write a sheet of the included reports to fill, or read the filled one; unknown words are named."""
    from synthassay.review.extracting import read_extraction_sheet, write_extraction_sheet
    from synthassay.review.project import Project

    if (file is None) == (sheet_out is None):
        raise DataError("review extract", "give either a filled sheet, or --sheet FILE to write one")
    if sheet_out is not None:
        typer.echo(f"{sheet_out}: {write_extraction_sheet(Project(review), sheet_out)} reports")
    if file is not None:
        typer.echo(f"{read_extraction_sheet(Project(review), file)} rows are new or changed")


@review_app.command("add-run")
def add_run(
    review: ReviewPath,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder of a study.", show_default=False)],
) -> None:
    """Put a run of this package beside the studies of the review: one row per generator."""
    from synthassay.review.project import Project
    from synthassay.review.run_rows import rows_of_run

    project, rows = Project(review), rows_of_run(run)
    done = project.extractions()
    project.add_extractions(row for row in rows if done.get(row.record) != row)
    for row in rows:
        family = row.family[0].value if row.family else "architecture not extracted"
        typer.echo(f"{row.record}: {family}; judged by {', '.join(row.evaluation or ())}")


@review_app.command("flow")
def flow(
    review: ReviewPath,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; REVIEW/out where absent.")] = None,
) -> None:
    """Write the PRISMA 2020 flow (SVG, HTML, CSV); fails where a count does not add up, with the sentence."""
    from synthassay.review.pages import write_flow
    from synthassay.review.project import Project

    for path in write_flow(Project(review), out or review / "out"):
        typer.echo(str(path))


@review_app.command("from-prisma")
def from_prisma(
    review: ReviewPath,
    file: Annotated[Path, typer.Argument(help="CSV of the R package PRISMA2020.", show_default=False)],
    title: Annotated[str, typer.Option(help="Title of the review.")],
    question: Annotated[str, typer.Option(help="What it asks, as one sentence.")],
) -> None:
    """Start a review from a published flow; fails where a sum does not add up, with the sentence."""
    from synthassay.review.prisma_csv import start_from_prisma

    typer.echo(f"{start_from_prisma(review, file, title=title, question=question)}")
    typer.echo(f"next: synthassay review flow {review}")


@review_app.command("map")
def evidence_map(
    review: ReviewPath,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; REVIEW/out where absent.")] = None,
) -> None:
    """Write the evidence map, the trend and the gap between fidelity, utility and clinical evaluation."""
    from synthassay.review.pages import write_evidence
    from synthassay.review.project import Project

    for path in write_evidence(Project(review), out or review / "out"):
        typer.echo(str(path))


@review_app.command("export")
def export(
    review: ReviewPath,
    out: Annotated[Path, typer.Option("--out", "-o", help="File: .ris, .bib or .csv.")],
    included: Annotated[bool, typer.Option(help="Only what is in the review, not all reports.")] = False,
) -> None:
    """Export one record per report for a reference manager or a spreadsheet."""
    from synthassay.review.exporting import export_records

    typer.echo(f"{out}: {export_records(review, out, included=included)} records")


@review_app.command("example")
def example(review: ReviewPath) -> None:
    """Write the shipped example: the review behind this package, its flow, statements and tables as data."""
    from synthassay.review.exporting import copy_example

    typer.echo(f"{copy_example(review)}\nnext: synthassay review flow {review}; synthassay review map {review}")


def _word(kind: type, word: str, what: str):  # type: ignore[no-untyped-def]
    """Return a word of a vocabulary; an unknown one is answered with the nearest."""
    from synthassay.errors import did_you_mean

    known = [member.value for member in kind]  # type: ignore[attr-defined]
    if word not in known:
        raise DataError(what, f"no {what} has this name", value=word, remedy=did_you_mean(word, known))
    return kind(word)
