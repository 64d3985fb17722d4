"""Who is trained on and who is tested on: by subject, stratified by class, with sites kept apart, or as given."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from synthassay.errors import DataError, did_you_mean
from synthassay.randomness import derive
from synthassay.records.cohort import Case
from synthassay.records.spec import Rule
from synthassay.records.vocabulary import Split

SHARED = (Split.TRAIN, Split.VALIDATION, Split.TEST)

_WORDS = {
    **dict.fromkeys(("train", "training", "tr"), Split.TRAIN),
    **dict.fromkeys(("validation", "val", "valid", "dev"), Split.VALIDATION),
    **dict.fromkeys(("test", "testing", "ts"), Split.TEST),
    **dict.fromkeys(("external", "ext"), Split.EXTERNAL),
}


def parse_split(word: str, where: str) -> Split:
    """Return the split that a word in a table or array names.

    >>> parse_split("val", "table.csv")
    <Split.VALIDATION: 'validation'>

    Raises:
        DataError: The word is none of the usual ones.
    """
    found = _WORDS.get(word.strip().lower())
    if found is None:
        remedy = f"Write train, validation, test or external. {did_you_mean(word, _WORDS)}"
        raise DataError(where, "is not the name of a split", value=word, remedy=remedy)
    return found


def split_subjects(
    cases: Sequence[Case],
    *,
    rule: Rule,
    fractions: tuple[float, float, float],
    seed: int,
    given: Mapping[str, Split] | None = None,
    external_sites: Sequence[str] = (),
) -> dict[str, Split]:
    """Return each subject's split; the answer depends on the set of cases and the seed, never on their order.

    ``subject`` deals subjects by their place in a seeded order. ``stratified`` does so within each class, where a
    subject with several classes counts for the rarest of them. ``site`` does so within each site. ``given`` takes what
    the data say. Subjects of ``external_sites`` are external under every rule.

    Args:
        cases: All cases that may be used.
        rule: How to split.
        fractions: Shares of train, validation and test; a share of 0 leaves that split empty.
        seed: The study's seed.
        given: Case identifier to split, needed by the rule ``given``.
        external_sites: Sites that are kept apart.

    Raises:
        DataError: A subject would stand on two sides, a site is unknown, a class or the whole has too few subjects.
    """
    external = _external_subjects(cases, external_sites)
    inside = [case for case in cases if case.subject not in external]
    if rule == "given":
        split = _given(inside, given or {})
    else:
        if rule == "site" and not external_sites:
            raise DataError(
                "[data] external_sites",
                "names no site, though the rule is to split by site",
                value=f"sites here: {', '.join(sorted({c.site or '(none)' for c in cases}))}",
                remedy="Name at least one of them, or choose split = 'subject'.",
            )
        split = _deal(_strata(inside, rule, fractions), fractions, seed)
    return dict(sorted((split | dict.fromkeys(external, Split.EXTERNAL)).items()))


def keep_subjects(cases: Sequence[Case], split: Mapping[str, Split], limit: int, seed: int) -> frozenset[str]:
    """Return at most ``limit`` subjects, with the splits and the classes in the same proportions as before.

    Raises:
        DataError: The limit is below the number of splits.
    """
    stratum = _rarest_label(cases)
    by_split: dict[Split, list[str]] = defaultdict(list)
    for subject in sorted(stratum):
        by_split[split[subject]].append(subject)
    if limit == 0 or limit >= len(stratum):
        return frozenset(stratum)
    if limit < len(by_split):
        raise DataError(
            "[data] subjects",
            f"is less than the number of splits, {len(by_split)}",
            value=limit,
            remedy=f"Allow at least {len(by_split)} subjects.",
        )
    kept: set[str] = set()
    splits = [where for where in Split if where in by_split]
    for where, room in zip(splits, apportion(limit, [len(by_split[s]) for s in splits]), strict=True):
        classes = _grouped({subject: stratum[subject] for subject in by_split[where]})
        rooms = apportion(room, [len(members) for members in classes.values()])
        for members, places in zip(classes.values(), rooms, strict=True):
            kept.update(_in_seeded_order(members, seed, "limit")[:places])
    return frozenset(kept)


def join_duplicates(split: Mapping[str, Split], groups: Iterable[frozenset[str]]) -> dict[str, Split]:
    """Return the split with each group of subjects that share an identical image on one side.

    The side is the first of train, validation, test, external on which one of them stands: an image that was trained on
    is never tested on. Groups that have a subject in common count as one.
    """
    joined = dict(split)
    for group in _merged(groups):
        side = min((joined[subject] for subject in group), key=list(Split).index)
        joined.update(dict.fromkeys(group, side))
    return joined


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Return whole numbers that add up to ``total`` in the proportion of ``weights``, by largest remainders.

    Every weight above 0 gets at least 1 where ``total`` suffices, taken from the largest share.

    >>> apportion(10, (0.7, 0.1, 0.2))
    [7, 1, 2]
    >>> apportion(5, (0.7, 0.1, 0.2))
    [3, 1, 1]
    """
    scale = math.fsum(weights)
    exact = [total * weight / scale for weight in weights]
    # Rounding first keeps 0.7 * 10 = 7.000000000000001 and 0.1 * 30 = 3.0000000000000004 from shifting a subject.
    shares = [math.floor(round(value, 9)) for value in exact]
    order = sorted(range(len(weights)), key=lambda i: (-round(exact[i] - shares[i], 9), i))
    for i in order[: total - sum(shares)]:
        shares[i] += 1
    wanted = [i for i, weight in enumerate(weights) if weight > 0]
    if total >= len(wanted):
        for i in wanted:
            if shares[i] == 0:
                shares[max(range(len(shares)), key=lambda j: (shares[j], -j))] -= 1
                shares[i] = 1
    return shares


