"""Record which statements a step ran through a connection, and which failed without failing it."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from pytest_pmd_migrations.messages.error_chain import follow
from pytest_pmd_migrations.still_clock.clock_and_dice import times_thrown

__all__ = ["FailedStatement", "RecordingConnection", "StatementRecord", "first_word", "recording"]

_MOST = 2_000
_LONGEST = 20_000
_FIRST_WORD = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*+(?P<word>[A-Za-z]*)", re.DOTALL)
_KEPT_WORDS = ("CREATE", "DROP", "ALTER", "INSERT", "REPLACE", "WITH", "REINDEX")
"""The words that begin a statement after which a table or what belongs to it may be another."""


class FailedStatement(NamedTuple):
    """A statement that raised, and whose error somebody caught.

    ``caught_in`` is the file of the function that caught the error, ``caught_by`` its module.
    """

    sql: str
    error: str
    caught_in: Path
    caught_by: str


@dataclass
class StatementRecord:
    """Keeps what ran while it was recorded.

    ``texts`` are the statements and scripts that may change a schema or fill a table, each once, in
    their order, ``others`` all other statements; ``failed`` are those whose error was caught, each
    once. ``threw_dice`` says that SQL's dice were thrown meanwhile, ``is_whole`` that each
    statement is here in all its length.
    """

    texts: dict[str, None] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)
    failed: dict[FailedStatement, None] = field(default_factory=dict)
    threw_dice: bool = False
    is_whole: bool = True
    _is_new: bool = False
    _raised: tuple[str, BaseException] | None = None

    def begin(self, sql: str, *, script: bool = False) -> None:
        """Take note of a statement that is about to run."""
        self.settle()
        kept = self.texts if script or first_word(sql) in _KEPT_WORDS else self.others
        self._is_new = sql not in kept
        if len(kept) < _MOST:
            kept[sql[:_LONGEST]] = None
        elif sql not in kept:
            self.is_whole = False
        if len(sql) > _LONGEST:
            self.is_whole = False

    def all_texts(self) -> tuple[str, ...]:
        """Return all statements."""
        return (*self.texts, *self.others)

    def leave_out(self, sql: str) -> None:
        """Forget the statement that began last, unless it was run before."""
        if self._is_new:
            self.texts.pop(sql, None)
            self.others.pop(sql, None)

    def fail(self, sql: str, error: BaseException) -> None:
        """Take note of a statement that raised; who catches that is known only later."""
        self._raised = sql, error

    def settle(self) -> None:
        """Find out who caught the last error, unless somebody is handling it still.

        Its traceback begins with the frame that caught it. It is let go before anything else is
        run: it keeps the frames alive, and half-read statements in them would lock their tables.
        """
        if self._raised is None or _is_handled(self._raised[1]):
            return
        (sql, error), self._raised = self._raised, None
        if len(self.failed) < _MOST and error.__traceback__ is not None:
            frame: FrameType = error.__traceback__.tb_frame
            module = str(frame.f_globals.get("__name__", ""))
            caught_in = Path(frame.f_code.co_filename)
            text = sql[:_LONGEST]
            self.failed[FailedStatement(text, str(error), caught_in, module)] = None


class RecordingConnection(sqlite3.Connection):
    """A connection whose statements can be recorded, however the application runs them."""

    record: StatementRecord | None = None
    is_running = False
    """Whether a statement runs at this moment whose text is recorded."""

    def begin_statement(self) -> None:
        """Take note that such a statement is about to run."""
        self.is_running = True

    def fail_statement(self, sql: str, error: Exception) -> None:
        """Take note that this one raised, which was run once, not with many rows of parameters."""

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:  # noqa: ANN401 - as sqlite3 has it
        """Return a cursor that tells the record of what it runs."""
        if self.record is not None and isinstance(factory, type):
            return super().cursor(_recording_class(factory))
        return super().cursor(factory)

    def execute(self, sql: str, *arguments: Any) -> Any:  # noqa: ANN401 - as sqlite3 has it
        """Run a statement on a new cursor; what sqlite3 makes itself would not be recorded."""
        if self.record is None:
            return super().execute(sql, *arguments)
        return self.cursor().execute(sql, *arguments)

    def executemany(self, sql: str, *arguments: Any) -> Any:  # noqa: ANN401 - as sqlite3 has it
        """Run a statement with each row of parameters, likewise."""
        if self.record is None:
            return super().executemany(sql, *arguments)
        return self.cursor().executemany(sql, *arguments)

    def executescript(self, sql: str) -> Any:  # noqa: ANN401 - as sqlite3 has it
        """Run a script, likewise."""
        if self.record is None:
            return super().executescript(sql)
        return self.cursor().executescript(sql)


@contextmanager
def recording(conn: sqlite3.Connection) -> Iterator[StatementRecord]:
    """Record what is run in the block through a connection of this package's.

    Of another connection nothing is recorded.
    """
    record, thrown = StatementRecord(), times_thrown()
    if not isinstance(conn, RecordingConnection):
        yield record
        return
    conn.record = record
    try:
        yield record
    finally:
        conn.record = None
        record.settle()
        record.threw_dice = times_thrown() > thrown


@cache
def _recording_class(factory: type) -> type:
    """Return a subclass of a cursor's class that tells its connection's record what it runs."""
    return type(factory.__name__, (_Recording, factory), {"__module__": factory.__module__})


class _Recording:
    """Tells the record of a cursor's connection of each statement, and of each that raises."""

    connection: RecordingConnection

    def execute(self, sql: str, *arguments: Any) -> Any:  # noqa: ANN401 - as sqlite3 has it
        parent: Any = super()
        return self._run(parent.execute, sql, arguments, is_one_run=True)

    def executemany(self, sql: str, *arguments: Any) -> Any:  # noqa: ANN401 - as sqlite3 has it
        parent: Any = super()
        return self._run(parent.executemany, sql, arguments)

    def executescript(self, sql: str) -> Any:  # noqa: ANN401 - as sqlite3 has it
        parent: Any = super()
        return self._run(parent.executescript, sql, (), script=True)

    def _run(
        self,
        run: Callable[..., Any],
        sql: str,
        arguments: tuple[Any, ...],
        *,
        script: bool = False,
        is_one_run: bool = False,
    ) -> Any:  # noqa: ANN401 - as sqlite3 has it
        conn = self.connection
        record = conn.record
        if record is None or not isinstance(sql, str):
            return run(sql, *arguments)
        record.begin(sql, script=script)
        conn.begin_statement()
        try:
            return run(sql, *arguments)
        except (sqlite3.Error, sqlite3.Warning) as error:
            record.fail(sql, error)
            if is_one_run:
                conn.fail_statement(sql, error)
            raise
        finally:
            conn.is_running = False


def first_word(sql: str) -> str:
    """Return the word that a statement begins with, in capitals, behind white space and comments.

    Empty where there is none.
    """
    found = _FIRST_WORD.match(sql)
    return found["word"].upper() if found else ""


def _is_handled(error: BaseException) -> bool:
    """Return whether an except clause or a finally that we are called from handles the error."""
    return any(one is error for one in follow(sys.exc_info()[1], lambda one: one.__context__))
