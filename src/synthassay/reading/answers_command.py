"""The commands ``choices`` and ``points``: forced choices and points on a scale from a table of answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synthassay.errors import ReadingError
from synthassay.reading.mrmc_command import Alike, AsJson, Out, Page, Spoiled, Title

if TYPE_CHECKING:
    from synthassay.records.reader_result import ReaderResult

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV of answers.", show_default=False)]
Margin = Annotated[float | None, typer.Option(help="Largest difference that would not matter.")]


def register(app: typer.Typer, write_page: Callable[[ReaderResult, Path], Path]) -> None:
    """Add both commands to an application.

    Args:
        app: The application.
        write_page: Writes the page of a result; the report room's, which this room must not know.
    """

    @app.command()
    def choices(  # noqa: PLR0917 - an option each
        file: File,
        alternatives: Annotated[int, typer.Option("--alternatives", "-m", help="Images in each trial.", min=2)] = 2,
        margin: Margin = None,
        positive_control: Spoiled = None,
        negative_control: Alike = None,
        title: Title = "",
        as_json: AsJson = False,
        out: Out = None,
        page: Page = None,
    ) -> None:
        """Analyse an m-alternative forced choice: d', and the share of right choices against guessing."""
        from synthassay.reading.answers_file import read_answers
        from synthassay.reading.mrmc_command import tell
        from synthassay.reading.sheets import Asked, analyse_sheets

        sheets, readers = read_answers(file, choices=True)
        spoiled, alike = tuple(positive_control or ()), tuple(negative_control or ())
        known = [sheet.arm for sheet in sheets]
        for name in (*spoiled, *alike):
            if name not in known:
                raise ReadingError("answers", "have no such treatment", value=name, remedy=f"They have {known}.")
        asked = Asked(title or file.stem, readers, alternatives, _positive(margin), spoiled, alike)
        tell(analyse_sheets(sheets, asked), as_json, out, page, write_page)

    @app.command()
    def points(
        file: File,
        margin: Margin = None,
        scale: Annotated[str, typer.Option(help="Lowest and highest, such as 1,5; others are refused.")] = "",
        title: Title = "",
        as_json: AsJson = False,
        out: Out = None,
        page: Page = None,
    ) -> None:
        """Analyse points on a scale (Likert): means, odds of a higher answer, agreement."""
        from synthassay.reading.answers_file import read_answers
        from synthassay.reading.csv_table import scale_of
        from synthassay.reading.mrmc_command import tell
        from synthassay.reading.sheets import Asked, analyse_sheets

        sheets, readers = read_answers(file, choices=False, scale=scale_of(scale))
        asked = Asked(title or file.stem, readers, margin=_positive(margin))
        tell(analyse_sheets(sheets, asked), as_json, out, page, write_page)


def _positive(margin: float | None) -> float | None:
    if margin is not None and not margin > 0:
        raise ReadingError("--margin", "must be above 0", value=margin)
    return margin
