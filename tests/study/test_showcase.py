"""Cases are chosen by their numbers, and each has its pictures."""

from __future__ import annotations

import numpy as np
import pytest

from synthassay.data.image_set import Entry, ImageSet
from synthassay.evaluate.evidence import Evidence
from synthassay.images.image import Image
from synthassay.protocols import PROTOCOLS
from synthassay.records.evaluation import CaseSelection, NearestReal, Neighbour, NeighbourList, picture_path
from synthassay.records.measurement import Measurement
from synthassay.records.vocabulary import Axis, Better
from synthassay.study.showcase import display_window, show_cases


def image_set(name, values):
    def load(value):
        return Image(np.full((1, 16, 16), value, np.float32))

    entries = (Entry(f"c{i}", f"s{i}", lambda v=v: load(v)) for i, v in enumerate(values))
    return ImageSet(name, tuple(entries))


@pytest.fixture
def evidence():
    errors = [5.0, 1.0, 9.0, 3.0, 7.0, 2.0, 8.0, 4.0, 6.0]
    return Evidence(
        of="pgan",
        protocol=PROTOCOLS.get("xray"),
        task="translate",
        synthetic=image_set("synthetic", [100 + e for e in errors]),
        reference=image_set("reference", [100.0] * 9),
        test=image_set("test", [100.0] * 9),
        data_range=(0.0, 255.0),
    )


def mae(evidence):
    values = {f"c{i}": abs(float(image.pixels.mean()) - 100) for i, image in enumerate(evidence.synthetic)}
    return Measurement(
        metric="mae", title="Mean absolute error", axis=Axis.FIDELITY, of="pgan", value=5.0, n=9, subjects=9,
        unit="arbitrary", better=Better.LOWER, per_case=values, source="doi:10.1000/x",
    )  # fmt: skip


def test_best_median_and_worst_are_what_the_measure_says(evidence, tmp_path):
    show_cases(tmp_path, evidence, [mae(evidence)], None)
    chosen = CaseSelection.read(tmp_path / "evaluation" / "pgan" / "cases.json")
    assert [chosen.values[c] for c in chosen.best] == [1, 2, 3]
    assert [chosen.values[c] for c in chosen.median] == [4, 5, 6]
    assert [chosen.values[c] for c in chosen.worst] == [9, 8, 7]
    assert chosen.error_limit == 9.0
    for case in chosen.values:
        for role in ("synthetic", "reference", "error"):
            assert picture_path(tmp_path, "pgan", case, role).read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "evaluation" / "pgan" / "grid.png").exists()


def test_synthetic_pictures_say_that_they_are(evidence, tmp_path):
    show_cases(tmp_path, evidence, [mae(evidence)], None)
    assert b"Synthetic" in picture_path(tmp_path, "pgan", "c1", "synthetic").read_bytes()
    assert b"Synthetic" not in picture_path(tmp_path, "pgan", "c1", "reference").read_bytes()


def test_nearest_neighbours_are_drawn_side_by_side(evidence, tmp_path):
    nearest = NearestReal(synthetic="c0", nearest=(Neighbour(case="c2", subject="s2", distance=0.1),))
    found = NeighbourList(of="pgan", distance="correlation", searched=(9, 9), entries=(nearest,))
    show_cases(tmp_path, evidence, [], found)
    assert picture_path(tmp_path, "pgan", "c0", "neighbour").exists()


def test_hounsfield_units_are_shown_in_a_soft_tissue_window_and_unknown_ranges_by_the_eye(evidence):
    assert display_window(evidence) == (0.0, 255.0)
    evidence.data_range = None
    low, high = display_window(evidence)
    assert low == 100
    assert high > low
