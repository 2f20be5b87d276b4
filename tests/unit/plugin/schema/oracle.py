"""Ask SQLite itself what a schema means: facts of PRAGMAs, bytecode of statements, rows.

Two schemas that differ in one of these are different to SQLite, whatever their text. What is only
an address, a page number or an echo of the text is taken out.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from tests.unit.plugin.schema.words import squeezed, words

__all__ = ["Oracle"]

_PROBES = (
    None,
    0,
    1,
    -1,
    2,
    3,
    1.5,
    "x",
    "X",
    "abc",
    "",
    b"x",
    10,
    "10",
    " x ",
    '{"x": 1, "k": [2]}',
)
_ADDRESS = re.compile(r"vtab:[0-9A-Fa-f]+|0x[0-9A-Fa-f]+")
_CLOCK = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d)?")
_WITH_PAGE = frozenset({"OpenRead", "OpenWrite", "ReopenIdx", "Clear", "Destroy", "Transaction"})
_CHECK_FAILED = 275
_CONSTANTS = ("NULL", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP")
_ROUNDS = 12
_STEPS = 10_000


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Oracle:
    """One schema, made in memory; ``close()`` it."""

    def __init__(self, statements: Sequence[str]) -> None:
        self.conn = sqlite3.connect(":memory:", isolation_level=None)
        self._left = 0
        self.conn.set_progress_handler(self._out_of_patience, _STEPS)
        try:
            for statement in statements:
                self._left = 20
                self.conn.execute(statement)
        except (sqlite3.Error, sqlite3.Warning):
            self.conn.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self.conn.close()

    def distinguishes(self, other: Oracle) -> bool:
        """Return whether the other schema means something else to SQLite; cheapest first."""
        return (
            self.facts != other.facts
            or self.bytecode != other.bytecode
            or self.behaviour != other.behaviour
        )

    @cached_property
    def facts(self) -> list[Any]:
        """The facts that PRAGMAs and sqlite_schema tell."""
        found: list[Any] = self._rows(
            "SELECT type, name, lower(tbl_name) FROM sqlite_schema"
            " WHERE substr(name, 1, 7) <> 'sqlite_' ORDER BY 1, 2"
        )
        found += [(name, kind, *rest) for name, kind, *rest in self._tables]
        for table, kind, *_ in self._tables:
            found.append((table, self._columns(table, kind)))
            found.append((table, self._foreign_keys(table)))
            found.append((table, self._indexes(table)))
        return found

    @cached_property
    def bytecode(self) -> list[Any]:
        """The program of a number of statements on each table and view."""
        return [self._program(statement) for statement in self._statements()]

    @cached_property
    def behaviour(self) -> list[Any]:
        """The answers to inserting, updating, deleting and reading rows; changes the database."""
        found: list[Any] = []
        self.conn.execute("PRAGMA foreign_keys = ON")
        chance = random.Random(1)
        for table, kind, *_ in self._tables:
            if kind in ("table", "virtual"):
                found.extend(self._insert(table, chance) for _ in range(_ROUNDS))
        writable = [table for table, kind, *_ in self._tables if kind == "table"]
        for table in writable:
            found.extend(
                self._done(f"UPDATE {_quoted(table)} SET {column} = 3 WHERE rowid % 4 = 1")
                for column in self._stored(table)
            )
            found.append(self._done(f"DELETE FROM {_quoted(table)} WHERE rowid % 3 = 0"))
        for table, kind, *_ in self._tables:
            if kind == "view":
                found.append(self._insert(table, chance))
                found.append(self._done(f"DELETE FROM {_quoted(table)}"))
            if kind == "virtual":
                matching = f"{_quoted(table)} MATCH 'x OR abc'"
                found.append(self._done(f"SELECT rowid, * FROM {_quoted(table)} WHERE {matching}"))
            found.append(self._done(f"SELECT * FROM {_quoted(table)}"))
        return found

    @cached_property
    def _tables(self) -> list[tuple[Any, ...]]:
        return self._rows(
            "SELECT name, type, ncol, wr, strict FROM pragma_table_list"
            " WHERE schema = 'main' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name"
        )

    def _rows(self, sql: str) -> list[Any]:
        self._left = 20
        return self.conn.execute(sql).fetchall()

    def _pragma(self, name: str, argument: str) -> list[Any]:
        try:
            return self._rows(f"PRAGMA {name}({_quoted(argument)})")
        except sqlite3.Error as error:
            return [(squeezed(str(error)),)]

    def _columns(self, table: str, kind: str) -> list[Any]:
        rows = self._pragma("table_xinfo", table)
        if rows and len(rows[0]) == 1:
            return rows
        return [
            (
                number,
                # A column of a view may be named after the text of an expression.
                squeezed(name) if kind == "view" else name,
                _type(type_),
                required,
                _default(default),
                *rest,
            )
            for number, name, type_, required, default, *rest in rows
        ]

    def _foreign_keys(self, table: str) -> list[Any]:
        keys: dict[int, list[Any]] = {}
        for number, position, parent, column, target, update, delete, _ in self._pragma(
            "foreign_key_list", table
        ):
            key = keys.setdefault(number, [])
            key.append(
                (
                    position,
                    parent.lower(),
                    column.lower(),
                    target and target.lower(),
                    update,
                    delete,
                )
            )
        return sorted(keys.values(), key=repr)

    def _indexes(self, table: str) -> list[Any]:
        found = []
        for _, name, unique, origin, partial in self._pragma("index_list", table):
            terms = self._pragma("index_xinfo", name)
            terms = [(*term[:4], term[4] and term[4].upper(), *term[5:]) for term in terms]
            found.append((name if origin == "c" else "", unique, origin, partial, terms))
        return sorted(found, key=repr)

    def _stored(self, table: str) -> list[str]:
        return [_quoted(row[1]) for row in self._pragma("table_xinfo", table) if row[-1] == 0]

    def _statements(self) -> Iterator[str]:
        for name, kind, *_ in self._tables:
            if kind == "shadow":
                continue
            table = _quoted(name)
            yield f"SELECT * FROM {table}"
            if kind == "virtual":
                continue
            try:
                columns = self._stored(name)
            except IndexError:
                continue
            yield f"INSERT INTO {table} DEFAULT VALUES"
            yield f"DELETE FROM {table}"
            yield from (f"UPDATE {table} SET {column} = ?" for column in columns)
            if kind == "table":
                values = ", ".join("?" * len(columns))
                for verb in ("INSERT", "REPLACE"):
                    yield f"{verb} INTO {table}({', '.join(columns)}) VALUES ({values})"
                for column in columns:
                    yield f"SELECT 1 FROM {table} WHERE {column} = ? ORDER BY {column}"

    def _program(self, statement: str) -> Any:
        self._left = 20
        try:
            rows = self.conn.execute("EXPLAIN " + statement, (None,) * statement.count("?"))
            return [_instruction(row) for row in rows]
        except sqlite3.Error as error:
            return squeezed(str(error))

    def _insert(self, table: str, chance: random.Random) -> Any:
        columns = self._stored(table)
        values = [chance.choice(_PROBES) for _ in columns]
        names, parameters = ", ".join(columns), ", ".join("?" * len(columns))
        return self._done(f"INSERT INTO {_quoted(table)}({names}) VALUES ({parameters})", values)

    def _out_of_patience(self) -> bool:
        """Interrupt a statement that has run long: a recursive one may never end."""
        self._left -= 1
        return self._left < 0

    def _done(self, sql: str, values: Sequence[Any] = ()) -> Any:
        self._left = 20
        try:
            rows = self.conn.execute(sql, values).fetchall()
        except (sqlite3.Error, sqlite3.Warning) as error:
            # The message of a CHECK without a name ends with the text of its expression.
            return squeezed(str(error).split("CHECK constraint failed")[0].lower())
        return _CLOCK.sub("now", repr(rows))


def _instruction(row: Sequence[Any]) -> tuple[Any, ...]:
    _, code, p1, p2, p3, p4, p5, _ = row
    if code in _WITH_PAGE:
        p2 = 0
    if code == "Transaction":
        p3 = p4 = 0
    if code in ("Trace", "Explain") or (code == "Halt" and p1 == _CHECK_FAILED):
        # The text of a trigger's statement; a table as it is spelled in the query; the name or else
        # the text of a CHECK.
        p4 = ""
    return code, p1, p2, p3, _ADDRESS.sub("", str(p4)), p5


def _type(text: str) -> str:
    """Return a declared type without the quotes of its words; empty ones make another affinity."""
    return " ".join(word.strip("'\"`[]") or "''" for word in words(text)).upper()


def _default(text: str | None) -> str | None:
    """Return a default in one spelling: a bare word that is no constant is a string."""
    if text is None or text.upper() == "NULL":
        return None
    if text.isidentifier() and text.upper() not in _CONSTANTS:
        return f"'{text}'"
    quoted = len(words(text)) == 1 and text[0] in '"`['
    return f"'{text[1:-1]}'" if quoted else squeezed(text)
