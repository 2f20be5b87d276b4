"""What a dialect is: which scripts a tool finds in a folder, and how its own table is kept."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Literal

from pytest_pmd_migrations.connections.query_rows import query_rows
from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.script import Script
from pytest_pmd_migrations.sources.sql_folder.statements import statements

__all__ = ["Dialect", "Row"]

Row = tuple[object, ...]


class Dialect(ABC):
    """The rules of one tool; a subclass says where they are others.

    ``name`` is the tool's. ``table`` is its own, ``column`` the one that holds what was applied,
    ``create`` the SQL that makes it, ``objects`` all that this makes. ``applies`` and
    ``when_edited`` are those of the source; ``files`` are what its scripts look like, for messages.
    ``foreign_keys`` says that the tool switches them on, ``goes_down`` that scripts may go back.
    """

    name: str
    table: str
    column = "version"
    create: str
    objects: tuple[str, ...] = ()
    applies: Literal["set", "highest"] = "set"
    when_edited = ""
    files: str
    foreign_keys = False
    goes_down = False

    @abstractmethod
    def scripts(self, folder: SqlFolder) -> Sequence[Script]:
        """Return the migrations of a folder in the order in which the tool applies them.

        Raises SourceError, one line, where the tool would refuse one.
        """

    def bookkeeping(self, folder: SqlFolder) -> Sequence[str]:  # noqa: ARG002 - some tools look
        """Return globs on what belongs to the tool."""
        return (self.table, *self.objects)

    def set_up(self, conn: sqlite3.Connection) -> None:
        """Make the tool's table where there is none."""
        if not self.is_set_up(conn):
            for statement in statements(self.create):
                conn.execute(statement)

    def is_set_up(self, conn: sqlite3.Connection) -> bool:
        """Return whether the tool's table is there."""
        sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)"
        return bool(query_rows(conn, sql, self.table))

    def applied(self, conn: sqlite3.Connection, scripts: Sequence[Script]) -> Sequence[str]:
        """Return the labels of what the table has as applied.

        What no script has is named as the table names it. Raises SourceError where the tool would
        refuse the database.
        """
        labels = {script.mark: script.label for script in scripts}
        return [labels.get(mark, str(mark)) for mark in self.marks(conn)]

    def marks(self, conn: sqlite3.Connection) -> Sequence[int | str]:
        """Return the marks that the table has."""
        # A quoted name that is no column is a string to SQLite, unless its table stands before it.
        sql = f"SELECT its.{quote(self.column)} FROM {quote(self.table)} AS its"
        return [as_mark(row[0]) for row in query_rows(conn, sql)]

    @abstractmethod
    def take_note(self, conn: sqlite3.Connection, script: Script) -> None:
        """Write into the table that a script was applied."""

    def forget(self, conn: sqlite3.Connection, script: Script, before: Script | None) -> None:  # noqa: ARG002 - some tools keep one row
        """Take that note away; ``before`` is the migration that the tool applies before it."""
        sql = f"DELETE FROM {quote(self.table)} WHERE {quote(self.column)} = ?"
        conn.execute(sql, (script.mark,))

    def altered(self, conn: sqlite3.Connection, scripts: Sequence[Script]) -> Mapping[str, str]:  # noqa: ARG002 - some tools look
        """Return what the tool says of applied scripts whose text is another now, by their labels.

        Empty for a tool that keeps no checksums.
        """
        return {}

    def finish(self, conn: sqlite3.Connection, folder: SqlFolder) -> None:  # noqa: B027 - most do nothing
        """Do what the tool does after the newest migration."""


def as_mark(value: object) -> int | str:
    """Return what a table holds as a mark."""
    return value if isinstance(value, int) else str(value)
