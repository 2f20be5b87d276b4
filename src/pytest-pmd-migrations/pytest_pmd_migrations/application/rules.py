"""Hold the rules of a run: what its settings ask of every application alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from pytest_pmd_migrations.application.budget import Budget
from pytest_pmd_migrations.rows import volatile_setting
from pytest_pmd_migrations.schema import Schema, SchemaDiff, compare
from pytest_pmd_migrations.schema.name_globs import matches_any
from pytest_pmd_migrations.schema.values import ORDER

__all__ = ["ColumnOrder", "FaultSet", "Rules"]

ColumnOrder = Literal["fail", "ignore"]
"""Whether a table fails whose columns stand in another order than a fresh one's."""

FaultSet = Literal["default", "full"]
"""Which faults the check ``atomic`` tries: those cheap enough for every run, or all."""


class Rules(NamedTuple):
    """The settings that hold for every application of a run.

    ``ignore_patterns`` are the globs of ``migration_ignore``, ``volatile_patterns`` those of
    ``migration_volatile`` (on ``"table.column"``); ``foreign_patterns`` are those among the first
    whose tables have rows all the same, as others refer to them; ``idempotent`` says that a step
    run a second time must change nothing; ``column_order`` is ``"ignore"`` where the order of
    columns alone is no difference; ``faults`` are those that the check ``atomic`` tries.
    ``step_timeout`` are the seconds that a step may go on without progress, ``step_memory`` the
    megabytes that it may take; 0 sets no limit. ``share`` lets lineages that meet take their steps
    together; ``down`` asks whether each migration can be taken back; ``budget`` is what one may
    take in a large database. ``count_rows`` says that a report tells what became of each table's
    rows.
    """

    ignore_patterns: tuple[str, ...] = ()
    volatile_patterns: tuple[str, ...] = ()
    foreign_patterns: tuple[str, ...] = ()
    idempotent: bool = False
    column_order: ColumnOrder = "fail"
    faults: FaultSet = "default"
    step_timeout: float = 60.0
    step_memory: int = 1024
    share: bool = True
    down: bool = False
    budget: Budget | None = None
    count_rows: bool = False

    def besides(self, bookkeeping: Sequence[str], foreign: Sequence[str] = ()) -> Rules:
        """Return the rules for an application whose runner keeps such tables: they are hidden.

        So are the ``foreign`` ones, of other packages.
        """
        if not bookkeeping and not foreign:
            return self
        hidden = (*bookkeeping, *foreign, *self.ignore_patterns)
        return self._replace(ignore_patterns=hidden, foreign_patterns=tuple(foreign))

    @property
    def unfilled_patterns(self) -> tuple[str, ...]:
        """The globs on tables for which no rows are generated."""
        return tuple(each for each in self.ignore_patterns if each not in self.foreign_patterns)

    def volatile_line(self, globs: Iterable[str]) -> str:
        """Return the line of settings that adds ``globs`` to ``migration_volatile``."""
        return volatile_setting((*self.volatile_patterns, *globs))

    def visible(self, schema: Schema) -> Schema:
        """Return a schema without the objects that ``migration_ignore`` names."""
        return schema.without(self.ignore_patterns)

    def hides(self, name: str) -> bool:
        """Return whether ``migration_ignore`` names an object of that name."""
        return matches_any(name, self.ignore_patterns)

    def difference(self, upgraded: Schema, fresh: Schema) -> SchemaDiff:
        """Return how two schemas differ, as far as the rules ask."""
        diff = compare(self.visible(upgraded), self.visible(fresh))
        if self.column_order == "fail":
            return diff
        return SchemaDiff(tuple(found for found in diff.differences if found.part != ORDER))
