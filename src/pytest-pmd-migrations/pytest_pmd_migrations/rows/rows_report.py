"""Define the report of a comparison of rows: findings, notes, the declarations it used."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_pmd_migrations.rows.row_counts import RowCounts
from pytest_pmd_migrations.rows.suggested_declaration import SuggestedDeclaration
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKey

__all__ = ["RowFinding", "RowsReport"]


@dataclass(frozen=True)
class RowFinding:
    """Rows or values that are gone, changed or unsound.

    ``column`` is None where whole rows are concerned; ``message`` is one short sentence,
    ``samples`` lines of at most 70 columns; ``allowed_by`` is the declaration that would allow it,
    where one would, or together with ``also``. ``kind`` says what happened without numbers: two
    findings with the same kind, table and column of one step are the same, whichever rows each was
    seen in.
    """

    table: str
    column: str | None
    message: str
    samples: tuple[str, ...] = ()
    allowed_by: SuggestedDeclaration | None = None
    kind: str = field(kw_only=True)
    also: SuggestedDeclaration | None = field(default=None, kw_only=True)

    @property
    def declarable(self) -> tuple[SuggestedDeclaration, ...]:
        """The declarations that would allow it, all together."""
        return tuple(one for one in (self.allowed_by, self.also) if one is not None)

    @property
    def evidence(self) -> tuple[str, ...]:
        """The samples, and the declaration as a migration's module writes it."""
        return self.evidence_lines()

    def evidence_lines(self, toml_table: str = "") -> tuple[str, ...]:
        """Return the same with the declaration in TOML, below that table, where one is named."""
        suggested = [one.lines(toml_table) for one in self.declarable]
        # The sentence before them is said once.
        lines = (line for number, one in enumerate(suggested) for line in one[number > 0 :])
        return (*self.samples, *lines)


@dataclass(frozen=True)
class RowsReport:
    """Tells what became of the rows in one step.

    ``notes`` are no faults (new rows, tables that cannot be read); ``used`` are the declarations
    that some row needed. ``lost`` counts the rows that no table has any more, declared or not; it
    is None where a declaration cannot be read, and so the rows were not compared. ``tables`` counts
    the rows of each table that the step did not leave alone, where somebody asks for it.
    """

    findings: tuple[RowFinding, ...] = ()
    notes: tuple[str, ...] = ()
    used: frozenset[DeclarationKey] = frozenset()
    lost: int | None = 0
    tables: tuple[RowCounts, ...] = field(default=(), compare=False)
