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


def check_integrity(image: Image) -> tuple[RowFinding, ...]:
    """Return what integrity_check, foreign_key_check and FTS5's integrity-check find wrong.

    Works on private copies: FTS5's check is written as an INSERT.
    """
    with closing(image.connect()) as conn:
        return tuple(
            [*_pages(conn), *_foreign_keys(conn), *_full_text(conn)],
        )


def _pages(conn: sqlite3.Connection) -> Iterator[RowFinding]:
    try:
        rows = [str(row[0]) for row in conn.execute("PRAGMA integrity_check(4)")]
    except sqlite3.DatabaseError as error:
        rows = [str(error)]
    if rows != ["ok"]:
        lines = tuple(line[:70] for row in rows[:_SHOWN] for line in row.splitlines()[:_SHOWN])
        yield RowFinding("", None, "integrity_check finds the file broken", lines)


def _foreign_keys(conn: sqlite3.Connection) -> Iterator[RowFinding]:
    try:
        rows = conn.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        yield RowFinding("", None, "foreign keys cannot be checked", (str(error)[:70],))
        return
    for (table, parent), count in sorted(Counter((row[0], row[2]) for row in rows).items()):
        noun = "row points" if count == 1 else "rows point"
        sample = next(row[1] for row in rows if (row[0], row[2]) == (table, parent))
        yield RowFinding(
            table,
            None,
            f"{count} {noun} from {table} at nothing in {parent}",
            (f"for one, rowid {sample}",) if sample is not None else (),
        )


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
