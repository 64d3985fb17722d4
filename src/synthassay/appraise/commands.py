"""The command line of appraisal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def appraise(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.", show_default=False)],
    instrument: Annotated[
        list[str] | None,
        typer.Option(
            "--instrument",
            "-i",
            help="Name, or a TOML file of your own; may be repeated. `all` takes all of `synthassay list instruments`.",
        ),
    ] = None,
    answers: Annotated[
        list[Path] | None, typer.Option("--answers", "-a", help="An appraiser's answers (JSON, TOML); may be repeated.")
    ] = None,
    of: Annotated[
        list[str] | None, typer.Option(help="Set to appraise; may be repeated. The study's generators where absent.")
    ] = None,
    form: Annotated[bool, typer.Option(help="Write a form for what only a person can answer.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Say what a run proves of risk-of-bias tools and checklists, each answer pointing at its evidence."""
    from synthassay.appraise.answers import read_answers
    from synthassay.appraise.dossier import read_dossier
    from synthassay.appraise.filling import appraise as fill
    from synthassay.appraise.form import write_form
    from synthassay.appraise.library import OWN
    from synthassay.appraise.library import instrument as known
    from synthassay.appraise.own_instruments import chosen_instruments
    from synthassay.appraise.scorecard import fill_scorecard
    from synthassay.appraise.showing import show_appraisals
    from synthassay.appraise.writing import write_appraisals
    from synthassay.errors import RunError
    from synthassay.records.appraisal import AppraisalList

    given = [(str(path), read_answers(path)) for path in answers or ()]
    chosen = chosen_instruments(instrument or sorted({OWN, *(file.instrument for _, file in given)}))
    asked = list(chosen.values())
    for _, file in given:
        if file.instrument not in chosen:
            known(file.instrument)
    dossier = read_dossier(run, of or ())
    if not dossier.sha256 and any(item.check for one in asked for item in one.items):
        raise RunError(str(run), "holds no record of a run", remedy="Give a run folder; only PRISMA needs none.")
    found = [fill(dossier, one, given) for one in asked]
    written = write_appraisals(run, found, fill_scorecard(dossier) if dossier.sha256 else None)
    if form:
        written += [write_form(one, filled, run) for one, filled in zip(asked, found, strict=True)]
    if as_json:
        typer.echo(AppraisalList(appraisals=tuple(found)).model_dump_json(indent=1))
    else:
        show_appraisals(found, written, run)