def _deal(strata: Mapping[str, str], fractions: tuple[float, float, float], seed: int) -> dict[str, Split]:
    wanted = sum(share > 0 for share in fractions)
    if len(strata) < wanted:
        raise DataError(
            "[data] split",
            f"{len(strata)} subject(s) cannot be split {wanted} ways",
            value=", ".join(sorted(strata)[:5]),
            remedy="Add subjects, or set a share in [data] fractions to 0; images of one subject never cross.",
        )
    split: dict[str, Split] = {}
    for members in _grouped(strata).values():
        ordered = iter(_in_seeded_order(members, seed, "split"))
        for side, places in zip(SHARED, apportion(len(members), fractions), strict=True):
            split.update((next(ordered), side) for _ in range(places))
    return split


def _strata(cases: Sequence[Case], rule: Rule, fractions: tuple[float, float, float]) -> dict[str, str]:
    if rule == "stratified":
        return _class_strata(cases, sum(share > 0 for share in fractions))
    if rule == "site":
        sites = {case.subject: case.site for case in sorted(cases, key=lambda c: (c.subject, c.site), reverse=True)}
        sizes = Counter(sites.values())
        # A site with fewer subjects than splits cannot be in every split; such sites are dealt together.
        return {subject: site if sizes[site] >= len(SHARED) else "\x1fsmall" for subject, site in sites.items()}
    return {case.subject: "" for case in cases}


def _class_strata(cases: Sequence[Case], splits: int) -> dict[str, str]:
    stratum = _rarest_label(cases)
    sizes = Counter(stratum.values())
    if len(sizes) < 2:
        raise DataError(
            "[data] split",
            "'stratified' needs at least two classes",
            value=", ".join(sizes) or "no labels",
            remedy="Name the column that holds the class in [data] label, or choose split = 'subject'.",
        )
    small = {label: count for label, count in sizes.items() if count < splits}
    if small:
        raise DataError(
            "[data] split",
            f"a class has fewer subjects than there are splits ({splits})",
            value=", ".join(f"{label or '(no label)'}: {count}" for label, count in sorted(small.items())),
            remedy="Add subjects of that class, merge classes, or set a share in [data] fractions to 0.",
        )
    return stratum


def _rarest_label(cases: Sequence[Case]) -> dict[str, str]:
    by_label: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        by_label[case.label].add(case.subject)
    rarity = {label: (len(subjects), label) for label, subjects in by_label.items()}
    stratum: dict[str, str] = {}
    for case in cases:
        known = stratum.setdefault(case.subject, case.label)
        stratum[case.subject] = min(known, case.label, key=rarity.__getitem__)
    return stratum


def _given(cases: Sequence[Case], given: Mapping[str, Split]) -> dict[str, Split]:
    without = [case.case for case in cases if case.case not in given]
    if without:
        raise DataError(
            "[data] split",
            f"is 'given', but {len(without)} of {len(cases)} cases have none",
            value=", ".join(without[:5]),
            remedy="Add a `split` column or array, or choose split = 'subject'.",
        )
    sides: dict[str, set[Split]] = defaultdict(set)
    for case in cases:
        sides[case.subject].add(given[case.case])
    crossing = {subject: found for subject, found in sorted(sides.items()) if len(found) > 1}
    if crossing:
        shown = [f"{subject} ({', '.join(sorted(found))})" for subject, found in list(crossing.items())[:10]]
        raise DataError(
            "[data] split",
            f"{len(crossing)} subject(s) stand in more than one split",
            value=", ".join(shown) + (", …" if len(crossing) > 10 else ""),
            remedy="Put all images of a subject in one split, or choose split = 'subject' to make a new split.",
        )
    return {subject: next(iter(found)) for subject, found in sides.items()}


def _external_subjects(cases: Sequence[Case], external_sites: Sequence[str]) -> frozenset[str]:
    known = {case.site for case in cases}
    for site in external_sites:
        if site not in known:
            remedy = did_you_mean(site, known - {""}) if known - {""} else "Name the column in [data] site."
            raise DataError("[data] external_sites", "no case comes from this site", value=site, remedy=remedy)
    outside = {case.subject for case in cases if case.site in external_sites}
    crossing = sorted(outside & {case.subject for case in cases if case.site not in external_sites})
    if crossing:
        raise DataError(
            "[data] external_sites",
            f"{len(crossing)} subject(s) have images inside and outside the external sites",
            value=", ".join(crossing[:10]),
            remedy="Leave those subjects out, or make all their sites external.",
        )
    return frozenset(outside)


def _grouped(strata: Mapping[str, str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for subject, stratum in strata.items():
        groups[stratum].append(subject)
    return dict(sorted(groups.items()))


def _in_seeded_order(subjects: Iterable[str], seed: int, purpose: str) -> list[str]:
    return sorted(subjects, key=lambda subject: (derive(seed, purpose, subject), subject))


def _merged(groups: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    merged: list[frozenset[str]] = []
    for group in groups:
        touching = [other for other in merged if other & group]
        merged = [other for other in merged if not other & group] + [group.union(*touching)]
    return merged
