"""Django's graph of migrations, made of modules that are read once a process.

Which of a squashed migration and those that it replaces are in the graph depends on what a database
has, so there is a graph for each answer; a project without squashed migrations has one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from pytest_pmd_migrations.sources.django.parts import part

__all__ = ["Graphs", "Key"]

Key: TypeAlias = tuple[str, str]
"""A migration as Django names it: the label of its app, and its own name."""


class Graphs:
    """All migrations of the installed apps.

    ``found`` are Django's objects by their keys, ``replaced`` the keys that each squashed one among
    them replaces.
    """

    def __init__(self) -> None:
        disk = part("django.db.migrations.loader", "MigrationLoader")(None, load=False)
        disk.load_disk()
        self._disk = disk
        self.found: Mapping[Key, Any] = disk.disk_migrations
        self.replaced: Mapping[Key, tuple[Key, ...]] = {
            key: tuple(tuple(each) for each in migration.replaces)
            for key, migration in self.found.items()
            if migration.replaces
        }
        self._loaders: dict[frozenset[Key], Any] = {}

    def loader(self, applied: Mapping[Key, object], held_back: Collection[Key]) -> Any:  # noqa: ANN401
        """Return Django's loader for a database that has ``applied``.

        Squashed migrations of ``held_back`` are not used where a migration that they replace is
        there. Raises what Django raises where the graph has a cycle or lacks a migration.
        """
        given = self._given(applied, held_back)
        loader = self._loaders.get(given)
        if loader is None:
            loader = self._loaders[given] = self._build(given)
        loader.applied_migrations = self._counted(applied)
        loader.replacements = {key: self.found[key] for key in self.replaced}
        return loader

    def _given(self, applied: Mapping[Key, object], held_back: Collection[Key]) -> frozenset[Key]:
        """Return what the choice between squashed and replaced migrations depends on."""
        given = {key for replaced in self.replaced.values() for key in replaced if key in applied}
        for key in held_back:
            # Django does not use a squashed migration that a database has half of.
            there = [each for each in self.replaced[key] if each in self.found]
            if there:
                given.difference_update(self.replaced[key])
                given.add(there[0])
        return frozenset(given)

    def _counted(self, applied: Mapping[Key, object]) -> dict[Key, object]:
        """Return what is applied as Django counts it: a squashed one where all it replaces are."""
        counted = dict(applied)
        for key in self.replaced:
            if self._has_all(key, applied):
                counted[key] = self.found[key]
            else:
                counted.pop(key, None)
        return counted

    def _has_all(self, key: Key, applied: Mapping[Key, object]) -> bool:
        return all(
            each in applied or (each in self.replaced and self._has_all(each, applied))
            for each in self.replaced[key]
        )

    def _build(self, given: frozenset[Key]) -> Any:  # noqa: ANN401
        loader = _loader_class()(None, load=False)
        loader.given, loader.read = {key: self.found.get(key) for key in given}, self._disk
        loader.build_graph()
        loader.given = {}
        return loader


def _loader_class() -> Any:  # noqa: ANN401
    """Return Django's loader, which here is told what is on the disk and in the database."""

    def applied(loader: Any) -> object:  # noqa: ANN401
        return loader.asked

    def set_applied(loader: Any, read: Mapping[Key, object] | None) -> None:  # noqa: ANN401
        loader.asked = {**(read or {}), **getattr(loader, "given", {})}

    def load_disk(loader: Any) -> None:  # noqa: ANN401
        loader.disk_migrations = dict(loader.read.disk_migrations)
        loader.unmigrated_apps = loader.read.unmigrated_apps
        loader.migrated_apps = loader.read.migrated_apps

    base = part("django.db.migrations.loader", "MigrationLoader")
    members = {"applied_migrations": property(applied, set_applied), "load_disk": load_disk}
    return type("ToldLoader", (base,), members)
