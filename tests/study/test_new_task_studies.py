"""One study per task from its file to its report, tiny: super-resolution, inpainting, unpaired tasks, generation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from study.small_studies import write_volumes
from synthassay.errors import SpecError
from synthassay.images.formats import read_image
from synthassay.images.verify import verify_folder
from synthassay.records.manifest import Manifest
from synthassay.study.console import Voice
from synthassay.study.plan import plan_study
from synthassay.study.run import run_study

HEAD = 'title = "Small study"\nquestion = "Does this task run to its report?"\n'
TAIL = "[evaluation]\nbootstrap = 200\nclassifier_repeats = 1\nclassifier_steps = 4\n"
VOLUMES = 'modality = "mri"\n[data]\npath = "table.csv"\nimage = "t2"\nsplit = "given"\n'
CYCLE = (
    '[[generators]]\nfamily = "cyclegan"\nimages_seen = 4\nwidth = 4\nblocks = 1\npatch_width = 4\npatch_layers = 1\n'
)
TILES = (
    'modality = "pathology"\n[data]\nsource = "phantom:histology"\nsubjects = 24\nsize = [48, 48]\n'
    'split = "subject"\nfractions = [0.5, 0.1, 0.4]\n'
)

STUDIES = {
    "super_resolve": 'task = "super_resolve"\nbaselines = ["bicubic"]\n' + VOLUMES,
    "inpaint": 'task = "inpaint"\nbaselines = ["harmonic"]\n' + VOLUMES,
    "translate_unpaired": 'task = "translate_unpaired"\nbaselines = ["identity"]\n'
    + VOLUMES + 'input = "t1"\n' + CYCLE,
    "stain_normalise": 'task = "stain_normalise"\nbaselines = ["reinhard"]\n' + TILES + '[domains]\nto = "north"\n',
    "harmonise": 'task = "harmonise"\nbaselines = ["combat"]\n'
    'modality = "xray"\n[data]\nsource = "phantom:chest-xray"\nsubjects = 24\nsize = [32, 32]\n'
    'fractions = [0.5, 0.1, 0.4]\n[domains]\nto = "harbour"\n',
    "generate": 'task = "generate"\nbaselines = ["smote"]\n'
    'modality = "xray"\n[data]\nsource = "phantom:chest-xray"\nsubjects = 24\nsize = [32, 32]\n'
    "fractions = [0.5, 0.1, 0.4]\n[sampling]\nper_class = 8\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("task", STUDIES)
def test_a_study_of_every_task_runs_to_its_report(task, tmp_path, cache, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    write_volumes(tmp_path, subjects=8, slices=6)
    (tmp_path / "study.toml").write_text(HEAD + STUDIES[task] + TAIL, encoding="utf-8")
    run = run_study(tmp_path / "study.toml", tmp_path / "run", Voice(quiet=True))
    assert (run / "report.html").is_file()
    assert verify_folder(run).ok
    rows = [json.loads(line) for line in (run / "measurements.jsonl").read_text().splitlines()]
    value = {(row["of"], row["metric"]): row["value"] for row in rows if not row["stratum"]}
    name = next(path.name for path in sorted((run / "synthetic").iterdir()))
    if task in ("super_resolve", "inpaint"):
        assert value[name, "mae"] is not None
    elif task == "translate_unpaired":  # the test subjects have both contrasts, so there is a known answer
        assert value["cyclegan", "mae"] is not None and value["cyclegan", "mind_distance_to_source"] is not None
        assert value["identity", "mind_distance_to_source"] == pytest.approx(0, abs=1e-6)
    elif task == "generate":
        assert value[name, "intra_class_ms_ssim"] is not None or value[name, "repeated_images"] is not None
    else:
        assert value[name, "mind_distance_to_source"] is not None
    if task == "inpaint":
        _holes_alone_were_changed(tmp_path, run)


def _holes_alone_were_changed(folder: Path, run: Path) -> None:
    task = plan_study(folder / "study.toml").task
    manifest = Manifest.read(run / "synthetic/harmonic/manifest.json")
    for image in manifest.images:
        made = read_image(run / "synthetic/harmonic" / image.path).pixels
        case = task._cases[image.reference_case]
        real, hole = task.pairs(case.case).reference.pixels, task.hole(case)
        assert hole.any()
        np.testing.assert_array_equal(made[:, ~hole], real[:, ~hole])
        assert (made[:, hole] != real[:, hole]).any()


@pytest.mark.parametrize(
    ("task", "family"),
    [("translate_unpaired", "pix2pix"), ("super_resolve", "cyclegan"), ("generate", "acgan"), ("inpaint", "cut")],
)
def test_check_refuses_families_that_cannot_do_the_task(task, family, tmp_path):
    write_volumes(tmp_path, subjects=8)
    text = HEAD + STUDIES[task].split("[[")[0] + f'[[generators]]\nfamily = "{family}"\n'
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=f"cannot do the task {task}"):
        plan_study(tmp_path / "study.toml")
