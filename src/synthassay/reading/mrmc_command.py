"""The command ``mrmc``: the analysis of a reader study from a table of ratings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synthassay.errors import ReadingError

if TYPE_CHECKING:
    from synthassay.reading.analysis import Order
    from synthassay.records.reader_result import ReaderResult

CHOICES = {
    "--method": ("or", "ustat"),
    "--covariance": ("delong", "jackknife", "unbiased"),
    "--figure": ("auc", "binormal", "lroc", "wafroc"),
    "--fixed": ("", "readers", "cases"),
}
File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV of ratings.", show_default=False)]
Method = Annotated[str, typer.Option(help="or (Obuchowski-Rockette) or ustat (any design).")]
Covariance = Annotated[str, typer.Option(help="delong, jackknife or unbiased.")]
Figure = Annotated[str, typer.Option(help="auc, binormal, lroc or wafroc (FILE then holds marks).")]
Cut = Annotated[float | None, typer.Option(help="Rating from which a case was called positive.")]
Reference = Annotated[
    float | None, typer.Option(help="Constant that each treatment is compared with; 0.5 where absent.")
]
Margin = Annotated[float | None, typer.Option(help="Largest difference that would not matter.")]
Fixed = Annotated[str, typer.Option(help="readers or cases: what another study would have again.")]
Truncate = Annotated[bool, typer.Option(help="Hold intervals within what is possible.")]
IsTuring = Annotated[bool, typer.Option("--turing", help="Positive means synthetic: detection theory.")]
Agree = Annotated[bool, typer.Option("--agreement", help="Say how far readers agree.")]
Spoiled = Annotated[list[str] | None, typer.Option(help="Treatment spoiled on purpose; may be repeated.")]
Alike = Annotated[list[str] | None, typer.Option(help="Treatment without a difference to see; may be repeated.")]
Artefacts = Annotated[Path | None, typer.Option(help="CSV of reader,case,artefact,present.")]
Draws = Annotated[int, typer.Option(help="Draws of a bootstrap of readers and cases; 0: none.", min=0)]
Seed = Annotated[int, typer.Option(help="Root of every random number.", min=0)]
Case = Annotated[str, typer.Option(help="Another column that names the cases.")]
Patient = Annotated[str, typer.Option(help="Column of whose a case is; patient, cluster or subject where absent.")]
ScaleEnds = Annotated[str, typer.Option("--scale", help="Lowest and highest rating, such as 1,5; others are refused.")]
Title = Annotated[str, typer.Option(help="What the study is called.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Where to write reader_result.json.")]
Page = Annotated[Path | None, typer.Option(help="HTML page to write.")]


def register(app: typer.Typer, write_page: Callable[[ReaderResult, Path], Path]) -> None:
    """Add the command to an application.

    Args:
        app: The application.
        write_page: Writes the page of a result; the report room's, which this room must not know.
    """

    @app.command()
    def mrmc(  # noqa: PLR0917 - an option each
        file: File,
        method: Method = "or",
        covariance: Covariance = "jackknife",
        figure: Figure = "auc",
        cut: Cut = None,
        reference: Reference = None,
        margin: Margin = None,
        fixed: Fixed = "",
        truncate: Truncate = False,
        turing: IsTuring = False,
        agreement: Agree = False,
        positive_control: Spoiled = None,
        negative_control: Alike = None,
        artefacts: Artefacts = None,
        bootstrap: Draws = 0,
        seed: Seed = 20260101,
        case: Case = "",
        patient: Patient = "",
        scale: ScaleEnds = "",
        title: Title = "",
        as_json: AsJson = False,
        out: Out = None,
        page: Page = None,
    ) -> None:
        """Analyse a reader study: differences that hold for other readers and other cases."""
        from synthassay.reading.csv_table import scale_of

        options: dict[str, Any] = {
            "method": method,
            "covariance": covariance,
            "figure": figure,
            "fixed": fixed,
            "cut": cut,
            "seed": seed,
        }
        options |= {"turing": turing, "agree": agreement, "resamples": bootstrap}
        options |= {"positive_controls": positive_control, "negative_controls": negative_control}
        order = asked(options, reference, margin, truncate)
        columns = {"case_column": case, "patient_column": patient, "scale": scale_of(scale)}
        found = _found(file, order, reference is not None, columns, title or file.stem, artefacts)
        tell(found, as_json, out, page, write_page)


def asked(options: dict[str, Any], reference: float | None, margin: float | None, truncate: bool) -> Order:
    """Return the order that the options make.

    Raises:
        ReadingError: A choice does not exist, or two exclude each other.
    """
    from synthassay.reading.analysis import CHANCE, Order
    from synthassay.reading.generalising import Judging

    for option, known in CHOICES.items():
        one_of(option, options[option.removeprefix("--")], known)
    if options["method"] == "ustat" and options["figure"] != "auc":
        raise ReadingError("--method", "ustat knows AUC alone", value=options["figure"], remedy="Use --method or.")
    if margin is not None and not margin > 0:
        raise ReadingError("--margin", "must be above 0", value=margin)
    controls = {name: tuple(options[name] or ()) for name in ("positive_controls", "negative_controls")}
    single = reference is not None or options["turing"]
    judging = Judging(CHANCE if reference is None else reference, margin, truncate, single=single)
    return Order(**{**options, **controls, "judging": judging})


def _found(
    file: Path, order: Order, constant: bool, columns: dict[str, Any], title: str, artefacts: Path | None
) -> ReaderResult:
    from dataclasses import replace

    from synthassay.reading.analysis import analyse
    from synthassay.reading.artefacts import read_artefacts
    from synthassay.reading.marks_file import read_marks
    from synthassay.reading.ratings_file import read_ratings

    marks = read_marks(file) if order.figure == "wafroc" else None
    ratings = marks.ratings if marks is not None else read_ratings(file, **columns)
    if len(ratings.treatments) == 1 and not constant:
        order = replace(order, judging=replace(order.judging, single=True))
    seen = read_artefacts(artefacts) if artefacts is not None else ()
    return analyse(ratings, order, title=title, artefacts=seen, marks=marks)


def tell(
    found: ReaderResult,
    as_json: bool,
    out: Path | None,
    page: Path | None,
    write_page: Callable[[ReaderResult, Path], Path],
) -> None:
    """Print a result, and write its record and its page where that is asked for."""
    from synthassay.reading.showing_result import show_result

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
        remedy = f"Choose {', '.join(k for k in known if k)}."
        raise ReadingError(option, "has no such choice", value=value, remedy=remedy)
