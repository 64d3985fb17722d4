import pytest

from synthassay.errors import SpecError
from synthassay.records.study_file import read_study

GOOD = """\
title = "Chest"
question = "Does it help the classifier?"
modality = "xray"
task = "augment"

[data]
source = "xray-kermany-pneumonia"
split = "given"

[[generators]]
family = "vae"
width = 16
"""


def faults(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_study(path)
    return [str(fault) for fault in caught.value.faults]


def test_a_good_file_is_read_with_defaults(tmp_path):
    (tmp_path / "study.toml").write_text(GOOD)
    spec = read_study(tmp_path / "study.toml")
    assert spec.data.fractions == (0.7, 0.1, 0.2)
    assert spec.generators[0].settings == {"width": 16}
    assert spec.generators[0].label == "vae"


def test_every_fault_is_told_at_once_with_its_line(tmp_path):
    text = GOOD.replace('"xray"', '"xry"').replace("title", "titel").replace('"given"', "3")
    found = faults(tmp_path, text)
    assert len(found) == 4
    assert any(f.startswith("line 1, titel: is not a known name") and "Did you mean: title" in f for f in found)
    assert any(f.startswith("line 3, modality: input should be 'mri', 'ct'") for f in found)
    assert any(f.startswith("line 8, data.split") for f in found)
    assert any(f.startswith("title: is missing") for f in found)


def test_faults_come_in_the_order_of_the_file(tmp_path):
    found = faults(tmp_path, GOOD.replace('"xray"', '"xry"').replace("split", "splitt"))
    assert [f.split(",")[0] for f in found] == ["line 3", "line 8"]


def test_a_contradiction_is_told_beside_wrong_fields(tmp_path):
    found = faults(tmp_path, GOOD.replace("split =", 'path = "x"\nsplitt ='))
    assert any("give either `source`" in f for f in found)
    assert any("Did you mean: split" in f for f in found)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('split = "given"', "fractions = [0.5, 0.1, 0.1]", "add up to 1"),
        ('split = "given"', "window = [100, -100]", "low < high"),
        ('split = "given"', "subjects = -1", "greater than or equal to 0"),
        ('split = "given"', 'subjects = "3"', "valid integer"),
        ('split = "given"', "subjects = true", "valid integer"),
        ("[[generators]]", '[[generators]]\nfamily = "vae"\n[[generators]]', "two generators are called vae"),
        ('task = "augment"', "task = 7", "valid string"),
        ('task = "augment"', 'task = "augment"\nseed = -4', "greater than or equal to 0"),
    ],
)
def test_wrong_values(tmp_path, old, new, message):
    assert any(message in f for f in faults(tmp_path, GOOD.replace(old, new)))


def test_the_second_generator_is_named_by_its_own_line(tmp_path):
    found = faults(tmp_path, GOOD + '[[generators]]\nfamily = "pgan"\nname = "NOT OK"\n')
    assert found[0].startswith("line 15, generators[1].name")


def test_a_file_from_a_newer_version_says_so(tmp_path):
    found = faults(tmp_path, "schema_version = 99\n" + GOOD + "unheard_of = 1\n")
    assert len(found) == 1
    assert "newer synthassay" in found[0]
    assert "(99)" in found[0]


def test_no_generator_and_no_baseline(tmp_path):
    text = GOOD.split("[[generators]]")[0].replace("[data]", "baselines = []\n[data]")
    assert any("nothing to judge" in f for f in faults(tmp_path, text))


@pytest.mark.parametrize(("text", "message"), [("title = ", "not valid"), ("", "is missing"), ("[data", "not valid")])
def test_not_toml(tmp_path, text, message):
    assert any(message in f for f in faults(tmp_path, text))


def test_missing_binary_and_huge_files(tmp_path):
    with pytest.raises(SpecError, match="synthassay new"):
        read_study(tmp_path / "none.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="not UTF-8"):
        read_study(tmp_path / "b.toml")
    (tmp_path / "h.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(SpecError, match="too large"):
        read_study(tmp_path / "h.toml")
