"""The kind ``power``: a recorded run is replayed up to each write, as a power loss may leave it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from weakref import WeakKeyDictionary

from pytest_pmd_migrations.c_library.library import LibraryNotFoundError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.database_files import DatabaseFiles
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.kinds.power.disk_record import DiskRecord, record_disk
from pytest_pmd_migrations.faults.kinds.power.states import PowerState
from pytest_pmd_migrations.faults.values import Point, StruckPoint
from pytest_pmd_migrations.faults.vfs.operations import Delete, Sync, Truncate, Write
from pytest_pmd_migrations.faults.vfs.process_shim import process_shim

__all__ = ["Power"]

_NAMES = {
    "": "the database",
    "-journal": "the rollback journal",
    "-wal": "the write-ahead log",
}


class Power:
    """A loss of power after each write, with only a part of what was written on the disk."""

    name = "power"

    def __init__(self) -> None:
        self._records: WeakKeyDictionary[Case, DiskRecord] = WeakKeyDictionary()

    @property
    def lacking(self) -> str:
        """Why what SQLite writes cannot be recorded here; empty where it can."""
        try:
            process_shim()
        except LibraryNotFoundError as error:
            return str(error)
        return ""

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point for each different set of files that a loss of power can leave."""
        record = self._record(case)
        return [
            self._point(case, record, number, state) for number, state in enumerate(record.states())
        ]

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[StruckPoint]:
        """Judge the files of each state.

        The old version after a reported success is a lie only where durability was promised.
        """
        record = self._record(case)
        wanted = {point.at: point for point in points}
        for number, state in enumerate(record.states()):
            point = wanted.get(number)
            if point is not None:
                reported = record.durable and record.operations[state.last].reported
                yield judge.after_kill(point, _files(state), reported=reported)

    def _record(self, case: Case) -> DiskRecord:
        if case not in self._records:
            self._records[case] = record_disk(case)
        return self._records[case]

    def _point(self, case: Case, record: DiskRecord, number: int, state: PowerState) -> Point:
        recorded = record.operations[state.last]
        moment, sql = "before the first statement", ""
        if recorded.reported:
            moment = "after the run reported success"
        elif recorded.statement is not None:
            statement = record.recording.statements[recorded.statement]
            moment, sql = f"inside {record.recording.in_words(statement)}", statement.sql
        done = _last_done(record, state.last)
        where = f"power lost {moment}{done}; on the disk: {state.kept}"
        return Point(self.name, case.mode, "write", number, where, sql)


def _files(state: PowerState) -> DatabaseFiles:
    return DatabaseFiles(*(state.files.get(ending, b"") for ending in _NAMES))


def _last_done(record: DiskRecord, index: int) -> str:
    """Return in words what the operation at ``index`` did."""
    operation = record.operations[index].operation
    name = _NAMES[operation.path]
    match operation:
        case Write():
            writes = [
                other
                for other, one in enumerate(record.operations)
                if isinstance(one.operation, Write) and one.operation.path == operation.path
            ]
            return f", after write {writes.index(index) + 1} of {len(writes)} to {name}"
        case Truncate(size=size):
            return f", after {name} was cut to {size} bytes"
        case Sync():
            return f", after {name} was synced"
        case Delete():
            return f", after {name} was deleted"
        case _:
            return ""
