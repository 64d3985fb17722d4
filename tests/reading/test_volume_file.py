"""A volume is sent as a NIfTI that says where voxels lie and what they hold, and nothing else."""

from __future__ import annotations

import io
import struct

import nibabel as nib
import numpy as np
import pytest

from synthassay.images.image import Geometry, Image
from synthassay.reading.encoding import common_depth, encode, write_encoded
from synthassay.reading.volume_file import volume_header, volume_parts
from synthassay.records.reading import EncodedImage
from synthassay.records.vocabulary import Unit


def sent(tmp_path, image):
    head, tiles = encode(image, common_depth([image]), ())
    write_encoded(tmp_path, "v", head, tiles)
    return b"".join(volume_parts(volume_header(head), tmp_path / "v.bin"))


def test_another_program_reads_the_same_values_in_the_same_places(tmp_path):
    values = np.random.default_rng(0).integers(-1000, 2000, (1, 5, 7, 4)).astype(np.int16)
    image = Image(values, Geometry(spacing_mm=(0.5, 0.75, 3.0)), Unit.HU)
    read = nib.Nifti1Image.from_stream(io.BytesIO(sent(tmp_path, image)))
    assert read.header.get_zooms() == pytest.approx((0.5, 0.75, 3.0))
    assert read.header.get_xyzt_units()[0] == "mm"
    canonical = nib.as_closest_canonical(read)
    assert np.array_equal(np.asarray(canonical.dataobj), values[0])  # left is left, front is front
    centre = (np.array(read.shape) - 1) / 2
    assert (read.affine @ [*centre, 1])[:3] == pytest.approx([0, 0, 0])


def test_nothing_but_sizes_and_values_is_written():
    head = EncodedImage(rows=4, columns=3, slices=2, depth="u8", spacing_mm=(1, 1), slice_mm=2, low=10, high=20)
    raw = volume_header(head)
    assert struct.unpack_from("<2f", raw, 124) == (20, 10)
    kept = set(range(40, 56)) | set(range(70, 108)) | set(range(108, 132)) | set(range(252, 256)) | set(range(280, 328))
    kept |= set(range(344, 347)) | set(range(4))
    assert all(byte == 0 for place, byte in enumerate(raw) if place not in kept)
    assert raw == volume_header(head.model_copy())


def test_an_unknown_spacing_claims_no_unit():
    read = nib.Nifti1Header.from_fileobj(
        io.BytesIO(volume_header(EncodedImage(rows=4, columns=3, slices=2, depth="u16")))
    )
    assert read.get_xyzt_units()[0] == "unknown"
    assert read.get_zooms() == (1, 1, 1)
    assert read.get_data_dtype() == np.uint16
