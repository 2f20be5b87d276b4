"""Learn which tables the application's statements ask SQLite for, while they run.

SQLite names each table that a statement reads or writes when it prepares it, those of triggers and
foreign keys too (https://www.sqlite.org/c3ref/set_authorizer.html). What is read past its
statements, such as a whole file, counts as everything.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["AskedTables", "ask_for_everything", "asking", "current_asked"]

_NOTHING = frozenset(
    (
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_SAVEPOINT,
        sqlite3.SQLITE_CREATE_VIEW,
        sqlite3.SQLITE_DROP_VIEW,
        sqlite3.SQLITE_CREATE_TEMP_INDEX,
        sqlite3.SQLITE_CREATE_TEMP_TABLE,
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_VIEW,
        sqlite3.SQLITE_DROP_TEMP_INDEX,
        sqlite3.SQLITE_DROP_TEMP_TABLE,
        sqlite3.SQLITE_DROP_TEMP_TRIGGER,
        sqlite3.SQLITE_DROP_TEMP_VIEW,
        sqlite3.SQLITE_DETACH,
    )
)
_FIRST_IS_TABLE = frozenset(
    (
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_DELETE,
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_CREATE_VTABLE,
        sqlite3.SQLITE_DROP_VTABLE,
        sqlite3.SQLITE_ANALYZE,
    )
)
_SECOND_IS_TABLE = frozenset(
    (
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_DROP_TRIGGER,
        sqlite3.SQLITE_ALTER_TABLE,
    )
)
_OF_NO_ROW = frozenset(
    (
        "analysis_limit",
        "application_id",
        "automatic_index",
        "busy_timeout",
        "cache_size",
        "cache_spill",
        "case_sensitive_like",
        "cell_size_check",
        "checkpoint_fullfsync",
        "collation_list",
        "compile_options",
        "data_version",
        "database_list",
        "defer_foreign_keys",
        "encoding",
        "foreign_key_list",
        "foreign_keys",
        "fullfsync",
        "function_list",
        "hard_heap_limit",
        "ignore_check_constraints",
        "index_info",
        "index_list",
        "index_xinfo",
        "journal_mode",
        "journal_size_limit",
        "legacy_alter_table",
        "locking_mode",
        "mmap_size",
        "module_list",
        "pragma_list",
        "query_only",
        "read_uncommitted",
        "recursive_triggers",
        "reverse_unordered_selects",
        "schema_version",
        "secure_delete",
        "soft_heap_limit",
        "synchronous",
        "table_info",
        "table_list",
        "table_xinfo",
        "temp_store",
        "threads",
        "trusted_schema",
        "user_version",
        "wal_autocheckpoint",
        "writable_schema",
    )
)
"""The pragmas whose answer lies in the schema, the header or the connection, and in no row."""

_PRAGMA = "pragma_"
_WRITABLE = "writable_schema"
_KEY_CHECK = "foreign_key_check"
_PAGE_SIZE = "page_size"
_OF_ROWS = frozenset(("load_extension", "total_changes"))
"""Functions whose answer hangs on more than their arguments and the tables of the statement."""

_IN_MEMORY = ":memory:"
_MAIN = frozenset(("main", None))
_SCHEMA_TABLES = frozenset(
    ("sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema")
)
_EPONYMOUS = re.compile(r"json_each|json_tree|generate_series")


@dataclass
class AskedTables:
    """What was asked for: tables and indexes by their names in small letters, and statements.

    The ``texts`` count too: SQLite says nothing of the table that ``INSERT INTO a SELECT * FROM b``
    reads where it copies all of it at once. ``everything`` says that rows may have been read that
    nothing names; ``keys`` that SQLite was asked to check all foreign keys, ``page_size`` that it
    was asked how large pages are, as a full-text table does. With ``leaves_out_refused``,
    statements do not count that SQLite refused for the schema alone, before it looked at any row.
    """

    tables: set[str] = field(default_factory=set)
    indexes: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    everything: bool = False
    keys: bool = False
    page_size: bool = False
    leaves_out_refused: bool = False

    def add(self, other: AskedTables) -> None:
        """Take over what was asked for there."""
        self.tables |= other.tables
        self.indexes |= other.indexes
        self.texts |= other.texts
        self.everything |= other.everything
        self.keys |= other.keys
        self.page_size |= other.page_size

    def copy(self) -> AskedTables:
        """Return what was asked for so far; what is asked for from now on is not in it."""
        found = AskedTables(leaves_out_refused=self.leaves_out_refused)
        found.add(self)
        return found

    def go_back(self, before: AskedTables) -> None:
        """Forget what was asked for since that copy was made."""
        self.tables, self.indexes, self.texts = before.tables, before.indexes, before.texts
        self.everything, self.keys, self.page_size = (
            before.everything,
            before.keys,
            before.page_size,
        )

    def hear(
        self,
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        *,
        of_text: bool,
    ) -> None:
        """Take note of one question of SQLite's authorizer.

        ``of_text`` says whether the text of the statement that it is about will be known.
        """
        if action in _NOTHING:
            return
        if action == sqlite3.SQLITE_INSERT and not of_text:
            self.everything |= (first or "").lower() not in _SCHEMA_TABLES
        if action in _FIRST_IS_TABLE:
            self._add(first, database)
        elif action in _SECOND_IS_TABLE:
            self._add(second, database)
        elif action == sqlite3.SQLITE_REINDEX:
            self.indexes.add((first or "").lower())
        elif action == sqlite3.SQLITE_FUNCTION:
            self.everything |= (second or "").lower() in _OF_ROWS
        elif action == sqlite3.SQLITE_PRAGMA:
            self._hear_pragma((first or "").lower(), second)
        elif action != sqlite3.SQLITE_ATTACH or first != _IN_MEMORY:
            self.everything = True

    def _add(self, table: str | None, database: str | None) -> None:
        name = (table or "").lower()
        if database not in _MAIN or name in _SCHEMA_TABLES:
            # What a step attached in memory, or keeps in a temporary table, it filled itself.
            return
        if name.startswith(_PRAGMA):
            self._hear_pragma(name.removeprefix(_PRAGMA))
        elif not _EPONYMOUS.fullmatch(name):
            self.tables.add(name)

    def _hear_pragma(self, name: str, value: str | None = None) -> None:
        if name == _KEY_CHECK:
            self.keys = True
        elif name == _PAGE_SIZE and value is None:
            self.page_size = True
        elif name not in _OF_NO_ROW or (name == _WRITABLE and value is not None):
            self.everything = True


_CURRENT: list[AskedTables] = []


@contextmanager
def asking(*, leaves_out_refused: bool = False) -> Iterator[AskedTables]:
    """Gather in the block what the application's own code asks for, on whichever connection.

    What a block inside this one gathers is not gathered here. ``leaves_out_refused`` is that of
    :class:`AskedTables`.
    """
    asked = AskedTables(leaves_out_refused=leaves_out_refused)
    _CURRENT.append(asked)
    try:
        yield asked
    finally:
        _CURRENT.pop()


def ask_for_everything() -> None:
    """Say that the application may read anything, where nobody hears what it reads."""
    if _CURRENT:
        _CURRENT[-1].everything = True


def current_asked() -> AskedTables | None:
    """Return what the innermost block gathers; None outside of all."""
    return _CURRENT[-1] if _CURRENT else None
