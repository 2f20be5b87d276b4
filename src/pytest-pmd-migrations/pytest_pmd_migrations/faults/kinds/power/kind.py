"""The kind ``power``: a recorded run replayed up to each write, as a loss of power may leave it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from weakref import WeakKeyDictionary

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.files import Files
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.kinds.power.disk import DiskRecord, record_disk
from pytest_pmd_migrations.faults.kinds.power.library import LibraryNotFoundError
from pytest_pmd_migrations.faults.kinds.power.operations import Delete, Sync, Truncate, Write
from pytest_pmd_migrations.faults.kinds.power.shim import shim
from pytest_pmd_migrations.faults.kinds.power.states import PowerState
from pytest_pmd_migrations.faults.values import Judged, Point

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
            shim()
        except LibraryNotFoundError as error:
            return str(error)
        return ""

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point for each different set of files that a loss of power can leave."""
        record = self._record(case)
        return [
            self._point(case, record, number, state) for number, state in enumerate(record.states())
        ]

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[Judged]:
        """Put each state together and judge it.

        The old version after a reported success is a lie only where durability was promised.
        """
        record = self._record(case)
        wanted = {point.at: point for point in points}
        for number, state in enumerate(record.states()):
            point = wanted.get(number)
            if point is not None:
                reported = record.durable and record.operations[state.place].reported
                yield judge.killed(point, _files(state), reported=reported)

    def _record(self, case: Case) -> DiskRecord:
        if case not in self._records:
            self._records[case] = record_disk(case)
        return self._records[case]

    def _point(self, case: Case, record: DiskRecord, number: int, state: PowerState) -> Point:
        recorded = record.operations[state.place]
        where, sql = "before the first statement", ""
        if recorded.reported:
            where = "after the run reported success"
        elif recorded.event is not None:
            event = record.run.events[recorded.event]
            where, sql = f"inside {record.run.where(event)}", event.sql
        done = _done(record, state.place)
        text = f"power lost {where}{done}; on the disk: {state.kept}"
        return Point(self.name, case.mode, "write", number, text, sql)


def _files(state: PowerState) -> Files:
    return Files(*(state.files.get(ending, b"") for ending in _NAMES))


def _done(record: DiskRecord, place: int) -> str:
    """Return in words what was done last."""
    operation = record.operations[place].operation
    name = _NAMES[operation.path]
    match operation:
        case Write():
            writes = [
                number
                for number, one in enumerate(record.operations)
                if isinstance(one.operation, Write) and one.operation.path == operation.path
            ]
            return f", after write {writes.index(place) + 1} of {len(writes)} to {name}"
        case Truncate(size=size):
            return f", after {name} was cut to {size} bytes"
        case Sync():
            return f", after {name} was synced"
        case Delete():
            return f", after {name} was deleted"
        case _:
            return ""
