"""Let SQLite prepare every table, index, view and trigger of a schema, each by itself."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from weakref import WeakKeyDictionary

from pytest_pmd_migrations.connections.connection import ApplicationConnection, Preparation
from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.catalog import Catalog, Entry
from pytest_pmd_migrations.schema.reading.stand_ins import SqlError, execute, prepare
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize
from pytest_pmd_migrations.schema.reading.trigger_event import firing_statement, trigger_event
from pytest_pmd_migrations.schema.references.values import Broken

__all__ = ["Prepared"]

_NOT_THERE = re.compile(r"no such (?P<kind>[a-z0-9 ]+): (?:main\.)?(?P<name>.+)", re.DOTALL)
_NEEDS = re.compile(
    r"no such module: |no such tokenizer: |unsafe use of |may not be used as a window function"
    r"|not authorized|is prohibited"
)
"""What SQLite says where it lacks something that only the application has or allows."""
_ROWID = ("rowid", "oid", "_rowid_")
_SOUND: WeakKeyDictionary[Preparation, set[tuple[Entry, ...]]] = WeakKeyDictionary()
"""The tables, with their indexes, that needed nothing more: most steps change one of hundreds."""


class Prepared:
    """Every object of one database, prepared; ``conn`` is a private copy, which is written.

    No trigger may be there but those that are made here: SQLite prepares all triggers of a table
    together, and tells the first error. ``broken`` and ``unsure`` are what was found.
    """

    def __init__(
        self, conn: sqlite3.Connection, catalog: Catalog, entries: Sequence[Entry]
    ) -> None:
        self.broken: list[Broken] = []
        self.unsure: list[Broken] = []
        self._conn = conn
        self._catalog = catalog
        self._unprepared: dict[str, str] = {}
        self._indexes: dict[str, list[Entry]] = {}
        for entry in entries:
            if entry.type == "index":
                self._indexes.setdefault(entry.table, []).append(entry)
        self._known: set[tuple[Entry, ...]] = set()
        # Of another connection nobody knows what was added to it.
        if isinstance(conn, ApplicationConnection):
            self._known = _SOUND.setdefault(conn.preparation, self._known)
        self._sound: list[tuple[Entry, ...]] = []
        # A trigger on a view that is broken has the view's error, so views come first.
        for check in (self._view, self._table, self._trigger):
            for entry in entries:
                check(entry)
        if not self.unsure:
            # Else one may lack what a stand-in, made for another, gave to both.
            self._known.update(self._sound)

    def _view(self, view: Entry) -> None:
        if view.type != "view":
            return
        error = self._error(view, f"SELECT * FROM main.{quote(view.name)}")
        if error is not None:
            self._unprepared[fold(view.name)] = view.name
            self._tell(view, error)

    def _table(self, table: Entry) -> None:
        """Prepare reading and writing a table: its generated columns, CHECKs and indexes."""
        if table.type != "table":
            return
        indexes = self._indexes.get(table.name, ())
        whole = (table, *indexes)
        if whole in self._known:
            return
        name = f"main.{quote(table.name)}"
        is_virtual = self._catalog.is_virtual(table.name)
        error = self._error(table, f"SELECT * FROM {name}")
        if error is None and not is_virtual:
            error = self._error(table, f"INSERT INTO {name} DEFAULT VALUES")
        if error is None:
            # A virtual table may need other tables.
            self._sound += [whole] * (not is_virtual)
            return
        self._unprepared[fold(table.name)] = table.name
        for index in indexes:
            of_index = self._error(index, f"REINDEX main.{quote(index.name)}")
            if of_index is not None:
                self._tell(index, of_index)
                return
        self._tell(table, error)

    def _trigger(self, trigger: Entry) -> None:
        if trigger.type != "trigger" or fold(trigger.table) in self._unprepared:
            # The error would be that of its view or table, which is told already.
            return
        _, event, named, _ = trigger_event(tokenize(trigger.sql))
        columns = self._columns(trigger.table)
        known = {*_ROWID, *(fold(column) for column, _ in columns)}
        for column in named:
            if fold(column) not in known:
                problem = (
                    f"fires on UPDATE OF {column}, a column that {trigger.table} does not have"
                )
                self._tell_broken(trigger, column, problem)
        settable = {fold(column) for column, can_be_set in columns if can_be_set}.union(_ROWID)
        if named and settable.isdisjoint(map(fold, named)):
            # Nothing can fire it, so SQLite never prepares it.
            return
        error, _ = execute(self._conn, trigger.sql)
        if error is None:
            error = self._error(trigger, firing_statement(event, trigger.table, columns, named))
            self._conn.execute(f"DROP TRIGGER main.{quote(trigger.name)}")
        if error is not None:
            self._tell(trigger, error)

    def _columns(self, table: str) -> list[tuple[str, bool]]:
        rows = self._conn.execute(f"PRAGMA main.table_xinfo({quote(table)})").fetchall()
        # A generated column cannot be set.
        return [(str(row[1]), row[6] == 0) for row in rows]

    def _error(self, entry: Entry, sql: str) -> SqlError | None:
        """Prepare a statement with stand-ins for what is missing, which a remark then names."""
        error, missing = prepare(self._conn, sql)
        for one in missing:
            problem = f"needs the {one.kind} {one.name}, which is not there"
            self.unsure.append(self._broken(entry, one.name, problem))
        return error

    def _tell(self, entry: Entry, error: SqlError) -> None:
        text = str(error)
        tokens = tokenize(entry.sql)
        found = _NOT_THERE.fullmatch(text)
        if not isinstance(error, sqlite3.Error):
            self.unsure.append(self._broken(entry, "", "has a text that is not UTF-8"))
        elif _NEEDS.search(text) or (found and _may_be_there(tokens, found["name"])):
            self.unsure.append(self._broken(entry, "", f"cannot be prepared here: {text}"))
        elif found is None:
            self._tell_broken(entry, "", f"cannot be prepared: {text}")
        else:
            name = found["name"]
            through = None if _names(tokens, name) else self._through(entry, tokens)
            if through is not None:
                self._tell_broken(entry, through, f"reads {through}, which cannot be prepared")
            else:
                self._tell_broken(
                    entry, name, f"names the {found['kind']} {name}, which does not exist"
                )

    def _through(self, entry: Entry, tokens: Sequence[Token]) -> str | None:
        """Return the first view among the tokens that cannot be prepared itself."""
        named = (fold(token.value) for token in tokens if token.is_identifier)
        views = (self._unprepared[name] for name in named if name in self._unprepared)
        return next((view for view in views if view != entry.name), None)

    def _tell_broken(self, entry: Entry, missing: str, problem: str) -> None:
        self.broken.append(self._broken(entry, missing, problem))

    def _broken(self, entry: Entry, missing: str, problem: str) -> Broken:
        kind = "virtual table" if self._catalog.is_virtual(entry.name) else entry.type
        owner = entry.table if entry.type in ("index", "trigger") else ""
        return Broken(kind, entry.name, missing, problem, owner)


def _names(tokens: Sequence[Token], name: str) -> bool:
    """Return whether a statement itself has the name, or its last part: ``new.unit``."""
    last = fold(name.rpartition(".")[2])
    return any(fold(token.value) in (fold(name), last) for token in tokens)


def _may_be_there(tokens: Sequence[Token], name: str) -> bool:
    """Return whether a table is there for others: a table-valued function, or ANALYZE's own."""
    if fold(name).startswith("sqlite_stat"):
        return True
    return any(
        fold(token.value) == fold(name) and following.text == "(" and before.word != "INTO"
        for before, token, following in _threes(tokens)
    )


def _threes(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token, Token]]:
    return zip(tokens, tokens[1:], tokens[2:], strict=False)
