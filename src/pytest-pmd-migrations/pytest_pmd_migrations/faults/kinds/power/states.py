"""The files that a power loss can leave, derived from the record of one run.

What a disk promises is little (https://www.sqlite.org/atomiccommit.html, sections 2 and 9; ALICE,
Pillai et al., OSDI 2014): what was written to a file before it was synced is there; what came
after may be there or not, whole or up to some sector, in any order, and each file goes its own
way. Every such subset is possible, far more than can be tried; those yielded here are the ones
that tell a missing sync, each with the newest operation in it:

- all that was issued, in every file;
- the same, the newest write torn: only its first sectors arrived;
- the newest write before its file's others: without the one before it, and without all of them;
- the newest operation's file alone, with only what was synced in the others;
- once a file is deleted or cut, what was written to the others only up to a point.

and, at each sync, at each delete and when success is reported, what was synced and nothing else.

Not tried: other subsets; bytes of a sector that the disk spoiled; a file that was lengthened and
holds what lay there before (it holds zeros here); names of super-journals and attached databases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pytest_pmd_migrations.faults.kinds.power.operations import (
    Delete,
    Open,
    Operation,
    Returned,
    Sync,
    Truncate,
    Write,
)
from pytest_pmd_migrations.faults.recording import spread

__all__ = ["SECTOR", "PowerState", "files_after", "power_states"]

SECTOR = 512
"""Bytes that a disk writes whole or not at all; SQLite assumes no more either."""

PLACES = 128
"""Operations of one run after which the power is lost, if it writes more than that."""

Contents: TypeAlias = Mapping[str, bytes]
"""Files that are there, by what their name adds to the database's."""

_Change: TypeAlias = Write | Truncate | Delete
_Absent: TypeAlias = bytes | None


@dataclass(frozen=True)
class PowerState:
    """The files after one possible loss of power.

    ``place`` is the number of the last operation before it, from 0; ``kept`` says which of the
    operations that were not synced had reached the disk.
    """

    files: Contents
    place: int
    kept: str


class _File:
    """One file: what is on the disk for certain, and what was done to it since."""

    def __init__(self, durable: bytes | None) -> None:
        self.durable = durable
        self.pending: list[_Change] = []
        self.names_settled = True
        self._current = None if durable is None else bytearray(durable)

    @property
    def current(self) -> bytes | None:
        return None if self._current is None else bytes(self._current)

    def do(self, change: _Change) -> None:
        self.pending.append(change)
        self._current = _changed(self._current, change)

    def sync(self) -> None:
        self.durable, self.pending = self.current, []

    def sync_name(self) -> None:
        """Make a removal of the name durable, as a sync of the folder does."""
        for number in reversed(range(len(self.pending))):
            if isinstance(self.pending[number], Delete):
                self.durable, self.pending = None, self.pending[number + 1 :]
                return

    def with_pending(self, changes: Iterable[_Change]) -> bytes | None:
        data = None if self.durable is None else bytearray(self.durable)
        for change in changes:
            data = _changed(data, change)
        return None if data is None else bytes(data)


def files_after(start: Contents, operations: Iterable[Operation]) -> Contents:
    """Return the files after all operations, as a run leaves them where no power is lost."""
    files = {path: _File(content) for path, content in start.items()}
    for operation in operations:
        _do(files, operation)
    return _present({path: file.current for path, file in files.items()})


def power_states(start: Contents, operations: Sequence[Operation]) -> Iterator[PowerState]:
    """Yield the states after each operation, ``start`` being on the disk before the first.

    Equal ones are yielded once before success is reported, and once after.
    """
    files = {path: _File(content) for path, content in start.items()}
    seen = {_digest(start)}
    chosen = _chosen(operations)
    for place, operation in enumerate(operations):
        _do(files, operation)
        if isinstance(operation, Returned):
            # What was good until now may be a broken promise.
            seen.clear()
        if place not in chosen:
            continue
        for kept, contents in _possible(files, operation):
            present = _present(contents)
            digest = _digest(present)
            if digest not in seen:
                seen.add(digest)
                yield PowerState(present, place, kept)


def _chosen(operations: Sequence[Operation]) -> frozenset[int]:
    """Return the places to lose power at: writes evenly spread where there are many, all else."""
    writes = [place for place, one in enumerate(operations) if isinstance(one, Write)]
    others = {place for place, one in enumerate(operations) if not isinstance(one, (Write, Open))}
    return frozenset({*others, *(writes[number] for number in spread(len(writes), PLACES))})


def _do(files: dict[str, _File], operation: Operation) -> None:
    """Take one operation; the first sync of a journal or a WAL syncs the folder too.

    SQLite does that so that the name is there for certain; it settles every other name as well.
    """
    if isinstance(operation, Returned):
        return
    file = files.setdefault(operation.path, _File(None))
    folder = False
    match operation:
        case Open(path=path):
            file.names_settled = not path
        case Sync():
            file.sync()
            folder, file.names_settled = not file.names_settled, True
        case _:
            file.do(operation)
            folder = isinstance(operation, Delete) and operation.durable
    if folder:
        for one in files.values():
            one.sync_name()


def _possible(
    files: Mapping[str, _File], operation: Operation
) -> Iterator[tuple[str, dict[str, _Absent]]]:
    everything = {name: one.current for name, one in files.items()}
    synced = {name: one.durable for name, one in files.items()}
    if isinstance(operation, (Sync, Delete, Returned)):
        yield "only what was synced", synced
    if isinstance(operation, Sync):
        return
    yield "everything", everything
    if isinstance(operation, Returned):
        return
    path, file = operation.path, files[operation.path]
    yield "all of this file, of the others only what was synced", {**synced, path: everything[path]}
    if isinstance(operation, Write):
        torn = _torn(operation)
        if torn is not None:
            content = file.with_pending((*file.pending[:-1], torn))
            yield "everything, the last write torn", {**everything, path: content}
        if len(file.pending) > 1:
            content = file.with_pending((*file.pending[:-2], operation))
            yield "everything but the write before the last", {**everything, path: content}
            content = file.with_pending((operation,))
            yield "of this file only the last write, everything else", {**everything, path: content}
    else:
        yield from _cut_short(files, path, everything)


def _cut_short(
    files: Mapping[str, _File], path: str, everything: Mapping[str, _Absent]
) -> Iterator[tuple[str, dict[str, _Absent]]]:
    """Yield what is there when ``path`` lost its content but the others lack their last writes."""
    for name, other in files.items():
        if name == path:
            continue
        total = len(other.pending)
        for count in sorted({1, total // 2, total - 1} & set(range(1, total))):
            content = other.with_pending(other.pending[:count])
            kept = f"everything, of the other file only {count} of {total} writes"
            yield kept, {**everything, name: content}


def _torn(write: Write) -> Write | None:
    """Return the first sectors of a write, about half of them; None when it lies in one sector."""
    end = write.offset + len(write.data)
    first = (write.offset // SECTOR + 1) * SECTOR
    if first >= end:
        return None
    cuts = range(first, end, SECTOR)
    return Write(write.path, write.offset, write.data[: cuts[len(cuts) // 2] - write.offset])


def _changed(data: bytearray | None, change: _Change) -> bytearray | None:
    """Return the content after a change; it is made in place."""
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


def _present(contents: Mapping[str, _Absent]) -> Contents:
    """Leave out what is not there; an empty file is none, to SQLite as well."""
    return {path: content for path, content in contents.items() if content}


def _digest(files: Contents) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode(errors="surrogateescape"))
        digest.update(files[path])
    return digest.digest()
