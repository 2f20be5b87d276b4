"""Decide for each double-quoted word whether it is a name or a string.

SQLite reads ``"x"`` as a string where there is no such name
(https://www.sqlite.org/quirks.html#dblquote). In a table or an index only the table's own columns
are names. In a view or a trigger SQLite itself is asked: a copy of the schema without rows is given
the statement with the word in backticks, which only a name can have. If SQLite then says that there
is no such column, the word is a string.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cached_property

from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.catalog import Catalog, Entry
from pytest_pmd_migrations.schema.reading.single_quotes import with_names
from pytest_pmd_migrations.schema.reading.stand_ins import execute
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["Quotes"]

_EVENTS = ("DELETE", "INSERT", "UPDATE")
_ROWID = ("rowid", "oid", "_rowid_")
_PROBE = "temp.probe"


class Quotes:
    """Reads the statements of one schema into tokens that tell names from strings."""

    def __init__(self, catalog: Catalog, entries: Sequence[Entry]) -> None:
        self._catalog = catalog
        self._entries = entries
        self._named = {fold(e.name): e for e in entries if e.type in ("table", "view")}
        self._copy: sqlite3.Connection | None = None
        self._copied: set[str] = set()
        self._columns: dict[str, frozenset[str]] = {}

    def tokens(self, entry: Entry) -> tuple[Token, ...]:
        """Return a statement's tokens, with the kind "string" for each double-quoted string."""
        found = tokenize(entry.sql)
        if "'" in entry.sql:
            found = with_names(found)
        double = [position for position, token in enumerate(found) if token.double]
        if not double:
            return found
        if entry.type in ("table", "index"):
            strings = self._strings_by_columns(entry, found, double)
        else:
            strings = self._strings_by_sqlite(entry, found, double)
        if not strings:
            return found
        return tuple(
            token._replace(kind="string", double=False) if position in strings else token
            for position, token in enumerate(found)
        )

    def close(self) -> None:
        """Close the copy of the schema, if one was needed."""
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def _strings_by_columns(
        self, entry: Entry, tokens: Sequence[Token], double: Sequence[int]
    ) -> set[int]:
        """Return the positions of words that name no column of the statement's own table."""
        columns = self._columns_of(entry.table)
        strings = set()
        for position in double:
            name = fold(tokens[position].value)
            if name in columns or _names_something_else(tokens, position):
                continue
            if name not in _ROWID or _is_no_rowid(entry, self._sql(entry.table), tokens, position):
                strings.add(position)
        return strings

    def _columns_of(self, table: str) -> frozenset[str]:
        if table not in self._columns:
            rows = self._catalog.columns(table)
            self._columns[table] = frozenset(fold(str(row[0])) for row in rows)
        return self._columns[table]

    def _sql(self, table: str) -> str:
        return next(e.sql for e in self._entries if e.type == "table" and e.name == table)

    def _strings_by_sqlite(
        self, entry: Entry, tokens: Sequence[Token], double: Sequence[int]
    ) -> set[int]:
        """Return the positions of words in a view or a trigger that SQLite knows no column for."""
        if self._copy is None:
            self._copy = sqlite3.connect(":memory:", isolation_level=None)
        self._create_referenced(self._copy, tokens)
        find_error = _view_error if entry.type == "view" else _trigger_error
        conn = self._copy

        def unknown(positions: Sequence[int]) -> str | None:
            return _unknown_column(find_error(conn, entry, _with_backticks(tokens, positions)))

        if unknown(double) is None:
            return set()
        return {position for position in double if unknown([position]) == tokens[position].value}

    def _create_referenced(self, conn: sqlite3.Connection, tokens: Sequence[Token]) -> None:
        """Create the tables and views that a statement refers to, without triggers on them."""
        for name in {fold(token.value) for token in tokens} - self._copied:
            entry = self._named.get(name)
            if entry is None:
                continue
            self._copied.add(name)
            _execution_error(conn, entry.sql)
            for index in self._indexes.get(entry.name, ()):
                _execution_error(conn, index.sql)
            if entry.type == "view":
                self._create_referenced(conn, tokenize(entry.sql))

    @cached_property
    def _indexes(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self._entries:
            if entry.type == "index":
                found.setdefault(entry.table, []).append(entry)
        return found


def _names_something_else(tokens: Sequence[Token], position: int) -> bool:
    """Return whether a table, a function, a collation or a type is named at the position."""
    before = tokens[position - 1]
    after = tokens[position + 1] if position + 1 < len(tokens) else None
    if before.word in ("COLLATE", "AS") or before.value == ".":
        return True
    return after is not None and after.kind == "operator" and after.value in (".", "(")


def _is_no_rowid(entry: Entry, table: str, tokens: Sequence[Token], position: int) -> bool:
    """Return whether SQLite refuses the rowid there: some versions know it in a CHECK only."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        if entry.type == "index":
            _execution_error(conn, table)
        error = _execution_error(conn, " ".join(_with_backticks(tokens, [position])))
    return _unknown_column(error) == tokens[position].value


def _with_backticks(tokens: Sequence[Token], positions: Sequence[int]) -> list[str]:
    texts = [token.text for token in tokens]
    for position in positions:
        texts[position] = "`" + tokens[position].value.replace("`", "``") + "`"
    return texts


def _unknown_column(error: sqlite3.Error | None) -> str | None:
    """Return the column that an error says is unknown, empty for any other error."""
    if error is None:
        return None
    _, found, name = str(error).partition("no such column: ")
    return name if found else ""


def _view_error(
    conn: sqlite3.Connection, entry: Entry, texts: Sequence[str]
) -> sqlite3.Error | None:
    """Return the error of SQLite when it prepares a view's SELECT, None if there is none."""
    tokens = tokenize(entry.sql)
    start = next(position for position, token in enumerate(tokens) if token.is_word("AS")) + 1
    return _execution_error(conn, f"EXPLAIN {' '.join(texts[start:])}")


def _trigger_error(
    conn: sqlite3.Connection, entry: Entry, texts: Sequence[str]
) -> sqlite3.Error | None:
    """Return the error of SQLite when it creates a trigger and prepares what fires it."""
    error = _execution_error(conn, f"CREATE TRIGGER {_PROBE} {' '.join(texts[3:])}")
    if error is not None:
        return error
    try:
        return _execution_error(conn, _firing_statement(conn, entry))
    finally:
        conn.execute(f"DROP TRIGGER {_PROBE}")


def _execution_error(conn: sqlite3.Connection, sql: str) -> sqlite3.Error | None:
    """Execute a statement and return its error, None if there is none.

    Functions and collations that only the application has are replaced by stand-ins.
    """
    error, _ = execute(conn, sql)
    return error


def _firing_statement(conn: sqlite3.Connection, entry: Entry) -> str:
    """Return a statement for which SQLite has to prepare the trigger's body."""
    event = next(token for token in tokenize(entry.sql) if token.is_word(*_EVENTS))
    table = f"main.{quote(entry.table)}"
    if event.is_word("DELETE"):
        return f"EXPLAIN DELETE FROM {table}"
    if event.is_word("INSERT"):
        return f"EXPLAIN INSERT INTO {table} DEFAULT VALUES"
    columns = f"PRAGMA main.table_xinfo({quote(entry.table)})"
    # The columns of a view may need functions that only the application has.
    _execution_error(conn, columns)
    rows = conn.execute(columns).fetchall()
    # A generated column cannot be set; a trigger may fire for one column only, so all are.
    changes = ", ".join(f"{quote(row[1])} = NULL" for row in rows if row[6] == 0)
    return f"EXPLAIN UPDATE {table} SET {changes}"
