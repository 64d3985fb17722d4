"""The page that compares families task by task, computed from kept records alone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import stdev
from typing import Any

Record = dict[str, Any]
Measure = tuple[str, str]

KINDS = {
    "GAN": (
        "acgan", "attention_cyclegan", "context_aware", "cut", "cyclegan", "dcgan", "pgan", "pix2pix", "stargan",
        "structure_cyclegan", "wgan_gp", "wgan_vgg",
    ),
    "VAE": ("disentangled_vae", "vae", "vae_gan"),
    "diffusion or flow": (
        "bridge", "consistency", "ddpm", "diffusion_gan", "dit", "edm", "latent_diffusion", "mask_conditioned",
        "palette", "rectified_flow",
    ),
    "baseline": (
        "bicubic", "biharmonic", "combat", "harmonic", "histogram_matching", "linear_regression", "macenko",
        "non_local_means", "probabilistic_pca", "reinhard", "total_variation", "vahadane",
    ),
    "identity": ("identity",),
    "copies of real pictures": ("affine_augmentation", "deformed_real", "resample_real", "smote"),
}  # fmt: skip
LEARNT = ("GAN", "VAE", "diffusion or flow")
KIND = {family: kind for kind, families in KINDS.items() for family in families}
FROM_NOTHING = (
    ("frechet_distance", ""), ("density", ""), ("classifier_two_sample", ""), ("seam_index", ""),
    ("label_agreement", ""), ("tstr_auc", ""), ("augmentation_gain", ""),
)  # fmt: skip
KEY_MEASURES: dict[str, tuple[Measure, ...]] = {
    "augment": FROM_NOTHING,
    "generate": FROM_NOTHING,
    "mask_to_image": (("tstr_dice", ""), ("dice_gain", "real=5%, ratio=4"), ("frechet_distance", "")),
    "translate": (("mae", ""), ("ssim", ""), ("lost_lesions", "")),
    "translate_unpaired": (("hu_error", "tissue=body"), ("ssim", ""), ("structure_overlap", "")),
    "denoise": (("hu_error", "tissue=body"), ("ssim", ""), ("lesion_detectability", "gain over the source")),
    "super_resolve": (("mae", ""), ("psnr", ""), ("ssim", "")),
    "inpaint": (("mae", ""), ("psnr", ""), ("ssim", "")),
    "stain_normalise": (("mae", ""), ("stain_angle", "stain=haematoxylin"), ("ssim", "")),
    "harmonise": (("mae", ""), ("ssim", "")),
}
TITLES = {
    "augment": "Pictures of a class, from nothing",
    "generate": "Pictures from nothing",
    "mask_to_image": "Pictures from label maps",
    "translate": "Another contrast, from pairs",
    "translate_unpaired": "MR to CT, without pairs",
    "denoise": "Low dose to routine dose",
    "super_resolve": "Thick slices to thin ones",
    "inpaint": "A hole filled",
    "stain_normalise": "The colours of one stain or scanner",
    "harmonise": "One site's pictures as another's",
}
DIVERSITY: tuple[Measure, ...] = (("coverage", ""),)
SMOOTHING: tuple[Measure, ...] = (("spectral_fidelity", "band=high"), ("edge_sharpness", ""))
COLLAPSE: tuple[Measure, ...] = (("repeated_images", ""), ("collapse", ""), ("mode_coverage", ""))
DRIFT: tuple[Measure, ...] = (
    ("edge_displacement", "quantile=95%"), ("mind_distance_to_source", ""), ("structure_overlap", ""),
    ("lost_lesions", ""), ("shape_plausibility", ""),
)  # fmt: skip
TEXTS = Path(__file__).resolve().parents[1] / "docs" / "results" / "families"


def page(records: Sequence[Record], reasons: dict[str, dict[str, str]]) -> str:
    """Return the whole page.

    Args:
        records: Kept records of runs.
        reasons: Task to family to why nothing was measured.
    """
    parts = [(TEXTS / "opening.txt").read_text(encoding="utf-8").rstrip()]
    for task in KEY_MEASURES:
        here = [record for record in records if record["task"] == task]
        if not here and task not in reasons:
            continue
        parts.append(f"## {TITLES[task]} (`{task}`)")
        parts += [study_table(record) for record in here]
        if task in reasons:
            parts.append(_reasons(reasons[task]))
    return "\n\n".join([*parts, review_table(records)]) + "\n"


def study_table(record: Record) -> str:
    """Return one study's heading, table and sentences."""
    measures = [m for m in KEY_MEASURES[record["task"]] if any(find(one, m) for one in record["sets"])]
    head = ["family", "kind", *(_heading(record, m) for m in measures)]
    head += ["against baselines", "training, min", "parameters", "ms per picture", "peak MiB"]
    learnt = record["training_cases"]
    source = f"{learnt} training pictures or volumes of {record['training_subjects']} subjects. " if learnt else ""
    judged = [row["subjects"] for one in record["sets"] if (row := find(one, KEY_MEASURES[record["task"]][0]))]
    source += f"Key figure on {min(judged)} unseen subjects. " if judged else ""
    machine = record["machine"]
    where = f"{machine['device']}, {machine['threads']} thread. " if machine else ""
    lines = [
        f"### {record['title']}\n",
        f"`{_command(record)}`, {record['modality']}. {source}Seed {record['seed']}. {where}".rstrip() + "\n",
        f"| {' | '.join(head)} |\n|{'---|' * len(head)}",
    ]
    for one in record["sets"]:
        cells = [_name(one), KIND[one["family"]], *(cell(one, m) for m in measures)]
        cells += [_against(record, one), *cost_cells(one)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", summary(record)])


def _command(record: Record) -> str:
    """The command of a run; the folder of a study with another seed is named ``<study>-seed-<seed>``."""
    study, _, seed = record["study"].partition("-seed-")
    return f"synthassay run studies/{study}.toml" + (f" --seed {seed}" if seed else "")


def summary(record: Record) -> str:
    """Return what the study's table says of learnt families and baselines, in a sentence of counts."""
    measure = KEY_MEASURES[record["task"]][0]
    learnt = [one for one in record["sets"] if KIND[one["family"]] in LEARNT and find(one, measure)]
    if not learnt:
        return "No learnt family has the key figure, so nothing is said of beating a baseline."
    rivals = [one for one in record["sets"] if KIND[one["family"]] not in LEARNT and find(one, measure)]
    beaten = {one["name"]: [r for r in rivals if verdict(record, one, r)[0] == "beaten"] for one in learnt}
    all_of = [f"`{name}`" for name, won in beaten.items() if rivals and len(won) == len(rivals)]
    none_of = [f"`{name}`" for name, won in beaten.items() if not won]
    said = [f"Beats every baseline of the study: {', '.join(all_of) or 'no learnt family'}."]
    said += [f"Is not shown to beat any: {', '.join(none_of)}."] if none_of else []
    return " ".join(said)


def verdict(record: Record, one: Record, rival: Record) -> tuple[str, str]:
    """Say whether ``one`` beats ``rival`` by the key figure.

    Returns:
        "beaten" (the rival is), "better" (the rival is), "not shown", and the rule: "paired" or "intervals".
    """
    measure = KEY_MEASURES[record["task"]][0]
    mine, other = find(one, measure), find(rival, measure)
    if mine is None or other is None:
        return "not shown", "intervals"
    sign = {"higher": 1, "lower": -1}[mine["better"]]
    for found in record["comparisons"]:
        if (found["metric"], found["stratum"]) != measure:
            continue
        if (found["of"], found["against"]) in {(one["name"], rival["name"]), (rival["name"], one["name"])}:
            turn = sign if found["of"] == one["name"] else -sign
            return _side(sorted(turn * end for end in found["interval"])), "paired"
    if not mine["interval"] or not other["interval"]:
        return "not shown", "intervals"
    (low, high), (other_low, other_high) = (sorted(sign * end for end in row["interval"]) for row in (mine, other))
    return _side([low - other_high, high - other_low]), "intervals"


def _side(gain: Sequence[float]) -> str:
    return "beaten" if gain[0] > 0 else "better" if gain[1] < 0 else "not shown"


def _against(record: Record, one: Record) -> str:
    if KIND[one["family"]] not in LEARNT:
        return "is one"
    if find(one, KEY_MEASURES[record["task"]][0]) is None:
        return "not measured"
    groups: dict[str, list[str]] = defaultdict(list)
    for rival in record["sets"]:
        kind = KIND[rival["family"]]
        if kind not in LEARNT:
            found, rule = verdict(record, one, rival)
            mark = ", copies" if kind.startswith("copies") else ""
            groups[found].append(f"`{rival['name']}` ({rule}{mark})")
    return "; ".join(f"{word}: {', '.join(groups[word])}" for word in ("beaten", "better", "not shown") if groups[word])


def seed_spread(records: Sequence[Record], record: Record, one: Record) -> tuple[float, int] | None:
    """Return the SD of the key figure over trainings that differ in their seed alone, and how many; None if one."""
    measure = KEY_MEASURES[record["task"]][0]
    by_seed = {}
    for other in records:
        if (other["task"], other["data"]) != (record["task"], record["data"]):
            continue
        for twin in other["sets"]:  # as many pictures, because distances between sets depend on how many there are
            same = all(twin[key] == one[key] for key in ("family", "images_made"))
            if same and _frozen(twin["settings"]) == _frozen(one["settings"]) and (row := find(twin, measure)):
                by_seed[other["seed"]] = row["value"]
    return (stdev(by_seed.values()), len(by_seed)) if len(by_seed) > 1 else None


def review_table(records: Sequence[Record]) -> str:
    """Return the review's second table with figures in it, by kind of family."""
    head = "| kind | family | study | key figure | real against real | diversity | stability | training, min; ms | "
    head += "oversmoothing | collapse | anatomy drift |\n|---|---|---|---|---|---|---|---|---|---|---|"
    lines = []
    for kind in LEARNT:
        for record, one in _of_kind(records, kind):
            key = KEY_MEASURES[record["task"]][0]
            row, spread, cost = find(one, key), seed_spread(records, record, one), cost_cells(one)
            figure = f"{row['title']} {cell(one, key)}" if row else cell(one, key)
            floor = "none" if row is None or row["floor"] is None else number(row["floor"])
            stable = f"SD {number(spread[0])} of {spread[1]} seeds" if spread else "one seed"
            alarms = f"; alarm: {'; '.join(one['alarms'])}" if one["alarms"] else ""
            cells = [kind, _name(one), record["study"], figure, floor, _first(one, DIVERSITY), stable]
            cells += [
                f"{cost[0]}; {cost[2]}",
                _first(one, SMOOTHING),
                f"{_all(one, COLLAPSE)}{alarms}",
                _all(one, DRIFT),
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([(TEXTS / "trade-offs.txt").read_text(encoding="utf-8"), head, *lines])


def _of_kind(records: Sequence[Record], kind: str) -> Iterator[tuple[Record, Record]]:
    for record in records:
        yield from ((record, one) for one in record["sets"] if KIND[one["family"]] == kind)


def find(one: Record, measure: Measure) -> Record | None:
    """Return a set's measurement, or None."""
    return next((row for row in one["measured"] if (row["metric"], row["stratum"]) == measure), None)


def cell(one: Record, measure: Measure) -> str:
    """Return a measurement with its interval, or that there is none."""
    row = find(one, measure)
    if row is None:
        return "not measured"
    if not row["interval"]:
        return number(row["value"])
    digits = _digits(row["value"])
    low, high = (f"{end:.{digits}f}" for end in row["interval"])
    return f"{row['value']:.{digits}f} [{low}, {high}]"


def cost_cells(one: Record) -> list[str]:
    """Return minutes, parameters, milliseconds per picture and peak memory."""
    unknown = "not recorded"
    none = KIND[one["family"]] not in LEARNT
    clock, cores, made = one["train_seconds"], one["train_cpu_seconds"], one["images_made"]
    minutes = unknown if clock is None else f"{clock / 60:.1f} ({(cores or 0) / 60:.1f})"
    parameters = unknown if one["parameters"] is None else f"{one['parameters']:,}" if one["parameters"] else "none"
    sampling = f"{1000 * one['sample_seconds'] / made:.0f}" if one["sample_seconds"] is not None and made else unknown
    peak = unknown if one["peak_mib"] is None else f"{one['peak_mib']:.0f}"
    return ["fitted" if none and clock is None else minutes, parameters, sampling, peak]


def number(value: float) -> str:
    """Return a value with three digits that say something."""
    return f"{value:.{_digits(value)}f}"


def _digits(value: float) -> int:
    return 3 if abs(value) < 2 else max(0, 3 - len(str(int(abs(value)))))


def _heading(record: Record, measure: Measure) -> str:
    row = next(found for one in record["sets"] if (found := find(one, measure)))
    arrow = {"higher": "↑", "lower": "↓", "target": f"→ {row['target']:g}" if row["target"] is not None else "→"}
    unit = "" if row["unit"] in {"1", "none", "share", "AUC"} else f", {row['unit']}"
    stratum = f" ({measure[1].partition('=')[2] or measure[1]})" if measure[1] else ""
    return f"{row['title']}{stratum}{unit} {arrow[row['better']]}"


def _name(one: Record) -> str:
    return f"`{one['name']}`" if one["name"] == one["family"] else f"`{one['name']}` (`{one['family']}`)"


def _first(one: Record, measures: Sequence[Measure]) -> str:
    for measure in measures:
        if row := find(one, measure):
            return f"{row['title'].lower()} {cell(one, measure)}"
    return "not measured"


def _all(one: Record, measures: Sequence[Measure]) -> str:
    found = [f"{row['title'].lower()} {number(row['value'])}" for m in measures if (row := find(one, m))]
    return "; ".join(found) or "not measured"


def _reasons(families: dict[str, str]) -> str:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for family, why in families.items():
        by_reason[why].append(f"`{family}`")
    return "\n".join(f"- {', '.join(names)}: not measured, because {why}." for why, names in by_reason.items())


def _frozen(settings: dict[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True)
