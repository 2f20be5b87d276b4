"""One real run of an upgrade, recorded: what it did to the files of its database, in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.files import Files, read_files
from pytest_pmd_migrations.faults.injector import main_file_of
from pytest_pmd_migrations.faults.kinds.power.operations import Operation, Returned, Write
from pytest_pmd_migrations.faults.kinds.power.shim import shim
from pytest_pmd_migrations.faults.kinds.power.states import (
    SECTOR,
    PowerState,
    files_after,
    power_states,
)
from pytest_pmd_migrations.faults.recording import Recorder, Recording

__all__ = ["DiskRecord", "Recorded", "record_disk"]

_FAMILY = ("", "-journal", "-wal")
_FULL, _EXTRA = 2, 3
_NEEDED = {"wal": _FULL, "truncate": _FULL, "persist": _FULL, "delete": _EXTRA}


@dataclass(frozen=True)
class Recorded:
    """One operation; its path is what the file's name adds to the database's.

    ``event`` is the place of the statement that was running, in the run's events; None where none
    had begun. ``reported`` is whether the runner had returned by then.
    """

    operation: Operation
    event: int | None
    reported: bool


@dataclass(frozen=True)
class DiskRecord:
    """What a run did to a database, its rollback journal and its WAL.

    ``start`` are the files before it, ``run`` the statements that ran meanwhile.
    """

    start: Files
    operations: tuple[Recorded, ...]
    run: Recording

    @property
    def durable(self) -> bool:
        """Whether what the run reported as done must stay."""
        return any(isinstance(one.operation, Returned) for one in self.operations)

    def states(self) -> Iterator[PowerState]:
        """Yield what a loss of power can leave, in the order of the run."""
        return power_states(_contents(self.start), self._bare)

    @property
    def end(self) -> Mapping[str, bytes]:
        """The files after the run, by what their name adds to the database's."""
        return files_after(_contents(self.start), self._bare)

    @property
    def _bare(self) -> list[Operation]:
        return [one.operation for one in self.operations]


def record_disk(case: Case) -> DiskRecord:
    """Run the upgrade once and return what it did, each small write joined to the one it continues.

    Raises InjectionError when the run failed, or touched no file through Python's own SQLite.
    """
    recorder = _DiskRecorder()
    with shim().watching(recorder.tell):
        ran = case.run(recorder)
    if ran.raised:
        raise InjectionError(
            f"the run that is recorded for losses of power {ran.outcome}; without a record it"
            " succeeds, so it takes another way each time it is called"
        )
    record = recorder.record()
    if record.end != _contents(ran.files):
        raise InjectionError(
            f"{case.label} was written past Python's own SQLite, so nothing can be said of a loss"
            " of power. Let the runner use the sqlite3 of the standard library, in this process"
        )
    return record


class _DiskRecorder(Recorder):
    """Counts the statements of a run, and takes down what happens to the files."""

    ticks = False
    authorizes = False
    syncs = True
    struck = True

    def __init__(self) -> None:
        super().__init__()
        self._conn: Any = None
        self._path = ""
        self._start = Files(b"")
        self._seen: list[Recorded] = []
        self._reported = False

    def opened(self, conn: Any) -> None:  # noqa: ANN401 - the protocol's
        """Look at the files when the first connection is made: nothing is written yet."""
        if self._conn is None:
            self._conn = conn
            self._path = main_file_of(conn)
            self._start = read_files(Path(self._path))

    def tell(self, operation: Operation) -> None:
        """Take down an operation on whatever file."""
        event = len(self.events) - 1 if self.events else None
        self._seen.append(Recorded(operation, event, self._reported))

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401 - the protocol's
        """Count a statement of the run, not those asked here afterwards."""
        if not self._reported:
            super().statement(conn, sql)

    def returned(self, error: BaseException | None) -> None:  # noqa: ARG002 - the protocol's
        """Note that whatever comes now came after the report."""
        self._reported = True
        if self._conn is not None and _promises_durability(self._conn):
            self.tell(Returned(self._path))

    def record(self) -> DiskRecord:
        """Return what was seen of the database's own files."""
        return DiskRecord(self._start, tuple(_joined(self._own())), self.recording())

    def _own(self) -> list[Recorded]:
        own = []
        for one in self._seen:
            ending = one.operation.path.removeprefix(self._path)
            if one.operation.path.startswith(self._path) and ending in _FAMILY:
                own.append(replace(one, operation=replace(one.operation, path=ending)))
        return own


def _joined(seen: list[Recorded]) -> list[Recorded]:
    """Return the operations with each write of less than a sector joined to the one it continues.

    A record of a journal is three writes, a frame of a WAL two; the small ones lie in a sector
    with their neighbours, and a state that parts them shows nothing that a torn write does not.
    """
    joined: list[Recorded] = []
    for one in seen:
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


def _contents(files: Files) -> Mapping[str, bytes]:
    contents = (files.database, files.journal, files.wal)
    return {ending: content for ending, content in zip(_FAMILY, contents, strict=True) if content}


def _promises_durability(conn: Any) -> bool:  # noqa: ANN401 - a connection of either driver
    """Return whether a transaction reported as committed must survive a loss of power.

    SQLite promises it in WAL mode, and where the journal is cut or overwritten, from FULL on. A
    deleted journal may come back and roll the transaction back, unless EXTRA syncs the folder
    (https://www.sqlite.org/pragma.html#pragma_synchronous). A connection that the runner closed
    is not asked: nothing is held against it.
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
