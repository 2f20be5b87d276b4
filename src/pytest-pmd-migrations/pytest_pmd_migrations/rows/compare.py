"""Compare the rows before and after one step: what is gone, what changed, what was declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from fnmatch import fnmatchcase

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.autoincrement import marks_set_back
from pytest_pmd_migrations.rows.changed_pages import unchanged_rows
from pytest_pmd_migrations.rows.declared import BrokenDeclarationError
from pytest_pmd_migrations.rows.findings import (
    column_gone,
    not_moved,
    rows_lost,
    table_gone,
    values_changed,
)
from pytest_pmd_migrations.rows.model import RowFinding, RowsReport, cut
from pytest_pmd_migrations.rows.moved.columns import Doubt
from pytest_pmd_migrations.rows.moved.declared_moves import missing_values
from pytest_pmd_migrations.rows.moved.experiment import Rerun
from pytest_pmd_migrations.rows.moved.search import Search, find_columns, find_in_parents
from pytest_pmd_migrations.rows.moved.tables import find_holder, find_rows, same_columns
from pytest_pmd_migrations.rows.row_matching import Columns, Outcome, survive
from pytest_pmd_migrations.rows.sides import Row, open_sides
from pytest_pmd_migrations.rows.tables import RowTable, Value, unloaded_tables
from pytest_pmd_migrations.rows.unequal_rows import differing_rows
from pytest_pmd_migrations.schema.reading.tokens import fold
from pytest_pmd_migrations.sources.declarations import DeclarationKey, Declarations
from pytest_pmd_migrations.wording import counted

__all__ = ["compare_rows"]


def compare_rows(
    before: Image,
    after: Image,
    *,
    declarations: Declarations,
    rerun: Rerun,
    ignore: Sequence[str] = (),
    volatile: Sequence[str] = (),
) -> RowsReport:
    """Return what became of every row and value in one step.

    ``rerun`` takes the step again on a connection to a changed copy of ``before``. Tables that
    ``ignore`` (globs) names are left out, and so are the values of columns that ``volatile``
    (globs on "table.column") names. ``declarations.verify`` must not raise.
    """
    findings: list[RowFinding] = []
    notes: list[str] = []
    used: frozenset[DeclarationKey] = frozenset()
    if not unchanged_rows(before.content, after.content):
        try:
            with open_sides(before, after, declarations, ignore=ignore) as (old, new):
                search = Search(before, old, new, rerun, ignore)
                comparison = _Comparison(search, volatile)
                comparison.run()
                notes.extend(
                    f"{name}: its module is not loaded, its rows are not compared"
                    for name in unloaded_tables(old.conn, ignore=ignore)
                )
            findings.extend(comparison.findings)
            notes.extend(comparison.notes)
            used = frozenset(old.declared.used)
        except BrokenDeclarationError as error:
            findings.append(error.finding())
    findings.extend(_verify(before, after, declarations))
    return RowsReport(tuple(findings), tuple(notes), used)


def _verify(before: Image, after: Image, declarations: Declarations) -> Iterator[RowFinding]:
    if declarations.verify is None:
        return
    from sqlite_utils import Database

    with closing(before.connect()) as old, closing(after.connect()) as new:
        for conn in (old, new):
            conn.execute("PRAGMA query_only = ON")
        try:
            declarations.verify(
                Database(old, recursive_triggers=False), Database(new, recursive_triggers=False)
            )
        except Exception as error:
            line = cut(f"{type(error).__name__}: {error}")
            yield RowFinding("", None, "verify(before, after) raised", (line,))


class _Comparison:
    """One step's rows, compared table by table."""

    def __init__(self, search: Search, volatile: Sequence[str]) -> None:
        self.findings: list[RowFinding] = []
        self.notes: list[str] = []
        self._search = search
        self._old, self._new = search.old, search.new
        self._declared = search.old.declared
        self._volatile = [fold(pattern) for pattern in volatile]
        self._renamed: dict[str, str] = {}
        self._taken: dict[str, set[int]] = {}

    def run(self) -> None:
        """Compare every table that had rows."""
        full = {name: table for name, table in self._old.tables.items() if self._old.count(name)}
        doubts: dict[str, Doubt | None] = {}
        for name, table in full.items():
            if name not in self._new.tables and (name, "") not in self._declared.dropped:
                holder, doubts[name] = find_holder(self._search, table)
                if holder:
                    self._renamed[name] = holder
        # Of tables that became one, those with more columns choose their rows first.
        for name, table in sorted(full.items(), key=lambda item: -len(item[1].columns)):
            target = self._renamed.get(name, name)
            if (name, "") in self._declared.dropped:
                self._declared.use("DELETES", name)
            elif target in self._new.tables:
                self._compare_kept(table, target)
            else:
                self._compare_gone(table, doubts[name])
        self.findings.extend(marks_set_back(self._old, self._new, self._renamed))

    def _compare_kept(self, table: RowTable, target: str) -> None:
        """Compare a table with the one of its name, or its new name."""
        new = self._new.tables[target]
        columns = same_columns(table, new)
        bare = table.contentless or new.contentless
        gone = [] if bare else [c for c in table.columns if fold(c) not in columns]
        gone = [c for c in gone if not self._is_volatile(table, c)]
        wanted = [c for c in gone if not self._declared.explains(table.name, c)]
        found = find_columns(self._search, table, target, columns, wanted)
        for column, place in found.places.items():
            if place.table == target and not place.there:
                columns[column] = place.column
            else:
                self._use_changes(table, column)
        columns = {c: into for c, into in columns.items() if not self._is_volatile(table, c)}
        self._report(table, target, columns, self._survive(table, target, columns))
        for column in gone:
            if fold(column) not in found.places:
                self._compare_gone_column(table, column, found.doubts.get(fold(column)))

    def _survive(self, table: RowTable, target: str, columns: Columns) -> Outcome:
        new = self._new.tables[target]
        if list(self._renamed.values()).count(target) < 2:
            rows, others = differing_rows(self._old, self._new, table, target, columns)
            return survive(table, rows, new, others, columns)
        # A row of one table does not become the same row as that of another.
        taken = self._taken.setdefault(target, set())
        free = [row for row in self._new.rows(target) if id(row) not in taken]
        outcome = survive(table, self._old.rows(fold(table.name)), new, free, columns)
        taken.update(map(id, outcome.found))
        return outcome

    def _is_volatile(self, table: RowTable, column: str) -> bool:
        name = fold(f"{table.name}.{column}")
        return any(fnmatchcase(name, pattern) for pattern in self._volatile)

    def _report(self, table: RowTable, target: str, columns: Columns, outcome: Outcome) -> None:
        """Report the rows that are gone and the values that are others."""
        name = table.name
        total = self._old.count(fold(name))
        if outcome.deleted:
            self._declared.use("DELETES", name)
        for column in outcome.excused:
            self._declared.use("CHANGES", name, column)
        if outcome.new:
            self.notes.append(f"{name}: {counted(outcome.new, 'new row')}")
        if outcome.lost:
            lost, doubt = find_rows(self._search, table, target, columns, outcome.lost)
            if lost:
                self.findings.append(rows_lost(table, lost, total, doubt))
        by_column: dict[str, list[tuple[Row, Value]]] = {}
        for column, row, value in outcome.changed:
            by_column.setdefault(column, []).append((row, value))
        for column, changes in by_column.items():
            own = next(c for c in table.columns if fold(c) == column)
            if (fold(name), column) in self._declared.moves:
                self._compare_moved(table, own, [row for row, _ in changes])
            else:
                self.findings.append(values_changed(table, own, changes, total))

    def _compare_gone(self, table: RowTable, doubt: Doubt | None) -> None:
        """Compare a table that went and that no new one holds: other rows may have its values."""
        rows = self._old.rows(fold(table.name))
        if any(row.deleted for row in rows):
            self._declared.use("DELETES", table.name)
        kept = [row for row in rows if not row.deleted]
        missing = [
            column
            for column in table.columns
            if any(row.values[fold(column)] is not None for row in kept)
            and not self._is_volatile(table, column)
        ]
        wanted = [c for c in missing if not self._declared.explains(table.name, c)]
        found = find_in_parents(self._search, table, wanted, self._renamed)
        linking = {name for place in found.places.values() for name in place.here}
        linking |= self._links_of_moves(table)
        for column in found.places:
            self._use_changes(table, column)
        declared = any(self._declared.explains(table.name, c) for c in missing)
        if kept and not found.places and not declared:
            self.findings.append(table_gone(table, kept, doubt))
            return
        for column in missing:
            if fold(column) not in {*found.places, *linking}:
                self._compare_gone_column(table, column, found.doubts.get(fold(column)))

    def _links_of_moves(self, table: RowTable) -> set[str]:
        """Return the foreign keys' columns that name the rows which values moved into."""
        moves: Mapping[tuple[str, str], tuple[str, str]] = self._declared.moves
        targets = {into for (owner, _), (into, _) in moves.items() if owner == fold(table.name)}
        return {
            fold(column)
            for key in table.foreign_keys
            if self._renamed.get(fold(key.parent), fold(key.parent)) in targets
            for column in key.columns
        }

    def _compare_gone_column(self, table: RowTable, column: str, doubt: Doubt | None) -> None:
        """Compare a column that went and that is nowhere found; it may be declared."""
        place = fold(table.name), fold(column)
        if not self._old.has_value(*place):
            return
        if place in self._declared.dropped:
            self._declared.use("DELETES", *place)
            return
        rows = self._old.rows(place[0])
        kept = [row for row in rows if not row.deleted and row.values[place[1]] is not None]
        if not kept:
            return
        if place in self._declared.moves:
            self._compare_moved(table, column, kept)
        else:
            self.findings.append(column_gone(table, column, kept, doubt))

    def _compare_moved(self, table: RowTable, column: str, rows: Sequence[Row]) -> None:
        """Compare values with the place that is declared for them."""
        place = fold(table.name), fold(column)
        target = self._declared.moves[place]
        kept = [row for row in rows if row.values[place[1]] is not None]
        self._declared.use("MOVES", *place)
        self._use_changes(table, place[1])
        missing = missing_values(table, kept, place[1], target, self._new, self._renamed)
        if missing:
            finding = not_moved(table, column, missing, len(kept), ".".join(target))
            self.findings.append(finding)

    def _use_changes(self, table: RowTable, column: str) -> None:
        if any(column in row.changed for row in self._old.rows(fold(table.name))):
            self._declared.use("CHANGES", table.name, column)
