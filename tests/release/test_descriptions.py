"""What explains a release, read by the programs and people that it is for."""

from __future__ import annotations

import csv
import json
import re
import warnings

import nibabel as nib
import numpy as np
import pytest

from release.conftest import KEY, WISHES
from release.small_runs import SUBJECTS, write_run
from synthassay.errors import ImageError
from synthassay.images.formats import read_image
from synthassay.protocols import PROTOCOLS
from synthassay.protocols.ladder import requirement_statuses
from synthassay.records.manifest import Manifest
from synthassay.records.vocabulary import Modality
from synthassay.release.bids import bids_path
from synthassay.release.build import Wishes, release_run
from synthassay.release.evidence import NEVER, Evidence, not_supported
from synthassay.release.signing import fingerprint_of

KINDS = ("xray", "ct", "mri")


@pytest.mark.parametrize("kind", KINDS)
def test_mlcroissant_reads_every_record(kind, released, caplog):
    mlcroissant = pytest.importorskip("mlcroissant")
    folder = released(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries beneath it
        dataset = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    records = list(dataset.records("images"))
    manifest = Manifest.read(folder / "manifest.json")
    assert [r["images/image"].decode() for r in records] == [image.case for image in manifest.images]
    assert [r["images/path"].decode() for r in records] == [image.path for image in manifest.images]
    assert all(r["images/synthetic"] for r in records)
    recommended = {text.rpartition('"')[0].rpartition("/")[2] for text in re.findall(r'Property "\S+" is', caplog.text)}
    assert recommended <= {"datePublished"}


def test_croissant_says_what_repositories_ask(released):
    found = json.loads((released("mri") / "croissant.json").read_text())
    assert found["rai:hasSyntheticData"] is True
    for field in (
        "rai:dataLimitations", "rai:dataBiases", "rai:personalSensitiveInformation", "rai:dataUseCases",
        "rai:dataSocialImpact", "prov:wasDerivedFrom", "prov:wasGeneratedBy",
    ):  # fmt: skip
        assert found[field], field
    assert "images or label maps of 3 patients" in found["rai:personalSensitiveInformation"][0]
    assert "learnt from 20 patients" in found["rai:personalSensitiveInformation"][0]
    assert found["prov:wasDerivedFrom"]["sc:license"] == "CC BY 4.0"


def test_dates_and_creators_are_told_where_given(released, tmp_path):
    wishes = Wishes(date="2026-01-31", creators=("One", "Two"), version="2.1.0")
    folder = release_run(released().parent / "run", tmp_path / "out", KEY, wishes).folder
    croissant = json.loads((folder / "croissant.json").read_text())
    assert croissant["datePublished"] == "2026-01-31"
    assert [person["name"] for person in croissant["creator"]] == ["One", "Two"]
    assert croissant["version"] == "2.1.0"
    assert "license" not in croissant
    assert "not stated by the releaser" in (folder / "README.md").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_ro_crate_py_reads_the_files_and_the_run(kind, released):
    rocrate = pytest.importorskip("rocrate.rocrate")
    folder = released(kind)
    crate = rocrate.ROCrate(folder)
    assert crate.root_dataset["license"] == WISHES.licence
    parts = {part.id for part in crate.root_dataset["hasPart"]}
    assert {"manifest.json", "croissant.json", "release.dsse.json"} < parts
    assert all((folder / part).exists() for part in parts)
    action = crate.get("#synthesis")
    assert action.type == "CreateAction"
    assert action["instrument"].id == "#software"
    assert action["result"].id in parts


def test_nibabel_finds_bids_derivatives(released):
    folder = released("mri") / "bids"
    description = json.loads((folder / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative"
    assert description["GeneratedBy"][0]["Name"] == "synthassay"
    rows = list(csv.DictReader((folder / "participants.tsv").read_text().splitlines(), delimiter="\t"))
    assert [row["participant_id"] for row in rows] == ["sub-syn0001", "sub-syn0002", "sub-syn0003"]
    assert json.loads((folder / "T2w.json").read_text()) == {"SkullStripped": False}
    for row in rows:
        name = f"{row['participant_id']}/anat/{row['participant_id']}_desc-synthetic_T2w"
        image = nib.load(folder / f"{name}.nii.gz")
        np.testing.assert_allclose(image.get_fdata(), read_image(folder / f"{name}.nii.gz").pixels[0], rtol=1e-6)
        assert json.loads((folder / f"{name}.json").read_text())["Synthetic"] is True


@pytest.mark.parametrize(
    ("role", "ending"),
    [
        ("T1", "sub-a_desc-synthetic_T1w.nii.gz"),
        ("flair", "sub-a_desc-synthetic_FLAIR.nii.gz"),
        ("t1ce", "sub-a_ce-gadolinium_desc-synthetic_T1w.nii.gz"),
        ("", "sub-a_desc-synthetic_MRIw.nii.gz"),
    ],
)
def test_bids_names_say_the_contrast_as_far_as_it_is_known(role, ending):
    assert bids_path("a", Modality.MRI, role) == f"bids/sub-a/anat/{ending}"


def test_what_bids_has_no_name_for_is_ignored_or_refused(released, tmp_path):
    wishes = Wishes(file_format="nifti")
    folder = release_run(released("ct").parent / "run", tmp_path / "out", KEY, wishes).folder
    assert (folder / "bids/.bidsignore").read_text() == "sub-*/ct\n"
    with pytest.raises(ImageError, match="no place for pictures"):
        bids_path("a", Modality.PATHOLOGY, "")


def test_the_evidence_names_no_case(released):
    evidence = Evidence.read(released("ct") / "evidence.json")
    assert [row.metric for row in evidence.measurements] == ["ssim", "nearest_training_ratio", "copied_images"]
    assert all(not row.per_case for row in evidence.measurements)
    assert all(str(row.settings["nearest"]).startswith("S-") for row in evidence.measurements)
    assert evidence.verdict.rung == 0


def test_uses_without_evidence_are_not_supported():
    statuses = requirement_statuses(PROTOCOLS.get("xray"), "augment", ())
    every = not_supported(Modality.XRAY, statuses)
    assert set(NEVER) < set(every)
    met = [status.model_copy(update={"met": True}) for status in statuses]
    fewer = not_supported(Modality.XRAY, met)
    assert len(fewer) == len(NEVER) + 1
    assert any("other hospitals" in use for use in set(every) - set(fewer))


def test_the_card_tells_what_was_made_from_whom_and_how_well(released):
    card = (released("ct") / "card.md").read_text()
    for text in (
        "None is an acquisition of a patient", "| generator | pgan, family pgan |", "| subjects in train | 20 |",
        "3, of 3 patients; keep the images of one pseudonym on one side of any split", "trying the release",
        "| Ssim ↓ | 0.8 [0.7, 0.9] | 30 |", "- copied_images: passed", "| commit | abc1234 |",
        f"{len(SUBJECTS) * 2 + 3 + 1} identifiers",  # subjects, cases, images named after cases, the data's folder
    ):  # fmt: skip
        assert text in card, text


def test_the_readme_names_the_key(released):
    text = (released() / "README.md").read_text()
    assert fingerprint_of(KEY.public_key()) in text
    listed = set(re.findall(r"^\| `([^`]+)` \|", text, re.M))
    assert listed == {p.name + "/" * p.is_dir() for p in released().iterdir()}


def test_identifiers_that_are_too_short_are_told(tmp_path):
    run = write_run(tmp_path / "run", named=("7", *SUBJECTS[1:]))
    folder = release_run(run, tmp_path / "out", KEY).folder
    assert "1 more are too short" in (folder / "card.md").read_text()
