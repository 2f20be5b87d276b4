"""Compare one table after the other: kept, renamed, gone; and its columns, kept, moved, gone."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from sqlite3 import DatabaseError
from typing import TYPE_CHECKING

from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.rows.autoincrement import lowered_high_water_marks
from pytest_pmd_migrations.rows.conditions.separating import find_changed, find_lost
from pytest_pmd_migrations.rows.findings import rows_lost, table_gone, values_changed
from pytest_pmd_migrations.rows.gone_columns import GoneColumns
from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.matching.row_matching import ColumnMapping, MatchedRows
from pytest_pmd_migrations.rows.matching.rows_of_tables import RowsOfTables
from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.moved.candidate_columns import UnprovenMove
from pytest_pmd_migrations.rows.moved.declared_moves import Moves, links_of_moves
from pytest_pmd_migrations.rows.moved.found_columns import find_columns, find_in_parents
from pytest_pmd_migrations.rows.moved.found_tables import (
    find_new_tables,
    find_rows_elsewhere,
    same_columns,
)
from pytest_pmd_migrations.rows.moved.repeatable_step import RepeatableStep
from pytest_pmd_migrations.rows.moved.values_elsewhere import find_values_elsewhere
from pytest_pmd_migrations.rows.multiplied_rows import find_multiplied_rows
from pytest_pmd_migrations.rows.row_counts import RowCounts
from pytest_pmd_migrations.rows.rows_report import RowFinding
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

if TYPE_CHECKING:
    from pytest_pmd_migrations.rows.row_tally import RowTally

__all__ = ["TableComparison"]


class TableComparison:
    """Compares the tables of one step one by one, and keeps what it finds.

    ``findings``, ``notes`` and ``lost``, the number of rows that no table has any more, are
    complete after ``run``. Values of columns that ``volatile``
    (globs on "table.column") names may change.
    With ``count``, ``tables`` counts the rows of each other table.
    """

    def __init__(
        self,
        step: RepeatableStep,
        volatile: Sequence[str],
        *,
        count: bool = False,
    ) -> None:
        self.findings: list[RowFinding] = []
        self.notes: list[str] = []
        self.lost = 0
        self._step = step
        self._old, self._new = step.old, step.new
        self._declared = step.old.declared
        self._volatile = [fold(pattern) for pattern in volatile]
        self._renamed: dict[str, str] = {}
        self._columns = GoneColumns(step, self._renamed, self.findings)
        self._rows = RowsOfTables(step.old, step.new, count=count)
        self._tally = _tally(self._old, self._new) if count else None

    @property
    def tables(self) -> tuple[RowCounts, ...]:
        """The rows of each table that the step did not leave alone, counted after ``run``."""
        tally = self._tally
        try:
            return () if tally is None else tuple(tally.counts(self._step.unchanged, self._renamed))
        except DatabaseError:
            # What is damaged is told by the check itself.
            return ()

    def run(self) -> None:
        """Compare every table that had rows."""
        filled = {
            name: table
            for name, table in self._old.tables.items()
            if name not in self._step.unchanged and self._old.count(name)
        }
        kept = {name: t for name, t in filled.items() if (name, "") not in self._declared.dropped}
        gone = [table for name, table in kept.items() if name not in self._new.tables]
        self._renamed, unproven = find_new_tables(self._step, gone)
        self._columns = GoneColumns(self._step, self._renamed, self.findings)
        self._step.plan([(table, self._sought(table)) for table in kept.values()])
        # Of tables that became one, those with more columns choose their rows first.
        for name, table in sorted(filled.items(), key=lambda item: -len(item[1].columns)):
            target = self._renamed.get(name, name)
            if (name, "") in self._declared.dropped:
                self._declared.use("DELETES", name)
                self.lost += self._old.count(name)
                if self._tally is not None:
                    self._tally.drop(name)
            elif target in self._new.tables:
                self._compare_kept(table, target)
            else:
                self._compare_gone(table, unproven[name])
        self.findings.extend(lowered_high_water_marks(self._old, self._new, self._renamed))

    def _compare_kept(self, table: RowTable, target: str) -> None:
        """Compare a table with the one of its name, or its new name."""
        new = self._new.tables[target]
        columns = same_columns(table, new)
        found = find_columns(self._step, table, target, columns, self._sought(table))
        for column, new_column in found.proven.items():
            if new_column.table == target and not new_column.there:
                columns[column] = new_column.column
            else:
                self._columns.use_changes(table, column)
        columns = {c: into for c, into in columns.items() if not self._is_volatile(table, c)}
        self._report(
            table, target, columns, self._rows.match(table, target, columns, self._renamed)
        )
        self.findings += find_multiplied_rows(self._step, table, target, columns, self._volatile)
        for column in self._gone_columns(table, new):
            if fold(column) not in found.proven:
                unproven = found.unproven.get(fold(column))
                self._columns.compare(table, column, unproven, (target, columns))

    def _gone_columns(self, table: RowTable, new: RowTable) -> list[str]:
        if table.contentless or new.contentless:
            return []
        kept = same_columns(table, new)
        gone = (column for column in table.columns if fold(column) not in kept)
        return [column for column in gone if not self._is_volatile(table, column)]

    def _sought(self, table: RowTable) -> list[str]:
        """Return the columns that a table which is still there has no more, with their values."""
        new = self._new.tables.get(self._renamed.get(fold(table.name), fold(table.name)))
        gone = [] if new is None else self._gone_columns(table, new)
        wanted = [column for column in gone if not self._declared.explains(table.name, column)]
        return [column for column in wanted if self._old.has_value(fold(table.name), column)]

    def _is_volatile(self, table: RowTable, column: str) -> bool:
        name = fold(f"{table.name}.{column}")
        return any(fnmatchcase(name, pattern) for pattern in self._volatile)

    def _report(
        self, table: RowTable, target: str, columns: ColumnMapping, matched: MatchedRows
    ) -> None:
        """Report the rows that are gone and the values that are others."""
        name, total = table.name, self._old.count(fold(table.name))
        self.lost += matched.deleted
        if matched.deleted:
            self._declared.use("DELETES", name)
        for column in matched.allowed:
            self._declared.use("CHANGES", name, column)
        for column in matched.emptied:
            self._declared.use("DELETES", name, column)
        if matched.new:
            self.notes.append(f"{name}: {counted(matched.new, 'new row')}")
        lost: Sequence[Row] = ()
        if matched.lost:
            lost, unproven = find_rows_elsewhere(self._step, table, target, columns, matched.lost)
            self.lost += len(lost)
            if lost:
                which = find_lost(self._old, self._new, table, lost, self._step.statements)
                self.findings.append(rows_lost(table, lost, total, which, unproven))
        if self._tally is not None:
            self._tally.match(table, matched, lost)
        by_column: dict[str, list[tuple[Row, Value]]] = {}
        for column, row, value in matched.changed:
            by_column.setdefault(column, []).append((row, value))
        for column, changes in by_column.items():
            own = next(c for c in table.columns if fold(c) == column)
            if (fold(name), column) in self._declared.moves:
                others = [row for row, _ in changes]
                self._columns.compare_moved(table, own, others, (target, columns))
            else:
                # Values that are NULL now need a declaration of their own.
                parts = (
                    [change for change in changes if (change[1] is None) == is_null]
                    for is_null in (False, True)
                )
                said = self._step.statements
                rows = [find_changed(self._old, table, own, p, said) if p else None for p in parts]
                self.findings.append(values_changed(table, own, changes, total, *rows))

    def _compare_gone(self, table: RowTable, unproven: UnprovenMove | None) -> None:
        """Compare a table that went and is no new one: other rows may have its values."""
        rows = self._old.rows(fold(table.name))
        if any(row.deleted for row in rows):
            self._declared.use("DELETES", table.name)
        kept = [row for row in rows if not row.deleted]
        self.lost += len(rows) - len(kept)
        missing = [
            column
            for column in table.columns
            if any(row.values[fold(column)] is not None for row in kept)
            and not self._is_volatile(table, column)
        ]
        wanted = [c for c in missing if not self._declared.explains(table.name, c)]
        found = find_in_parents(self._step, table, wanted, self._renamed)
        said = self._declared.moves
        linking = {name for new_column in found.proven.values() for name in new_column.here}
        for column in found.proven:
            self._columns.use_changes(table, column)
        settled = {*found.proven, *linking, *links_of_moves(table, said, self._renamed)}
        left = [column for column in wanted if fold(column) not in settled]
        elsewhere = find_values_elsewhere(self._step, table, left, self._renamed, said)
        declared = len(wanted) < len(missing)
        is_lost = bool(kept) and not found.proven and not declared
        self.lost += len(kept) if is_lost else 0
        if self._tally is not None:
            lost = rows if is_lost else [row for row in rows if row.deleted]
            self._tally.gone(table, lost, 0 if is_lost else len(kept))
        if is_lost and not _is_traced(table, left, elsewhere):
            self.findings.append(table_gone(table, kept, unproven))
            return
        for column in missing:
            if fold(column) not in settled:
                doubt = found.unproven.get(fold(column))
                self._columns.compare(table, column, doubt, elsewhere=elsewhere)


def _is_traced(table: RowTable, columns: Sequence[str], elsewhere: Moves) -> bool:
    """Return whether values of these columns are elsewhere: ids alone may be those of a log."""
    keys = {fold(name) for name in table.key}
    others = {fold(name) for name in columns} - keys
    return any(name in others or not others for _, name in elsewhere)


def _tally(old: Side, new: Side) -> RowTally:
    # Only a report asks for it.
    from pytest_pmd_migrations.rows.row_tally import RowTally

    return RowTally(old, new)
