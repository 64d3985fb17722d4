from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from synthassay.data.splits import apportion, join_duplicates, keep_subjects, parse_split, split_subjects
from synthassay.errors import DataError
from synthassay.records.cohort import Case
from synthassay.records.vocabulary import Split

SHARES = (0.7, 0.1, 0.2)


def case(name, subject, label="", site=""):
    return Case(case=name, subject=subject, label=label, site=site, images={})


def people(count, label=lambda i: "", site=lambda i: "", images=2):
    return [case(f"s{i:03d}-{k}", f"s{i:03d}", label(i), site(i)) for i in range(count) for k in range(images)]


def deal(cases, rule="subject", seed=1, **more):
    return split_subjects(cases, rule=rule, fractions=more.pop("fractions", SHARES), seed=seed, **more)


@given(st.randoms(use_true_random=False), st.sampled_from(["subject", "stratified", "site"]))
@settings(max_examples=25, deadline=None)
def test_the_split_does_not_depend_on_the_order_of_rows(random, rule):
    cases = people(30, label=lambda i: "ab"[i % 3 == 0], site=lambda i: "xyz"[i % 3])
    external = ["z"] if rule == "site" else []
    before = deal(cases, rule, external_sites=external)
    random.shuffle(cases)
    assert deal(cases, rule, external_sites=external) == before


