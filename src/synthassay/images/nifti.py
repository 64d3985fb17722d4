"""NIfTI: volumes with affine and spacing, written with a marked header and a BIDS sidecar."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.nifti1 import Nifti1Extension
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from synthassay.errors import ImageError
from synthassay.images.formats import FORMATS, Format
from synthassay.images.geometry import to_ras
from synthassay.images.image import Geometry, Image
from synthassay.images.intensity import require_finite
from synthassay.images.labelling import (
    BANNER,
    Mark,
    SyntheticLabel,
    entries_in,
    mark_in,
    payload,
    text_of,
    unit_in,
)
from synthassay.images.raster import refuse_selection, unreadable
from synthassay.records.base import whole_file
from synthassay.records.vocabulary import Unit
from synthassay.shapes import Affine, Pixels

COMMENT = 6  # extension code of plain text, from the NIfTI-1 standard's list
RGB24 = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
DAMAGE = (
    ImageFileError, HeaderDataError, WrapStructError, OSError, ValueError, EOFError, zlib.error, OverflowError,
    MemoryError,
)  # fmt: skip
MM_PER_UNIT = {"mm": 1.0, "unknown": 1.0, "meter": 1000.0, "micron": 0.001}


def _read(path: Path, *, key: str, index: int | None, unit: Unit | None) -> Image:
    refuse_selection(path, key, None, "one array without names")
    file = _opened(path)
    array = _array(path, file, index)
    entries = _comment(file)
    pixels = np.moveaxis(array, -1, 0) if array.ndim > len(_space(file)) else array[None]
    require_finite(pixels, str(path))
    affine, spacing = _affine(path, file), _spacing(path, file)
    unit = unit_in(entries, str(path)) or _sidecar_unit(path) or unit
    unit = unit or (Unit.RGB if pixels.shape[0] == 3 else Unit.ARBITRARY)
    if len(_space(file)) == 2:
        return Image(*_as_picture(pixels, affine, spacing), unit)
    if affine is None:
        meta = {"orientation": "unknown: neither sform nor qform is set, so axes are as stored"}
        return Image(np.ascontiguousarray(pixels), Geometry(spacing_mm=spacing), unit, meta=meta)
    pixels, affine = to_ras(pixels, affine)
    return Image(pixels, Geometry.from_affine(affine), unit)


def _opened(path: Path) -> nib.Nifti1Image:
    try:
        file = nib.load(path)
    except DAMAGE as problem:
        raise unreadable(path, problem) from None
    if not isinstance(file, nib.Nifti1Image | nib.Nifti1Pair):
        raise ImageError(str(path), "is not NIfTI", value=type(file).__name__, remedy="Convert it to NIfTI-1.")
    return file


def _space(file: nib.Nifti1Image) -> tuple[int, ...]:
    return tuple(file.shape[: min(3, len(file.shape))])


def _array(path: Path, file: nib.Nifti1Image, index: int | None) -> np.ndarray:
    shape = file.shape
    if not 2 <= len(shape) <= 4:
        raise ImageError(str(path), "is neither a picture nor a volume nor a series of volumes", value=shape)
    volumes = shape[3] if len(shape) > 3 else 1
    if index is None and volumes > 1:
        raise ImageError(
            str(path),
            "holds several volumes along its fourth axis",
            value=shape,
            remedy="Say which with `index` (from 0).",
        )
    if index is not None and not 0 <= index < volumes:
        raise ImageError(str(path), f"has volumes 0 to {volumes - 1} along its fourth axis", value=index)
    try:
        chosen = file.dataobj[..., index or 0] if len(shape) == 4 else file.dataobj[...]
    except DAMAGE as problem:
        raise unreadable(path, problem) from None
    array = np.asarray(chosen).reshape(_space(file))
    if array.dtype == RGB24:
        return np.stack([array[name] for name in "RGB"], axis=-1)
    if not np.issubdtype(array.dtype, np.integer) and not np.issubdtype(array.dtype, np.floating):
        raise ImageError(str(path), "has a voxel type that is no real number", value=array.dtype.name)
    if array.dtype.itemsize > 4 and np.issubdtype(array.dtype, np.floating):
        with np.errstate(over="ignore"):  # what overflows becomes infinite and is refused with its count
            return array.astype(np.float32)  # scaled integers come as float64; float32 holds 24 bits of them
    return array.astype(array.dtype.newbyteorder("="))


def _scale(path: Path, file: nib.Nifti1Image) -> float:
    name = file.header.get_xyzt_units()[0]
    if name not in MM_PER_UNIT:
        raise ImageError(str(path), "gives its spacing in an unknown unit", value=name)
    return MM_PER_UNIT[name]


def _affine(path: Path, file: nib.Nifti1Image) -> Affine | None:
    if not int(file.header["sform_code"]) and not int(file.header["qform_code"]):
        return None
    try:
        affine = Geometry.from_affine(file.header.get_best_affine()).affine
    except ImageError as problem:
        raise ImageError(f"{path}: {problem.where}", problem.what, value=problem.value, remedy=problem.remedy) from None
    except DAMAGE as problem:
        raise unreadable(path, problem) from None
    assert affine is not None
    return np.diag([*[_scale(path, file)] * 3, 1.0]) @ affine


def _spacing(path: Path, file: nib.Nifti1Image) -> tuple[float, ...]:
    zooms = [float(z) * _scale(path, file) for z in file.header.get_zooms()[: len(_space(file))]]
    if all(z == 1 for z in zooms) and file.header.get_xyzt_units()[0] == "unknown":
        return ()  # what a header holds when nobody set it
    return tuple(zooms) if all(np.isfinite(zooms)) and min(zooms) > 0 else ()


def _as_picture(pixels: Pixels, affine: Affine | None, spacing: tuple[float, ...]) -> tuple[Pixels, Geometry]:
    """NIfTI's i runs along columns and j upwards; a picture's rows run downwards."""
    upright = np.ascontiguousarray(pixels.transpose(0, 2, 1)[:, ::-1])
    if affine is None:
        return upright, Geometry(spacing_mm=spacing[::-1])
    affine = affine @ _picture_step(upright.shape[1])
    return upright, Geometry(affine=affine, spacing_mm=tuple(float(s) for s in np.linalg.norm(affine[:3, :2], axis=0)))


def _picture_step(rows: int) -> Affine:
    """(row, column, 0) to (i, j, 0); its inverse is given by ``np.linalg.inv``."""
    return np.array([[0.0, 1, 0, 0], [-1, 0, 0, rows - 1], [0, 0, 1, 0], [0, 0, 0, 1]])


def _comment(file: nib.Nifti1Image) -> dict[str, str]:
    for extension in file.header.extensions:
        if extension.get_code() == COMMENT:
            content = extension.get_content()
            text = content if isinstance(content, str) else bytes(content).decode("utf-8", "replace")
            if found := entries_in(text.rstrip("\x00")):
                return found
    return {}


def sidecar_of(path: Path) -> Path:
    """Return the BIDS sidecar's path: the same name with ``.json`` for ``.nii`` or ``.nii.gz``."""
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + ".json")


