"""What a double-quoted word is, a name or a string.

SQLite reads ``"x"`` as a string where there is no such name
(https://www.sqlite.org/quirks.html#dblquote). In a table or an index only the table's own columns
are names. In a view or a trigger SQLite itself is asked: each word is put in quotes that only a
name can have, in a copy of the schema without rows: where it then knows no such column, it is a
string.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cached_property

from pytest_pmd_migrations.schema.reading.catalog import Catalog, Entry, quote
from pytest_pmd_migrations.schema.reading.single_quotes import with_names
from pytest_pmd_migrations.schema.reading.tokens import Token, fold, tokenize

__all__ = ["Quotes"]

_UNKNOWN = re.compile(r"no such (function|collation sequence): (.*)", re.DOTALL)
_EVENTS = ("DELETE", "INSERT", "UPDATE")
_ROWID = ("rowid", "oid", "_rowid_")
_TRIAL = "temp.trial"


class Quotes:
    """Reads statements of one schema into tokens in which every quoted word is settled."""

    def __init__(self, catalog: Catalog, entries: Sequence[Entry]) -> None:
        self._catalog = catalog
        self._entries = entries
        self._named = {fold(e.name): e for e in entries if e.type in ("table", "view")}
        self._copy: sqlite3.Connection | None = None
        self._copied: set[str] = set()
        self._columns: dict[str, frozenset[str]] = {}

    def tokens(self, entry: Entry) -> tuple[Token, ...]:
        """Return the statement's tokens; a double-quoted string is a string among them."""
        found = tokenize(entry.sql)
        if "'" in entry.sql:
            found = with_names(found)
        double = [place for place, token in enumerate(found) if token.double]
        if not double:
            return found
        if entry.type in ("table", "index"):
            strings = self._of_no_column(entry, found, double)
        else:
            strings = self._refused(entry, found, double)
        if not strings:
            return found
        return tuple(
            token._replace(kind="string", double=False) if place in strings else token
            for place, token in enumerate(found)
        )

    def close(self) -> None:
        """Close the copy of the schema, if one was needed."""
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def _of_no_column(
        self, entry: Entry, tokens: Sequence[Token], double: Sequence[int]
    ) -> set[int]:
        """Return the places that name no column of the statement's own table."""
        columns = self._columns_of(entry.table)
        strings = set()
        for place in double:
            name = fold(tokens[place].value)
            if name in columns or _names_something_else(tokens, place):
                continue
            if name not in _ROWID or _refuses_rowid(entry, self._sql(entry.table), tokens, place):
                strings.add(place)
        return strings

    def _columns_of(self, table: str) -> frozenset[str]:
        if table not in self._columns:
            rows = self._catalog.columns(table)
            self._columns[table] = frozenset(fold(str(row[0])) for row in rows)
        return self._columns[table]

    def _sql(self, table: str) -> str:
        return next(e.sql for e in self._entries if e.type == "table" and e.name == table)

    def _refused(self, entry: Entry, tokens: Sequence[Token], double: Sequence[int]) -> set[int]:
        """Return the places where SQLite knows no such column in a view or a trigger."""
        if self._copy is None:
            self._copy = sqlite3.connect(":memory:", isolation_level=None)
        self._create_named(self._copy, tokens)
        tried = _view_tried if entry.type == "view" else _trigger_tried
        conn = self._copy

        def unknown(places: Sequence[int]) -> str | None:
            return _unknown_column(tried(conn, entry, _as_names(tokens, places)))

        if unknown(double) is None:
            return set()
        return {place for place in double if unknown([place]) == tokens[place].value}

    def _create_named(self, conn: sqlite3.Connection, tokens: Sequence[Token]) -> None:
        """Create what a statement refers to; no trigger is created, for none shall fire."""
        for name in {fold(token.value) for token in tokens} - self._copied:
            entry = self._named.get(name)
            if entry is None:
                continue
            self._copied.add(name)
            _made(conn, entry.sql)
            for index in self._indexes.get(entry.name, ()):
                _made(conn, index.sql)
            if entry.type == "view":
                self._create_named(conn, tokenize(entry.sql))

    @cached_property
    def _indexes(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self._entries:
            if entry.type == "index":
                found.setdefault(entry.table, []).append(entry)
        return found


def _names_something_else(tokens: Sequence[Token], place: int) -> bool:
    """Return whether a table, a function, a collation or a type is named there."""
    before = tokens[place - 1]
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if before.word in ("COLLATE", "AS") or before.value == ".":
        return True
    return after is not None and after.kind == "operator" and after.value in (".", "(")


def _refuses_rowid(entry: Entry, table: str, tokens: Sequence[Token], place: int) -> bool:
    """Return whether the rowid cannot be named there: some versions know it in a CHECK only."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        if entry.type == "index":
            _made(conn, table)
        error = _made(conn, " ".join(_as_names(tokens, [place])))
    return _unknown_column(error) == tokens[place].value


def _as_names(tokens: Sequence[Token], places: Sequence[int]) -> list[str]:
    texts = [token.text for token in tokens]
    for place in places:
        texts[place] = "`" + tokens[place].value.replace("`", "``") + "`"
    return texts


def _unknown_column(error: sqlite3.Error | None) -> str | None:
    """Return the column that SQLite does not know; the empty string where it refuses all else."""
    if error is None:
        return None
    _, found, name = str(error).partition("no such column: ")
    return name if found else ""


def _view_tried(
    conn: sqlite3.Connection, entry: Entry, texts: Sequence[str]
) -> sqlite3.Error | None:
    """Let SQLite look into a view's SELECT."""
    tokens = tokenize(entry.sql)
    start = next(place for place, token in enumerate(tokens) if token.is_word("AS")) + 1
    return _made(conn, f"EXPLAIN {' '.join(texts[start:])}")


def _trigger_tried(
    conn: sqlite3.Connection, entry: Entry, texts: Sequence[str]
) -> sqlite3.Error | None:
    """Let SQLite look into a trigger, under a name of its own: CREATE TRIGGER name ..."""
    error = _made(conn, f"CREATE TRIGGER {_TRIAL} {' '.join(texts[3:])}")
    if error is not None:
        return error
    try:
        return _made(conn, _use(conn, entry))
    finally:
        conn.execute(f"DROP TRIGGER {_TRIAL}")


def _made(conn: sqlite3.Connection, sql: str) -> sqlite3.Error | None:
    """Execute a statement, with stand-ins for functions and collations of the application."""
    met: set[tuple[str, str]] = set()
    while True:
        try:
            conn.execute(sql)
        except sqlite3.Error as error:
            unknown = _UNKNOWN.search(str(error))
            if unknown is None or (unknown[1], unknown[2]) in met:
                return error
            met.add((unknown[1], unknown[2]))
            _stand_in(conn, unknown[1], unknown[2])
        else:
            return None


def _stand_in(conn: sqlite3.Connection, kind: str, name: str) -> None:
    if kind == "function":
        conn.create_function(name, -1, _zero, deterministic=True)
    else:
        conn.create_collation(name, _zero)


def _zero(*_: object) -> int:
    return 0


def _use(conn: sqlite3.Connection, entry: Entry) -> str:
    """Return a statement that makes SQLite look into a trigger."""
    event = next(token for token in tokenize(entry.sql) if token.is_word(*_EVENTS))
    table = f"main.{quote(entry.table)}"
    if event.is_word("DELETE"):
        return f"EXPLAIN DELETE FROM {table}"
    if event.is_word("INSERT"):
        return f"EXPLAIN INSERT INTO {table} DEFAULT VALUES"
    rows = conn.execute(f"PRAGMA main.table_xinfo({quote(entry.table)})").fetchall()
    # A generated column cannot be set; a trigger may fire for one column only, so all are.
    changes = ", ".join(f"{quote(row[1])} = NULL" for row in rows if row[6] == 0)
    return f"EXPLAIN UPDATE {table} SET {changes}"
