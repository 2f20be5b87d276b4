"""Count what became of the rows of each table in one step, while its tables are compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.findings import sample_changes, sample_rows
from pytest_pmd_migrations.rows.matching.row_matching import MatchedRows
from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.row_counts import RowCounts
from pytest_pmd_migrations.rows.tables import RowTable, list_tables
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["RowTally", "new_tables"]

_SHOWN = 5


@dataclass
class _Fate:
    """What became of the rows of one table that had some: those that are not as they were."""

    changed: int = 0
    deleted: int = 0
    moved: int = 0
    samples: list[str] = field(default_factory=list)


class RowTally:
    """Hears of each table of a step what became of its rows, and counts the others itself."""

    def __init__(self, old: Side, new: Side) -> None:
        self._old, self._new = old, new
        self._fates: dict[str, _Fate] = {}

    def drop(self, name: str) -> None:
        """Count all rows of a table as deleted, which a declaration lets go as a whole."""
        self._fates[name] = _Fate(deleted=self._old.count(name))

    def match(self, table: RowTable, matched: MatchedRows, lost: Sequence[Row]) -> None:
        """Count the rows of a table that is still there, of whatever name.

        ``lost`` are those that no table has any more.
        """
        gone = [*matched.deleted_samples, *lost]
        self._fates[fold(table.name)] = _Fate(
            changed=matched.differing,
            deleted=matched.deleted + len(lost),
            moved=len(matched.lost) - len(lost),
            samples=[
                *sample_rows(table, gone),
                *sample_changes(table, matched.differing_samples),
            ],
        )

    def gone(self, table: RowTable, deleted: Sequence[Row], moved: int) -> None:
        """Count the rows of a table that is gone: others may have what was in them."""
        samples = [*sample_rows(table, deleted)]
        self._fates[fold(table.name)] = _Fate(deleted=len(deleted), moved=moved, samples=samples)

    def counts(self, unchanged: Collection[str], renamed: Mapping[str, str]) -> Iterator[RowCounts]:
        """Yield what became of each table that the step did not leave as it was."""
        targets = {name: renamed.get(name, name) for name in self._old.tables}
        sources: dict[str, list[str]] = {}
        for name, target in targets.items():
            if name not in unchanged:
                sources.setdefault(target, []).append(name)
        before = {name: self._old.count(name) for names in sources.values() for name in names}
        for target, names in sources.items():
            new = self._new.tables.get(target)
            after = None if new is None else self._new.count(target)
            fates = {name: self._fates.get(name, _Fate()) for name in names}
            stay = {name: before[name] - one.deleted - one.moved for name, one in fates.items()}
            for name, fate in fates.items():
                # Of tables that became one, the first has what was added.
                added = 0 if after is None or name != names[0] else after - sum(stay.values())
                found = RowCounts(
                    self._old.tables[name].name,
                    None if new is None else new.name,
                    before[name],
                    after,
                    stay[name] - fate.changed,
                    fate.changed,
                    fate.deleted,
                    fate.moved,
                    added,
                    tuple(fate.samples[:_SHOWN]),
                )
                if not _is_as_it_was(found):
                    yield found
        for name, table in self._new.tables.items():
            if name not in targets.values() and (count := self._new.count(name)):
                yield RowCounts(table.name, table.name, None, count, added=count)


def new_tables(
    conn: sqlite3.Connection, before: Collection[str], ignore: Sequence[str]
) -> Iterator[RowCounts]:
    """Yield the tables with rows that are not among those of ``before``, which are unchanged."""
    known = {fold(name) for name in before}
    for name, table in list_tables(conn, ignore=ignore).items():
        if name not in known:
            sql = f"SELECT count(*) FROM main.{quote(table.name)}"
            try:
                count = int(conn.execute(sql).fetchone()[0])
            except sqlite3.DatabaseError:
                # What is damaged is told by the check itself.
                continue
            if count:
                yield RowCounts(table.name, table.name, None, count, added=count)


def _is_as_it_was(found: RowCounts) -> bool:
    """Return whether a table's rows are all kept, or there were none and are none."""
    if not found.before and not found.after:
        return True
    return found.name == found.after_name and found.kept == found.before == found.after
