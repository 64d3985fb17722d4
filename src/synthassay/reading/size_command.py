"""The command ``mrmc-size``: how many readers and cases a study needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synthassay.errors import ReadingError

if TYPE_CHECKING:
    from synthassay.stats.mrmc.size import Pilot, Wanted

AIMS = ("difference", "non-inferiority", "equivalence")


def register(app: typer.Typer) -> None:
    """Add the command to an application."""

    @app.command("mrmc-size")
    def mrmc_size(  # noqa: PLR0917 - an option each
        pilot: Annotated[Path | None, typer.Option(help="CSV of ratings of a pilot study.")] = None,
        var: Annotated[float | None, typer.Option(help="Variance of a figure's error, without a pilot.")] = None,
        cov1: Annotated[float, typer.Option(help="Covariance of errors within a reader.")] = 0.0,
        cov2: Annotated[float, typer.Option(help="... within a treatment.")] = 0.0,
        cov3: Annotated[float, typer.Option(help="... across both.")] = 0.0,
        var_tr: Annotated[float, typer.Option(help="Variance of treatment by reader.")] = 0.0,
        reference: Annotated[
            float | None, typer.Option(help="Constant that one treatment is held against, such as 0.5.")
        ] = None,
        treatment: Annotated[str, typer.Option(help="The pilot's treatment, where it has several.")] = "",
        var_r: Annotated[float, typer.Option(help="Variance of readers, for one treatment.")] = 0.0,
        cases: Annotated[int | None, typer.Option(help="Cases that the components rest on.", min=4)] = None,
        effect: Annotated[float | None, typer.Option(help="True difference; the pilot's where absent.")] = None,
        aim: Annotated[str, typer.Option(help="difference, non-inferiority or equivalence.")] = "difference",
        margin: Annotated[float | None, typer.Option(help="Largest difference that would not matter.")] = None,
        power: Annotated[float, typer.Option(help="Wanted power.", min=0.01, max=0.999)] = 0.8,
        level: Annotated[float, typer.Option(help="Two-sided for a difference, one-sided else.")] = 0.05,
        readers: Annotated[str, typer.Option(help="Numbers of readers, with commas.")] = "4,5,6,8,10,15,20",
        ratio: Annotated[float | None, typer.Option(help="Negative cases per positive one; needs a pilot.")] = None,
        fixed: Annotated[str, typer.Option(help="readers or cases: what another study would have again.")] = "",
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    ) -> None:
        """Say how many cases each number of readers needs for the wanted power."""
        from synthassay.reading.mrmc_command import CHOICES, one_of
        from synthassay.stats.mrmc.size import Wanted, combinations

        _refuse(level, ratio)
        one_of("--aim", aim, AIMS)
        one_of("--fixed", fixed, CHOICES["--fixed"])
        known = (
            _stated_pilot((var, cov1, cov2, cov3), var_tr if reference is None else var_r, cases, reference)
            if pilot is None
            else _read_pilot(pilot, var, reference, treatment, split=ratio is not None)
        )
        if effect is None:
            effect = known.effect if aim == "difference" and known.effect is not None else 0.0
        try:
            wanted = Wanted(aim, effect, margin, level, fixed)  # type: ignore[arg-type]
            rows = combinations(known, wanted, _counts(readers), power, ratio=ratio)
        except ValueError as problem:
            raise ReadingError("mrmc-size", str(problem)) from None
        _tell(wanted, reference, power, rows, as_json)


def _tell(
    wanted: Wanted,
    reference: float | None,
    power: float,
    rows: tuple[tuple[int, int | None, float | None], ...],
    as_json: bool,
) -> None:
    if as_json:
        told = {"aim": wanted.aim, "reference": reference, "effect": wanted.effect, "margin": wanted.margin}
        told |= {"level": wanted.level, "wanted": power}
        table = [{"readers": r, "cases": c, "power": p} for r, c, p in rows]
        typer.echo(json.dumps({**told, "table": table}, indent=1))
        return
    against = "" if reference is None else f" from {reference:g}"
    margin = f", margin {wanted.margin:g}" if wanted.margin else ""
    typer.echo(f"{wanted.aim}, assumed difference{against} {wanted.effect:g}{margin}")
    typer.echo("readers   cases   power")
    for count, needed, reached in rows:
        tail = "      –   not reached by any number of cases" if reached is None else f"{needed:7d}   {reached:.3f}"
        typer.echo(f"{count:7d} {tail}")


def _read_pilot(file: Path, var: float | None, reference: float | None, treatment: str, *, split: bool) -> Pilot:
    from synthassay.reading.generalising import refuse_gaps
    from synthassay.reading.ratings_file import read_ratings
    from synthassay.stats.mrmc.size import pilot_of, pilot_of_one

    if var is not None:
        raise ReadingError("mrmc-size", "has a pilot and components", remedy="Give --pilot or --var, not both.")
    ratings = read_ratings(file)
    if treatment:
        if treatment not in ratings.treatments:
            remedy = f"It has {', '.join(ratings.treatments)}."
            raise ReadingError(str(file), "has no such treatment", value=treatment, remedy=remedy)
        ratings = ratings.of([ratings.treatments.index(treatment)])
    refuse_gaps(ratings)
    try:
        return pilot_of(ratings, split=split) if reference is None else pilot_of_one(ratings, reference, split=split)
    except ValueError as problem:
        remedy = "Give --treatment NAME with --reference, or a pilot of two treatments without."
        raise ReadingError(str(file), str(problem), remedy=remedy) from None


def _stated_pilot(
    stated: tuple[float | None, float, float, float], spread: float, cases: int | None, reference: float | None
) -> Pilot:
    from synthassay.stats.mrmc.size import ErrorPart, Pilot

    var, cov1, cov2, cov3 = stated
    if var is None or cases is None:
        raise ReadingError(
            "mrmc-size", "knows no variance", remedy="Give --pilot FILE, or --var, --cov1, --cov2, --cov3 and --cases."
        )
    return Pilot(spread, (ErrorPart(var, cov1, cov2, cov3, cases),), single=reference is not None)


def _counts(text: str) -> list[int]:
    counts = [int(part) if part.strip().isdecimal() else 0 for part in text.split(",")]
    if min(counts) < 1:
        raise ReadingError("--readers", "is no list of whole numbers above 0", value=text, remedy="Such as 4,6,8.")
    return counts


def _refuse(level: float, ratio: float | None) -> None:
    if not 0 < level < 1:
        raise ReadingError("--level", "must lie between 0 and 1", value=level)
    if ratio is not None and not ratio > 0:
        raise ReadingError("--ratio", "must be above 0", value=ratio)
