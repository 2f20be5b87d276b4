"""Compare the rows before and after one step: what is gone, what changed, what was declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.experiment import Rerun
from pytest_pmd_migrations.rows.integrity import check_integrity
from pytest_pmd_migrations.rows.model import RowFinding, RowsReport
from pytest_pmd_migrations.rows.moves import missing_values
from pytest_pmd_migrations.rows.pages import unchanged_rows
from pytest_pmd_migrations.rows.pair import BrokenDeclarationError, Row, read_old, read_side
from pytest_pmd_migrations.rows.search import Doubt, Search, same_columns
from pytest_pmd_migrations.rows.sequences import marks_set_back
from pytest_pmd_migrations.rows.survival import Outcome, survive
from pytest_pmd_migrations.rows.tables import RowTable, Value
from pytest_pmd_migrations.rows.wording import (
    declare_changes,
    declare_deletes,
    declare_moves,
    show_change,
    show_row,
    show_value,
)
from pytest_pmd_migrations.sources.declarations import WHOLE, Declarations
from pytest_pmd_migrations.wording import counted

__all__ = ["compare_rows"]

_SHOWN = 3


def compare_rows(
    before: Image,
    after: Image,
    *,
    declarations: Declarations,
    rerun: Rerun,
    ignore: Sequence[str] = (),
) -> RowsReport:
    """Return what became of every row and value in one step.

    ``rerun`` takes the step again on a connection to a changed copy of ``before``. Tables that
    ``ignore`` (globs) names are left out. The database after the step must be sound, too, and
    ``declarations.verify`` must not raise.
    """
    findings = list(check_integrity(after, before=before))
    notes: tuple[str, ...] = ()
    used: frozenset[str] = frozenset()
    if not unchanged_rows(before.content, after.content):
        try:
            old = read_old(before, declarations, ignore=ignore)
        except BrokenDeclarationError as error:
            findings.append(error.finding())
        else:
            new = read_side(after, ignore=ignore)
            search = Search(before, old, new, declarations, rerun, ignore)
            comparison = _Comparison(search)
            comparison.run()
            findings.extend(comparison.findings)
            notes = tuple(comparison.notes)
            used = frozenset(comparison.used)
    findings.extend(_verify(before, after, declarations))
    return RowsReport(tuple(findings), notes, used)


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
            line = f"{type(error).__name__}: {error}"[:70]
            yield RowFinding("", None, "verify(before, after) raised", (line,))


class _Comparison:
    """One step's rows, compared table by table."""

    def __init__(self, search: Search) -> None:
        self.findings: list[RowFinding] = []
        self.notes: list[str] = []
        self.used: set[str] = set()
        self._search = search
        self._old, self._new = search.old, search.new
        self._declared = search.declarations
        self._deletes = {name.lower(): c.sql for name, c in self._declared.deletes.items()}
        self._moves = {name.lower(): target for name, target in self._declared.moves.items()}
        self._renamed: dict[str, str] = {}

    def run(self) -> None:
        """Compare every table that had rows."""
        doubts: dict[str, Doubt | None] = {}
        for name, table in self._old.tables.items():
            rows = self._old.rows[name]
            if rows and name not in self._new.tables and self._deletes.get(name) != WHOLE:
                holder, doubts[name] = self._search.find_holder(table)
                if holder:
                    self._renamed[name] = holder
        for name, table in self._old.tables.items():
            if not self._old.rows[name]:
                continue
            target = self._renamed.get(name, name)
            if self._deletes.get(name) == WHOLE:
                self._use("DELETES", name)
            elif target in self._new.tables:
                self._compare_kept(table, target)
            else:
                self._compare_gone(table, doubts[name])
        self.findings.extend(marks_set_back(self._old, self._new, self._renamed))

    def _use(self, kind: str, name: str) -> None:
        """Remember a declaration that a row needed, by the name it was declared under."""
        declared = {
            "DELETES": self._declared.deletes,
            "CHANGES": self._declared.changes,
            "MOVES": self._declared.moves,
        }[kind]
        self.used.update(f"{kind} {own}" for own in declared if own.lower() == name.lower())

    def _compare_kept(self, table: RowTable, target: str) -> None:
        """Compare a table with the one of its name, or its new name."""
        new = self._new.tables[target]
        rows, others = self._old.rows[table.name.lower()], self._new.rows[target]
        columns = same_columns(table, new)
        gone = () if table.contentless or new.contentless else table.columns
        gone = tuple(c for c in gone if c.lower() not in columns)
        wanted = [c for c in gone if not self._search.is_declared(table.name, c)]
        found = self._search.find_columns(table, target, columns, wanted)
        for column, place in found.places.items():
            if place.table == target and not place.there:
                columns[column] = place.column
            else:
                self._use_changes(table, column)
        self._report(table, survive(table, rows, new, others, columns))
        for column in gone:
            if column.lower() not in found.places:
                doubt = found.doubts.get(column.lower())
                self._compare_gone_column(table, column, rows, doubt)

    def _report(self, table: RowTable, outcome: Outcome) -> None:
        """Report the rows that are gone and the values that are others."""
        name = table.name
        total = counted(len(self._old.rows[name.lower()]), "row")
        if outcome.deleted:
            self._use("DELETES", name)
        for column in outcome.excused:
            self._use("CHANGES", f"{name}.{column}")
        if outcome.new:
            self.notes.append(f"{name}: {counted(outcome.new, 'new row')}")
        if outcome.lost:
            shown = [f"gone: {show_row(table, row)}"[:70] for row in outcome.lost[:_SHOWN]]
            evidence = (*shown, *declare_deletes(name))
            message = f"{name} lost {len(outcome.lost)} of {total}"
            self.findings.append(RowFinding(name, None, message, evidence))
        by_column: dict[str, list[tuple[Row, Value]]] = {}
        for column, row, value in outcome.changed:
            by_column.setdefault(column, []).append((row, value))
        for column, changes in by_column.items():
            own = next(c for c in table.columns if c.lower() == column)
            if f"{name}.{own}".lower() in self._moves:
                self._compare_moved(table, own, [row for row, _ in changes])
                continue
            shown = [show_change(table, row, column, value) for row, value in changes[:_SHOWN]]
            evidence = (*shown, *declare_changes(f"{name}.{own}"))
            message = f"{name}.{own} changed in {len(changes)} of {total}"
            self.findings.append(RowFinding(name, own, message, evidence))

    def _compare_gone(self, table: RowTable, doubt: Doubt | None) -> None:
        """Compare a table that went and that no new one holds: other rows may have its values."""
        rows = self._old.rows[table.name.lower()]
        if any(row.deleted for row in rows):
            self._use("DELETES", table.name)
        kept = [row for row in rows if not row.deleted]
        missing = [
            c for c in table.columns if any(row.values[c.lower()] is not None for row in kept)
        ]
        wanted = [c for c in missing if not self._search.is_declared(table.name, c)]
        found = self._search.find_in_parents(table, wanted, self._renamed)
        linking = {name for place in found.places.values() for name in place.here}
        linking |= self._links_of_moves(table)
        open_columns = [c for c in missing if c.lower() not in {*found.places, *linking}]
        for column in found.places:
            self._use_changes(table, column)
        declared = any(self._search.is_declared(table.name, c) for c in missing)
        if kept and not found.places and not declared:
            shown = [f"gone: {show_row(table, row)}"[:70] for row in kept[:_SHOWN]]
            evidence = (*shown, *_explain(doubt), *declare_deletes(table.name, WHOLE))
            message = f"table {table.name} is gone with {counted(len(kept), 'row')}"
            self.findings.append(RowFinding(table.name, None, message, evidence))
            return
        for column in open_columns:
            self._compare_gone_column(table, column, kept, found.doubts.get(column.lower()))

    def _links_of_moves(self, table: RowTable) -> set[str]:
        """Return the foreign keys' columns that name the rows which values moved into."""
        targets = {
            target.lower().partition(".")[0]
            for name, target in self._moves.items()
            if name.partition(".")[0] == table.name.lower()
        }
        return {
            column.lower()
            for key in table.foreign_keys
            if self._renamed.get(key.parent.lower(), key.parent.lower()) in targets
            for column in key.columns
        }

    def _compare_gone_column(
        self, table: RowTable, column: str, rows: Sequence[Row], doubt: Doubt | None
    ) -> None:
        """Compare a column that went and that is nowhere found; it may be declared."""
        lower, name = column.lower(), f"{table.name}.{column}"
        kept = [row for row in rows if not row.deleted and row.values[lower] is not None]
        if not kept:
            return
        if self._deletes.get(name.lower()) == WHOLE:
            self._use("DELETES", name)
        elif name.lower() in self._moves:
            self._compare_moved(table, column, kept)
        else:
            shown = [f"gone: {show_row(table, row)}"[:70] for row in kept[:_SHOWN]]
            declare = (
                declare_moves(name, doubt.place)
                if doubt is not None and not doubt.tried
                else declare_deletes(name, WHOLE)
            )
            message = f"{name} is gone with {counted(len(kept), 'value')}"
            evidence = (*shown, *_explain(doubt), *declare)
            self.findings.append(RowFinding(table.name, column, message, evidence))

    def _compare_moved(self, table: RowTable, column: str, rows: Sequence[Row]) -> None:
        """Compare values with the place that is declared for them."""
        lower, name = column.lower(), f"{table.name}.{column}"
        target = self._moves[name.lower()]
        kept = [row for row in rows if row.values[lower] is not None]
        self._use("MOVES", name)
        self._use_changes(table, lower)
        missing = missing_values(table, kept, lower, target, self._new, self._renamed)
        if missing:
            shown = [f"not found: {show_value(row.values[lower])}" for row in missing[:_SHOWN]]
            message = f"{len(missing)} of {counted(len(kept), 'value')} of {name} did not move"
            evidence = (*shown, f"declared: MOVES to {target}")
            self.findings.append(RowFinding(table.name, column, message, evidence))

    def _use_changes(self, table: RowTable, column: str) -> None:
        if any(column in row.changed for row in self._old.rows[table.name.lower()]):
            self._use("CHANGES", f"{table.name}.{column}")


def _explain(doubt: Doubt | None) -> Sequence[str]:
    """Return the line that says why a place that looks right does not count."""
    if doubt is None:
        return ()
    if doubt.tried:
        return (f"{doubt.place} is equal by coincidence: it follows no other values"[:70],)
    return (f"{doubt.place} is equal, but the step takes no others to prove it"[:70],)
