"""Compare the values of columns that went: declared as gone or moved, or nowhere found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pytest_pmd_migrations.rows.conditions.separating import find_changed
from pytest_pmd_migrations.rows.findings import column_gone, column_gone_in_part, not_moved
from pytest_pmd_migrations.rows.matching.row_matching import ColumnMapping
from pytest_pmd_migrations.rows.matching.sides import Row
from pytest_pmd_migrations.rows.moved.candidate_columns import UnprovenMove
from pytest_pmd_migrations.rows.moved.declared_moves import Moves, missing_values
from pytest_pmd_migrations.rows.moved.found_columns import find_most_values
from pytest_pmd_migrations.rows.moved.repeatable_step import RepeatableStep
from pytest_pmd_migrations.rows.moved.suggested_moves import likely_target
from pytest_pmd_migrations.rows.moved.values_elsewhere import find_values_elsewhere
from pytest_pmd_migrations.rows.rows_report import RowFinding
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.sources.declared.column_names import spelled_column

__all__ = ["GoneColumns"]

_Beside: TypeAlias = tuple[str, ColumnMapping]
"""The table that has the rows of one that is renamed or kept, and the columns of both."""


class GoneColumns:
    """Compares columns that no row of their table has any more, and adds to ``findings``.

    ``renamed`` maps tables to their new names.
    """

    def __init__(
        self, step: RepeatableStep, renamed: Mapping[str, str], findings: list[RowFinding]
    ) -> None:
        self._step = step
        self._old, self._new = step.old, step.new
        self._declared = step.old.declared
        self._renamed = renamed
        self._findings = findings

    def compare(
        self,
        table: RowTable,
        column: str,
        unproven: UnprovenMove | None,
        beside: _Beside | None = None,
        elsewhere: Moves | None = None,
    ) -> None:
        """Compare a column that went and that is nowhere found; it may be declared.

        ``beside`` are the table that has the rows now, where one has, and the columns of both;
        ``elsewhere`` says where its values are, where that was looked for already.
        """
        owner, name = fold(table.name), fold(column)
        if not self._old.has_value(owner, name):
            return
        if (owner, name) in self._declared.dropped:
            self._declared.use("DELETES", owner, name)
            return
        rows = self._old.rows(owner)
        held = [row for row in rows if not row.deleted and row.values[name] is not None]
        kept = [row for row in held if name not in row.emptied]
        if len(kept) < len(held):
            self._declared.use("DELETES", owner, name)
        if not kept:
            return
        if (owner, name) in self._declared.moves:
            self.compare_moved(table, column, kept, beside)
            return
        found = ""
        if unproven is None:
            found = likely_target(table, kept, column, self._old, self._new, self._renamed)
        doubtful = found or (unproven is not None and not unproven.tried)
        if not doubtful and (
            (unproven is None and beside and self._tell_part(table, column, kept, *beside))
            or self._tell_elsewhere(table, column, kept, unproven, beside, elsewhere)
        ):
            return
        into = [found] if found else []
        self._findings.append(column_gone(table, column, kept, unproven, into))

    def _tell_part(
        self,
        table: RowTable,
        column: str,
        rows: Sequence[Row],
        target: str,
        columns: ColumnMapping,
    ) -> bool:
        """Report which values of a column are gone where most are elsewhere; else return False."""
        most = find_most_values(self._step, table, target, columns, column)
        missing = [row for row in rows if most and id(row) not in most[1]]
        if most is None or not missing:
            return False
        self._report_part(table, column, missing, len(rows), str(most[0]))
        return True

    def _tell_elsewhere(
        self,
        table: RowTable,
        column: str,
        rows: Sequence[Row],
        unproven: UnprovenMove | None,
        beside: _Beside | None,
        elsewhere: Moves | None,
    ) -> bool:
        """Report where the values of a column are, or most of them; else return False."""
        known = self._known_moves(table, beside)
        if elsewhere is None:
            elsewhere = find_values_elsewhere(self._step, table, [column], self._renamed, known)
        owner, name = fold(table.name), fold(column)
        targets = elsewhere.get((owner, name), ())
        if not targets:
            return False
        moves = {**elsewhere, **known}
        missing = missing_values(
            table, rows, name, targets, (self._old, self._new), self._renamed, moves
        )
        if len(missing) * 2 >= len(rows):
            return False
        spelled = [spelled_column(self._new.tables[name].name, into) for name, into in targets]
        if missing:
            self._report_part(table, column, missing, len(rows), *spelled)
        else:
            self._findings.append(column_gone(table, column, rows, unproven, spelled))
        return True

    def _report_part(
        self, table: RowTable, column: str, missing: Sequence[Row], total: int, *targets: str
    ) -> None:
        lost = [(row, None) for row in missing]
        which = find_changed(self._old, table, column, lost, self._step.statements)
        finding = column_gone_in_part(table, column, missing, total, which, *targets)
        self._findings.append(finding)

    def compare_moved(
        self, table: RowTable, column: str, rows: Sequence[Row], beside: _Beside | None
    ) -> None:
        """Compare values with those of the columns that are declared for them.

        ``beside`` are as in ``compare``.
        """
        owner, name = fold(table.name), fold(column)
        targets = self._declared.moves[owner, name]
        kept = [row for row in rows if row.values[name] is not None]
        self._declared.use("MOVES", owner, name)
        self.use_changes(table, name)
        moves = self._known_moves(table, beside)
        missing = missing_values(
            table, kept, name, targets, (self._old, self._new), self._renamed, moves
        )
        if missing:
            spelled = [spelled_column(*target) for target in targets]
            self._findings.append(not_moved(table, column, missing, len(kept), spelled))

    def _known_moves(self, table: RowTable, beside: _Beside | None) -> Moves:
        """Return what is declared as moved, and where the table's columns are that were found."""
        target, columns = beside or ("", {})
        own = {(fold(table.name), column): ((target, into),) for column, into in columns.items()}
        return {**own, **self._declared.moves}

    def use_changes(self, table: RowTable, column: str) -> None:
        """Remember the CHANGES of a column, where they allow that any value is another one."""
        if any(column in row.changed for row in self._old.rows(fold(table.name))):
            self._declared.use("CHANGES", table.name, column)
