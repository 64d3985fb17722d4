"""Name -> entry, filled by one registration per file, with entry points for outside packages."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from synthassay.errors import UnknownName

T = TypeVar("T")


class Registry(Generic[T]):
    """What is known under a name: found by importing one package, then the entry points of other packages.

    Nothing is imported before the first look-up, so that ``synthassay --help`` stays quick.

    Args:
        kind: What an entry is, in the singular; used in messages ("metric", "generator").
        package: Package whose modules register themselves on import.
        group: Entry-point group through which outside packages register.
    """

    def __init__(self, kind: str, *, package: str, group: str) -> None:
        self.kind, self._package, self._group = kind, package, group
        self._entries: dict[str, T] = {}
        self._complete = False

    def add(self, name: str) -> Callable[[T], T]:
        """Register the decorated (or passed) object under ``name``; a second claim on a name is our bug."""

        def register(entry: T) -> T:
            if name in self._entries and self._entries[name] is not entry:
                raise ValueError(f"two {self.kind}s claim the name {name!r}")
            self._entries[name] = entry
            return entry

        return register

    def get(self, name: str) -> T:
        """Return the entry called ``name``.

        Raises:
            UnknownName: No entry has that name; the message offers the nearest ones.
        """
        self._discover()
        if name not in self._entries:
            raise UnknownName(self.kind, name, self._entries)
        return self._entries[name]

    def names(self) -> list[str]:
        """All names, sorted."""
        self._discover()
        return sorted(self._entries)

    def items(self) -> list[tuple[str, T]]:
        """All names with their entries, sorted by name."""
        self._discover()
        return sorted(self._entries.items())

    def __contains__(self, name: object) -> bool:
        self._discover()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def _discover(self) -> None:
        if self._complete:
            return
        self._complete = True
        package = importlib.import_module(self._package)
        for module in pkgutil.walk_packages(package.__path__, f"{self._package}."):
            importlib.import_module(module.name)
        for point in entry_points(group=self._group):
            before = len(self._entries)
            found = point.load()
            if len(self._entries) == before:  # otherwise its module registered what it holds, under its own names
                self._entries.setdefault(point.name, found)
