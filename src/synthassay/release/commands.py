"""Commands of this room: release and verify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from synthassay.errors import RunError

if TYPE_CHECKING:
    from synthassay.release.build import Released
    from synthassay.release.marking import Remeasure

FORMATS = ("auto", "nifti", "dicom", "png", "tiff")


Key = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads the annotation at run time
    typer.Option(help="Private Ed25519 key in PEM; a new one is written beside the release where absent."),
]
Override = Annotated[
    list[str] | None,
    typer.Option(help='"NAME: reason" for a part of the audit that failed; signed; may be repeated.'),
]
Certificates = Annotated[
    Optional[Path],  # noqa: UP045 - as above
    typer.Option(help="Certificates of the key in PEM, the signer's first: put C2PA manifests into PNG and TIFF."),
]
Stripped = Annotated[
    Optional[bool],  # noqa: UP045 - as above
    typer.Option("--skull-stripped/--not-skull-stripped", help="What BIDS asks of MRI in NIfTI."),
]
Mark = Annotated[bool, typer.Option("--watermark", help="Mark the pixels invisibly, below their noise.")]


def register(app: typer.Typer, remeasure: Remeasure) -> None:
    """Add the command ``release`` to an application.

    Args:
        app: The application.
        remeasure: Takes a run's measures again on watermarked images; the judge's, which this room must not know.
    """

    @app.command()
    def release(  # noqa: PLR0917
        run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.", show_default=False)],
        out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; must not exist.", show_default=False)],
        of: Annotated[str, typer.Option(help="Which set of the run; its only generator where absent.")] = "",
        file_format: Annotated[str, typer.Option("--format", help="auto, nifti (BIDS), dicom, png or tiff.")] = "auto",
        key: Key = None,
        override: Override = None,
        c2pa: Certificates = None,
        licence: Annotated[str, typer.Option(help="SPDX identifier or URL of the licence.")] = "",
        creator: Annotated[list[str] | None, typer.Option(help="Who answers for it; may be repeated.")] = None,
        version: Annotated[str, typer.Option(help="Version of the release.")] = "1.0.0",
        date: Annotated[str, typer.Option(help="Day of publication, YYYY-MM-DD; left out where absent.")] = "",
        skull_stripped: Stripped = None,
        watermark: Mark = False,
        quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    ) -> None:
        """Make a signed folder of synthetic images that a repository would accept; a failed leakage audit blocks it."""
        from synthassay.release.build import Wishes, release_run
        from synthassay.release.signing import load_key, new_key

        if file_format not in FORMATS:
            raise RunError("--format", "is unknown", value=file_format, remedy=f"Choose one of {', '.join(FORMATS)}.")
        if out.exists():
            raise RunError(str(out), "exists already; nothing was written", remedy="Choose another --out.")
        fresh = out.with_name(f"{out.name}.key.pem")
        signer = load_key(key, _passphrase) if key is not None else new_key(fresh)
        wishes = Wishes(
            of=of, file_format=file_format, version=version, licence=licence, creators=tuple(creator or ()), date=date,
            skull_stripped=skull_stripped, certificates=c2pa, overrides=tuple(override or ()), watermark=watermark,
        )  # fmt: skip
        try:
            found = release_run(run, out, signer, wishes, remeasure=remeasure)
        except BaseException:
            if key is None:
                fresh.unlink(missing_ok=True)
            raise
        if not quiet:
            _tell(found, fresh if key is None else None)


def _tell(found: Released, fresh: Path | None) -> None:
    typer.echo(f"{found.folder}: {found.images} synthetic images, signed")
    typer.echo(f"public key: {found.folder / 'public-key.pem'}, SHA-256 {found.fingerprint}")
    if fresh is not None:
        typer.echo(f"private key: {fresh}; keep it secret, and sign later versions with --key {fresh}")
    typer.echo(f"which image is which: {found.names} (private: names subjects)\nnext: synthassay verify {found.folder}")


def verify(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder with a manifest.json.", show_default=False)],
    key: Annotated[
        Optional[Path],  # noqa: UP045 - as above
        typer.Option(help="The signer's public key, got from elsewhere, to check a release against."),
    ] = None,
    run: Annotated[
        Optional[Path],  # noqa: UP045 - as above
        typer.Option(help="The run that a release was made from: search for its subjects' identifiers again."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
) -> None:
    """Check that every synthetic image below FOLDER is marked as synthetic, listed, and unchanged; a release wholly."""
    from synthassay.images.verify import verify_folder
    from synthassay.release.verify import is_release, verify_release

    if not is_release(folder) and (key is not None or run is not None):
        raise RunError(str(folder), "is no release, and --key and --run are for releases")
    result = verify_release(folder, key, run) if is_release(folder) else verify_folder(folder)
    typer.echo(result.model_dump_json(indent=1) if as_json else str(result))
    if not result.ok:
        raise typer.Exit(1)


def _passphrase() -> str:
    return typer.prompt("passphrase of the key", hide_input=True, err=True)
