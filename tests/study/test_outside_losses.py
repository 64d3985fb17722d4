"""Losses of somebody else's generator: planted members are found, exchangeable ones not, mistakes are messages."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image as Pillow

from synthassay.errors import DataError
from synthassay.evaluate.metric import METRICS
from synthassay.evaluate.needs import lacking
from synthassay.protocols import PROTOCOLS
from synthassay.study.console import Voice
from synthassay.study.evaluation import read_measurements
from synthassay.study.outside import OutsideImages, evaluate_outside, outside_evidence
from synthassay.study.outside_losses import read_losses

COUNTS = {"training": (40, 0), "real": (30, 100), "synthetic": (6, 200)}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Noise; what is measured here are losses."""
    place = tmp_path_factory.mktemp("losses")
    for name, (count, first) in COUNTS.items():
        (place / name).mkdir()
        for i in range(first, first + count):
            pixels = np.random.default_rng(i).integers(0, 256, (16, 16), dtype=np.uint8)
            Pillow.fromarray(pixels).save(place / name / f"mrn{i:03d}.png")
    return place


def stated(root, gap=0.0, *, seed=0, draws=1, name=lambda path: path.name):
    """One row per draw; losses of training images are lower by ``gap`` standard deviations."""
    rng = np.random.default_rng(seed)
    rows = []
    for folder in ("training", "real"):
        for path in sorted((root / folder).iterdir()):
            own = rng.normal(5 - gap * (folder == "training"))
            rows += [{"image": name(path), "loss": float(own + 0.1 * rng.normal())} for _ in range(draws)]
    return rows


