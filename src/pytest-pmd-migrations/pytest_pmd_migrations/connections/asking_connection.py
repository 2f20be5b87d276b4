"""A connection that tells which tables the application asks for, whatever else is set on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, TypeAlias

from pytest_pmd_migrations.connections.asked_tables import AskedTables, current_asked
from pytest_pmd_migrations.connections.statement_record import (
    RecordingConnection,
    first_word,
    recording,
)

__all__ = ["AskingConnection", "hearing"]

_EXPLAINED = frozenset(
    ("ALTER", "CREATE", "DELETE", "DROP", "INSERT", "REPLACE", "SELECT", "UPDATE", "WITH")
)
_VIRTUAL = "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND rootpage = 0 LIMIT 1"
_TEXTS = "SELECT CAST(group_concat(coalesce(sql, name)) AS BLOB) FROM main.sqlite_schema"

Authorizer: TypeAlias = Callable[[int, str | None, str | None, str | None, str | None], int]
"""A callback as ``set_authorizer`` takes it."""


class AskingConnection(RecordingConnection):
    """A connection whose questions to SQLite can be heard.

    SQLite keeps one authorizer a connection; here it is ours, and calls the application's.
    """

    asked: AskedTables | None = None
    is_utf8 = False
    """Whether it is known that Python can be told of all names."""

    _authorizer: Authorizer | None = None
    _heard: set[tuple[object, ...]]
    _asked_before: AskedTables | None = None
    _changes_before = 0
    _is_explaining = False

    def set_authorizer(self, authorizer_callback: Authorizer | None) -> None:
        """Set the application's authorizer."""
        self._authorizer = authorizer_callback
        if self.asked is None:
            super().set_authorizer(authorizer_callback)
        else:
            super().set_authorizer(self._hear)

    def hear(self, asked: AskedTables | None) -> None:
        """Tell ``asked`` from now on what statements ask for; None for nobody.

        SQLite prepares each statement again then, so that none goes unheard.
        """
        self.asked = asked
        self._heard = set()
        self.set_authorizer(self._authorizer)

    def begin_statement(self) -> None:
        """Hear no more where everything was asked for: of a name that is not UTF-8, nobody can."""
        super().begin_statement()
        if self.asked is not None and self.asked.everything:
            self.is_utf8 = False
            self.hear(None)
        self._asked_before = None
        if self.asked is not None and self.asked.leaves_out_refused:
            self._asked_before, self._changes_before = self.asked.copy(), self.total_changes

    def fail_statement(self, sql: str, error: Exception) -> None:
        """Forget what a statement asked for that SQLite refused for the schema alone."""
        super().fail_statement(sql, error)
        before = self._asked_before
        if self.asked is None or before is None or not self._is_refused(sql, error):
            return
        self.asked.go_back(before)
        # These questions are new again where another statement asks them.
        self._heard = set()
        if self.record is not None:
            self.record.leave_out(sql)

    def _is_refused(self, sql: str, error: Exception) -> bool:
        """Return whether SQLite refuses a statement for the schema alone.

        EXPLAIN prepares it and runs nothing of it (https://www.sqlite.org/lang_explain.html), but
        for pragmas. A virtual table looks at its rows even then.
        """
        if first_word(sql) not in _EXPLAINED or not _may_be_refusal(error):
            return False
        if self.total_changes != self._changes_before:
            return False
        self._is_explaining = True
        try:
            cursor = sqlite3.Cursor(self)
            if cursor.execute(_VIRTUAL).fetchone() is None:
                cursor.execute(f"EXPLAIN {sql}")
        except Exception as refused:
            return _may_be_refusal(refused) and str(refused) == str(error)
        finally:
            self._is_explaining = False
        return False

    def blobopen(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as sqlite3 has it
        """Open a value, which no statement names."""
        self._read_everything()
        return super().blobopen(*arguments, **options)

    def backup(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as sqlite3 has it
        """Copy the whole database, which no statement names."""
        self._read_everything()
        super().backup(*arguments, **options)

    def serialize(self, **options: Any) -> bytes:  # noqa: ANN401 - as sqlite3 has it
        """Return the whole database, likewise."""
        self._read_everything()
        return super().serialize(**options)

    def deserialize(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as sqlite3 has it
        """Replace the whole database, likewise."""
        self._read_everything()
        super().deserialize(*arguments, **options)

    def _read_everything(self) -> None:
        if self.asked is not None:
            self.asked.everything = True

    def _hear(
        self,
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        trigger: str | None,
    ) -> int:
        if self._is_explaining:
            return sqlite3.SQLITE_OK
        # Most questions are asked again and again.
        question = action, first, second, database, self.is_running
        if question not in self._heard and self.asked is not None:
            self._heard.add(question)
            self.asked.hear(action, first, second, database, of_text=self.is_running)
        if self._authorizer is not None:
            return self._authorizer(action, first, second, database, trigger)
        return sqlite3.SQLITE_OK


def _may_be_refusal(error: Exception) -> bool:
    """Return whether SQLite's own code for an error is that of one that preparing may raise.

    A constraint, a lock and an interrupt have others.
    """
    own_code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.OperationalError) and own_code == sqlite3.SQLITE_ERROR


@contextmanager
def hearing(conn: sqlite3.Connection) -> Iterator[None]:
    """Hear in the block what the application asks ``conn`` for, where somebody gathers that.

    Of a connection that cannot be heard it may have asked for everything.
    """
    asked = current_asked()
    if asked is None:
        yield
    elif not isinstance(conn, AskingConnection) or not _is_utf8(conn):
        asked.everything = True
        yield
    else:
        with _recorded(conn, asked):
            conn.hear(asked)
            try:
                yield
            finally:
                # The application may have closed it.
                with suppress(sqlite3.ProgrammingError):
                    conn.hear(None)


def _is_utf8(conn: AskingConnection) -> bool:
    """Return whether Python can be told of all names: else a statement that has one fails.

    Statements, which are text, make no others; who writes the schema itself is heard no more.
    """
    if conn.is_utf8:
        return True
    cursor = sqlite3.Cursor(conn)
    cursor.row_factory = None
    (text,) = cursor.execute(_TEXTS).fetchone()
    try:
        bytes(text or b"").decode()
    except UnicodeDecodeError:
        return False
    conn.is_utf8 = True
    return True


@contextmanager
def _recorded(conn: AskingConnection, asked: AskedTables) -> Iterator[None]:
    """Have the texts of the statements in the block, also where it raises."""
    with recording(conn) if conn.record is None else nullcontext(conn.record) as record:
        try:
            yield
        finally:
            asked.texts.update(record.all_texts())
            asked.everything |= not record.is_whole
