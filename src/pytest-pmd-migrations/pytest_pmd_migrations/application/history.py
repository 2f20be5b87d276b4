"""Gather what a check asks about: an application, its store, and the rules of the run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.fresh import FreshDatabases
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.limits.step_limits import StepLimits, Stopped
from pytest_pmd_migrations.schema import Schema, SchemaDiff
from pytest_pmd_migrations.snapshots.names import FRESH, Start

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

    @cached_property
    def _limits_met(self) -> dict[object, Stopped]:
        """The runs that met a limit: no other database waits for them again."""
        return {}

    @cached_property
    def fresh(self) -> FreshDatabases:
        """Fresh databases of this application, each built once."""
        return FreshDatabases(self.application.source, self.step_limits(FRESH))

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
