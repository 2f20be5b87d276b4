"""Is the file itself sound: SQLite's own checks, and those of full-text indexes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.model import RowFinding
from pytest_pmd_migrations.rows.tables import quote

__all__ = ["check_integrity"]

_SHOWN = 3


def check_integrity(image: Image, *, before: Image | None = None) -> tuple[RowFinding, ...]:
    """Return what integrity_check, foreign_key_check and FTS5's integrity-check find wrong.

    Rows that pointed at nothing in the database ``before`` already are not found again. Works on
    private copies: FTS5's check is written as an INSERT.
    """
    known = Counter[tuple[str, str]]()
    names: frozenset[str] = frozenset()
    if before is not None:
        with closing(before.connect()) as conn:
            known, names = _violations(conn), _tables(conn)
    with closing(image.connect()) as conn:
        return (*_pages(conn), *_foreign_keys(conn, known, names), *_full_text(conn))


def _pages(conn: sqlite3.Connection) -> Iterator[RowFinding]:
    try:
        rows = [str(row[0]) for row in conn.execute("PRAGMA integrity_check(4)")]
    except sqlite3.DatabaseError as error:
        rows = [str(error)]
    if rows != ["ok"]:
        lines = tuple(line[:70] for row in rows[:_SHOWN] for line in row.splitlines()[:_SHOWN])
        yield RowFinding("", None, "integrity_check finds the file broken", lines)


def _violations(conn: sqlite3.Connection) -> Counter[tuple[str, str]]:
    """Count the rows that point at nothing, by table and parent."""
    try:
        rows = conn.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError:
        # A key that cannot be checked is found where it is asked for by itself.
        return Counter()
    return Counter((str(row[0]), str(row[2])) for row in rows)


def _tables(conn: sqlite3.Connection) -> frozenset[str]:
    rows = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return frozenset(str(row[0]) for row in rows)


def _foreign_keys(
    conn: sqlite3.Connection, known: Counter[tuple[str, str]], names: frozenset[str]
) -> Iterator[RowFinding]:
    try:
        rows = conn.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        yield RowFinding("", None, "foreign keys cannot be checked", (str(error)[:70],))
        return
    now = Counter((str(row[0]), str(row[2])) for row in rows)
    # A table that was renamed keeps what was wrong with it under its new name.
    tables = _tables(conn)
    spare = sum(count for pair, count in (known - now).items() if not tables.issuperset(pair))
    for (table, parent), count in sorted((now - known).items()):
        taken = 0 if names.issuperset((table, parent)) else min(spare, count)
        spare -= taken
        if count == taken:
            continue
        noun = "row points" if count - taken == 1 else "rows point"
        message = f"{count - taken} {noun} from {table} at nothing in {parent}"
        yield RowFinding(table, None, message)


def _full_text(conn: sqlite3.Connection) -> Iterator[RowFinding]:
    rows = conn.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%fts5%'"
        " AND name IN (SELECT name FROM pragma_table_list WHERE type = 'virtual')"
    ).fetchall()
    for name, _ in rows:
        table = quote(str(name))
        # rank 1 also compares with external content, which rank 0 and integrity_check do not.
        sql = f"INSERT INTO {table}({table}, rank) VALUES ('integrity-check', 1)"
        try:
            conn.execute(sql)
        except sqlite3.OperationalError as error:
            if "no such module" not in str(error):
                yield _broken_index(str(name), error)
        except sqlite3.DatabaseError as error:
            yield _broken_index(str(name), error)
        finally:
            conn.rollback()


def _broken_index(name: str, error: sqlite3.DatabaseError) -> RowFinding:
    return RowFinding(
        name,
        None,
        f"the full-text index {name} does not match its content",
        (f"FTS5's integrity-check: {error}"[:70],),
    )
