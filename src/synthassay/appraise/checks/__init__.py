"""What looks in a run for the answer to an item: one function each, registered by its name."""

from __future__ import annotations

from collections.abc import Callable

from synthassay.appraise.checks.found import Found
from synthassay.appraise.dossier import Dossier
from synthassay.registry import Registry

Check = Callable[[Dossier], Found]
CHECKS: Registry[Check] = Registry("check", package="synthassay.appraise.checks", group="synthassay.checks")


def check(function: Check) -> Check:
    """Register a check under its own name."""
    CHECKS.add(function.__name__)(function)
    return function
