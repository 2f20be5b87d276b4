"""Keep full-text indexes in step with the tables they index, as an application does.

An index with external content is rebuilt where no trigger keeps it; one without content gets the
rows of the table that has its columns. https://www.sqlite.org/fts5.html, section 4.4.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.schema_texts import names_in
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.rows.virtual_tables import FULL_TEXT_CHECKS, is_contentless, module_of
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import tokenize

__all__ = ["copy_into_contentless", "indexes_in_step", "rebuild"]


def indexes_in_step(conn: sqlite3.Connection) -> tuple[str, ...]:
    """Return the full-text indexes with external content that fit it now."""
    return tuple(name for name, module in _external(conn) if not _unfit(conn, name, module))


def rebuild(conn: sqlite3.Connection, names: Collection[str]) -> Mapping[str, str]:
    """Rebuild those of the indexes that do not fit their content; return why some still do not."""
    failed: dict[str, str] = {}
    for name, module in _external(conn):
        if name not in names or not _unfit(conn, name, module):
            continue
        table = quote(name)
        try:
            conn.execute(f"INSERT INTO {table}({table}) VALUES ('rebuild')")
            conn.commit()
        except sqlite3.DatabaseError as error:
            conn.rollback()
            failed[name] = str(error)
            continue
        reason = _unfit(conn, name, module)
        if reason:
            failed[name] = reason
    return failed


def copy_into_contentless(conn: sqlite3.Connection, tables: Mapping[str, RowTable]) -> None:
    """Index the rows of one table in each empty contentless index that no trigger writes.

    It is the table that has all columns of the index and whose name says that it is meant, or the
    only one that has them; where there is none the index stays empty.
    """
    empty = [one for one in tables.values() if one.contentless and not _has_rows(conn, one.name)]
    written = _written(conn) if empty else set()
    for index in empty:
        if fold(index.name) in written:
            continue
        columns = [
            str(row[1])
            for row in conn.execute(f"PRAGMA table_xinfo({quote(index.name)})")
            if not row[6]
        ]
        source = _source(index, columns, tables)
        if source is None:
            continue
        names = ", ".join(map(quote, columns))
        try:
            conn.execute(
                f"INSERT INTO {quote(index.name)}(rowid, {names})"
                f" SELECT {quote(source.rowid)}, {names} FROM {quote(source.name)} ORDER BY 1"
            )
            conn.commit()
        except sqlite3.DatabaseError:
            conn.rollback()


def _external(conn: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield each full-text index whose text is kept elsewhere, and its module."""
    rows = conn.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND NOT rootpage ORDER BY name"
    ).fetchall()
    for name, text in rows:
        sql, module = str(text), module_of(str(text))
        if module in FULL_TEXT_CHECKS and _has_content_option(sql) and not is_contentless(sql):
            yield str(name), module


def _has_content_option(sql: str) -> bool:
    tokens = tokenize(sql)
    return any(token.is_word("CONTENT") and after.text == "=" for token, after in pairwise(tokens))


def _unfit(conn: sqlite3.Connection, name: str, module: str) -> str:
    """Return what the module's own check says of an index, nothing where it fits its content."""
    conn.execute("SAVEPOINT checked")
    try:
        conn.execute(FULL_TEXT_CHECKS[module].format(table=quote(name)))
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        conn.execute("ROLLBACK TO checked")
        conn.execute("RELEASE checked")
    return ""


def _written(conn: sqlite3.Connection) -> set[str]:
    """Return the folded names that triggers name."""
    rows = conn.execute("SELECT sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    return {name for (sql,) in rows for name in names_in(tokenize(str(sql)))}


def _has_rows(conn: sqlite3.Connection, name: str) -> bool:
    return conn.execute(f"SELECT 1 FROM {quote(name)} LIMIT 1").fetchone() is not None


def _source(
    index: RowTable, columns: Sequence[str], tables: Mapping[str, RowTable]
) -> RowTable | None:
    """Return the table whose rows an index is about, if that can be told."""
    wanted = {fold(column) for column in columns}
    having = [
        table
        for table in tables.values()
        if not table.module and table.rowid and wanted <= set(map(fold, table.columns))
    ]
    named = [table for table in having if fold(table.name) in fold(index.name)]
    found = named or having
    return found[0] if len(found) == 1 else None
