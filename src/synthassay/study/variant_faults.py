"""What is wrong with the variants of a study file, told before anything is trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from synthassay.errors import Fault, UnknownName, did_you_mean
from synthassay.generators import GENERATORS
from synthassay.records.study_file import place


def variant_name_faults(table: Mapping[str, Any], text: str) -> list[Fault]:
    """What in ``[[variants]]`` names something that is not there, or contradicts the generator that it is of."""
    entries, generators = _tables(table.get("variants")), _tables(table.get("generators"))
    trained = {str(g.get("name") or g.get("family")): g for g in generators}
    taken = [*trained, *(str(name) for name in table.get("baselines") or ())]
    faults: list[Fault] = []
    for i, entry in enumerate(entries):
        name, of = entry.get("name"), entry.get("of")
        if isinstance(name, str) and name in taken:
            where = place(text, ("variants", i, "name"))
            faults.append(Fault(where, "is the name of another set of this study", name, "Give each its own `name`."))
        taken.append(str(name))
        if isinstance(of, str) and of not in trained:
            where = place(text, ("variants", i, "of"))
            faults.append(Fault(where, "no generator of this study has this name", of, did_you_mean(of, list(trained))))
        elif isinstance(of, str):
            faults += _setting_faults(entry, trained[of], i, text)
    return faults


def _setting_faults(entry: Mapping[str, Any], base: Mapping[str, Any], i: int, text: str) -> list[Fault]:
    try:
        family = GENERATORS.get(str(base.get("family")))
    except UnknownName:
        return []  # told where the generator is
    settings = {key: value for key, value in entry.items() if key not in ("name", "of", "after")}
    free, faults = sorted(family.sampling), []
    for key, value in settings.items():
        where = place(text, ("variants", i, key))
        if key not in family.sampling:
            remedy = f"These can: {', '.join(free)}." if free else f"{family.family} has none; use `after`."
            faults.append(Fault(where, f"no variant of {family.family} can change this setting", key, remedy))
            continue
        faults += _value_faults(family.Settings, key, value, where)
    return faults + _moment_faults(entry, base, family.Settings, i, text)


def _value_faults(model: Any, key: str, value: Any, where: str) -> list[Fault]:
    try:
        model.model_validate_json(json.dumps({key: value}, default=str), strict=True)
    except ValidationError as problem:
        remedy = f"What belongs here: {model.model_fields[key].description}"
        return [Fault(where, e["msg"][0].lower() + e["msg"][1:], value, remedy) for e in problem.errors()]
    return []


def _moment_faults(entry: Mapping[str, Any], base: Mapping[str, Any], model: Any, i: int, text: str) -> list[Fault]:
    after, seen = entry.get("after", 0), base.get("images_seen", model.model_fields["images_seen"].default)
    if not isinstance(after, int) or not isinstance(seen, int):
        return []  # of a wrong type: the record says so
    changes = any(key not in ("name", "of", "after") for key in entry)
    if after >= seen:
        where = place(text, ("variants", i, "after"))
        return [
            Fault(where, f"is not before the end of training, at {seen} images", after, "Leave it out, or lower it.")
        ]
    if not after and not changes:
        where = place(text, ("variants", i, "name"))
        remedy = "Give `after`, or a setting of sampling."
        return [Fault(where, "changes nothing of the generator that it is of", entry.get("name"), remedy)]
    return []


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [entry if isinstance(entry, dict) else {} for entry in value] if isinstance(value, list) else []
