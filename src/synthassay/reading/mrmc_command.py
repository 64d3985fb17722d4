"""The command ``mrmc``: the analysis of a reader study from a table of ratings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synthassay.errors import ReadingError

if TYPE_CHECKING:
    from synthassay.records.reader_result import ReaderResult

FIGURES = ("auc", "binormal", "lroc", "wafroc")
METHODS, COVARIANCES, FIXED = ("or", "ustat"), ("delong", "jackknife", "unbiased"), ("", "readers", "cases")


def register(app: typer.Typer, write_page: Callable[[ReaderResult, Path], Path]) -> None:
    """Add the command to an application.

    Args:
        app: The application.
        write_page: Writes the page of a result; the report room's, which this room must not know.
    """

    @app.command()
    def mrmc(  # noqa: PLR0917 - an option each
        file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV of ratings.", show_default=False)],
        method: Annotated[str, typer.Option(help="or (Obuchowski-Rockette) or ustat (any design).")] = "or",
        covariance: Annotated[str, typer.Option(help="delong, jackknife or unbiased.")] = "jackknife",
        cut: Annotated[float | None, typer.Option(help="Rating from which a case was called positive.")] = None,
        reference: Annotated[
            float | None, typer.Option(help="Constant that each treatment is compared with; 0.5 where absent.")
        ] = None,
        margin: Annotated[float | None, typer.Option(help="Largest difference that would not matter.")] = None,
        fixed: Annotated[str, typer.Option(help="readers or cases: what another study would have again.")] = "",
        truncate: Annotated[bool, typer.Option(help="Hold intervals within what is possible.")] = False,
        figure: Annotated[str, typer.Option(help="auc, binormal, lroc or wafroc (FILE then holds marks).")] = "auc",
        turing: Annotated[bool, typer.Option("--turing", help="Positive means synthetic: detection theory.")] = False,
        agreement: Annotated[bool, typer.Option("--agreement", help="Say how far readers agree.")] = False,
        positive_control: Annotated[
            list[str] | None, typer.Option(help="Treatment spoiled on purpose; may be repeated.")
        ] = None,
        negative_control: Annotated[
            list[str] | None, typer.Option(help="Treatment without a difference to see; may be repeated.")
        ] = None,
        artefacts: Annotated[Path | None, typer.Option(help="CSV of reader,case,artefact,present.")] = None,
        bootstrap: Annotated[int, typer.Option(help="Draws of a bootstrap of readers and cases; 0: none.")] = 0,
        seed: Annotated[int, typer.Option(help="Root of every random number.", min=0)] = 20260101,
        case: Annotated[str, typer.Option(help="Another column that names the cases.")] = "",
        title: Annotated[str, typer.Option(help="What the study is called.")] = "",
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
        out: Annotated[Path | None, typer.Option("--out", "-o", help="Where to write reader_result.json.")] = None,
        page: Annotated[Path | None, typer.Option(help="HTML page to write.")] = None,
    ) -> None:
        """Analyse a reader study: differences that hold for other readers and other cases."""
        from synthassay.reading.analysis import Order, analyse
        from synthassay.reading.artefacts import read_artefacts
        from synthassay.reading.generalising import Judging
        from synthassay.reading.marks_file import read_marks
        from synthassay.reading.ratings_file import read_ratings
        from synthassay.reading.showing_result import show_result

        one_of("--method", method, METHODS)
        one_of("--covariance", covariance, COVARIANCES)
        one_of("--fixed", fixed, FIXED)
        if margin is not None and not margin > 0:
            raise ReadingError("--margin", "must be above 0", value=margin)
        one_of("--figure", figure, FIGURES)
        if method == "ustat" and figure != "auc":
            raise ReadingError("--method", "ustat knows AUC alone", value=figure, remedy="Use --method or.")
        marks = read_marks(file) if figure == "wafroc" else None
        ratings = marks.ratings if marks is not None else read_ratings(file, case_column=case)
        alone = reference is not None or len(ratings.treatments) == 1
        judging = Judging(0.5 if reference is None else reference, margin, truncate, single=alone)
        order = Order(
            method=method, covariance=covariance, figure=figure, cut=cut, judging=judging, fixed=fixed,  # type: ignore[arg-type]
            turing=turing, agree=agreement, positive_controls=tuple(positive_control or ()),
            negative_controls=tuple(negative_control or ()), resamples=bootstrap, seed=seed,
        )  # fmt: skip
        seen = read_artefacts(artefacts) if artefacts is not None else ()
        found = analyse(ratings, order, title=title or file.stem, artefacts=seen, marks=marks)
        if as_json:
            typer.echo(found.model_dump_json(indent=1))
        else:
            show_result(found)
        if out is not None:
            found.write(out)
            typer.echo(str(out), err=as_json)
        if page is not None:
            typer.echo(str(write_page(found, page)), err=as_json)


def one_of(option: str, value: str, known: tuple[str, ...]) -> None:
    """Raise unless the value is known.

    Raises:
        ReadingError: It is not; the message lists what is.
    """
    if value not in known:
        raise ReadingError(
            option, "has no such choice", value=value, remedy=f"Choose {', '.join(k for k in known if k)}."
        )
