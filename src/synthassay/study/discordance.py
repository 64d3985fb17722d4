"""``synthassay discord``: over many synthetic sets, whether measures of their looks order them as their help does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthassay.errors import RunError, did_you_mean
from synthassay.protocols import PROTOCOLS
from synthassay.randomness import stream
from synthassay.records.discordance import DISCORDANCE, Discordance, DiscordanceBlock, ProxyRow, Reversal, Spot
from synthassay.records.measurement import Measurement
from synthassay.records.vocabulary import Axis, Better
from synthassay.report.contents import MEASUREMENTS, REAL, Contents, read_contents
from synthassay.report.numbers import count, listed, plain, probability
from synthassay.stats.discordance import Noisy, rank_correlation, told_apart, turned
from synthassay.stats.equivalence import holm
from synthassay.study.comparing_runs import RULES_OF_SETS
from synthassay.study.judged_run import read_judged_run

FEWEST = 6
"""Sets below which nothing is said: five sets can never reach p < 0.01, and one odd set decides."""
GAINS = ("auc_gain", "augmentation_gain", "dice_gain", "tstr_auc", "tstr_dice")
"""What counts as help, in this order, unless the user names another measure."""
SIGNIFICANT = 0.05

Key = tuple[str, str]


@dataclass(frozen=True)
class JudgedSet:
    """One synthetic set of a run with its numbers, by measure and stratum."""

    name: str
    kind: str
    rows: Mapping[Key, Measurement]


def discord(
    runs: Sequence[Path], *, gain: str = "", stratum: str = "", draws: int = 2000, seed: int = 20260101
) -> Discordance:
    """Correlate every measure of fidelity and diversity with a gain, over all sets of one or more runs.

    Args:
        runs: Run folders. Those of another modality, task, protocol or other real images make a block of their own.
        gain: Measure of utility; the first of ``GAINS`` that most sets have where empty.
        stratum: Stratum of the gain, for example ``real=5%, ratio=1``; the headline where empty.
        draws: Bootstrap draws.
        seed: Root seed.

    Raises:
        RunError: A folder is no run or not judged yet, or no set has the gain.
    """
    groups: dict[tuple[str, ...], list[Contents]] = {}
    for run in dict.fromkeys(path.resolve() for path in runs):
        contents = _finished(run)
        groups.setdefault(_kind_of_run(contents), []).append(contents)
    blocks = []
    for (modality, task, protocol, _), members in groups.items():
        sets, notes = _sets(members)
        found = DiscordanceBlock(
            modality=modality,
            task=task,
            protocol=protocol,
            runs=tuple(c.run.name for c in members),
            says="",
            notes=notes,
        )
        blocks.append(_block(found, sets, gain, stratum, draws, seed))
    return Discordance(blocks=tuple(blocks))


def pages_of(found: Discordance, runs: Sequence[Path], out: Path | None) -> list[Path]:
    """Return where the page goes; of a single run the findings are kept in its folder, as JSON and as a page."""
    own: list[Path] = []
    if len(runs) == 1:
        found.write(runs[0] / DISCORDANCE)
        own = [runs[0] / "discordance.html"]
    return [*own, *([out] if out is not None else [])]


def _finished(run: Path) -> Contents:
    if run.is_dir() and not (run / MEASUREMENTS).is_file():
        raise RunError(
            str(run), "has not been judged to the end yet", remedy="Let `synthassay run` finish; it goes on from there."
        )
    return read_contents(run)


def _kind_of_run(contents: Contents) -> tuple[str, ...]:
    protocol = contents.requirements.protocol if contents.requirements else ""
    task = contents.requirements.task if contents.requirements else ""
    if contents.study is not None:
        modality = contents.study.modality.value
    else:
        modality = PROTOCOLS.get(protocol).modality.value if protocol in PROTOCOLS else "unknown"
    patients = read_judged_run(contents.run, contents.judged[0]).patients
    return modality, task, protocol, patients or str(contents.run)


def _sets(members: Sequence[Contents]) -> tuple[list[JudgedSet], tuple[str, ...]]:
    """All sets, named with their run where there are several; equal images under equal labels count once."""
    found, seen, twice = [], set(), []
    for contents in members:
        for of in contents.judged:
            name = of if len(members) == 1 else f"{contents.run.name}: {of}"
            manifest = contents.manifests.get(of)
            images = frozenset((i.sha256, i.label) for i in manifest.images) if manifest else frozenset({(name, "")})
            if images in seen:
                twice.append(name)
                continue
            seen.add(images)
            kind = "control" if of in contents.controls else "baseline" if of in contents.baselines else "generator"
            rows = {(row.metric, row.stratum): row for row in contents.measurements if row.of == of != REAL}
            found.append(JudgedSet(name, kind, rows))
    notes = (f"The same images as another set, counted once: {listed(twice)}.",) if twice else ()
    return found, notes


def _block(
    block: DiscordanceBlock, sets: Sequence[JudgedSet], gain: str, stratum: str, draws: int, seed: int
) -> DiscordanceBlock:
    key = _gain_key(block, sets, gain, stratum)
    having = [s for s in sets if _value(s, key) is not None]
    lacking = [s.name for s in sets if _value(s, key) is None]
    notes = list(block.notes)
    if lacking:
        notes.append(f"Without this gain, and left out: {listed(lacking)}.")
    row = having[0].rows[key]
    changes = {
        "gain": key[0],
        "gain_stratum": key[1],
        "gain_title": row.title,
        "gain_unit": row.unit,
        "sets": tuple(_spot(s, key) for s in having),
    }
    if rules := _rules([s.rows[key] for s in having]):
        notes.append(f"The gain was measured by different rules ({rules}); sets of different runs may not compare.")
    if len(having) < FEWEST:
        told = (
            f"{count(len(having), 'set')} cannot tell whether looking good means helping; at least {FEWEST} are needed."
        )
        return block.model_copy(update={**changes, "says": told, "notes": tuple(notes)})
    rows = [_proxy(metric, having, key, draws, stream(seed, "discord", metric)) for metric in _measures(having)]
    adjusted = holm({row.metric: row.p for row in rows if row.p is not None})
    rows = [row.model_copy(update={"adjusted_p": adjusted.get(row.metric)}) for row in rows]
    rows = [row.model_copy(update={"says": _says(row)}) for row in rows]
    rows.sort(key=lambda row: (row.tau is None, -(row.tau or 0.0), row.metric))
    best, says = _answer(rows, block.modality)
    return block.model_copy(update={**changes, "rows": tuple(rows), "best": best, "says": says, "notes": tuple(notes)})


def _gain_key(block: DiscordanceBlock, sets: Sequence[JudgedSet], gain: str, stratum: str) -> Key:
    have: dict[Key, int] = {}
    for one in sets:
        for key, row in one.rows.items():
            if row.axis is Axis.UTILITY and row.value is not None and row.better is not Better.TARGET:
                have[key] = have.get(key, 0) + 1
    wanted = [(name, stratum) for name in ([gain] if gain else GAINS)]
    present = [key for key in wanted if key in have]
    if present:
        return max(present, key=lambda key: have[key])
    where = ", ".join(block.runs)
    strata = sorted({key[1] for key in have if key[0] == gain} - {""}) if gain else []
    if strata:
        what, known = f"measured {gain} in no such stratum", strata
    else:
        what = f"measured no {gain or 'gain'}" + (f" in the stratum {stratum!r}" if stratum else "")
        known = sorted({f"{metric}" + (f" ({s})" if s else "") for metric, s in have})
    remedy = did_you_mean(stratum or gain, known) if known else "Ask for utility in the study file, and run it again."
    raise RunError(where, what, value=stratum or gain or None, remedy=remedy)


def _value(one: JudgedSet, key: Key) -> float | None:
    row = one.rows.get(key)
    return None if row is None else row.value


def _measures(sets: Sequence[JudgedSet]) -> list[str]:
    found = {
        metric: None
        for one in sets
        for (metric, stratum), row in one.rows.items()
        if not stratum and row.axis in (Axis.FIDELITY, Axis.DIVERSITY)
    }
    return list(found)


def _rules(rows: Sequence[Measurement]) -> str:
    """Names of settings that say how was measured and that differ between the rows."""
    return ", ".join(name for name in RULES_OF_SETS if len({row.settings.get(name) for row in rows}) > 1)


def _proxy(metric: str, sets: Sequence[JudgedSet], gain: Key, draws: int, rng: np.random.Generator) -> ProxyRow:
    key = (metric, "")
    having = [s for s in sets if _value(s, key) is not None]
    without = {s.name: s.rows[key].not_measured if key in s.rows else "not measured" for s in sets if s not in having}
    first = next(s.rows[key] for s in sets if key in s.rows)
    row = ProxyRow(
        metric=metric,
        title=first.title,
        axis=first.axis,
        unit=first.unit,
        better=first.better,
        target=first.target,
        n=len(having),
        without=without,
        spots=tuple(_spot(s, key) for s in having),
    )
    rules = _rules([s.rows[key] for s in having])
    if rules:
        return row.model_copy(update={"not_correlated": f"measured by different rules: {rules}"})
    if len(having) < FEWEST:
        return row.model_copy(
            update={"not_correlated": f"measured in {count(len(having), 'set')}, at least {FEWEST} are needed"}
        )
    looks, helps = _noisy(having, key), _noisy(having, gain)
    target = first.target if first.better is Better.TARGET else None
    found = rank_correlation(
        looks, _upright(helps, having[0].rows[gain]), target=target, sign=_sign(first), rng=rng, draws=draws
    )
    if found is None:
        return row.model_copy(update={"not_correlated": "all sets have the same value"})
    shown, noise = _reversals(having, looks, helps, target, _sign(first), _sign(having[0].rows[gain]))
    return row.model_copy(
        update={"tau": found.tau, "interval": found.interval, "p": found.p, "reversals": shown, "within_noise": noise}
    )


def _reversals(
    sets: Sequence[JudgedSet], looks: Noisy, helps: Noisy, target: float | None, sign: float, gain_sign: float
) -> tuple[tuple[Reversal, ...], int]:
    x, y = turned(looks.value, target, sign), turned(helps.value, None, gain_sign)
    shown, noise = [], 0
    for i in range(len(sets)):
        for j in range(len(sets)):
            if x[i] > x[j] and y[i] < y[j]:
                if told_apart(looks, i, j, target) and told_apart(helps, j, i):
                    shown.append((float(y[j] - y[i]), Reversal(looks_better=sets[i].name, helps_more=sets[j].name)))
                else:
                    noise += 1
    return tuple(reversal for _, reversal in sorted(shown, key=lambda pair: -pair[0])), noise


def _noisy(sets: Sequence[JudgedSet], key: Key) -> Noisy:
    rows = [one.rows[key] for one in sets]
    values = np.array([row.value for row in rows], np.float64)
    low = [row.interval.low if row.interval else value for row, value in zip(rows, values, strict=True)]
    high = [row.interval.high if row.interval else value for row, value in zip(rows, values, strict=True)]
    levels = {row.interval.level for row in rows if row.interval}
    return Noisy(values, np.array(low, np.float64), np.array(high, np.float64), min(levels, default=0.95))


def _upright(helps: Noisy, row: Measurement) -> Noisy:
    """The gain such that more is better."""
    return helps if _sign(row) > 0 else Noisy(-helps.value, -helps.high, -helps.low, helps.level)


def _sign(row: Measurement) -> float:
    return -1.0 if row.better is Better.LOWER else 1.0


def _spot(one: JudgedSet, key: Key) -> Spot:
    row = one.rows[key]
    assert row.value is not None
    return Spot(of=one.name, kind=one.kind, value=row.value, interval=row.interval)


def _says(row: ProxyRow) -> str:
    if row.tau is None or row.adjusted_p is None:
        return row.not_correlated
    if row.adjusted_p > SIGNIFICANT:
        return "cannot be told from chance"
    return "the better it looks, the more it helps" if row.tau > 0 else "the better it looks, the less it helps"


def _answer(rows: Sequence[ProxyRow], modality: str) -> tuple[str, str]:
    """The best proxy and the answer in words; rows come with the highest tau first."""
    told = [row for row in rows if row.tau is not None]
    if not told:
        return "", "No measure of fidelity or diversity could be correlated with the gain."
    first = told[0]
    numbers = _numbers(first)
    misleading = [r.title for r in told if r.tau is not None and r.tau < 0 and (r.adjusted_p or 1.0) <= SIGNIFICANT]
    more = f" Looking better means helping less by {listed(misleading)}." if misleading else ""
    if first.tau is not None and first.tau > 0 and (first.adjusted_p or 1.0) <= SIGNIFICANT:
        return first.metric, f"The best proxy of help in {modality} is {first.title}: {numbers}.{more}"
    return "", (
        f"No measure of {len(told)} can be told from chance as a proxy of help in {modality}; the highest is "
        f"{first.title}: {numbers}.{more}"
    )


def _numbers(row: ProxyRow) -> str:
    assert row.tau is not None and row.interval is not None and row.adjusted_p is not None
    low, high = plain(row.interval.low, 2), plain(row.interval.high, 2)
    return f"tau {plain(row.tau, 2)} [{low}, {high}] over {row.n} sets, {probability(row.adjusted_p)} after Holm"
