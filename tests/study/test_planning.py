"""What ``check`` and ``list`` say before anything is trained."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from study.small_studies import write_chest_study, write_translation_study
from synthassay.errors import SpecError
from synthassay.study import names, showing
from synthassay.study.estimate import estimate
from synthassay.study.foresight import unmeasurable
from synthassay.study.lock import lock_of
from synthassay.study.plan import plan_study


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SYNTHASSAY_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def said(monkeypatch):
    out = io.StringIO()
    for room in (showing, names):
        monkeypatch.setattr(room, "Console", lambda **_: Console(file=out, width=160))
    return out


def test_the_plan_says_everything_that_check_promises(tmp_path, said):
    showing.show_plan(plan_study(write_chest_study(tmp_path)), timing=True)
    text = said.getvalue()
    for part in (
        "Do synthetic radiographs help",
        "subjects in both train and test: 0",
        "vae, 0.",
        "M parameters; training about",
        "resample_real",
        "classical baseline",
        "estimated:",
        "what the protocol xray (Radiography) demands",
        "here: will be measured",
        "here: will not be met, because no clinician has read",
        "next: synthassay run",
    ):
        assert part in text


def test_what_cannot_be_measured_is_told_with_its_reason(tmp_path):
    reasons = {r.metric: why for r, why in unmeasurable(plan_study(write_translation_study(tmp_path)))}
    assert "clinician" in reasons["reader_study"]
    assert all(reasons.values())
    assert "mae" not in reasons or "subjects are held out" in reasons["mae"]


def test_external_utility_cannot_be_measured_without_external_sites(tmp_path):
    reasons = {r.metric: why for r, why in unmeasurable(plan_study(write_chest_study(tmp_path)))}
    assert "real images from elsewhere" in reasons["tstr_auc_external"]


def test_the_estimate_comes_from_timed_steps_of_the_real_generator(tmp_path):
    plan = plan_study(write_chest_study(tmp_path))
    vae, baseline = plan.generators
    found = estimate(plan, vae)
    assert found.train_seconds == pytest.approx(vae.settings.images_seen / found.images_per_second)
    assert found.parameters > 1000
    assert estimate(plan, baseline) is None


def test_the_lock_names_versions_seed_and_data(tmp_path):
    lock = lock_of(plan_study(write_chest_study(tmp_path)), {"a.npz": "0" * 64})
    assert lock.packages["torch"].startswith("2.")
    assert lock.data_sha256 == {"a.npz": "0" * 64}
    assert lock.command == "synthassay run chest.toml"


@pytest.mark.parametrize("kind", sorted(names.KINDS))
def test_every_kind_of_name_is_listed(said, kind):
    names.show_names(kind)
    assert said.getvalue().count("\n") > 3


def test_the_schema_knows_every_familys_settings():
    schema = json.loads(names.schema_text())
    families = {v["properties"]["family"]["const"] for v in schema["$defs"]["GeneratorSpec"]["oneOf"]}
    assert {"pgan", "vae", "rectified_flow"} <= families


def test_one_class_is_refused_with_what_to_do(tmp_path):
    study = write_chest_study(tmp_path)
    (tmp_path / "flat").mkdir()
    import numpy as np
    from PIL import Image

    for i in range(12):
        Image.fromarray(np.full((32, 32), i * 9, np.uint8)).save(tmp_path / "flat" / f"p{i}.png")
    text = study.read_text().replace('source = "phantom:chest-xray"', 'path = "flat"').replace("subjects = 60\n", "")
    study.write_text(text.replace('split = "stratified"', 'split = "subject"'))
    with pytest.raises(Exception, match="fewer than 2 classes"):
        plan_study(study)


def test_a_source_of_another_modality_is_refused(tmp_path):
    study = write_chest_study(tmp_path)
    study.write_text(study.read_text().replace('modality = "xray"', 'modality = "ct"'))
    with pytest.raises(Exception, match="xray"):
        plan_study(study)


def test_a_missing_file_is_one_message(tmp_path):
    with pytest.raises(SpecError, match="cannot be read"):
        plan_study(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("embedding", "said"),
    [("radiomc", "no embedding has this name"), ("weights:nowhere/card.toml", "cannot be read as an encoder's card")],
)
def test_an_embedding_that_does_not_exist_is_a_fault_of_the_study_file(tmp_path, embedding, said):
    path = write_chest_study(tmp_path)
    text = path.read_text()
    text = text.replace("[evaluation]\n", f'[evaluation]\nembedding = "{embedding}"\n')
    assert "embedding" in text
    path.write_text(text)
    with pytest.raises(SpecError, match=said):
        plan_study(path)
