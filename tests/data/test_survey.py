import numpy as np
import pytest

from synthassay.data.store import ImageStore
from synthassay.data.survey import Look, check_grid, duplicate_notes, duplicates, survey
from synthassay.errors import DataError
from synthassay.records.cohort import Case, Locator
from synthassay.records.vocabulary import Split, Unit


def look(case, space=(8, 8), spacing=(), unit=Unit.ARBITRARY, channels=1, sha="", subject=""):
    return Look(case, subject or case, "image", channels, space, spacing, None, unit, sha)


def cohort(tmp_path, **arrays):
    np.savez(tmp_path / "x.npz", **arrays)
    count = len(next(iter(arrays.values())))
    cases = [
        Case(case=f"c{i}", subject=f"s{i}", images={r: Locator(path="x.npz", key=r, index=i) for r in arrays})
        for i in range(count)
    ]
    return ImageStore(tmp_path), cases


def test_every_unreadable_image_is_listed_with_its_reason(tmp_path):
    image = np.random.default_rng(0).normal(size=(20, 4, 4))
    image[3, 0, 0] = np.inf
    image[7, 0, 0] = np.nan
    store, cases = cohort(tmp_path, image=image)
    with pytest.raises(DataError) as problem:
        survey(store, cases, ["image"])
    text = str(problem.value)
    assert (
        "2 image(s) of 20 case(s) cannot be used, and none is skipped in silence:\n  - case c3: x.npz::image[3]" in text
    )
    assert "case c7" in text
    assert text.count("Repair the image or leave the case out") == 1


def test_many_problems_are_counted_beyond_the_tenth(tmp_path):
    store, cases = cohort(tmp_path, image=np.full((14, 4, 4), np.nan))
    with pytest.raises(DataError, match=r"(?s)14 image.*c9.*and 4 more\..*leave the case out"):
        survey(store, cases, ["image"])


def test_a_mask_on_another_grid_than_its_image_is_refused(tmp_path):
    store, cases = cohort(tmp_path, image=np.zeros((2, 4, 4, 4)), mask=np.ones((2, 4, 4, 5)))
    with pytest.raises(DataError, match="case c0: image and mask: differ in size"):
        survey(store, cases, ["image", "mask"])


def test_progress_counts_cases(tmp_path):
    store, cases = cohort(tmp_path, image=np.random.default_rng(0).normal(size=(3, 4, 4)))
    seen = []
    survey(store, cases, ["image"], lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_mixed_spacings_are_refused_with_which_how_many_and_what_to_do():
    looks = [look(f"v{i}", (8, 8, 8), (1, 1, 1 if i < 5 else 3)) for i in range(7)]
    with pytest.raises(DataError) as problem:
        check_grid(looks)
    text = str(problem.value)
    assert "2 different spacings (1 x 1 x 1 mm: 5 (v0, v1, v2, …); 1 x 1 x 3 mm: 2 (v5, v6))" in text
    assert "Resample the files to one spacing" in text


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (look("odd", (8, 9)), "2 different sizes.*8 x 9: 1 .odd.*Set .data. size"),
        (look("odd", unit=Unit.HU), "2 different units.*HU: 1"),
        (look("odd", channels=3), "2 different numbers of channels"),
    ],
)
def test_an_odd_one_out_is_named(odd, said):
    with pytest.raises(DataError, match=said):
        check_grid([look("a"), look("b"), odd])


def test_volumes_may_differ_in_their_number_of_slices_only():
    assert check_grid([look("a", (8, 8, 30), (1, 1, 2)), look("b", (8, 8, 44), (1, 1, 2))]) == ()
    with pytest.raises(DataError, match="sizes"):
        check_grid([look("a", (8, 8, 30)), look("b", (8, 9, 30))])


def test_pictures_brought_to_one_size_may_differ_in_spacing_with_a_note():
    looks = [look("a", spacing=(0.1, 0.1)), look("b", spacing=(0.2, 0.2))]
    assert "2 different spacings" in check_grid(looks, resampled=True)[0]
    with pytest.raises(DataError, match="spacings"):
        check_grid(looks)


def test_equal_images_are_found_and_constant_ones_are_not_taken_for_duplicates(tmp_path):
    rng = np.random.default_rng(1)
    image = rng.integers(0, 255, (6, 4, 4), dtype=np.uint8)
    image[4] = image[1]
    image[2] = image[3] = 0
    store, cases = cohort(tmp_path, image=image)
    groups = duplicates(survey(store, cases, ["image"]))
    assert [[x.case for x in group] for group in groups] == [["c1", "c4"]]


def test_a_duplicate_over_a_given_split_is_a_warning_with_the_subjects():
    group = (look("a", sha="1", subject="p1"), look("b", sha="1", subject="p2"))
    within = (look("c", sha="2", subject="p3"), look("d", sha="2", subject="p3"))
    split = {"p1": Split.TRAIN, "p2": Split.TEST, "p3": Split.TRAIN}
    notes = duplicate_notes([group, within], split)
    assert notes[0] == "2 group(s) of exactly equal images, 1 of them within one subject."
    assert "WARNING: 1 exactly equal image(s) stand on two sides of the given split: p1 (train), p2 (test)" in notes[1]
    assert duplicate_notes([], split) == ()
