"""Record one run of an upgrade on a real disk: what it did to the database's files, in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.database_files import DatabaseFiles, read_files
from pytest_pmd_migrations.faults.kinds.power.simulated_files import (
    Contents,
    Operation,
    Returned,
    files_after,
)
from pytest_pmd_migrations.faults.kinds.power.states import SECTOR, PowerState, power_states
from pytest_pmd_migrations.faults.vfs.operations import Write
from pytest_pmd_migrations.faults.vfs.process_shim import process_shim
from pytest_pmd_migrations.faults.watching.opened_file import file_of_connection
from pytest_pmd_migrations.faults.watching.recording import Recorder, Recording

__all__ = ["DiskRecord", "RecordedOperation", "record_disk"]

_ENDINGS = ("", "-journal", "-wal")
_FULL, _EXTRA = 2, 3
_NEEDED: Mapping[str, int] = {"wal": _FULL, "truncate": _FULL, "persist": _FULL, "delete": _EXTRA}
"""The ``PRAGMA synchronous`` from which on a journal mode promises that a commit stays."""


@dataclass(frozen=True)
class RecordedOperation:
    """One operation; its path is the ending that the file's name adds to the database's.

    ``statement`` is the index of the statement that was running, in the recording; None where
    none had begun. ``reported`` is whether the runner had returned by then.
    """

    operation: Operation
    statement: int | None
    reported: bool


@dataclass(frozen=True)
class DiskRecord:
    """Records all that a run did to a database, its rollback journal and its WAL.

    ``start`` are the files before it, ``recording`` the statements that ran meanwhile.
    """

    start: DatabaseFiles
    operations: tuple[RecordedOperation, ...]
    recording: Recording

    @property
    def durable(self) -> bool:
        """Whether a change must stay after the run has reported success."""
        return any(isinstance(one.operation, Returned) for one in self.operations)

    def states(self) -> Iterator[PowerState]:
        """Yield what a loss of power can leave, in the order of the run."""
        return power_states(_contents(self.start), self._bare)

    @property
    def end(self) -> Contents:
        """The files after the run, if the record is complete."""
        return files_after(_contents(self.start), self._bare)

    @property
    def _bare(self) -> list[Operation]:
        return [one.operation for one in self.operations]


def record_disk(case: Case) -> DiskRecord:
    """Run the upgrade once and return what it did, each small write joined to the one it continues.

    Raises InjectionError when the run failed, or touched no file through Python's own SQLite.
    """
    recorder = _DiskRecorder()
    with process_shim().watching(recorder.operation):
        finished = case.run(recorder)
    if finished.raised:
        raise InjectionError(
            f"the run that is recorded for losses of power {finished.said}; without a record it"
            " succeeds, so it takes another way each time it is called"
        )
    record = recorder.disk_record()
    if record.end != _contents(finished.files):
        raise InjectionError(
            f"{case.database_name} was written past Python's own SQLite, so nothing can be said of"
            " a loss of power. Let the runner use the sqlite3 of the standard library, in this"
            " process"
        )
    return record


class _DiskRecorder(Recorder):
    """Records the statements of a run, and what happens to the files meanwhile."""

    wants_ticks = False
    wants_authorizations = False
    keeps_synchronous = True

    def __init__(self) -> None:
        super().__init__()
        self._conn: Any = None
        self._path = ""
        self._start = DatabaseFiles(b"")
        self._operations: list[RecordedOperation] = []
        self._reported = False

    def opened(self, conn: Any) -> None:  # noqa: ANN401 - the observer's
        """Read the files when the first connection is made: nothing is written yet."""
        if self._conn is None:
            self._conn = conn
            self._path = file_of_connection(conn)
            self._start = read_files(Path(self._path))

    def operation(self, operation: Operation) -> None:
        """Record an operation on whatever file."""
        statement = len(self.statements) - 1 if self.statements else None
        self._operations.append(RecordedOperation(operation, statement, self._reported))

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401 - the observer's
        """Record a statement of the run, not those asked here afterwards."""
        if not self._reported:
            super().statement(conn, sql)

    def returned(self, error: BaseException | None) -> None:  # noqa: ARG002 - the observer's
        """Note that whatever comes now came after the report."""
        self._reported = True
        if self._conn is not None and _promises_durability(self._conn):
            self.operation(Returned(self._path))

    def disk_record(self) -> DiskRecord:
        """Return what was done to the database's own files."""
        return DiskRecord(self._start, tuple(_joined(self._own())), self.recording())

    def _own(self) -> list[RecordedOperation]:
        own = []
        for one in self._operations:
            ending = one.operation.path.removeprefix(self._path)
            if one.operation.path.startswith(self._path) and ending in _ENDINGS:
                own.append(replace(one, operation=replace(one.operation, path=ending)))
        return own


def _joined(operations: list[RecordedOperation]) -> list[RecordedOperation]:
    """Return the operations with each write of less than a sector joined to the one it continues.

    A record of a journal is three writes, a frame of a WAL two; the small ones lie in a sector
    with their neighbours, and a state that parts them shows nothing that a torn write does not.
    """
    joined: list[RecordedOperation] = []
    for one in operations:
        last = joined[-1].operation if joined else None
        new = one.operation
        if (
            isinstance(new, Write)
            and isinstance(last, Write)
            and new.path == last.path
            and new.offset == last.offset + len(last.data)
            and min(len(new.data), len(last.data)) < SECTOR
        ):
            both = Write(last.path, last.offset, last.data + new.data)
            joined[-1] = replace(one, operation=both)
        else:
            joined.append(one)
    return joined


def _contents(files: DatabaseFiles) -> Contents:
    contents = (files.database, files.journal, files.wal)
    return {ending: content for ending, content in zip(_ENDINGS, contents, strict=True) if content}


def _promises_durability(conn: Any) -> bool:  # noqa: ANN401 - a connection of either driver
    """Return whether a transaction reported as committed must survive a loss of power.

    SQLite promises it in WAL mode, and where the journal is cut or overwritten, from FULL on. A
    deleted journal may come back and roll the transaction back, unless EXTRA syncs the folder
    (https://www.sqlite.org/pragma.html#pragma_synchronous). A connection that the runner closed
    cannot be asked: nothing is held against it.
    """
    try:
        cursor = sqlite3.Connection.cursor(conn)
        cursor.row_factory = None
        mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        synchronous = int(cursor.execute("PRAGMA synchronous").fetchone()[0])
        cursor.close()
    except sqlite3.Error:
        return False
    return mode in _NEEDED and synchronous >= _NEEDED[mode]
