"""Cohort and provenance: counts that add up, hashes that are the records' own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from synthassay.report.contents import read_contents
from synthassay.report.origin import cohort_view, inputs, manifest_views


def test_counts_per_site_add_up_to_the_cases(make_run: Callable[..., Path]):
    contents = read_contents(make_run())
    assert contents.cohort is not None
    view = cohort_view(contents.cohort, contents.pseudonyms())
    assert [(r.split, r.subjects, r.cases) for r in view.rows] == [
        ("train", 20, 20),
        ("validation", 4, 4),
        ("test", 6, 6),
    ]
    assert view.columns == ("site north", "site south")
    assert all(sum(row.counts) == row.cases for row in view.rows)
    assert view.disjoint and len(view.overlaps) == 3


def test_exclusions_are_counted_by_reason_and_notes_name_nobody(make_run: Callable[..., Path]):
    contents = read_contents(make_run())
    assert contents.cohort is not None
    view = cohort_view(contents.cohort, contents.pseudonyms())
    assert view.excluded == (("no T2 image", 1),)
    assert view.notes[0].startswith("S-") and view.notes[0].endswith("has two sessions; one is used")


def test_manifests_stand_in_the_order_of_the_study_with_their_hashes(make_run: Callable[..., Path]):
    contents = read_contents(make_run())
    views = manifest_views(contents.manifests, contents.judged)
    assert (views[0].of, views[0].images, views[0].weights_sha256[:2]) == ("pgan", 6, "ef")
    assert [v.of for v in views] == ["pgan", "vae", "linear_regression", "identity"]


def test_input_hashes_are_listed_without_identifiers(make_run: Callable[..., Path]):
    contents = read_contents(make_run())
    found = inputs(contents, contents.pseudonyms())
    assert found is not None and found.total == 1 and "HOSP" not in found.listed[0][0]
    outside = read_contents(make_run("outside", outside=True))
    assert inputs(outside, outside.pseudonyms()) is None
