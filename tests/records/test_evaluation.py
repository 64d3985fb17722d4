"""Records of the evaluation: they survive the disk and refuse what would lead astray."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from synthassay.records.evaluation import (
    CaseSelection,
    NearestReal,
    Neighbour,
    NeighbourList,
    Verdict,
    evaluation_folder,
    picture_path,
)
from synthassay.records.vocabulary import Better


def selection(**changes: object) -> CaseSelection:
    values = {"of": "vae", "metric": "mae", "title": "MAE", "unit": "HU", "better": Better.LOWER, "best": ("case-1",)}
    return CaseSelection(**{**values, **changes})  # type: ignore[arg-type]


def test_a_selection_survives_the_disk(tmp_path: Path):
    written = selection(values={"case-1": 12.5}, window=(-1000.0, 1500.0))
    written.write(tmp_path / "cases.json")
    assert CaseSelection.read(tmp_path / "cases.json") == written


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", "", ".hidden", "x" * 129, "a\nb"])
def test_a_case_name_that_could_leave_its_folder_is_refused(name: str):
    with pytest.raises(ValidationError):
        selection(worst=(name,))
    with pytest.raises(ValidationError):
        Neighbour(case=name, subject="s", distance=1.0)


def test_a_neighbour_list_without_a_neighbour_is_refused():
    with pytest.raises(ValidationError):
        NearestReal(synthetic="s-1", nearest=())
    near = NearestReal(synthetic="s-1", nearest=(Neighbour(case="c-1", subject="s", distance=0.5),))
    assert NeighbourList(of="vae", distance="Euclidean", searched=(1, 2), entries=(near,)).among == "training"


def test_a_rung_below_zero_is_refused():
    with pytest.raises(ValidationError):
        Verdict(of="vae", rung=-1, level="1", text="x")


def test_paths_are_one_place_for_writer_and_reader():
    assert evaluation_folder(Path("run")).as_posix() == "run/evaluation"
    with pytest.raises(ValueError, match="mask"):
        picture_path(Path("run"), "vae", "case-1", "mask")
