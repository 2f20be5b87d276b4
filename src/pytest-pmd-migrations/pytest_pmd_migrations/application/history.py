"""Gather what a check asks about: an application, its store, and the rules of the run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.fresh import FreshDatabases
from pytest_pmd_migrations.application.fresh_in_one_go import schema_in_one_go
from pytest_pmd_migrations.application.reference_walk import SchemaReferences
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.shared_observations import SharedObservations
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.limits.step_limits import StepLimits, Stopped
from pytest_pmd_migrations.schema import Schema, SchemaDiff
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start
from pytest_pmd_migrations.sources.protocol import volatile_columns

__all__ = ["History", "Project"]


@dataclass(frozen=True, eq=False)
class History:
    """Gives a check all that it may ask: an application, its store, and the rules of the run."""

    application: Application
    store: Store
    rules: Rules

    def step_limits(self, start: Start) -> StepLimits:
        """Return what a step may take on the way from ``start``."""
        return StepLimits(
            self.rules.step_timeout,
            self.rules.step_memory,
            self.application.start_title(start),
            self._limits_met,
        )

    def experiment_limits(self) -> StepLimits:
        """Return what a step may take on other values, at another time or with other dice.

        One that does not end then may end with its own: what it met is kept apart from that.
        """
        return replace(self.step_limits(FRESH), met={})

    @cached_property
    def _limits_met(self) -> dict[object, Stopped]:
        """The runs that met a limit: no other database waits for them again."""
        return {}

    @cached_property
    def observations(self) -> SharedObservations:
        """What checks saw of one lineage and keep for the others."""
        return SharedObservations(trusted=self.rules.share)

    @cached_property
    def fresh(self) -> FreshDatabases:
        """Fresh databases of this application by the still clock, each built once."""
        return self._build_fresh(real_clock=False)

    @cached_property
    def fresh_today(self) -> FreshDatabases:
        """Fresh databases by the real clock, as the application's own tests expect them."""
        return self._build_fresh(real_clock=True)

    @cached_property
    def fresh_in_one_go(self) -> SchemaDiff:
        """How a new database differs that the runner builds by one call, in its own order."""
        schema = schema_in_one_go(self.application, self.step_limits(FRESH))
        return self.difference(schema, self.application.latest)

    def _build_fresh(self, *, real_clock: bool) -> FreshDatabases:
        source, empty = self.application.source, self.application.empty
        limits = self.step_limits(FRESH)
        return FreshDatabases(source, empty, limits=limits, real_clock=real_clock)

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


class Project(NamedTuple):
    """Holds the subject of one run: its rules, and the history of every application."""

    rules: Rules
    histories: tuple[History, ...]