@given(st.integers(3, 200), st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_every_subject_has_one_side_and_shares_are_met_to_within_one(count, seed):
    sizes = Counter(deal(people(count, images=1), seed=seed).values())
    assert sum(sizes.values()) == count
    for side, share in zip((Split.TRAIN, Split.VALIDATION, Split.TEST), SHARES, strict=True):
        assert sizes[side] >= 1
        assert count < 10 or abs(sizes[side] - share * count) <= 1


def test_another_seed_gives_another_split():
    cases = people(40)
    assert deal(cases, seed=1) != deal(cases, seed=2)


def test_over_seeds_every_subject_is_tested_as_often_as_any_other():
    cases = people(10, images=1)
    tested = Counter(s for seed in range(600) for s, side in deal(cases, seed=seed).items() if side is Split.TEST)
    assert sum(tested.values()) == 600 * 2
    assert chisquare([tested[f"s{i:03d}"] for i in range(10)]).pvalue > 1e-3


def test_stratified_keeps_each_class_in_proportion():
    cases = people(100, label=lambda i: "rare" if i < 20 else "common")
    split = deal(cases, "stratified")
    assert Counter(split[f"s{i:03d}"] for i in range(20)) == {Split.TRAIN: 14, Split.VALIDATION: 2, Split.TEST: 4}


def test_a_subject_with_two_classes_counts_for_the_rarer_and_stays_whole():
    cases = [*people(40, label=lambda i: "common"), *(case(f"r{i}", f"r{i}", "rare") for i in range(3))]
    cases.append(case("both", "s000", "rare"))
    split = deal(cases, "stratified")
    rare = [split[s] for s in ("r0", "r1", "r2", "s000")]
    assert set(rare) == {Split.TRAIN, Split.VALIDATION, Split.TEST}


def test_one_class_only_cannot_be_stratified():
    with pytest.raises(DataError, match=r"at least two classes \(a\).*\[data\] label"):
        deal(people(10, label=lambda i: "a"), "stratified")


def test_a_class_with_too_few_subjects_is_named_with_its_count():
    with pytest.raises(DataError, match="fewer subjects than there are splits.*rare: 2"):
        deal(people(20, label=lambda i: "rare" if i < 2 else "common"), "stratified")


def test_fewer_subjects_than_splits_are_refused_unless_a_share_is_zero():
    with pytest.raises(DataError, match="2 subject.* cannot be split 3 ways"):
        deal(people(2))
    assert set(deal(people(2), fractions=(0.5, 0.0, 0.5)).values()) == {Split.TRAIN, Split.TEST}


def test_external_sites_are_kept_apart_under_every_rule():
    cases = people(30, site=lambda i: "abc"[i % 3])
    for rule in ("subject", "site"):
        split = deal(cases, rule, external_sites=["c"])
        assert {s for s, side in split.items() if side is Split.EXTERNAL} == {f"s{i:03d}" for i in range(2, 30, 3)}
    for site in range(2):  # the rule `site` puts every other site on each side
        assert {split[f"s{i:03d}"] for i in range(site, 30, 3)} == {Split.TRAIN, Split.VALIDATION, Split.TEST}


def test_a_subject_inside_and_outside_the_external_sites_is_refused_by_name():
    cases = [*people(10, site=lambda i: "a"), case("away", "s003", site="b")]
    with pytest.raises(DataError, match=r"1 subject.*\(s003\)"):
        deal(cases, external_sites=["b"])


def test_an_unknown_site_is_refused_with_the_nearest():
    with pytest.raises(DataError, match="Did you mean: guys"):
        deal(people(10, site=lambda i: "guys"), external_sites=["guy"])


def test_the_rule_site_needs_a_site_to_keep_apart():
    with pytest.raises(DataError, match="sites here: a, b"):
        deal(people(10, site=lambda i: "ab"[i % 2]), "site")


def test_a_given_split_is_taken_as_it_is():
    cases = people(4)
    given_split = {c.case: Split.TEST if c.subject == "s002" else Split.TRAIN for c in cases}
    split = deal(cases, "given", given=given_split)
    assert [s for s, side in split.items() if side is Split.TEST] == ["s002"]


def test_a_subject_in_two_given_splits_is_refused_by_name():
    cases = people(4)
    given_split = {c.case: Split.TRAIN for c in cases} | {"s001-1": Split.TEST}
    with pytest.raises(DataError, match=r"1 subject\(s\) stand in more than one split \(s001 \(test, train\)\)"):
        deal(cases, "given", given=given_split)


def test_given_without_a_split_in_the_data_is_refused():
    with pytest.raises(DataError, match="8 of 8 cases have none.*split = 'subject'"):
        deal(people(4), "given")


def test_a_limit_keeps_splits_and_classes_in_proportion():
    cases = people(200, label=lambda i: "a" if i % 4 else "b", images=1)
    split = deal(cases, "stratified")
    kept = keep_subjects(cases, split, 40, seed=3)
    assert Counter(split[s] for s in kept) == {Split.TRAIN: 28, Split.VALIDATION: 4, Split.TEST: 8}
    label = {c.subject: c.label for c in cases}
    assert Counter(label[s] for s in kept) == {"a": 30, "b": 10}


def test_no_limit_keeps_all_and_a_limit_below_the_splits_is_refused():
    cases = people(10)
    split = deal(cases)
    assert len(keep_subjects(cases, split, 0, seed=1)) == 10
    with pytest.raises(DataError, match="less than the number of splits, 3"):
        keep_subjects(cases, split, 2, seed=1)


@given(st.integers(0, 500), st.lists(st.floats(0.01, 10), min_size=1, max_size=6))
def test_apportioned_shares_add_up_and_stay_within_one_of_the_exact_share(total, weights):
    shares = apportion(total, weights)
    assert sum(shares) == total
    exact = [total * w / sum(weights) for w in weights]
    if min(exact) >= 1:
        assert all(abs(s - e) < 1 + 1e-6 for s, e in zip(shares, exact, strict=True))


def test_subjects_that_share_an_image_join_the_side_that_is_trained_on():
    split = {"a": Split.TEST, "b": Split.VALIDATION, "c": Split.TRAIN, "d": Split.TEST}
    joined = join_duplicates(split, [frozenset("ab"), frozenset("bc")])
    assert joined == {"a": Split.TRAIN, "b": Split.TRAIN, "c": Split.TRAIN, "d": Split.TEST}


@pytest.mark.parametrize(("word", "side"), [("Val", "validation"), ("TRAINING", "train"), ("dev", "validation")])
def test_usual_words_for_splits_are_understood(word, side):
    assert parse_split(word, "here") == side


def test_an_unknown_word_for_a_split_is_refused():
    with pytest.raises(DataError, match=r"here: is not the name of a split \(tset\).*Did you mean: test"):
        parse_split("tset", "here")
