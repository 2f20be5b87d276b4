"""Check the database itself: integrity_check, foreign_key_check, and FTS5's own check."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.rows.evidence import cut_line
from pytest_pmd_migrations.rows.rows_report import RowFinding
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.catalog import as_bytes, plain_rows

__all__ = ["Strays", "check_integrity", "find_strays", "stray_findings"]

_SHOWN = 3
_OF_INDEX = re.compile(
    r"(?:row \d+ missing from|wrong # of entries in|row \d+ values differ from) index (?P<name>.+)"
)
_MISMATCH = "foreign key mismatch"
_OF_TABLE = "SELECT * FROM pragma_foreign_key_check(CAST(? AS TEXT), 'main')"


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
    """Return what foreign_key_check finds; ``conn`` is read only.

    Keys that name no table, or no unique key of it, are left out: they are a fault of the schema,
    which the check ``schema`` tells, and their rows can be right.
    """
    with plain_rows(conn):
        rows = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        tables = frozenset(str(name) for (name,) in rows)
        try:
            found = _violations(conn, tables)
        except sqlite3.DatabaseError as error:
            return Strays(tables=tables, problem=str(error))
    there = {fold(name) for name in tables}
    counts = Counter((child, parent) for child, parent in found if fold(parent) in there)
    return Strays(counts, tables)


def _violations(conn: sqlite3.Connection, tables: frozenset[str]) -> list[tuple[str, str]]:
    """Return the table and the parent of each row that points at nothing."""
    try:
        rows = conn.execute("PRAGMA main.foreign_key_check").fetchall()
    except sqlite3.OperationalError as error:
        if _MISMATCH not in str(error):
            raise
        # One key that cannot be checked must not hide what is wrong with those of other tables.
        rows = [row for table in sorted(tables) for row in _violations_of(conn, table)]
    return [(str(row[0]), str(row[2])) for row in rows]


def _violations_of(conn: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    try:
        return conn.execute(_OF_TABLE, (as_bytes(table),)).fetchall()
    except sqlite3.OperationalError as error:
        if _MISMATCH not in str(error):
            raise
        return []


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
        rows = [str(row[0]) for row in conn.execute("PRAGMA main.integrity_check(4)")]
    except sqlite3.DatabaseError as error:
        rows = [str(error)]
    if rows != ["ok"]:
        lines = [cut_line(line) for row in rows[:_SHOWN] for line in row.splitlines()[:_SHOWN]]
        indexes = [_OF_INDEX.fullmatch(row) for row in rows]
        # An index that has other values than its table is whole again once it is built anew.
        anew = sorted({quote(found["name"]) for found in indexes if found})
        if all(indexes):
            lines.extend(cut_line(f"the step can build it anew: REINDEX {name};") for name in anew)
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
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%fts5%'"
        " AND name IN (SELECT name FROM pragma_table_list WHERE type = 'virtual')"
    )
    return [str(name) for (name,) in rows]


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
