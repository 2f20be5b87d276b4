"""Which tables of the main database the statements of a step may write, told by its guard.

SQLite asks the guard when it prepares a statement, about each trigger that it may fire, too. Only
a blob is written without a question.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import TypeAlias

from pmd.store.migrations.step.foreign_keys import lower

__all__ = ["Question", "WrittenTables", "may_change_schema"]

_SCHEMA_TABLES = frozenset({"sqlite_master", "sqlite_schema"})
_ROW_ACTIONS = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
_NO_CHANGE = frozenset({sqlite3.SQLITE_PRAGMA, sqlite3.SQLITE_SAVEPOINT, sqlite3.SQLITE_ANALYZE})


Question: TypeAlias = tuple[int, str, str | None, str | None]
"""The action that SQLite asked about, two names that belong to it, and the database."""


def may_change_schema(questions: Collection[Question]) -> bool:
    """Return whether the schema may be another one after these: then anything may have changed."""
    for action, one, _, database in questions:
        changes = one in _SCHEMA_TABLES if action in _ROW_ACTIONS else action not in _NO_CHANGE
        if changes and database != "temp":
            return True
    return False


class WrittenTables:
    """Tells of the tables and columns that were asked about; names are in lower case.

    The questions are those of a step that changed no schema.
    """

    def __init__(self, questions: Collection[Question]) -> None:
        self._updated: dict[str, set[str]] = {}
        self._inserted: set[str] = set()
        self._deleted: set[str] = set()
        for action, one, two, database in questions:
            if database == "main" and action == sqlite3.SQLITE_UPDATE:
                self._updated.setdefault(lower(one), set()).add(lower(two or ""))
            elif database == "main" and action in _ROW_ACTIONS:
                rows = self._inserted if action == sqlite3.SQLITE_INSERT else self._deleted
                rows.add(lower(one))

    def wrote(self, table: str) -> bool:
        """Return whether rows of a table may have been inserted, deleted or updated."""
        name = lower(table)
        return name in self._inserted or name in self._deleted or name in self._updated

    def may_have_new_values(self, table: str, column: str) -> bool:
        """Return whether rows that are there now may have other values in a column."""
        name = lower(table)
        updated = self._updated.get(name, set())
        return name in self._inserted or bool(updated & {lower(column), "rowid"})