def _sidecar(path: Path) -> dict[str, Any]:
    sidecar = sidecar_of(path)
    if not sidecar.is_file():
        return {}
    try:
        found = json.loads(sidecar.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise ImageError(str(sidecar), f"is not a JSON sidecar: {problem}", remedy="Repair or remove it.") from None
    return found if isinstance(found, dict) else {}


def _sidecar_unit(path: Path) -> Unit | None:
    stated = str(_sidecar(path).get("Units", "")).strip().lower()
    return Unit.HU if stated in ("hu", "hounsfield", "hounsfield units") else None


def _write(path: Path, image: Image, label: SyntheticLabel) -> Path:
    file = nib.Nifti1Image(*_stored(path, image))
    header = file.header
    header.set_xyzt_units("mm")
    spacing = image.geometry.spacing_mm
    if image.geometry.affine is None:
        header.set_sform(None, code=0)
        header.set_qform(None, code=0)
        if spacing:
            zooms = spacing[::-1] if len(image.space) == 2 else spacing
            header.set_zooms(zooms)
        else:
            header.set_xyzt_units("unknown")  # with NIfTI's default of 1: unknown, not 1 mm
    header["descrip"] = f"SYNTHETIC; {label.software}; {label.identifier}".encode()[:79]
    header["intent_name"] = b"synthetic"
    header.extensions.append(Nifti1Extension(COMMENT, text_of(payload(image, label)).encode()))
    data = file.to_bytes()
    if path.name.lower().endswith(".gz"):
        packed = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=6, mtime=0) as stream:
            stream.write(data)
        data = packed.getvalue()
    # The sidecar takes its name only after the image has: a full disk leaves neither.
    with whole_file(sidecar_of(path)) as sidecar:
        sidecar.write_text(json.dumps(_sidecar_for(image, label), indent=1) + "\n", encoding="utf-8")
        with whole_file(path) as partial:
            partial.write_bytes(data)
    return path


