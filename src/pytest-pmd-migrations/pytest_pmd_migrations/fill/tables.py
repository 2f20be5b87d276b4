"""Fill the tables of a database that are empty, parents before children."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pytest_pmd_migrations.fill.values import Value, candidates, unlike

__all__ = ["Filled", "fill_empty_tables"]

_ATTEMPTS = 300
_GENERATED = (2, 3)


@dataclass(frozen=True)
class Filled:
    """How many rows each table got, and why those that stayed empty did."""

    rows: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Column:
    name: str
    declared: str
    not_null: bool
    key: int


def fill_empty_tables(conn: sqlite3.Connection, *, rows: int = 3) -> Filled:
    """Insert up to ``rows`` generated rows into every empty table, and commit.

    NOT NULL, UNIQUE, CHECK, foreign keys, STRICT types and triggers are honoured: every row goes
    in by a plain INSERT with foreign keys on. The same schema always gets the same rows. Full-text
    tables that keep their own text are filled last, where no trigger has filled them. A table
    that takes no row stays empty and is named in ``failed`` with SQLite's reason.
    """
    enforced = conn.execute("PRAGMA foreign_keys").fetchone()[0]
    conn.execute("PRAGMA foreign_keys = ON")
    filled: dict[str, int] = {}
    failed: dict[str, str] = {}
    try:
        for table, virtual in _tables(conn):
            if conn.execute(f"SELECT EXISTS (SELECT 1 FROM {_quote(table)})").fetchone()[0]:
                continue
            count, reason = _Filler(conn, table, virtual=virtual).fill(rows)
            if count:
                filled[table] = count
            else:
                failed[table] = reason
        conn.commit()
    finally:
        conn.execute(f"PRAGMA foreign_keys = {enforced}")
    return Filled(filled, failed)


def _tables(conn: sqlite3.Connection) -> Iterator[tuple[str, bool]]:
    """Yield ordinary tables, each after those it refers to, then full-text tables."""
    listed = conn.execute(
        "SELECT name, type FROM pragma_table_list WHERE schema = 'main'"
        " AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        " ORDER BY name"
    ).fetchall()
    ordinary = [str(name) for name, kind in listed if kind == "table"]
    done: set[str] = set()
    while ordinary:
        ready = [name for name in ordinary if _parents(conn, name) - {name} <= done]
        # Where tables refer to each other in a circle, NULL begins it.
        for name in ready or ordinary[:1]:
            yield name, False
            done.add(name.lower())
            ordinary.remove(name)
        done |= {name.lower() for name in done}
    names = {str(name).lower() for name, _ in listed}
    shadows = {str(row[0]).lower() for row in conn.execute("SELECT name FROM sqlite_schema")}
    for name, kind in listed:
        if kind == "virtual" and f"{name}_content".lower() in shadows | names:
            yield str(name), True


def _parents(conn: sqlite3.Connection, table: str) -> set[str]:
    rows = conn.execute(f"PRAGMA foreign_key_list({_quote(table)})").fetchall()
    tables = {str(r[0]).lower() for r in conn.execute("SELECT name FROM sqlite_schema")}
    return {str(row[2]).lower() for row in rows} & tables - {table.lower()}


class _Filler:
    """Generates rows for one table until SQLite takes them."""

    def __init__(self, conn: sqlite3.Connection, table: str, *, virtual: bool) -> None:
        self._conn = conn
        self._table = table
        self._columns = [
            _Column(str(row[1]), str(row[2]), bool(row[3]), int(row[5]))
            for row in conn.execute(f"PRAGMA table_xinfo({_quote(table)})")
            if row[6] not in _GENERATED and (not virtual or row[6] == 0)
        ]
        sql = conn.execute(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)
        ).fetchone()[0]
        self._checks = _mentions(str(sql), [column.name for column in self._columns])
        self._links = _links(conn, table)
        self._alias = self._rowid_alias(str(sql))
        self._virtual = virtual

    def fill(self, rows: int) -> tuple[int, str]:
        """Insert up to ``rows`` rows; return how many, and why there are no more."""
        count, reason = 0, "it has no column to fill"
        for number in range(rows):
            for attempt in range(_ATTEMPTS):
                row = self._row(number, attempt)
                try:
                    self._insert(row)
                except (sqlite3.IntegrityError, sqlite3.OperationalError) as error:
                    reason = str(error)
                    continue
                count += 1
                break
        return count, reason

    def _rowid_alias(self, sql: str) -> str:
        keys = [column for column in self._columns if column.key]
        alone = len(keys) == 1 and keys[0].declared.upper() == "INTEGER"
        return keys[0].name if alone and "WITHOUT ROWID" not in sql.upper() else ""

    def _row(self, number: int, attempt: int) -> dict[str, Value]:
        """Return the row to try: the first attempt is tidy, later ones mix all there is."""
        chance = random.Random(f"{self._table}/{number}/{attempt}")
        row: dict[str, Value] = {}
        for place, column in enumerate(self._columns):
            if column.name == self._alias:
                continue
            found: tuple[Value, ...] = candidates(column.declared, self._checks[column.name])
            if self._virtual:
                found = candidates("TEXT", ())
            if not column.not_null and not self._virtual:
                found = (*found, None)
            turn = number + place
            value = found[turn % len(found)] if attempt == 0 else chance.choice(found)
            if number == 1 and attempt == 0 and not column.not_null and not column.key:
                value = None
            if attempt and chance.random() < 0.5:
                value = unlike(value, 7 * number + attempt)
            row[column.name] = value
        for columns, parents in self._linked_rows():
            # Not always the first parent; and none where NULL stands for none.
            if parents:
                chosen = parents[(number + attempt) % len(parents)]
                row.update(dict(zip(columns, chosen, strict=True)))
            else:
                row.update(dict.fromkeys(columns))
        return row

    def _linked_rows(self) -> Iterator[tuple[tuple[str, ...], list[tuple[Value, ...]]]]:
        for columns, parent, target in self._links:
            names = ", ".join(map(_quote, target))
            try:
                rows = self._conn.execute(
                    f"SELECT {names} FROM {_quote(parent)} ORDER BY {names} LIMIT 20"
                ).fetchall()
            except sqlite3.OperationalError:
                # A parent that does not exist has no rows.
                rows = []
            yield columns, rows

    def _insert(self, row: dict[str, Value]) -> None:
        names = ", ".join(map(_quote, row))
        marks = ", ".join("?" * len(row))
        sql = f"INSERT INTO {_quote(self._table)}({names}) VALUES ({marks})"
        if not row:
            sql = f"INSERT INTO {_quote(self._table)} DEFAULT VALUES"
        self._conn.execute(sql, tuple(row.values()))


def _links(
    conn: sqlite3.Connection, table: str
) -> list[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    """Return the foreign keys: columns, parent, and the parent's columns they name."""
    keys: dict[int, list[tuple[str, str, str | None]]] = {}
    for row in conn.execute(f"PRAGMA foreign_key_list({_quote(table)})"):
        keys.setdefault(int(row[0]), []).append((str(row[3]), str(row[2]), row[4]))
    found = []
    for rows in keys.values():
        parent = rows[0][1]
        target = tuple(str(row[2]) for row in rows if row[2] is not None)
        if not target:
            info = conn.execute(f"PRAGMA table_info({_quote(parent)})").fetchall()
            target = tuple(str(r[1]) for r in sorted(info, key=lambda r: r[5]) if r[5])
        if len(target) == len(rows):
            found.append((tuple(row[0] for row in rows), parent, target))
    return found


def _mentions(sql: str, columns: list[str]) -> dict[str, list[str]]:
    """Return for each column the parts of the definition that mention it and a CHECK."""
    parts = sql.split(",") if sql.upper().count("CHECK") else []
    whole = " ".join(part for part in parts if "CHECK" in part.upper()) or ""
    texts = [sql[sql.upper().index("CHECK") :]] if whole else []
    return {
        name: [text for text in texts if name.lower() in text.lower()] or texts for name in columns
    }


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
