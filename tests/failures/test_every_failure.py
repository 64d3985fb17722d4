"""The laws that every failure keeps, on real images: nothing at 0, the same for the same seed, more with severity."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from failures.specimens import brain, chests, head
from synthassay.errors import NotMeasured
from synthassay.failures.failure import FAILURES, OURS
from synthassay.records.vocabulary import Modality, Unit

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
CASES = [name for name, entry in FAILURES.items() if entry.scope == "case" and set(entry.modalities) != {"pathology"}]
SETS = [name for name, entry in FAILURES.items() if entry.scope == "set"]


def rms(a, b):
    return float(np.sqrt(np.mean((a.pixels.astype(np.float64) - b.pixels) ** 2)))


def carriers(entry, folder):
    by_modality = {
        Modality.MRI: lambda: brain(folder),
        Modality.CT: lambda: head(folder),
        Modality.XRAY: lambda: chests(folder)[3],
    }
    found = [by_modality[modality]() for modality in entry.modalities if modality in by_modality]
    masked = [one if one.mask is not None else one.replace(mask=one.pixels[0] > 40) for one in found]
    return masked if "mask" in entry.needs else found


@pytest.mark.parametrize("name", CASES)
def test_a_failure_of_an_image_grows_from_nothing_and_repeats(name, real_data):
    entry = FAILURES.get(name)
    for specimen in carriers(entry, real_data):
        before = specimen.pixels.copy()
        pairs = [entry.inject(specimen, dose, np.random.default_rng(5)) for dose in (0.0, *entry.severities)]
        assert pairs[0].synthetic is specimen
        assert np.array_equal(specimen.pixels, before), "the specimen was changed in place"
        damage = [rms(pair.synthetic, pair.reference) for pair in pairs]
        assert all(b > a for a, b in pairwise(damage)), (specimen.case, damage)
        again = entry.inject(specimen, entry.severities[2], np.random.default_rng(5))
        assert np.array_equal(again.synthetic.pixels, pairs[3].synthetic.pixels)
        other = entry.inject(specimen, entry.severities[2], np.random.default_rng(6))
        for side in (pair.synthetic for pair in (*pairs, other)):
            assert side.pixels.dtype == np.float32
            assert side.space == specimen.space
            assert np.isfinite(side.pixels).all()
            assert side.pixels.min() >= (-1024 if specimen.unit is Unit.HU else 0)


@pytest.mark.parametrize("name", SETS)
def test_a_failure_of_a_set_grows_from_nothing_and_repeats(name, real_data):
    entry = FAILURES.get(name)
    images = chests(real_data)
    synthetic, training = images[::2], images[1::2]
    sets = [entry.inject_set(synthetic, training, dose, np.random.default_rng(5)) for dose in (0.0, *entry.severities)]
    assert all(a is b for a, b in zip(sets[0], synthetic, strict=True))
    changed = [{i for i, (a, b) in enumerate(zip(found, synthetic, strict=True)) if a is not b} for found in sets]
    assert all(a <= b for a, b in pairwise(changed)), "a larger dose leaves what a smaller one took"
    assert len(changed[1]) >= 1
    assert len(changed[-1]) > len(changed[1])
    again = entry.inject_set(synthetic, training, entry.severities[-1], np.random.default_rng(5))
    assert all(np.array_equal(a.pixels, b.pixels) and a.label == b.label for a, b in zip(again, sets[-1], strict=True))
    assert [one.case for one in again] == [one.case for one in synthetic]


@pytest.mark.parametrize("name", CASES)
def test_nan_outside_the_mask_changes_nothing_inside(name, real_data):
    entry = FAILURES.get(name)
    specimen = carriers(entry, real_data)[0]
    blind = specimen.pixels.copy()
    blind[:, ~specimen.mask] = np.nan
    blinded = specimen.replace(pixels=blind)
    try:
        found = entry.inject(blinded, entry.severities[-1], np.random.default_rng(5)).synthetic
    except NotMeasured as reason:
        pytest.fail(str(reason))
    assert np.isfinite(found.pixels[:, specimen.mask]).all()
    assert np.isnan(found.pixels[:, ~specimen.mask]).all()


def test_every_failure_is_described_with_its_source():
    pages = "\n".join(path.read_text(encoding="utf-8") for path in sorted(REFERENCE.glob("failures*.md")))
    parts = {part.split("\n", 1)[0].strip(): part for part in pages.split("\n## ")}
    for name, entry in FAILURES.items():
        assert name in parts, f"no heading ## {name}"
        for modality in entry.modalities:
            matter = entry.matter(modality)
            assert f"{matter.at:g}" in parts[name], name
            if matter.source != OURS:
                assert matter.source.removeprefix("doi:").removeprefix("arXiv:").split(",")[0] in parts[name], name
