"""Controls end to end: made, marked, judged, reported; the same bytes resumed; labels and maps follow."""

from __future__ import annotations

import hashlib
import shutil

import numpy as np
import pytest

from study.small_studies import CHEST
from study.test_label_map_study import STUDY, write_volumes
from synthassay.errors import DataError
from synthassay.images.formats import read_image
from synthassay.images.verify import verify_folder
from synthassay.records.manifest import Manifest
from synthassay.report.contents import read_contents
from synthassay.study import damaging
from synthassay.study.console import Voice
from synthassay.study.discordance import discord
from synthassay.study.evaluation import read_measurements
from synthassay.study.run import run_study


def control(name, failure, severity, of="resample_real"):
    return f'[[controls]]\nname = "{name}"\nof = "{of}"\nfailure = "{failure}"\nseverity = {severity}\n'


CHESTS = (
    CHEST[: CHEST.index("[[generators]]")]
    + CHEST[CHEST.index("[sampling]") :]
    + control("blurred", "oversmoothing", 40.0)
    + control("mixed_up", "label_noise", 50)
    + control("one_patient", "mode_collapse", 90)
    + control("copied", "memorised_copies", 50)
)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("SYNTHASSAY_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def chests(tmp_path_factory):
    folder = tmp_path_factory.mktemp("controls")
    study = folder / "study.toml"
    study.write_text(CHESTS, encoding="utf-8")
    return study, run_study(study, folder / "run", Voice(quiet=True), until="synthesise")


def manifest(run, name):
    return Manifest.read(run / "synthetic" / name / "manifest.json")


def pixels(run, name):
    return [read_image(run / "synthetic" / name / i.path).pixels.astype(float) for i in manifest(run, name).images]


def digests(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def test_controls_are_marked_listed_and_name_what_was_done(chests):
    _, run = chests
    assert verify_folder(run).ok
    found = manifest(run, "blurred")
    assert found.generator == "blurred"
    assert found.family == "resample_real"
    for image, before in zip(found.images, manifest(run, "resample_real").images, strict=True):
        assert image.condition == {
            **before.condition,
            "of": "resample_real",
            "failure": "oversmoothing",
            "severity": "40",
        }
        assert image.source_subjects == before.source_subjects
        assert image.label == before.label
        assert image.sha256 != before.sha256


def test_a_blurred_control_is_smoother_and_as_bright(chests):
    _, run = chests
    for before, after in zip(pixels(run, "resample_real"), pixels(run, "blurred"), strict=True):
        assert np.abs(np.diff(after, 2)).mean() < 0.9 * np.abs(np.diff(before, 2)).mean()
        assert abs(after.mean() - before.mean()) < 2


def test_label_noise_changes_half_of_the_labels_and_no_pixel(chests):
    _, run = chests
    before, after = manifest(run, "resample_real").images, manifest(run, "mixed_up").images
    assert sum(a.label != b.label for a, b in zip(after, before, strict=True)) == len(before) // 2
    assert all(np.array_equal(a, b) for a, b in zip(pixels(run, "mixed_up"), pixels(run, "resample_real"), strict=True))


def test_collapse_and_copies_name_the_patients_that_they_now_show(chests):
    _, run = chests
    before, collapsed = manifest(run, "resample_real").images, manifest(run, "one_patient").images
    shown = [i.source_subjects for i in collapsed]
    assert max(shown.count(one) for one in shown) >= 0.9 * len(before)
    assert [i.label for i in collapsed] == [i.label for i in before]
    copied = manifest(run, "copied").images
    changed = [i for i, b in zip(copied, before, strict=True) if i.source_subjects != b.source_subjects]
    assert len(changed) >= 0.4 * len(before)


def test_controls_are_judged_and_reported_as_other_sets_are(tmp_path):
    study = tmp_path / "study.toml"
    few = CHESTS[: CHESTS.index("[[controls]]")].replace("subjects = 60", "subjects = 40")
    study.write_text(few.replace("per_class = 24", "per_class = 6") + control("mixed_up", "label_noise", 50))
    run = run_study(study, tmp_path / "run", Voice(quiet=True))
    rows = read_measurements(run / "measurements.jsonl")
    assert {row.of for row in rows} == {"resample_real", "mixed_up"}
    auc = {row.of: row.value for row in rows if row.metric == "tstr_auc" and not row.stratum}
    assert set(auc) == {"resample_real", "mixed_up"}
    page = (run / "report.html").read_text(encoding="utf-8")
    assert 'mixed_up</span> <span class="tag">control</span>' in page
    contents = read_contents(run)
    assert (contents.baselines, contents.controls) == (("resample_real",), ("mixed_up",))
    (block,) = discord([run]).blocks
    assert [(spot.of, spot.kind) for spot in block.sets] == [("resample_real", "baseline"), ("mixed_up", "control")]
    assert block.says.startswith("2 sets cannot tell")


def test_a_control_killed_half_way_goes_on_with_the_same_bytes(chests, tmp_path, monkeypatch):
    study, run = chests
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    for path in (copy / "stages").glob("synthesise-blurred.*"):
        path.unlink()
    whole = digests(copy / "synthetic" / "blurred")
    write, done = damaging.Damage._made, []

    def killed(self, request, *rest):
        if len(done) == 10:
            raise KeyboardInterrupt
        done.append(request.case)
        return write(self, request, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(damaging.Damage, "_made", killed)
        with pytest.raises(KeyboardInterrupt):
            run_study(study, copy, Voice(quiet=True), until="synthesise")
    assert not (copy / "synthetic" / "blurred" / "manifest.json").exists()
    made: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(damaging.Damage, "_made", lambda self, r, *rest: (made.append(r.case), write(self, r, *rest))[1])
        run_study(study, copy, Voice(quiet=True), until="synthesise")
    assert len(made) == len(whole) - 1 - 10
    assert digests(copy / "synthetic" / "blurred") == whole


def test_another_severity_makes_that_control_again_and_no_other(chests, tmp_path):
    _, run = chests
    copy, other = tmp_path / "run", tmp_path / "study.toml"
    shutil.copytree(run, copy)
    other.write_text(CHESTS.replace("severity = 40.0", "severity = 3.0"), encoding="utf-8")
    run_study(other, copy, Voice(quiet=True), until="synthesise")
    stages = list((run / "stages").glob("synthesise-*.json"))
    differ = [p.name for p in stages if p.read_bytes() != (copy / "stages" / p.name).read_bytes()]
    assert differ == ["synthesise-blurred.json"]


def test_label_maps_go_where_the_failure_moves_them(tmp_path):
    write_volumes(tmp_path)
    study = tmp_path / "study.toml"
    text = STUDY[: STUDY.index("[segmentation]")].replace("[data]", 'baselines = ["deformed_real"]\n[data]')
    of = "deformed_real"
    moved, collapsed = control("moved", "misregistration", 4, of), control("one", "mode_collapse", 90, of)
    study.write_text(text + moved + collapsed + control("blurred", "oversmoothing", 5, of))
    run = run_study(study, tmp_path / "run", Voice(quiet=True), until="synthesise")
    assert verify_folder(run).ok

    def maps(name):
        images = manifest(run, name).images
        return [read_image(run / "synthetic" / name / i.structures.path).pixels for i in images]

    original = maps("deformed_real")
    assert all(np.array_equal(a, b) for a, b in zip(maps("blurred"), original, strict=True))
    assert all((a != b).any() for a, b in zip(maps("moved"), original, strict=True))
    shown = manifest(run, "one").images
    anatomies = [i.condition["structures"] for i in shown]
    assert max(anatomies.count(one) for one in anatomies) >= 0.85 * len(shown)
    most = max(set(anatomies), key=anatomies.count)
    same = [m for m, anatomy in zip(maps("one"), anatomies, strict=True) if anatomy == most]
    assert all(np.array_equal(same[0], m) for m in same)


def test_images_that_cannot_carry_it_stay_and_are_told(tmp_path, chests):
    flat = tmp_path / "study.toml"
    flat.write_text(CHESTS, encoding="utf-8")
    from synthassay.study.plan import plan_study

    plan = plan_study(flat)
    blurred = plan.controls[0]
    of = chests[1] / "synthetic" / "resample_real"

    def never(self, specimen, severity, rng):
        raise damaging.NotMeasured("nothing to blur")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(blurred.failure), "inject", never)
        with pytest.raises(DataError, match="no image can carry it: nothing to blur"):
            damaging.write_control(plan.task, blurred, of, tmp_path / "out", "auto")
    assert Manifest.read(tmp_path / "out" / "manifest.json").images[0].condition["undamaged"] == "nothing to blur"
