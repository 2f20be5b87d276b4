"""Hold the rules of a run: what its settings ask of every application alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pytest_pmd_migrations.rows import volatile_setting
from pytest_pmd_migrations.schema import Schema, SchemaDiff, compare
from pytest_pmd_migrations.schema.values import ORDER, matches_any

__all__ = ["ColumnOrder", "FaultSet", "Rules"]

ColumnOrder = Literal["fail", "ignore"]
"""Whether a table fails whose columns stand in another order than a fresh one's."""

FaultSet = Literal["default", "full"]
"""Which faults the check ``atomic`` tries: those cheap enough for every run, or all."""


@dataclass(frozen=True)
class Rules:
    """The settings that hold for every application of a run.

    ``ignore_patterns`` are the globs of ``migration_ignore``, ``volatile_patterns`` those of
    ``migration_volatile`` (on ``"table.column"``); ``idempotent`` says that a step run
    a second time must change nothing; ``column_order`` is ``"ignore"`` where the order of columns
    alone is no difference; ``faults`` are those that the check ``atomic`` tries. ``step_timeout``
    are the seconds that a step may go on without progress, ``step_memory`` the megabytes that it
    may take; 0 sets no limit. ``share`` lets lineages that meet take their steps together;
    ``down`` asks whether each migration can be taken back.
    """

    ignore_patterns: tuple[str, ...] = ()
    volatile_patterns: tuple[str, ...] = ()
    idempotent: bool = False
    column_order: ColumnOrder = "fail"
    faults: FaultSet = "default"
    step_timeout: float = 60.0
    step_memory: int = 1024
    share: bool = True
    down: bool = False

    def besides(self, bookkeeping: Sequence[str]) -> Rules:
        """Return the rules for an application whose runner keeps such tables: they are hidden."""
        if not bookkeeping:
            return self
        return replace(self, ignore_patterns=(*bookkeeping, *self.ignore_patterns))

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
