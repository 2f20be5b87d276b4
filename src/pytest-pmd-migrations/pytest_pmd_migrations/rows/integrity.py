"""Check the database itself: integrity_check, foreign_key_check, and FTS5's own check."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.rows.evidence import cut_line
from pytest_pmd_migrations.rows.rows_report import RowFinding
from pytest_pmd_migrations.rows.tables import module_of
from pytest_pmd_migrations.schema.reading.catalog import plain_rows

__all__ = ["Strays", "check_integrity", "find_strays", "stray_findings"]

_SHOWN = 3


@dataclass(frozen=True)
class Strays:
    """The rows of a database that point at nothing, counted by table and parent.

    ``tables`` are the names of its tables; ``problem`` says why keys cannot be checked, if so.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    tables: frozenset[str] = frozenset()
    problem: str = ""

    def since(self, before: Strays) -> Counter[tuple[str, str]]:
        """Return those that the database ``before`` did not have.

        A table that was renamed keeps what was wrong with it under its new name.
        """
        gone = (before.counts - self.counts).items()
        spare = sum(count for pair, count in gone if not self.tables.issuperset(pair))
        found = Counter[tuple[str, str]]()
        for pair, count in sorted((self.counts - before.counts).items()):
            taken = 0 if before.tables.issuperset(pair) else min(spare, count)
            spare -= taken
            found[pair] = count - taken
        return +found


def find_strays(conn: sqlite3.Connection) -> Strays:
    """Return what foreign_key_check finds; ``conn`` is read only."""
    with plain_rows(conn):
        rows = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        tables = frozenset(str(name) for (name,) in rows)
        try:
            found = conn.execute("PRAGMA foreign_key_check").fetchall()
        except sqlite3.DatabaseError as error:
            return Strays(tables=tables, problem=str(error))
    return Strays(Counter((str(row[0]), str(row[2])) for row in found), tables)


def check_integrity(
    conn: sqlite3.Connection, image: Image, *, strays: Strays, before: Strays
) -> tuple[RowFinding, ...]:
    """Return what integrity_check, foreign_key_check and FTS5's integrity-check find wrong.

    ``conn`` shows the same as ``image`` and is read only; ``strays`` are its rows that point at
    nothing. Those of the database ``before`` are not found again.
    """
    with plain_rows(conn):
        findings = [*_pages(conn)]
        if strays.problem:
            line = cut_line(strays.problem)
            findings.append(_damage("foreign keys cannot be checked", line))
        findings.extend(stray_findings(strays.since(before)))
        full_text_tables = _full_text(conn)
    if full_text_tables:
        # FTS5's check is written as an INSERT: only a private copy may be given it.
        with closing(image.connect()) as copy:
            findings.extend(_broken_full_text_indexes(copy, full_text_tables))
    return tuple(findings)


def _pages(conn: sqlite3.Connection) -> Iterator[RowFinding]:
    try:
        rows = [str(row[0]) for row in conn.execute("PRAGMA integrity_check(4)")]
    except sqlite3.DatabaseError as error:
        rows = [str(error)]
    if rows != ["ok"]:
        lines = tuple(cut_line(line) for row in rows[:_SHOWN] for line in row.splitlines()[:_SHOWN])
        yield _damage("integrity_check finds the file broken", *lines)


def _damage(message: str, *lines: str) -> RowFinding:
    """Return a finding about the whole database."""
    return RowFinding("", None, message, lines, kind=message)


def stray_findings(counts: Counter[tuple[str, str]]) -> Iterator[RowFinding]:
    """Yield a finding for each table and parent."""
    for (table, parent), count in sorted(counts.items()):
        noun = "row points" if count == 1 else "rows point"
        message = f"{count} {noun} from {table} at nothing in {parent}"
        yield RowFinding(table, None, message, kind=f"strays of {parent}")


def _full_text(conn: sqlite3.Connection) -> list[str]:
    rows = conn.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%fts5%'"
        " AND name IN (SELECT name FROM pragma_table_list WHERE type = 'virtual')"
    )
    # A table of another module may be called so.
    return [str(name) for name, sql in rows if module_of(str(sql)) == "fts5"]


def _broken_full_text_indexes(
    conn: sqlite3.Connection, names: Sequence[str]
) -> Iterator[RowFinding]:
    for name in names:
        table = quote(name)
        # rank 1 also compares with external content, which rank 0 and integrity_check do not.
        sql = f"INSERT INTO {table}({table}, rank) VALUES ('integrity-check', 1)"
        try:
            conn.execute(sql)
        except sqlite3.OperationalError as error:
            if "no such module" not in str(error):
                yield _broken_index(name, error)
        except sqlite3.DatabaseError as error:
            yield _broken_index(name, error)
        finally:
            conn.rollback()


def _broken_index(name: str, error: sqlite3.DatabaseError) -> RowFinding:
    return RowFinding(
        name,
        None,
        f"the full-text index {name} does not match its content",
        (cut_line(f"FTS5's integrity-check: {error}"),),
        kind="full-text index",
    )
