"""Simulate files on a disk: synced content is certainly there, later writes may be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pytest_pmd_migrations.faults.vfs.operations import (
    Delete,
    FileOperation,
    Open,
    Sync,
    Truncate,
    Write,
)

__all__ = [
    "Change",
    "Contents",
    "Operation",
    "Returned",
    "SimulatedFile",
    "apply_operation",
    "files_after",
    "only_present",
]

Contents: TypeAlias = Mapping[str, bytes]
"""Files that are there, by the ending that their name adds to the database's."""

Change: TypeAlias = Write | Truncate | Delete
"""An operation that changes one file."""


@dataclass(frozen=True)
class Returned:
    """The runner reported success, under settings that promise that its commit stays."""

    path: str = ""


Operation: TypeAlias = FileOperation | Returned
"""One thing recorded of a run: SQLite's operation on a file, or the return of the runner."""


class SimulatedFile:
    """One file: ``durable`` is certainly on the disk, ``pending`` was done to it since.

    Either content is None where the file is not there.
    """

    def __init__(self, durable: bytes | None) -> None:
        self.durable = durable
        self.pending: list[Change] = []
        self.name_is_durable = True
        self._current = None if durable is None else bytearray(durable)

    @property
    def current(self) -> bytes | None:
        """The content with everything that was done."""
        return None if self._current is None else bytes(self._current)

    def change(self, change: Change) -> None:
        """Do what a later sync will make durable."""
        self.pending.append(change)
        self._current = _changed(self._current, change)

    def sync(self) -> None:
        """Make the content durable."""
        self.durable, self.pending = self.current, []

    def sync_name(self) -> None:
        """Make the last removal of the name durable, as a sync of the folder does."""
        for number in reversed(range(len(self.pending))):
            if isinstance(self.pending[number], Delete):
                self.durable, self.pending = None, self.pending[number + 1 :]
                return

    def durable_with(self, changes: Iterable[Change]) -> bytes | None:
        """Return the durable content with only these changes made to it."""
        data = None if self.durable is None else bytearray(self.durable)
        for change in changes:
            data = _changed(data, change)
        return None if data is None else bytes(data)


def files_after(start: Contents, operations: Iterable[Operation]) -> Contents:
    """Return the files after all operations, as a run leaves them where no power is lost."""
    files = {path: SimulatedFile(content) for path, content in start.items()}
    for operation in operations:
        apply_operation(files, operation)
    return only_present({path: file.current for path, file in files.items()})


def apply_operation(files: dict[str, SimulatedFile], operation: Operation) -> None:
    """Do one operation; the first sync of a journal or a WAL syncs the folder too.

    SQLite syncs the folder so that the new name is there for certain; that makes every other
    name durable as well.
    """
    if isinstance(operation, Returned):
        return
    file = files.setdefault(operation.path, SimulatedFile(None))
    folder_synced = False
    match operation:
        case Open(path=path):
            file.name_is_durable = not path
        case Sync():
            file.sync()
            folder_synced, file.name_is_durable = not file.name_is_durable, True
        case _:
            file.change(operation)
            folder_synced = isinstance(operation, Delete) and operation.durable
    if folder_synced:
        for one in files.values():
            one.sync_name()


def only_present(contents: Mapping[str, bytes | None]) -> Contents:
    """Return the files that are there; SQLite takes an empty one for none."""
    return {path: content for path, content in contents.items() if content}


def _changed(data: bytearray | None, change: Change) -> bytearray | None:
    """Return the content after a change, which is made in place."""
    if isinstance(change, Delete):
        return None
    data = bytearray() if data is None else data
    if isinstance(change, Truncate):
        del data[change.size :]
        data.extend(bytes(change.size - len(data)))
    else:
        data.extend(bytes(max(0, change.offset - len(data))))
        data[change.offset : change.offset + len(change.data)] = change.data
    return data
