"""Gather what a check asks about: an application, its store, and the rules of the run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.fresh import FreshDatabases
from pytest_pmd_migrations.application.references import SchemaReferences
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.schema import Schema, SchemaDiff
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources.protocol import volatile_columns

__all__ = ["History", "Project"]


@dataclass(frozen=True, eq=False)
class History:
    """Gives a check all that it may ask: an application, its store, and the rules of the run."""

    application: Application
    store: Store
    rules: Rules

    @cached_property
    def fresh(self) -> FreshDatabases:
        """Fresh databases of this application by the still clock, each built once."""
        return FreshDatabases(self.application.source, self.application.empty)

    @cached_property
    def supported(self) -> tuple[SnapshotName, ...]:
        """The names of the stored snapshots that must upgrade, sorted."""
        return tuple(name for name in self.store.names if not self.why_unsupported(name))

    def why_unsupported(self, name: SnapshotName) -> str:
        """Return why the application no longer upgrades a snapshot; empty where it does."""
        excuse = self.application.stored.get(str(name))
        return excuse.unsupported if excuse is not None else ""

    @cached_property
    def references(self) -> SchemaReferences:
        """The references of this application's schemas, each schema checked once."""
        return SchemaReferences(self.fresh, self.rules)

    @cached_property
    def fresh_today(self) -> FreshDatabases:
        """Fresh databases by the real clock, as the application's own tests expect them."""
        return FreshDatabases(self.application.source, self.application.empty, real_clock=True)

    @property
    def volatile(self) -> tuple[str, ...]:
        """Globs on the columns that differ from run to run: the source's, then the setting's."""
        return (*volatile_columns(self.application.source), *self.rules.volatile_patterns)

    def fresh_schema(self, version: int) -> Schema:
        """Return the fresh schema at ``version``, without what ``migration_ignore`` names."""
        return self.rules.visible(self.fresh.schema(version))

    def difference(self, upgraded: Schema, version: int) -> SchemaDiff:
        """Return how a schema differs from fresh at ``version``, as far as the rules ask."""
        return self.rules.difference(upgraded, self.fresh.schema(version))


@dataclass(frozen=True)
class Project:
    """Holds the subject of one run: its rules, and the history of every application."""

    rules: Rules
    histories: tuple[History, ...]
