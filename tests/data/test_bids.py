import nibabel as nib
import numpy as np
import pytest

from synthassay.data.bids import is_bids, list_bids
from synthassay.data.listing import Fields
from synthassay.data.store import ImageStore
from synthassay.errors import DataError


def nifti(path, value=1.0, affine=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    volume = np.random.default_rng(int(value)).normal(size=(4, 5, 6)).astype(np.float32)
    nib.save(nib.Nifti1Image(volume, np.diag([2, 2, 2, 1.0]) if affine is None else affine), path)
    return volume


@pytest.fixture
def root(tmp_path):
    for sub in ("01", "02"):
        for k, suffix in enumerate(("T1w", "T2w", "FLAIR")):
            nifti(tmp_path / f"sub-{sub}" / "ses-a" / "anat" / f"sub-{sub}_ses-a_{suffix}.nii.gz", k)
    nifti(tmp_path / "sub-03" / "anat" / "sub-03_T1w.nii.gz")
    nifti(tmp_path / "sub-03" / "anat" / "sub-03_ce-gadolinium_T1w.nii.gz")
    nifti(tmp_path / "sub-03" / "func" / "sub-03_task-rest_bold.nii.gz")
    derived = tmp_path / "derivatives" / "seg"
    nifti(derived / "sub-01" / "ses-a" / "anat" / "sub-01_ses-a_desc-brain_mask.nii.gz")
    nifti(derived / "sub-01" / "ses-a" / "anat" / "sub-01_ses-a_label-lesion_mask.nii.gz")
    nifti(derived / "sub-01" / "ses-a" / "anat" / "sub-01_ses-a_desc-aseg_dseg.nii.gz")
    (tmp_path / "participants.tsv").write_text(
        "participant_id\tgroup\tcentre\tsplit\nsub-01\tms\trome\ttrain\nsub-02\tcontrol\toslo\ttest\nsub-03\tms\tn/a\ttrain\n"
    )
    return tmp_path


def test_sessions_become_cases_with_contrasts_masks_and_lesions(root):
    assert is_bids(root)
    cases = {case.case: case for case in list_bids(root, Fields()).cases}
    assert list(cases) == ["sub-01_ses-a", "sub-02_ses-a", "sub-03"]
    assert sorted(cases["sub-01_ses-a"].images) == ["flair", "lesion", "mask", "structures", "t1", "t2"]
    assert sorted(cases["sub-03"].images) == ["t1", "t1c"]
    assert (cases["sub-01_ses-a"].subject, cases["sub-01_ses-a"].session) == ("sub-01", "ses-a")


def test_participants_give_class_site_and_split(root):
    listing = list_bids(root, Fields(label="group", site="centre"))
    assert [(c.label, c.site) for c in listing.cases] == [("ms", "rome"), ("control", "oslo"), ("ms", "")]
    assert [str(listing.given[c.case]) for c in listing.cases] == ["train", "test", "train"]


def test_the_store_reads_what_was_listed(root):
    case = list_bids(root, Fields()).cases[1]
    image = ImageStore(root).image(case, "t2")
    expected = np.random.default_rng(1).normal(size=(4, 5, 6)).astype(np.float32)
    assert np.allclose(image.pixels[0], expected)
    assert image.geometry.spacing_mm == (2, 2, 2)


def test_a_second_run_is_excluded_by_name(root):
    for run in (1, 2):
        nifti(root / "sub-04" / "anat" / f"sub-04_run-{run}_T2w.nii.gz")
    listing = list_bids(root, Fields())
    assert listing.excluded == {
        "sub-04/anat/sub-04_run-2_T2w.nii.gz": "another run of sub-04_run-1_T2w.nii.gz, which was taken"
    }
    assert "1 NIfTI file(s)" in listing.notes[0]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (Fields(label="grup"), r"\[data\] label: names no column of participants.tsv \(grup\). Did you mean: group"),
        (Fields(subject="x"), "names a column, but the folder is BIDS"),
    ],
)
def test_named_columns_must_be_there(root, fields, said):
    with pytest.raises(DataError, match=said):
        list_bids(root, fields)


def test_a_subject_without_a_row_is_refused_where_its_class_is_needed(root):
    nifti(root / "sub-09" / "anat" / "sub-09_T1w.nii.gz")
    with pytest.raises(DataError, match=r"no row for a subject whose images are here \(sub-09\)"):
        list_bids(root, Fields(label="group"))
    assert len(list_bids(root, Fields()).cases) == 4


def test_an_empty_bids_folder_is_refused(tmp_path):
    (tmp_path / "dataset_description.json").write_text("{}")
    assert is_bids(tmp_path)
    with pytest.raises(DataError, match=r"has no sub-\*/anat"):
        list_bids(tmp_path, Fields())
