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

and, at each sync and each delete, what was synced and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pytest_pmd_migrations.faults.power.operations import (
    Delete,
    Open,
    Operation,
    Sync,
    Truncate,
    Write,
)

__all__ = ["SECTOR", "PowerState", "power_states"]

SECTOR = 512
"""Bytes that a disk writes whole or not at all; SQLite assumes no more either."""

Files: TypeAlias = Mapping[str, bytes]
_Change: TypeAlias = Write | Truncate | Delete


@dataclass(frozen=True)
class PowerState:
    """The files after one possible power loss.

    ``files`` maps the path of each that is there to its bytes; ``place`` is the number of the
    last operation before the loss, from 0 in the joined record; ``kept`` says which of the
    operations not yet synced had reached the disk.
    """

    files: Files
    place: int
    kept: str


@dataclass
class _File:
    """One file: what is on the disk for certain, and what was done to it since."""

    durable: bytes | None
    pending: list[_Change] = field(default_factory=list)
    current: bytes | None = None
    opened: bool = False

    def __post_init__(self) -> None:
        self.current = self.durable

    def do(self, change: _Change) -> None:
        self.pending.append(change)
        self.current = _apply(self.current, (change,))

    def sync(self) -> None:
        self.durable, self.pending = self.current, []

    def sync_name(self) -> None:
        """Make a removal of the name durable, as a sync of the folder does."""
        for number in reversed(range(len(self.pending))):
            if isinstance(self.pending[number], Delete):
                self.durable, self.pending = None, self.pending[number + 1 :]
                return

    def with_pending(self, changes: Iterable[_Change]) -> bytes | None:
        return _apply(self.durable, changes)


def power_states(start: Files, operations: Iterable[Operation]) -> Iterator[PowerState]:
    """Yield the states after each operation, equal ones once.

    ``start`` are the files before the first, all on the disk; a path is what a file's name adds
    to the database's.
    """
    files = {path: _File(content) for path, content in start.items()}
    seen = {_digest(start)}
    for place, operation in enumerate(operations):
        _do(files, operation)
        if isinstance(operation, Open):
            continue
        for kept, contents in _possible(files, operation):
            present = {path: content for path, content in contents.items() if content is not None}
            digest = _digest(present)
            if digest not in seen:
                seen.add(digest)
                yield PowerState(present, place, kept)


def _do(files: dict[str, _File], operation: Operation) -> None:
    """Take one operation; the first sync of a journal or a WAL syncs the folder too.

    SQLite does that so that the name is there for certain; it settles every other name as well.
    """
    file = files.setdefault(operation.path, _File(None))
    folder = False
    match operation:
        case Open(path=path):
            file.opened = path.endswith(("-journal", "-wal"))
        case Sync():
            file.sync()
            folder, file.opened = file.opened, False
        case _:
            file.do(operation)
            folder = isinstance(operation, Delete) and operation.durable
    if folder:
        for one in files.values():
            one.sync_name()


def _possible(
    files: Mapping[str, _File], operation: Operation
) -> Iterator[tuple[str, dict[str, bytes | None]]]:
    path, file = operation.path, files[operation.path]
    everything = {name: one.current for name, one in files.items()}
    synced = {name: one.durable for name, one in files.items()}
    if isinstance(operation, (Sync, Delete)):
        yield "only what was synced", synced
    if isinstance(operation, Sync):
        return
    yield "everything", everything
    yield "only what was synced, and all of this file", {**synced, path: file.current}
    if isinstance(operation, Write):
        torn = _torn(operation)
        if torn is not None:
            content = file.with_pending((*file.pending[:-1], torn))
            yield "everything, the last write torn", {**everything, path: content}
        if len(file.pending) > 1:
            content = file.with_pending((*file.pending[:-2], operation))
            yield "everything but the last write but one", {**everything, path: content}
            content = file.with_pending((operation,))
            yield "of this file only the last write", {**everything, path: content}
    else:
        yield from _cut_short(files, path, everything)


def _cut_short(
    files: Mapping[str, _File], path: str, everything: Mapping[str, bytes | None]
) -> Iterator[tuple[str, dict[str, bytes | None]]]:
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


def _apply(content: bytes | None, changes: Iterable[_Change]) -> bytes | None:
    data = None if content is None else bytearray(content)
    for change in changes:
        match change:
            case Delete():
                data = None
                continue
            case Truncate(size=size):
                data = bytearray() if data is None else data
                del data[size:]
                data.extend(bytes(size - len(data)))
            case Write(offset=offset, data=new):
                data = bytearray() if data is None else data
                data.extend(bytes(max(0, offset - len(data))))
                data[offset : offset + len(new)] = new
    return None if data is None else bytes(data)


def _digest(files: Files) -> bytes:
    """Return what tells two states apart; an empty file is none, to SQLite as well."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(files):
        if files[path]:
            digest.update(f"{path}\0{len(files[path])}\0".encode(errors="surrogateescape"))
            digest.update(files[path])
    return digest.digest()
