"""New names tell nothing about old ones."""

from __future__ import annotations

from release.small_runs import write_run
from synthassay.images.labelling import SyntheticLabel
from synthassay.records.vocabulary import Modality
from synthassay.release.naming import label_of, named_images
from synthassay.release.source import read_source


def test_the_order_is_not_that_of_the_run_and_follows_its_key(tmp_path):
    one = named_images(read_source(write_run(tmp_path / "one", images=12)))
    other = named_images(
        read_source(write_run(tmp_path / "other", images=12, named=tuple(f"p-{i}" for i in range(30))))
    )
    assert [named.name for named in one] == [f"syn{i:04d}" for i in range(1, 13)]
    orders = [[named.made.seed for named in images] for images in (one, other)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(1000, 1012))
    assert sorted(orders[0]) != orders[0] != orders[1]


def test_conditions_and_subjects_bear_pseudonyms(tmp_path):
    source = read_source(write_run(tmp_path / "run", "ct", named=("7", *(f"p-{i}" for i in range(29)))))
    for named in named_images(source):
        assert named.entry.source_subjects == (source.pseudonyms.subject(named.made.source_subjects[0]),)
        assert named.entry.reference_case == source.pseudonyms.case(named.made.reference_case)
        assert named.entry.condition == {"source": named.entry.reference_case}


def test_anybody_can_compute_the_label_again(tmp_path):
    manifest = read_source(write_run(tmp_path / "run")).manifest
    label = label_of(manifest, "syn0001", 5, Modality.XRAY)
    assert label == SyntheticLabel(
        "Small xray study", "vae", "synthassay 0.1.0", 5, "syn0001", "ab" * 32, Modality.XRAY
    )
