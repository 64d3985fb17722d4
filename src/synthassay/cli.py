"""The command line. Every command imports what it needs when it runs, so that help answers at once.

Exit codes: 0 done; 1 a check found something (verify, audit) or another mistake; 2 the study file or command is wrong;
3 the data or images are wrong; 4 the run folder cannot be used; 130 interrupted; anything else is our bug.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from synthassay.appraise.commands import appraise
from synthassay.errors import SynthassayError
from synthassay.reading import agreement_command, answers_command, mrmc_command, size_command
from synthassay.reading.commands import reader_app
from synthassay.release.commands import register as register_release
from synthassay.release.commands import verify
from synthassay.review.commands import review_app
from synthassay.study.commands import appraisals, report

app = typer.Typer(
    name="synthassay",
    help="Makes synthetic medical images and finds out what they are worth.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 a check found something, 2 study file or command, 3 data or images, 4 run folder.",
)
data_app = typer.Typer(help="Look at real images: known sources, their licences, and how a study would split them.")
app.add_typer(data_app, name="data")
bench_app = typer.Typer(help="Try the measures themselves: how large must a failure be before they see it?")
app.add_typer(bench_app, name="bench")
app.add_typer(review_app, name="review")
app.add_typer(reader_app, name="reader")


StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="Study file (TOML).", show_default=False)]
RunPath = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads the annotation at run time
    typer.Option("--out", "-o", help="Run folder; runs/<name of the study file> where absent.", show_default=False),
]
Seed = Annotated[
    Optional[int],  # noqa: UP045 - typer reads the annotation at run time
    typer.Option(help="Another seed than the file's; the run folder is then runs/<name>-seed-<seed>.", min=0),
]
DataRange = Annotated[
    tuple[float, float] | None,
    typer.Option("--range", help="Lowest and highest possible value, where protocol and pixel type leave it open."),
]
Paired = Annotated[
    Optional[bool],  # noqa: UP045 - as above
    typer.Option(help="Whether each synthetic image has a real one of the same name; found out where absent."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]


@app.command()
def new(
    modality: Annotated[str, typer.Option("--modality", "-m", help="mri, ct, xray or pathology.")],
    task: Annotated[str, typer.Option("--task", "-t", help="augment, translate or denoise.")],
    source: Annotated[str, typer.Option(help="Known source; virtual patients where absent.")] = "",
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write it.")] = Path("study.toml"),
) -> None:
    """Write a commented study file to start from; it runs as it is."""
    from synthassay.errors import RunError
    from synthassay.records.base import write_text
    from synthassay.study.starting_file import starting_file

    text = starting_file(modality, task, source)
    if out.exists():
        raise RunError(str(out), "exists already; nothing was written", remedy="Choose another --out.")
    write_text(out, text)
    typer.echo(f"{out}\nnext: synthassay check {out}")


@app.command()
def check(
    study: StudyFile,
    timing: Annotated[bool, typer.Option(help="Estimate minutes by a few real training steps.")] = True,
) -> None:
    """Print the resolved plan, what the protocol demands, the minutes, and what cannot be measured and why."""
    from synthassay.study.plan import plan_study
    from synthassay.study.showing import show_plan

    show_plan(plan_study(study), timing=timing)


@app.command()
def run(study: StudyFile, out: RunPath = None, seed: Seed = None, quiet: Quiet = False) -> None:
    """Do the whole study: cohort, training, synthesis, evaluation, report. The same command again resumes."""
    from synthassay.study.console import Voice
    from synthassay.study.run import run_study

    run_study(study, out, Voice(quiet=quiet), seed=seed)


@app.command()
def synthesise(study: StudyFile, out: RunPath = None, quiet: Quiet = False) -> None:
    """Do the study as far as the labelled, hashed, listed images."""
    from synthassay.study.console import Voice
    from synthassay.study.run import run_study

    run_study(study, out, Voice(quiet=quiet), until="synthesise")


@app.command()
def evaluate(
    protocol: Annotated[str, typer.Option("--protocol", "-p", help="Protocol; see `synthassay list`.")],
    real: Annotated[Path, typer.Option(help="Real images kept from training: the references or the test set.")],
    synthetic: Annotated[Path, typer.Option(help="Synthetic images, whoever made them.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder to write.")],
    training: Annotated[Optional[Path], typer.Option(help="Real images that the generator learnt from.")] = None,  # noqa: UP045
    external: Annotated[Optional[Path], typer.Option(help="Real images from another site.")] = None,  # noqa: UP045
    masks: Annotated[Optional[Path], typer.Option(help="Masks to measure inside, named like the images.")] = None,  # noqa: UP045
    structures: Annotated[
        Path | None, typer.Option("--structures-real", "--structures", help="Label maps of real images.")
    ] = None,
    structures_synthetic: Annotated[Path | None, typer.Option(help="Label maps of the synthetic images.")] = None,
    structures_training: Annotated[Path | None, typer.Option(help="Label maps to train a segmenter on.")] = None,
    lesions_real: Annotated[Path | None, typer.Option(help="Lesions of the real images, named like them.")] = None,
    lesions_synthetic: Annotated[Path | None, typer.Option(help="Lesions of the synthetic images.")] = None,
    dose_real: Annotated[Path | None, typer.Option(help="Doses (RTDOSE or NIfTI in Gy) on the real images.")] = None,
    dose_synthetic: Annotated[Path | None, typer.Option(help="Doses of the same plans on the synthetic ones.")] = None,
    prescription: Annotated[float | None, typer.Option(help="Prescribed dose in Gy.", min=0)] = None,
    density_curve: Annotated[Path | None, typer.Option(help="CSV of HU, relative electron density.")] = None,
    losses: Annotated[Path | None, typer.Option(help="CSV or JSON lines: image, loss of the generator on it.")] = None,
    paired: Paired = None,
    task: Annotated[
        str, typer.Option(help="augment, translate or denoise: whose requirements hold; by the pairing where absent.")
    ] = "",
    unit: Annotated[
        str, typer.Option(help="Unit of pixel values where the files do not prove it: HU, arbitrary.")
    ] = "",
    data_range: DataRange = None,
    mpp: Annotated[float | None, typer.Option(help="Micrometres per pixel of tiles whose files state none.")] = None,
    embedding: Annotated[
        str, typer.Option(help="Embedding of measures of sets: radiomic, in_domain, or weights:PATH of a card.")
    ] = "",
    bootstrap: Annotated[int, typer.Option(help="Bootstrap draws.", min=200)] = 1000,
    seed: Annotated[int, typer.Option(help="Root of every random number.", min=0)] = 20260101,
    quiet: Quiet = False,
) -> None:
    """Judge somebody else's synthetic images: folders are enough. Then: synthassay report RUN."""
    from synthassay.study.console import Voice
    from synthassay.study.outside import OutsideImages, evaluate_outside

    images = OutsideImages(
        protocol=protocol, real=real, synthetic=synthetic, training=training, external=external, masks=masks,
        paired=paired, unit=unit, data_range=data_range, bootstrap=bootstrap, seed=seed, structures=structures,
        structures_synthetic=structures_synthetic, structures_training=structures_training, lesions=lesions_real,
        lesions_synthetic=lesions_synthetic, dose_real=dose_real, dose_synthetic=dose_synthetic,
        prescription_gy=prescription, density_curve=density_curve, mpp=mpp, embedding=embedding, task=task,
        losses=losses,
    )  # fmt: skip
    evaluate_outside(images, out, Voice(quiet=quiet))


