"""Decide for each double-quoted word whether it is a name or a string.

SQLite reads ``"x"`` as a string where there is no such name
(https://www.sqlite.org/quirks.html#dblquote). In a table or an index only the table's own columns
are names. In a view or a trigger SQLite itself is asked: a copy of the schema without rows is given
the statement with the word in backticks, which only a name can have. If SQLite then says that there
is no such column, the word is a string. Words that no column can have as its name are asked about
together: SQLite reads the statement once for all of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from itertools import pairwise

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.catalog import Catalog, Entry
from pytest_pmd_migrations.schema.reading.scratch_database import SchemaCopy
from pytest_pmd_migrations.schema.reading.stand_ins import SqlError, execute
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize
from pytest_pmd_migrations.schema.reading.trigger_event import firing_statement, trigger_event

__all__ = ["Quotes"]

_ROWID = ("rowid", "oid", "_rowid_")
_PROBE = "temp.probe"
_QUERIES = ("SELECT", "VALUES")


class Quotes:
    """Reads the statements of one schema into tokens that tell names from strings.

    ``copy`` is a copy of the same schema, for SQLite to be asked about views and triggers.
    """

    def __init__(self, catalog: Catalog, entries: Sequence[Entry], copy: SchemaCopy) -> None:
        self._catalog = catalog
        self._entries = entries
        self._copy = copy
        self._columns: dict[str, frozenset[str]] = {}

    def tokens(self, entry: Entry) -> tuple[Token, ...]:
        """Return a statement's tokens, with the kind "string" for each double-quoted string."""
        found = tokenize(entry.sql)
        if "'" in entry.sql:
            # Half of all statements have no string.
            from pytest_pmd_migrations.schema.reading.single_quotes import with_names

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
        self._copy.create_referenced(tokens)
        find_error = _view_error if entry.type == "view" else _trigger_error

        def error(texts: Sequence[str]) -> SqlError | None:
            return find_error(self._copy, entry, tokens, texts)

        def unknown(positions: Collection[int]) -> str | None:
            return _unknown_column(error(_with_backticks(tokens, positions)))

        if unknown(double) is None:
            return set()
        strings = set(self._never_names(tokens, double))
        asked = (_with_backticks(tokens, ()), _with_values(tokens, strings))
        if any(error(texts) is not None for texts in asked):
            # Of a statement that SQLite cannot prepare, it tells the first error only.
            strings = set()
        return strings | _strings_one_by_one(tokens, set(double) - strings, unknown)

    def _never_names(self, tokens: Sequence[Token], double: Sequence[int]) -> list[int]:
        """Return the positions where a value may stand, of words that no column's name can be."""
        from pytest_pmd_migrations.schema.reading.single_quotes import NamePositions

        names = NamePositions(tokens)
        valued = [position for position in double if position not in names]
        known = {fold(token.value) for token in tokens if token.is_identifier and not token.double}
        known.update(fold(tokens[position].value) for position in set(double) - set(valued))
        known.update(_ROWID, *(self._copy.column_names(name) for name in set(known)))
        # A subquery's column may have the text of an expression as its name.
        named_by_text = any(
            after.is_word(*_QUERIES) and token.text == "(" for token, after in pairwise(tokens)
        )
        return [
            position
            for position in valued
            if fold(tokens[position].value) not in known
            and not (named_by_text and _may_be_text(tokens[position].value))
        ]


def _may_be_text(value: str) -> bool:
    """Return whether SQLite may give the name to a column of a subquery that has none."""
    found = tokenize(value)
    return len(found) != 1 or found[0].kind != "word" or fold(value).startswith("column")


def _strings_one_by_one(
    tokens: Sequence[Token],
    positions: Collection[int],
    unknown: Callable[[Collection[int]], str | None],
) -> set[int]:
    """Return the positions of words that SQLite knows no column for, each asked about by itself.

    As long as none is unknown among those that are left, nothing more is asked.
    """
    left, strings = set(positions), set[int]()
    while left:
        name = unknown(left)
        if name is None:
            break
        # SQLite tells the first one that it does not know; without one, all are asked about.
        asked = {one for one in left if tokens[one].value == name} or left
        strings.update(one for one in asked if unknown([one]) == tokens[one].value)
        left -= asked
    return strings


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
            execute(conn, table)
        error, _ = execute(conn, " ".join(_with_backticks(tokens, [position])))
    return _unknown_column(error) == tokens[position].value


def _with_values(tokens: Sequence[Token], positions: Collection[int]) -> list[str]:
    """Return the texts with another number for each word: no name, and no column's position."""
    return [f"{n}.5" if n in positions else token.text for n, token in enumerate(tokens)]


def _with_backticks(tokens: Sequence[Token], positions: Collection[int]) -> list[str]:
    texts = [token.text for token in tokens]
    for position in positions:
        texts[position] = "`" + tokens[position].value.replace("`", "``") + "`"
    return texts


def _unknown_column(error: SqlError | None) -> str | None:
    """Return the column that an error says is unknown, empty for any other error."""
    if error is None:
        return None
    _, found, name = str(error).partition("no such column: ")
    return name if found else ""


def _view_error(
    copy: SchemaCopy, _: Entry, tokens: Sequence[Token], texts: Sequence[str]
) -> SqlError | None:
    """Return the error of SQLite when it prepares a view's SELECT, None if there is none."""
    start = next(position for position, token in enumerate(tokens) if token.is_word("AS")) + 1
    return copy.prepare(" ".join(texts[start:]))


def _trigger_error(
    copy: SchemaCopy, entry: Entry, tokens: Sequence[Token], texts: Sequence[str]
) -> SqlError | None:
    """Return the error of SQLite when it creates a trigger and prepares what fires it."""
    error = copy.execute(f"CREATE TRIGGER {_PROBE} {' '.join(texts[3:])}")
    if error is not None:
        return error
    try:
        event = trigger_event(tokens).event
        sql = firing_statement(event, entry.table, copy.columns(entry.table) or ())
        return copy.prepare(sql)
    finally:
        copy.execute(f"DROP TRIGGER {_PROBE}")
