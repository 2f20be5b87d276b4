"""Find the foreign keys that SQLite cannot enforce: their parent is missing or not unique."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import count

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.catalog import Catalog, Entry
from pytest_pmd_migrations.schema.reading.spelling import as_sql, column_list
from pytest_pmd_migrations.schema.reading.stand_ins import execute, prepare
from pytest_pmd_migrations.schema.reading.stored_rows import Row
from pytest_pmd_migrations.schema.references.values import Broken

__all__ = ["find_broken_keys"]

_REBUILD = "needs a table rebuild"


def find_broken_keys(
    conn: sqlite3.Connection, catalog: Catalog, entries: Sequence[Entry]
) -> Iterator[Broken]:
    """Yield each foreign key that names no table or no unique key.

    SQLite is asked by a table that has such a key alone; ``conn`` is a private copy, which is
    written. It has no triggers, and enforces foreign keys.
    """
    kinds = {fold(entry.name): _kind(catalog, entry) for entry in entries}
    probe = next(name for name in map("probe{}".format, count()) if name not in kinds)
    for entry in entries:
        if entry.type != "table" or not catalog.foreign_keys(entry.name):
            continue
        error, _ = prepare(conn, f"INSERT INTO main.{quote(entry.name)} DEFAULT VALUES")
        if error is None:
            continue
        for rows in _keys(catalog, entry.name):
            if not _is_enforced(conn, probe, rows):
                yield _broken(catalog, kinds, entry.name, rows)


def _kind(catalog: Catalog, entry: Entry) -> str:
    return "virtual table" if catalog.is_virtual(entry.name) else entry.type


def _keys(catalog: Catalog, table: str) -> list[list[Row]]:
    """Return the rows of each foreign key of a table, the key declared first before others."""
    found: dict[int, list[Row]] = {}
    for row in catalog.foreign_keys(table):
        found.setdefault(row[0], []).append(row)
    return [found[number] for number in sorted(found, reverse=True)]


def _is_enforced(conn: sqlite3.Connection, probe: str, rows: Sequence[Row]) -> bool:
    columns = ", ".join(f"c{number}" for number in range(len(rows)))
    stated = [str(row[3]) for row in rows if row[3] is not None]
    target = f"({', '.join(map(quote, stated))})" if stated else ""
    key = f"FOREIGN KEY ({columns}) REFERENCES {quote(str(rows[0][1]))}{target}"
    error, _ = execute(conn, f"CREATE TABLE main.{probe} ({columns}, {key})")
    if error is not None:
        # A name that is not UTF-8: nothing can be said of it.
        return True
    error, _ = prepare(conn, f"INSERT INTO main.{probe} DEFAULT VALUES")
    conn.execute(f"DROP TABLE main.{probe}")
    return error is None


def _broken(catalog: Catalog, kinds: dict[str, str], table: str, rows: Sequence[Row]) -> Broken:
    parent = str(rows[0][1])
    columns = column_list([str(row[2]) for row in rows])
    key = f"has the foreign key ({columns}) to"
    stated = [str(row[3]) for row in rows if row[3] is not None]
    kind = kinds.get(fold(parent))
    if kind not in ("table", "virtual table", "view"):
        problem = f"{key} the table {parent}, which does not exist"
        return Broken("table", table, parent, problem, mend=_REBUILD)
    if kind != "table":
        problem = f"{key} {parent}, a {kind}: only a table can be a parent"
        return Broken("table", table, parent, problem, mend=_REBUILD)
    known = {fold(str(row[0])) for row in catalog.columns(parent)}
    gone = next((name for name in stated if fold(name) not in known), None)
    if gone is not None:
        problem = f"{key} the column {parent}.{gone}, which does not exist"
        return Broken("table", table, f"{parent}.{gone}", problem, mend=_REBUILD)
    if not stated:
        problem = f"{key} {parent}, which has no primary key of {len(rows)} columns"
        if len(rows) == 1:
            problem = f"{key} {parent}, which has no primary key of one column"
        return Broken("table", table, parent, problem, mend=_REBUILD)
    target = f"{parent}({column_list(stated)})"
    index = as_sql("_".join((parent, *stated)))
    on = ", ".join(map(as_sql, stated))
    mend = f"CREATE UNIQUE INDEX {index} ON {as_sql(parent)}({on});"
    problem = f"{key} {target}, which no primary key, UNIQUE or unique index makes unique"
    return Broken("table", table, target, problem, mend=mend)