def table(path, rows, delimiter=","):
    columns = list(rows[0])
    lines = [delimiter.join(columns), *(delimiter.join(str(row[column]) for column in columns) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def given(root, losses, **changes):
    usual = {"real": root / "real", "synthetic": root / "synthetic", "training": root / "training", "bootstrap": 200}
    return OutsideImages(protocol="xray", losses=losses, **{**usual, **changes})


def evidence(root, losses, **changes):
    return outside_evidence(given(root, losses, **changes), PROTOCOLS.get("xray"))


def judged(root, out, losses, monkeypatch):
    from synthassay.evaluate import run

    kept = [(name, metric) for name, metric in run.METRICS.items() if name == "membership_by_loss"]
    monkeypatch.setattr(run.METRICS, "items", lambda: kept)
    evaluate_outside(given(root, losses), out, Voice(quiet=True))
    return next(r for r in read_measurements(out / "measurements.jsonl") if r.metric == "membership_by_loss")


def test_lower_losses_on_training_images_are_a_clear_signal(root, tmp_path, monkeypatch):
    row = judged(root, tmp_path / "run", table(tmp_path / "l.csv", stated(root, 2.0, draws=3)), monkeypatch)
    assert row.value > 0.3
    assert row.interval.low > 0.2
    assert row.settings["p"] == 1 / 500
    assert (row.n, row.subjects, row.settings["draws"]) == (70, 30, 3)
    assert row.settings["loss"] == "as given with --losses"


def test_exchangeable_losses_are_none(root, tmp_path, monkeypatch):
    rows = [
        judged(root, tmp_path / f"run{seed}", table(tmp_path / f"{seed}.csv", stated(root, seed=seed)), monkeypatch)
        for seed in range(12)
    ]
    assert sum(row.interval.low < 0 < row.interval.high for row in rows) >= 10
    assert sum(row.settings["p"] < 0.05 for row in rows) <= 2


def test_members_are_the_training_images_and_draws_are_averaged(root, tmp_path):
    rows = stated(root, 1.0, draws=4)
    found = evidence(root, table(tmp_path / "l.csv", rows)).case_losses
    assert [line.split.value for line in found] == ["train"] * 40 + ["test"] * 30
    assert found[0].loss == pytest.approx(np.mean([row["loss"] for row in rows[:4]]))
    assert (found[0].draws, found[0].subject) == (4, "mrn000")


@pytest.mark.parametrize(
    "name",
    [
        lambda path: path.name,
        lambda path: path.stem,
        str,
        lambda path: f"{path.parent.name}/{path.name}",
        lambda path: f"./{path.parent.name}\\{path.name}",
    ],
    ids=["file", "case", "whole path", "path as given", "path as Windows writes it"],
)
def test_images_are_known_by_file_and_by_case(root, tmp_path, monkeypatch, name):
    from pathlib import Path

    monkeypatch.chdir(root)
    losses = lines(tmp_path / "l.jsonl", stated(root, name=name))
    folders = {"real": Path("real"), "training": Path("training")}
    assert len(evidence(root, losses, **folders).case_losses) == 70


def test_tables_and_lines_of_any_kind_say_the_same(root, tmp_path):
    rows = stated(root)
    wordy = [{"epoch": 3, "case": row["image"].removesuffix(".png"), "loss": row["loss"]} for row in rows]
    found = [
        evidence(root, file).case_losses
        for file in (
            table(tmp_path / "a.csv", rows),
            table(tmp_path / "b.csv", wordy, ";"),
            table(tmp_path / "c.tsv", rows, "\t"),
            lines(tmp_path / "d.jsonl", rows[::-1]),
        )
    ]
    assert found[0] == found[1] == found[2] == found[3]


def test_arrays_of_images_are_known_by_case(root, tmp_path):
    rng = np.random.default_rng(0)
    for name, count in (("training", 8), ("real", 6)):
        own = np.array([f"{name}{i}" for i in range(count)])
        pixels = rng.integers(0, 255, (count, 16, 16), dtype=np.uint8)
        np.savez(tmp_path / f"{name}.npz", images=pixels, subject=own)
    sets = {name: tmp_path / f"{name}.npz" for name in ("training", "real")}
    found = evidence(root, None, **sets)
    rows = [{"set": "training", "case": case, "loss": 1.0} for case in found.training.cases]
    rows += [{"set": "real", "case": case, "loss": 2.0} for case in found.test.cases]
    losses = evidence(root, lines(tmp_path / "l.jsonl", rows), **sets).case_losses
    assert [line.loss for line in losses] == [1.0] * 8 + [2.0] * 6
    assert {line.subject for line in losses[8:]} == set(found.test.subjects)
    with pytest.raises(
        DataError, match=r"could mean 2 images of --training and --real \(case-0\).*column set that says"
    ):
        evidence(root, lines(tmp_path / "l.jsonl", [{"case": "case-0", "loss": 1.0}]), **sets)


def test_without_losses_the_reason_says_how_to_bring_them(root):
    assert "evaluate --losses brings them" in lacking(evidence(root, None), METRICS.get("membership_by_loss"))


def test_neither_patients_nor_losses_reach_the_run_folder(root, tmp_path, monkeypatch):
    rows = stated(root)
    for i, row in enumerate(rows):
        row["loss"] = 1 + i / 1000 + 0.000271828
    measured = judged(root, tmp_path / "run", table(tmp_path / "l.csv", rows), monkeypatch)
    assert "mrn" not in measured.model_dump_json()
    texts = [path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert texts
    assert not [text for text in texts if b"271828" in text]
    assert not list((tmp_path / "run").rglob("*losses*"))


def test_other_losses_are_judged_again(root, tmp_path, monkeypatch):
    file = table(tmp_path / "l.csv", stated(root, 2.0))
    first = judged(root, tmp_path / "run", file, monkeypatch)
    table(file, stated(root, 0.0))
    assert judged(root, tmp_path / "run", file, monkeypatch).value < first.value


def test_a_file_that_is_not_there_is_said_before_an_image_is_read(tmp_path):
    with pytest.raises(DataError, match=r"--losses .*none.csv: is not a file.*columns image and loss"):
        evidence(tmp_path, tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"has no ending of a table \(.npy\). Give .csv"):
        evidence(tmp_path, tmp_path / "losses.npy")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,loss\na.png,1\nb.png,nan\n", r"row 3: has a loss that is not finite \(nan\). Compute the loss"),
        ("image,loss\na.png,inf\n", r"row 2: has a loss that is not finite \(inf\)"),
        ("image,loss\na.png,low\n", r"row 2: has a loss that is not a number \(low\). Write a number"),
        ("image,loss\na.png,\n", r"row 2: has a loss that is not a number"),
        ("image,mse\na.png,1\n", r"row 2: has no column loss \(image, mse\). Name the column of losses loss"),
        ("who,loss\na.png,1\n", r"row 2: has no column of images \(who, loss\). Name the column of images image, file"),
        ("image,set,loss\na.png,val,1\n", r"row 2: names a set that is not known \(val\). Write training or real"),
        ("image,loss\n,1\n", r"row 2: names no image \(empty image\)"),
        ("image,loss\n", r"has no rows below its header"),
        ("image,loss\na.png,1,2\n", r"row 2: has 3 cells where the header has 2"),
    ],
)
def test_faults_of_a_table_are_named_by_row(tmp_path, text, message):
    (tmp_path / "l.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_losses(tmp_path / "l.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"image": "a.png", "loss": 1}\n{"image": "b.png", "loss": NaN}\n', r"line 2: has a loss that is not finite"),
        ('{"image": "a.png", "loss": "low"}', r"line 1: has a loss that is not a number \(low\)"),
        ('{"image": "a.png", "loss": true}', r"line 1: has a loss that is not finite \(True\)"),
        ('{"image": "a.png", "loss": [1]}', r"line 1: has a loss that is not a number \(\[1\]\)"),
        (f'{{"image": "a.png", "loss": 1{"0" * 400}}}', r"line 1: has a loss that is not a number"),
        ('{"image": "a.png"}', r"line 1: has no column loss \(image\)"),
        ('{"loss": 1}', r"line 1: has no column of images \(loss\)"),
        ('{"image": null, "loss": 1}', r"line 1: names no image"),
        ("a.png 1\n", r"line 1: is not JSON.*Write one object per line"),
        ("[1]\n", r"line 1: is not an object with names \(\[1\]\)"),
        ("\n", r"has no losses. Write one line per image"),
    ],
)
def test_faults_of_lines_are_named_by_line(tmp_path, text, message):
    (tmp_path / "l.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_losses(tmp_path / "l.jsonl")


def test_losses_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "l.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read.*Save it as UTF-8"):
        read_losses(tmp_path / "l.jsonl")


