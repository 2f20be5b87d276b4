"""What a double-quoted word is, a name or a string: SQLite itself is asked.

SQLite reads ``"x"`` as a string where there is no such name
(https://www.sqlite.org/quirks.html#dblquote). So each one is put in quotes that only a name can
have, in a copy of the schema without rows: where SQLite then knows no such column, it is a string.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

from pytest_pmd_migrations.schema.catalog import Entry, quote
from pytest_pmd_migrations.schema.tokens import Token, fold, tokenize

__all__ = ["Quotes"]

_UNKNOWN = re.compile(r"no such (function|collation sequence): (.*)", re.DOTALL)
_EVENTS = ("DELETE", "INSERT", "UPDATE")


class Quotes:
    """Reads statements of one schema into tokens in which every quoted word is settled."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries

    def tokens(self, entry: Entry) -> tuple[Token, ...]:
        """Return the statement's tokens; a double-quoted string is a string among them."""
        found = tokenize(entry.sql)
        double = [place for place, token in enumerate(found) if token.double]
        if not double:
            return found
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
            self._copy(conn, entry)
            if _refused(conn, entry, _as_names(found, double)) is None:
                return found
            strings = {
                place
                for place in double
                if _refused(conn, entry, _as_names(found, [place])) == found[place].value
            }
        return tuple(
            replace(token, kind="string", double=False) if place in strings else token
            for place, token in enumerate(found)
        )

    def _copy(self, conn: sqlite3.Connection, entry: Entry) -> None:
        """Create what the statement may refer to; views and triggers may refer to anything."""
        far = entry.type in ("view", "trigger")
        for kind in ("table", "index", "view", "trigger"):
            for other in self._entries:
                near = other.type == "table" and fold(other.name) == fold(entry.table)
                if other.type == kind and other != entry and (far or near):
                    _made(conn, other.sql)


def _as_names(tokens: Sequence[Token], places: Sequence[int]) -> str:
    texts = [token.text for token in tokens]
    for place in places:
        texts[place] = "`" + tokens[place].value.replace("`", "``") + "`"
    return " ".join(texts)


def _refused(conn: sqlite3.Connection, entry: Entry, sql: str) -> str | None:
    """Return the column that SQLite does not know when the statement is made and used.

    None when it knows all; the empty string when it refuses the statement for another reason.
    """
    with _undone(conn):
        error = _made(conn, sql)
        if error is None and entry.type in ("view", "trigger"):
            error = _made(conn, _use(conn, entry))
    if error is None:
        return None
    _, found, name = str(error).partition("no such column: ")
    return name if found else ""


@contextmanager
def _undone(conn: sqlite3.Connection) -> Iterator[None]:
    conn.execute("BEGIN")
    try:
        yield
    finally:
        conn.execute("ROLLBACK")


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
    """Return a statement that makes SQLite look into a view or a trigger."""
    if entry.type == "view":
        return f"EXPLAIN SELECT * FROM {quote(entry.name)}"
    event = next(token for token in tokenize(entry.sql) if token.is_word(*_EVENTS))
    table = quote(entry.table)
    if event.is_word("DELETE"):
        return f"EXPLAIN DELETE FROM {table}"
    if event.is_word("INSERT"):
        return f"EXPLAIN INSERT INTO {table} DEFAULT VALUES"
    rows = conn.execute(f"PRAGMA table_xinfo({table})").fetchall()
    # A generated column cannot be set; a trigger may fire for one column only, so all are.
    changes = ", ".join(f"{quote(row[1])} = NULL" for row in rows if row[6] == 0)
    return f"EXPLAIN UPDATE {table} SET {changes}"
