"""Take every row out of one table, as a database looks whose user never filled it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.full_text import indexes_in_step, rebuild
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.conditions.of_tables import list_references
from pytest_pmd_migrations.rows.tables import ForeignKey, RowTable, list_tables
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["Emptied", "without_rows"]


@dataclass(frozen=True)
class Emptied:
    """A database without the rows of a table, and of those ``tables`` that cannot be without it."""

    image: Image
    tables: frozenset[str]


def without_rows(image: Image, table: str) -> Emptied | None:
    """Return the database without the rows of ``table``, None where it cannot be without them.

    Rows of other tables that refer to it refer to nothing instead where their columns may be NULL,
    else they go with it; those go too that refer to it by a column's name alone (``user_id``).
    Triggers are fired, and full-text indexes are kept in step, as they are when an application
    deletes rows. It cannot be without them where a trigger refuses.
    """
    with closing(image.connect()) as conn:
        in_step = indexes_in_step(conn)
        tables = list_tables(conn)
        # What refers to the rows is looked after here, whatever ON DELETE says.
        conn.execute("PRAGMA foreign_keys = OFF")
        try:
            conn.execute("BEGIN")
            begun: set[str] = set()
            _empty(conn, tables, tables[fold(table)], begun)
            conn.commit()
        except sqlite3.DatabaseError:
            return None
        rebuild(conn, in_step)
        (left,) = conn.execute(f"SELECT count(*) FROM {quote(table)}").fetchone()
        # A trigger may put rows in, such as a log.
        if left:
            return None
        names = frozenset(tables[name].name for name in begun)
        return Emptied(Image.of_connection(conn), names)


def _empty(
    conn: sqlite3.Connection, tables: Mapping[str, RowTable], table: RowTable, begun: set[str]
) -> None:
    begun.add(fold(table.name))
    for child in tables.values():
        if fold(child.name) not in begun and not _lets_go(conn, tables, child, table):
            _empty(conn, tables, child, begun)
    conn.execute(f"DELETE FROM {quote(table.name)}")
    if table.counting:
        # Nobody ever had an id of it.
        conn.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
    _empty_copies(conn, tables, table)


def _lets_go(
    conn: sqlite3.Connection, tables: Mapping[str, RowTable], child: RowTable, table: RowTable
) -> bool:
    """Let the rows of ``child`` refer to nothing in ``table``; return whether they may be kept."""
    keys = [key for key in child.foreign_keys if fold(key.parent) == fold(table.name)]
    declared = {fold(name) for key in keys for name in key.columns}
    by_name = (
        column
        for column, parent, _ in list_references(child, tables)
        if fold(parent) == fold(table.name) and fold(column) not in declared
    )
    return not any(by_name) and all(_let_go(conn, child, key) for key in keys)


def _empty_copies(
    conn: sqlite3.Connection, tables: Mapping[str, RowTable], table: RowTable
) -> None:
    """Empty the full-text tables that keep the text of ``table`` a second time.

    No trigger has emptied them: the application writes both. Such a one has a name or a column in
    common with the table.
    """
    columns = set(map(fold, table.columns)) - set(map(fold, table.key))
    for copy in tables.values():
        shared = columns & set(map(fold, copy.columns))
        if not copy.full_text or not (shared or fold(table.name) in fold(copy.name)):
            continue
        name = quote(copy.name)
        if copy.contentless:
            conn.execute(f"INSERT INTO {name}({name}) VALUES ('delete-all')")
        else:
            conn.execute(f"DELETE FROM {name}")


def _let_go(conn: sqlite3.Connection, child: RowTable, key: ForeignKey) -> bool:
    """Let the rows of a child refer to nothing; return whether they may."""
    if set(map(fold, key.columns)) & set(map(fold, child.key)):
        return False
    columns = ", ".join(f"{quote(name)} = NULL" for name in key.columns)
    conn.execute("SAVEPOINT let_go")
    try:
        conn.execute(f"UPDATE {quote(child.name)} SET {columns}")
    except sqlite3.DatabaseError:
        conn.execute("ROLLBACK TO let_go")
        return False
    finally:
        conn.execute("RELEASE let_go")
    return True
