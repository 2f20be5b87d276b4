"""Hold the rules of a run: what its settings ask of every application alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pytest_pmd_migrations.schema import Schema, SchemaDiff, compare
from pytest_pmd_migrations.schema.values import ORDER

__all__ = ["ColumnOrder", "FaultSet", "Rules"]

ColumnOrder = Literal["fail", "ignore"]
"""Whether a table fails whose columns stand in another order than a fresh one's."""

FaultSet = Literal["default", "full"]
"""Which faults the check ``atomic`` tries: those cheap enough for every run, or all."""


@dataclass(frozen=True)
class Rules:
    """The settings that hold for every application of a run.

    ``ignore_patterns`` are the globs of ``migration_ignore``; ``idempotent`` says that a step run
    a second time must change nothing; ``column_order`` is ``"ignore"`` where the order of columns
    alone is no difference; ``faults`` are those that the check ``atomic`` tries. ``step_timeout``
    are the seconds that a step may go on without progress, ``step_memory`` the megabytes that it
    may take; 0 sets no limit.
    """

    ignore_patterns: tuple[str, ...] = ()
    idempotent: bool = False
    column_order: ColumnOrder = "fail"
    faults: FaultSet = "default"
    step_timeout: float = 60.0
    step_memory: int = 1024

    def visible(self, schema: Schema) -> Schema:
        """Return a schema without the objects that ``migration_ignore`` names."""
        return schema.without(self.ignore_patterns)

    def difference(self, upgraded: Schema, fresh: Schema) -> SchemaDiff:
        """Return how two schemas differ, as far as the rules ask."""
        diff = compare(self.visible(upgraded), self.visible(fresh))
        if self.column_order == "fail":
            return diff
        return SchemaDiff(tuple(found for found in diff.differences if found.part != ORDER))