def test_images_of_neither_set_are_refused_with_the_nearest_name(root, tmp_path):
    rows = stated(root)
    rows[3]["image"] = "mrn0003.png"
    rows += [{"image": "synthetic/mrn200.png", "loss": 1.0}]
    message = (
        r"row 5: names an image that is neither in --training nor in --real, the first of 2 such row\(s\) \(mrn0003"
    )
    with pytest.raises(DataError, match=message + r".*Did you mean: mrn003.png"):
        evidence(root, table(tmp_path / "l.csv", rows))


def test_images_without_a_loss_are_refused_by_name(root, tmp_path):
    rows = stated(root)
    with pytest.raises(
        DataError, match=r"--training: 2 of 40 images have no loss in the file \(mrn000, mrn001\).*every"
    ):
        evidence(root, table(tmp_path / "l.csv", rows[2:]))
    with pytest.raises(DataError, match=r"--real: 30 of 30 images have no loss in the file \(mrn100, .*, …\)"):
        evidence(root, table(tmp_path / "l.csv", rows[:40]))


def test_unequal_numbers_of_draws_are_refused(root, tmp_path):
    rows = stated(root, draws=2)
    with pytest.raises(DataError, match=r"images have 1 to 2 losses each.*\(mrn000: 1; most have 2\). Draw equally"):
        evidence(root, table(tmp_path / "l.csv", rows[1:]))


def test_names_that_could_be_two_images_are_refused(root, tmp_path):
    for name, folders in (("training", range(8)), ("real", range(8, 12))):
        for i in folders:
            place = tmp_path / name / f"sub-{i:02d}"
            place.mkdir(parents=True)
            (place / "chest.png").write_bytes((root / "training" / f"mrn{i:03d}.png").read_bytes())
    sets = {name: tmp_path / name for name in ("training", "real")}
    losses = table(tmp_path / "l.csv", [{"image": "chest.png", "loss": 1.0}])
    with pytest.raises(
        DataError, match=r"row 2: could mean 12 images of --training and --real \(chest.png\). Write its"
    ):
        evidence(root, losses, **sets)
    whole = [{"image": str(path), "loss": 1.0} for path in sorted(tmp_path.rglob("chest.png"))]
    assert len(evidence(root, table(losses, whole), **sets).case_losses) == 12


def test_losses_without_training_images_are_refused(root, tmp_path):
    with pytest.raises(DataError, match="nobody said whom it learnt from. Give the training images with --training"):
        evidence(root, table(tmp_path / "l.csv", stated(root)), training=None)


@pytest.mark.parametrize(("name", "count", "least"), [("training", 5, 6), ("real", 2, 3)])
def test_too_few_patients_are_refused(root, tmp_path, name, count, least):
    few = tmp_path / name
    few.mkdir()
    for path in sorted((root / name).iterdir())[:count]:
        (few / path.name).write_bytes(path.read_bytes())
    message = rf"--{name}: the attack by loss needs {least} patients or more in --{name} \({count}\)"
    with pytest.raises(DataError, match=message):
        evidence(root, table(tmp_path / "l.csv", stated(root)), **{name: few})


def test_the_command_takes_losses(root, tmp_path):
    from typer.testing import CliRunner

    from synthassay.cli import app

    arguments = ["evaluate", "-p", "xray", "--out", str(tmp_path / "run"), "--losses", str(tmp_path / "none.csv")]
    for name in ("real", "synthetic", "training"):
        arguments += [f"--{name}", str(root / name)]
    found = CliRunner().invoke(app, arguments)
    assert isinstance(found.exception, DataError)
    assert "none.csv: is not a file" in str(found.exception)