for command in (report, appraise, appraisals):
    app.command()(command)


@app.command()
def compare(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A", help="First run folder.", show_default=False)],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B", help="Second run folder.", show_default=False)],
    of: Annotated[str, typer.Option(help="Set of the first run; its only generator where absent.")] = "",
    against: Annotated[str, typer.Option(help="Set of the second run; likewise.")] = "",
    margin: Annotated[
        list[str] | None,
        typer.Option(help="METRIC=VALUE: the largest difference that would not matter; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="HTML page to write.")] = None,
    seed: Annotated[int, typer.Option(help="Root of every random number.", min=0)] = 20260101,
) -> None:
    """Compare two runs case by case on the same patients: differences, Holm's p, equivalence within margins."""
    from synthassay.study.comparing_runs import compare_runs, read_margins
    from synthassay.study.showing_comparison import show_comparison

    found = compare_runs(run_a, run_b, of=of, against=against, margins=read_margins(margin or ()), seed=seed)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
    else:
        show_comparison(found)
    if out is not None:
        from synthassay.report.comparison_page import write_comparison_page

        typer.echo(str(write_comparison_page(found, out)), err=as_json)


@app.command()
def discord(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.", show_default=False)],
    gain: Annotated[str, typer.Option(help="Measure of utility that says how much a set helps.")] = "",
    stratum: Annotated[str, typer.Option(help="Stratum of it, e.g. 'real=5%, ratio=1'.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="HTML page to write.")] = None,
    seed: Annotated[int, typer.Option(help="Root of every random number.", min=0)] = 20260101,
) -> None:
    """Say whether looking good means helping: rank correlation of each measure with gain, over all sets of the runs."""
    from synthassay.report.discordance_page import write_discordance_page
    from synthassay.study.discordance import discord as correlate
    from synthassay.study.discordance import pages_of
    from synthassay.study.showing_discordance import show_discordance

    found = correlate(runs, gain=gain, stratum=stratum, seed=seed)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
    else:
        show_discordance(found)
    for page in pages_of(found, runs, out):
        typer.echo(str(write_discordance_page(found, page)), err=as_json)


def _remeasure(run: Path, of: str, mark: Any) -> Any:
    from synthassay.study.marking import mark_effects

    return mark_effects(run, of, mark)


register_release(app, _remeasure)
app.command()(verify)


@app.command()
def audit(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="Folder, table, .npz, BIDS root, or a known source's name.", show_default=False
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HTML page to write, or a folder for the page and audit.json.")
    ] = None,
    subject: Annotated[str, typer.Option(help="Column or array of subjects; for a folder a regular expression.")] = "",
    split: Annotated[str, typer.Option(help="Column or array of splits.")] = "",
    label: Annotated[str, typer.Option(help="Column or array of classes.")] = "",
    site: Annotated[str, typer.Option(help="Column or array of sites.")] = "",
    near: Annotated[bool, typer.Option(help="Look for near-duplicates, which takes most of the time.")] = True,
) -> None:
    """Say who stands on two sides of a split and what is there twice; exit code 1 if a subject or an image crosses."""
    from synthassay.audit.run import audit_cases, declared
    from synthassay.audit.showing import show_audit
    from synthassay.data.listing import Fields

    listing = declared(data, Fields(label, subject, site, split))
    found = audit_cases(listing, name=data, near=near)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
    else:
        show_audit(found)
    if out is not None:
        from synthassay.audit.pictures import draw_shown, shown_pairs
        from synthassay.report.audit_page import write_audit_page

        page = out if out.suffix in (".html", ".htm") else out / "audit.html"
        if page != out:
            found.write(out / "audit.json")
        written = write_audit_page(found, shown_pairs(found), draw_shown(found, listing), page)
        typer.echo(str(written), err=as_json)
    if found.leaks:
        raise typer.Exit(1)


@app.command("list")
def list_names(
    kind: Annotated[
        str, typer.Argument(help="sources, phantoms, generators, tasks, metrics, protocols, failures, instruments.")
    ] = "",
) -> None:
    """List the names that a study file may use."""
    from synthassay.study.names import show_names

    show_names(kind)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a study file, for editors."""
    from synthassay.study.names import schema_text

    typer.echo(schema_text())


@data_app.command("list")
def data_list() -> None:
    """List the known public sources with licence and size."""
    from synthassay.study.names import show_names

    show_names("sources")


@data_app.command("fetch")
def data_fetch(name: Annotated[str, typer.Argument(help="Name of a known source.")]) -> None:
    """Fetch a known source (or find it in the local mirror SYNTHASSAY_DATA) and check its hash."""
    from synthassay.data.sources import SOURCES, fetch

    typer.echo(str(fetch(SOURCES.get(name))))


@data_app.command("show")
def data_show(study: StudyFile) -> None:
    """Show the cohort that a study file makes: cases, subjects, splits, and the proof that none crosses."""
    from synthassay.study.plan import plan_study
    from synthassay.study.showing import show_cohort

    show_cohort(plan_study(study))


@bench_app.command("failures")
def bench_failures(
    modality: Annotated[str, typer.Option("--modality", "-m", help="Protocol to try; see `synthassay list`.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path("bench"),
    source: Annotated[str, typer.Option(help="Known source of real images; the protocol's own where absent.")] = "",
    real: Annotated[Optional[Path], typer.Option(help="Folder of real images, instead of a source.")] = None,  # noqa: UP045
    image: Annotated[str, typer.Option(help="Role of the image, where cases have several.")] = "",
    subjects: Annotated[int, typer.Option(help="Patients at most; 0 takes all.", min=0)] = 80,
    slices: Annotated[int, typer.Option(help="Middle slices of volumes; 0 takes all.", min=0)] = 0,
    spacing: Annotated[float, typer.Option(help="Pixel size in mm to assume where images state none.", min=0)] = 0.0,
    failure: Annotated[Optional[list[str]], typer.Option(help="Only this failure; may be repeated.")] = None,  # noqa: UP045
    metric: Annotated[Optional[list[str]], typer.Option(help="Only this measure; may be repeated.")] = None,  # noqa: UP045
    workers: Annotated[int, typer.Option(help="Processes.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="Root of every random number.", min=0)] = 20260101,
    quiet: Quiet = False,
) -> None:
    """Inject graded failures into real images; say what each measure and the protocol see of them."""
    from synthassay.bench.material import Order
    from synthassay.bench.run import run_bench
    from synthassay.report.failure_bench import build_failure_page, verdict_lines
    from synthassay.study.console import Voice

    order = Order(
        protocol=modality, source=source, path=real, image=image, subjects=subjects, slices=slices,
        spacing_mm=spacing, seed=seed,
    )  # fmt: skip
    voice = Voice(quiet=quiet)
    found = run_bench(order, out, voice, failures=failure or (), metrics=metric or (), workers=workers)
    for line in verdict_lines(found):
        voice.say(line)
    voice.say(str(build_failure_page(found, out)))


def _write_reader_page(found: Any, path: Path) -> Path:
    from synthassay.report.reader_study import write_reader_page

    return write_reader_page(found, path)


mrmc_command.register(app, _write_reader_page)
size_command.register(app)
answers_command.register(app, _write_reader_page)
agreement_command.register(app)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        from synthassay import __version__

        typer.echo(f"synthassay {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line: a user's mistake is a message, our bug a traceback."""
    try:
        app()
    except SynthassayError as problem:
        typer.echo(str(problem), err=True)
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        typer.echo("interrupted; the same command again goes on where this one stopped", err=True)
        sys.exit(130)
