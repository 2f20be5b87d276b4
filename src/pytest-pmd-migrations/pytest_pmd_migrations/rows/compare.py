"""Compare the rows before and after one step: what is gone, what changed, what was declared.

The idea of confirming a rename by experiment, not by likeness, is that of a controlled trial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from sqlite3 import Connection

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.experiment import try_out
from pytest_pmd_migrations.rows.integrity import check_integrity
from pytest_pmd_migrations.rows.model import RowFinding, RowsReport
from pytest_pmd_migrations.rows.moves import missing_values
from pytest_pmd_migrations.rows.pages import unchanged_rows
from pytest_pmd_migrations.rows.pair import (
    BrokenDeclarationError,
    Row,
    read_old,
    read_side,
)
from pytest_pmd_migrations.rows.survival import Outcome, survive
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.rows.wording import (
    declare_changes,
    declare_deletes,
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
    rerun: Callable[[Connection], None],
    ignore: Sequence[str] = (),
) -> RowsReport:
    """Return what became of every row and value in one step.

    ``rerun`` takes the step again on a connection to a changed copy of ``before``. Tables that
    ``ignore`` (globs) names are left out. The database after the step must be sound, too, and
    ``declarations.verify`` must not raise.
    """
    findings = list(check_integrity(after, before=before))
    notes: list[str] = []
    used: frozenset[str] = frozenset()
    if not unchanged_rows(before.content, after.content):
        try:
            comparison = _Comparison(before, after, declarations, rerun, ignore)
        except BrokenDeclarationError as error:
            findings.append(
                RowFinding(error.name, None, "a declaration cannot be read", (str(error)[:70],))
            )
        else:
            comparison.run()
            findings.extend(comparison.findings)
            notes.extend(comparison.notes)
            used = frozenset(comparison.used)
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
            yield RowFinding(
                "", None, "verify(before, after) raised", (f"{type(error).__name__}: {error}",)
            )


class _Comparison:
    """One step's rows, compared table by table."""

    def __init__(
        self,
        before: Image,
        after: Image,
        declarations: Declarations,
        rerun: Callable[[Connection], None],
        ignore: Sequence[str],
    ) -> None:
        self.findings: list[RowFinding] = []
        self.notes: list[str] = []
        self.used: set[str] = set()
        self._before = before
        self._rerun = rerun
        self._ignore = ignore
        self._old = read_old(before, declarations, ignore=ignore)
        self._new = read_side(after, ignore=ignore)
        self._deletes = {name.lower(): c for name, c in declarations.deletes.items()}
        self._delete_names = {name.lower(): name for name in declarations.deletes}
        self._moves = {name.lower(): target for name, target in declarations.moves.items()}
        self._declared = declarations
        self._renamed: dict[str, str] = {}

    def run(self) -> None:
        """Compare every table that had rows."""
        gone = [name for name in self._old.tables if name not in self._new.tables]
        for name in gone:
            target = self._find_renamed(name)
            if target:
                self._renamed[name] = target
        for name, table in self._old.tables.items():
            if not self._old.rows[name]:
                continue
            if self._is_declared_whole(name):
                self._use("DELETES", name)
            elif name in self._new.tables:
                self._compare_kept(table, name)
            elif name in self._renamed:
                self._compare_kept(table, self._renamed[name])
            else:
                self._compare_gone(table)
        self._compare_marks()

    def _use(self, kind: str, name: str) -> None:
        """Remember a declaration that a row needed, by the name it was declared under."""
        declared = {
            "DELETES": self._declared.deletes,
            "CHANGES": self._declared.changes,
            "MOVES": self._declared.moves,
        }[kind]
        own = next((found for found in declared if found.lower() == name.lower()), name)
        self.used.add(f"{kind} {own}")

    def _is_declared_whole(self, name: str) -> bool:
        condition = self._deletes.get(name)
        return condition is not None and condition.sql == WHOLE

    def _compare_kept(self, table: RowTable, target: str) -> None:
        """Compare a table with the one of its name, or its new name."""
        new = self._new.tables[target]
        rows, others = self._old.rows[table.name.lower()], self._new.rows[target]
        if table.contentless or new.contentless:
            columns: dict[str, str] = {}
        else:
            there = {name.lower() for name in (*new.columns, *new.generated)}
            columns = {c.lower(): c.lower() for c in table.columns if c.lower() in there}
            gone = [c for c in table.columns if c.lower() not in there]
            columns.update(self._find_columns(table, new, target, columns, gone))
        self._report(table, survive(table, rows, new, others, columns))
        for column in (c for c in table.columns if c.lower() not in columns):
            if not table.contentless and not new.contentless:
                self._compare_gone_column(table, column, rows)

    def _report(self, table: RowTable, outcome: Outcome) -> None:
        name = table.name
        total = len(self._old.rows[name.lower()])
        if outcome.deleted:
            self._use("DELETES", name)
        for column in outcome.excused:
            self._use("CHANGES", f"{name}.{column}")
        if outcome.new:
            self.notes.append(f"{name}: {counted(outcome.new, 'new row')}")
        if outcome.lost:
            shown = [f"gone: {show_row(table, row)}" for row in outcome.lost[:_SHOWN]]
            message = f"{name} lost {len(outcome.lost)} of {counted(total, 'row')}"
            evidence = (*shown, *declare_deletes(name))
            self.findings.append(RowFinding(name, None, message, evidence))
        by_column: dict[str, list[tuple[Row, str]]] = {}
        for column, row, value in outcome.changed:
            text = f"{show_value(row.values[column])}, now {show_value(value)}"
            by_column.setdefault(column, []).append((row, text))
        for column, changes in by_column.items():
            own = next(c for c in (*table.columns, *table.generated) if c.lower() == column)
            shown = [_changed_line(table, row, text) for row, text in changes[:_SHOWN]]
            message = f"{name}.{own} changed in {len(changes)} of {counted(total, 'row')}"
            evidence = (*shown, *declare_changes(f"{name}.{own}"))
            self.findings.append(RowFinding(name, own, message, evidence))

    def _find_columns(
        self,
        table: RowTable,
        new: RowTable,
        target: str,
        columns: dict[str, str],
        gone: Sequence[str],
    ) -> dict[str, str]:
        """Return where columns that went are found: new columns that follow their values."""
        known = {name.lower() for name in (*table.columns, *table.generated)}
        fresh = [c.lower() for c in (*new.columns, *new.generated) if c.lower() not in known]
        found: dict[str, str] = {}
        for column in gone:
            lower = column.lower()
            if f"{table.name}.{column}".lower() in (*self._deletes, *self._moves):
                continue
            if all(row.values[lower] is None for row in self._old.rows[table.name.lower()]):
                continue
            for candidate in fresh:
                if candidate in found.values():
                    continue
                mapping = {**columns, lower: candidate}
                if self._holds(table, new, target, mapping) and self._follows(
                    table, target, mapping, [column]
                ):
                    found[lower] = candidate
                    break
        return found

    def _holds(self, table: RowTable, new: RowTable, target: str, mapping: dict[str, str]) -> bool:
        """Return whether every row is found under the mapping."""
        rows, others = self._old.rows[table.name.lower()], self._new.rows[target]
        outcome = survive(table, rows, new, others, mapping)
        wanted = set(mapping)
        return not outcome.lost and not [c for c in outcome.changed if c[0] in wanted]

    def _follows(
        self, table: RowTable, target: str, mapping: dict[str, str], columns: Sequence[str]
    ) -> bool:
        """Return whether the new columns follow when the old values are replaced."""
        tried = try_out(self._before, table, columns, self._rerun, ignore=self._ignore)
        if tried is None:
            self.notes.append(
                f"{table.name}: where {', '.join(columns)} went cannot be tried out, because the"
                " step accepts no other values; declare it in MOVES"
            )
            return False
        old, new = tried
        if target not in new.tables:
            return False
        outcome = survive(
            old.tables[table.name.lower()],
            old.rows[table.name.lower()],
            new.tables[target],
            new.rows[target],
            mapping,
        )
        tested = {column.lower() for column in columns}
        return not outcome.lost and not [c for c in outcome.changed if c[0] in tested]

    def _find_renamed(self, name: str) -> str:
        """Return the new table that holds a gone table's rows, empty when there is none."""
        table, rows = self._old.tables[name], self._old.rows[name]
        if not rows or self._is_declared_whole(name) or table.contentless:
            return ""
        declared = {
            key.partition(".")[2]
            for key in (*self._deletes, *self._moves)
            if key.partition(".")[0] == name and "." in key
        }
        best: tuple[int, str] | None = None
        for target, new in self._new.tables.items():
            if target in self._old.tables or target in self._renamed.values():
                continue
            there = {c.lower() for c in (*new.columns, *new.generated)}
            same = {c.lower(): c.lower() for c in table.columns if c.lower() in there}
            missing = [
                c for c in table.columns if c.lower() not in there and c.lower() not in declared
            ]
            mapping = {**same, **self._guess(table, new, target, same, missing)}
            if not mapping or not self._holds(table, new, target, mapping):
                continue
            unmatched = len(table.columns) - len(mapping)
            if best is None or unmatched < best[0]:
                tried = self._test_columns(table, mapping)
                if not tried or self._follows(table, target, mapping, tried):
                    best = unmatched, target
        return best[1] if best else ""

    def _guess(
        self,
        table: RowTable,
        new: RowTable,
        target: str,
        same: dict[str, str],
        missing: Sequence[str],
    ) -> dict[str, str]:
        """Return the columns under other names that hold the same values."""
        found: dict[str, str] = {}
        free = [c.lower() for c in new.columns if c.lower() not in same]
        for column in missing:
            for candidate in free:
                mapping = {**same, **found, column.lower(): candidate}
                if candidate not in found.values() and self._holds(table, new, target, mapping):
                    found[column.lower()] = candidate
                    break
        return found

    def _test_columns(self, table: RowTable, mapping: dict[str, str]) -> list[str]:
        """Return the columns to replace: not those that keys rest on, where there are others."""
        bound = {c.lower() for c in table.key}
        bound.update(c.lower() for key in table.foreign_keys for c in key.columns)
        mapped = [c for c in table.columns if c.lower() in mapping]
        free = [c for c in mapped if c.lower() not in bound]
        linked = {c.lower() for key in table.foreign_keys for c in key.columns}
        return free or [c for c in mapped if c.lower() not in linked]

    def _compare_gone(self, table: RowTable) -> None:
        """Compare a table that went and that no new one holds: another may have its rows."""
        name = table.name.lower()
        rows = self._old.rows[name]
        if any(row.deleted for row in rows):
            self._use("DELETES", table.name)
        kept = [row for row in rows if not row.deleted]
        if not kept:
            return
        missing = [
            c for c in table.columns if any(row.values[c.lower()] is not None for row in kept)
        ]
        folded = self._find_folded(table, kept, missing)
        accounted = folded | self._linking(table)
        left = [c for c in missing if c.lower() not in accounted and not self._has_word(table, c)]
        if (
            left
            and not folded
            and len(left) == len([c for c in missing if c.lower() not in self._linking(table)])
        ):
            shown = [f"gone: {show_row(table, row)}" for row in kept[:_SHOWN]]
            message = f"table {table.name} is gone with {counted(len(kept), 'row')}"
            evidence = (*shown, *declare_deletes(table.name, WHOLE))
            self.findings.append(RowFinding(table.name, None, message, evidence))
            return
        for column in missing:
            if column.lower() not in accounted:
                self._compare_gone_column(table, column, kept)

    def _has_word(self, table: RowTable, column: str) -> bool:
        return f"{table.name}.{column}".lower() in (*self._deletes, *self._moves)

    def _linking(self, table: RowTable) -> set[str]:
        """Return the columns of foreign keys: they named the row that values were folded into."""
        moved = [key for key in self._moves if key.startswith(f"{table.name.lower()}.")]
        targets = {self._moves[key].lower().partition(".")[0] for key in moved}
        targets.update(self._folded_into.get(table.name.lower(), ()))
        return {
            column.lower()
            for key in table.foreign_keys
            if self._renamed.get(key.parent.lower(), key.parent.lower()) in targets
            for column in key.columns
        }

    @property
    def _folded_into(self) -> dict[str, set[str]]:
        return self.__dict__.setdefault("_folded", {})  # type: ignore[no-any-return]  # its own

    def _find_folded(
        self, table: RowTable, kept: Sequence[Row], missing: Sequence[str]
    ) -> set[str]:
        """Return the columns whose values stand in new columns of a row that a key names."""
        found: dict[str, str] = {}
        for key in table.foreign_keys:
            parent = self._renamed.get(key.parent.lower(), key.parent.lower())
            if parent not in self._new.tables:
                continue
            was = self._old.tables.get(key.parent.lower())
            known = {c.lower() for c in was.columns} if was else set()
            new = self._new.tables[parent]
            target = tuple(c.lower() for c in (key.target or new.key))
            link = dict(zip((c.lower() for c in key.columns), target, strict=False))
            fresh = [c.lower() for c in new.columns if c.lower() not in known]
            for column in missing:
                lower = column.lower()
                if lower in link or lower in found or self._has_word(table, column):
                    continue
                # The name is tried first: several columns may hold the same values.
                for candidate in sorted(fresh, key=lambda name: name != lower):
                    if candidate in found.values():
                        continue
                    if self._stands_at(kept, self._new.rows[parent], link, lower, candidate):
                        found[lower] = candidate
                        break
            if found and self._folding_follows(table, parent, link, found):
                self._folded_into.setdefault(table.name.lower(), set()).add(parent)
                return set(found)
            found = {}
        return set()

    @staticmethod
    def _stands_at(
        rows: Sequence[Row],
        others: Sequence[Row],
        link: dict[str, str],
        column: str,
        candidate: str,
    ) -> bool:
        by_key = {tuple(row.values[c] for c in link.values()): row for row in others}
        for row in rows:
            match = by_key.get(tuple(row.values[c] for c in link))
            if match is None or match.values[candidate] != row.values[column]:
                return False
        return True

    def _folding_follows(
        self, table: RowTable, parent: str, link: dict[str, str], found: dict[str, str]
    ) -> bool:
        own = [c for c in table.columns if c.lower() in found]
        tried = try_out(self._before, table, own, self._rerun, ignore=self._ignore)
        if tried is None or parent not in tried[1].tables:
            return False
        old, new = tried
        deleted = {
            tuple(row.values[c] for c in link)
            for row in self._old.rows[table.name.lower()]
            if row.deleted
        }
        kept = [
            row
            for row in old.rows[table.name.lower()]
            if tuple(row.values[c] for c in link) not in deleted
        ]
        return all(
            self._stands_at(kept, new.rows[parent], link, column, candidate)
            for column, candidate in found.items()
        )

    def _compare_gone_column(self, table: RowTable, column: str, rows: Sequence[Row]) -> None:
        """Compare a column that went and that no new one follows; it may be declared."""
        lower, name = column.lower(), f"{table.name}.{column}"
        kept = [row for row in rows if not row.deleted and row.values[lower] is not None]
        if not kept:
            return
        condition = self._deletes.get(name.lower())
        if condition is not None and condition.sql == WHOLE:
            self._use("DELETES", name)
            return
        evidence: Sequence[str] = declare_deletes(name, WHOLE)
        target = self._moves.get(name.lower())
        if target is None:
            message = f"{name} is gone with {counted(len(kept), 'value')}"
            shown = [f"gone: {show_row(table, row)}" for row in kept[:_SHOWN]]
            self.findings.append(RowFinding(table.name, column, message, (*shown, *evidence)))
            return
        self._use("MOVES", name)
        missing = missing_values(table, kept, lower, target, self._new, self._renamed)
        if any(lower in row.changed for row in kept):
            self._use("CHANGES", name)
        if missing:
            shown = [f"not found: {show_value(row.values[lower])}" for row in missing[:_SHOWN]]
            message = f"{len(missing)} of {counted(len(kept), 'value')} of {name} did not move"
            evidence = (*shown, f"declared: MOVES to {target}")
            self.findings.append(RowFinding(table.name, column, message, evidence))

    def _compare_marks(self) -> None:
        """Find tables that would give out an id a second time."""
        for name, mark in self._old.marks.items():
            target = self._renamed.get(name, name)
            if name not in self._old.tables or target not in self._new.counting:
                continue
            now = self._new.marks.get(target, 0)
            if now < mark:
                table = self._old.tables[name].name
                self.findings.append(
                    RowFinding(
                        table,
                        None,
                        f"{table} would give out ids again",
                        (
                            f"AUTOINCREMENT mark {mark} before the step, {now} after it",
                            "copy it: UPDATE sqlite_sequence SET seq = ... WHERE name = ...",
                        ),
                    )
                )


def _changed_line(table: RowTable, row: Row, text: str) -> str:
    names = islice((name for name in table.key if name), 2)
    key = ", ".join(f"{name} {show_value(row.values[name.lower()])}" for name in names)
    place = key or (f"rowid {row.place!r}" if row.place is not None else "a row")
    return f"{place}: {text}"[:70]
