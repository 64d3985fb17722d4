import pytest

from synthassay.errors import SpecError
from synthassay.records.study_file import read_study
from synthassay.study.plan import plan_study
from synthassay.study.starting_file import STARTS, starting_file


@pytest.mark.parametrize(("modality", "task"), sorted(STARTS))
def test_a_starting_file_can_be_read_and_explains_every_line(tmp_path, modality, task):
    path = tmp_path / "study.toml"
    path.write_text(starting_file(modality, task))
    spec = read_study(path)
    assert (spec.modality, spec.task) == (modality, task)
    settings = [line for line in path.read_text().splitlines() if "=" in line and not line.startswith("#")]
    assert sum("#" in line for line in settings) >= len(settings) // 2


def test_the_radiograph_starting_file_can_be_planned_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNTHASSAY_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "study.toml"
    path.write_text(starting_file("xray", "augment").replace("subjects = 0", "subjects = 24"))
    plan = plan_study(path)
    assert [g.name for g in plan.generators] == ["rectified_flow", "vae", "resample_real", "affine_augmentation"]
    assert [g.baseline for g in plan.generators] == [False, False, True, True]


def test_a_known_source_may_take_the_place_of_virtual_patients():
    assert 'source = "xray-kermany-pneumonia"' in starting_file("xray", "augment", "xray-kermany-pneumonia")


def test_an_unknown_pair_lists_those_that_there_are():
    with pytest.raises(SpecError, match="--modality ct --task denoise"):
        starting_file("ct", "augment")