def _stored(path: Path, image: Image) -> tuple[np.ndarray, Affine | None]:
    pixels, affine = image.pixels, image.geometry.affine
    if pixels.shape[0] not in (1, 3) or (pixels.shape[0] == 3 and pixels.dtype != np.uint8):
        raise ImageError(
            str(path),
            "can hold one channel or 8-bit RGB",
            value=f"{pixels.shape} {pixels.dtype}",
            remedy="Split channels.",
        )
    if len(image.space) not in (2, 3):
        raise ImageError(str(path), "can hold a picture or a volume", value=pixels.shape)
    require_finite(pixels, str(path))
    if len(image.space) == 2:
        pixels = pixels[:, ::-1].transpose(0, 2, 1)
        affine = None if affine is None else affine @ np.linalg.inv(_picture_step(image.space[0]))
    if pixels.shape[0] == 3:
        return np.ascontiguousarray(np.moveaxis(pixels, 0, -1)).view(RGB24)[..., 0], affine
    kinds = {np.dtype(bool): np.uint8, np.dtype(np.float16): np.float32}
    kept = {np.dtype(kind) for kind in (np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64)}
    kind = kinds.get(pixels.dtype, pixels.dtype)
    if np.dtype(kind) not in kept:
        raise ImageError(str(path), "has a pixel type that viewers of NIfTI cannot read", value=pixels.dtype.name)
    return pixels[0].astype(kind), affine


def _sidecar_for(image: Image, label: SyntheticLabel) -> dict[str, Any]:
    name, _, version = label.software.rpartition(" ")
    return {
        "Synthetic": True,
        "Description": BANNER,
        "Units": image.unit.value,
        "GeneratedBy": [{"Name": name or label.software, "Version": version, "Description": label.generator}],
        "Study": label.study,
        "Seed": label.seed,
        "Identifier": label.identifier,
        "WeightsSHA256": label.weights_sha256,
    }


def _mark(path: Path) -> Mark:
    file = _opened(path)
    entries, sidecar = _comment(file), _sidecar(path)
    descrip = bytes(file.header["descrip"].tobytes()).startswith(b"SYNTHETIC")
    header = mark_in(entries)
    said = {
        "its header extension": bool(header),
        "its header's descrip": descrip,
        f"its sidecar {sidecar_of(path).name}": sidecar.get("Synthetic") is True,
    }
    if not any(said.values()):
        return Mark("says synthetic neither in its header nor in its sidecar")
    return Mark(
        weakened=tuple(f"{place} does not say synthetic" for place, ok in said.items() if not ok) + header.weakened
    )


def _recognises(head: bytes) -> bool:
    if head.startswith(b"\x1f\x8b"):
        with_header = zlib.decompressobj(wbits=31)
        try:
            head = with_header.decompress(head, 352)
        except zlib.error:
            return False
    return head[344:348] in (b"n+1\x00", b"ni1\x00") or head[4:8] in (b"n+2\x00", b"ni2\x00")


FORMATS.add("nifti")(Format((".nii.gz", ".nii"), _recognises, _read, _mark, _write))
