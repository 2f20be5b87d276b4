"""The files that a loss of power can leave, derived from the record of one run.

A disk promises little (https://www.sqlite.org/atomiccommit.html, sections 2 and 9; ALICE,
Pillai et al., OSDI 2014). All that was written to a file before it was synced is there. Later
writes may be there or not, whole or up to some sector, in any order. Each file goes its own way.
Every such subset is possible, which is far more than can be tried. Those yielded here are the ones
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pytest_pmd_migrations.faults.kinds.power.simulated_files import (
    Contents,
    Operation,
    Returned,
    SimulatedFile,
    apply_operation,
    only_present,
)
from pytest_pmd_migrations.faults.vfs.operations import Delete, Open, Sync, Write
from pytest_pmd_migrations.faults.watching.recording import spread

__all__ = ["SECTOR", "PowerState", "power_states"]

SECTOR = 512
"""Bytes that a disk writes whole or not at all; SQLite assumes no more either."""

MOST_WRITES = 128
"""Writes of one run after which the power is lost, where it has more."""

_Possible: TypeAlias = tuple[str, Mapping[str, bytes | None]]
"""A state of the disk in words, and its files by ending; None where one is not there."""


@dataclass(frozen=True)
class PowerState:
    """The files after one possible loss of power.

    ``last`` is the index of the last operation before it; ``kept`` says which of the
    operations that were not synced had reached the disk.
    """

    files: Contents
    last: int
    kept: str


def power_states(start: Contents, operations: Sequence[Operation]) -> Iterator[PowerState]:
    """Yield the states after each operation, ``start`` being on the disk before the first.

    Equal ones are yielded once before success is reported, and once after.
    """
    files = {path: SimulatedFile(content) for path, content in start.items()}
    seen = {_digest(start)}
    struck = _struck_indexes(operations)
    for index, operation in enumerate(operations):
        apply_operation(files, operation)
        if isinstance(operation, Returned):
            # A state that was good until now may break a promise after it.
            seen.clear()
        if index not in struck:
            continue
        for kept, contents in _possible(files, operation):
            present = only_present(contents)
            digest = _digest(present)
            if digest not in seen:
                seen.add(digest)
                yield PowerState(present, index, kept)


def _struck_indexes(operations: Sequence[Operation]) -> frozenset[int]:
    """Return after which operations the power is lost: of many writes those evenly spread."""
    writes = [index for index, one in enumerate(operations) if isinstance(one, Write)]
    others = {index for index, one in enumerate(operations) if not isinstance(one, (Write, Open))}
    return frozenset({*others, *(writes[n] for n in spread(len(writes), MOST_WRITES))})


def _possible(files: Mapping[str, SimulatedFile], operation: Operation) -> Iterator[_Possible]:
    """Yield what the disk may have right after ``operation``; the module's docstring lists it."""
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
            content = file.durable_with((*file.pending[:-1], torn))
            yield "everything, the last write torn", {**everything, path: content}
        if len(file.pending) > 1:
            content = file.durable_with((*file.pending[:-2], operation))
            yield "everything but the write before the last", {**everything, path: content}
            content = file.durable_with((operation,))
            yield "of this file only the last write, everything else", {**everything, path: content}
    else:
        yield from _others_cut_short(files, path, everything)


def _others_cut_short(
    files: Mapping[str, SimulatedFile], path: str, everything: Mapping[str, bytes | None]
) -> Iterator[_Possible]:
    """Yield states in which ``path`` lost its content, but another file lacks its last writes."""
    for name, other in files.items():
        if name == path:
            continue
        total = len(other.pending)
        for count in sorted({1, total // 2, total - 1} & set(range(1, total))):
            content = other.durable_with(other.pending[:count])
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


def _digest(files: Contents) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode(errors="surrogateescape"))
        digest.update(files[path])
    return digest.digest()
