"""Walk each lineage in one process of a run: the others read what was seen there.

Every worker of pytest-xdist needs all lineages to judge a migration. Each of them begins with a
part of its own and goes on with what nobody has begun. A lineage is claimed by a locked file, which
the system gives back where its process dies: it is walked again then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import AnyCheck
from pytest_pmd_migrations.connections.connection import NO_PREPARATION
from pytest_pmd_migrations.grid.exchange.pickled_walks import (
    WalkReader,
    WalkWriter,
    can_be_read_again,
)
from pytest_pmd_migrations.grid.walk import Walk
from pytest_pmd_migrations.image import MEMORY_LIMIT
from pytest_pmd_migrations.snapshots.names import SnapshotName

__all__ = ["SharedFolder", "WalkExchange"]

_DISTRUSTED = "distrusted"

_MOST = 256_000_000
"""Bytes that one process writes for the others: temporary files may lie in memory."""


@dataclass(frozen=True)
class SharedFolder:
    """A folder of one run, for the process ``name``, which is ``part``, from 0 on, of ``parts``."""

    path: Path
    name: str
    part: int
    parts: int

    def in_order(self, starts: Sequence[SnapshotName]) -> Sequence[SnapshotName]:
        """Return all of them: this process's part, then the others', each from its end on.

        Whoever has a part begins at its start, and comes to its end last.
        """
        ends = [len(starts) * n // self.parts for n in range(self.parts + 1)]
        parts = [starts[begin:end] for begin, end in pairwise(ends)]
        own, later = parts[self.part], parts[self.part + 1 :]
        others = [*later, *parts[: self.part]]
        return [*own, *(one for part in others for one in reversed(part))]


class WalkExchange:
    """Lets the processes of a run walk the lineages of one history once between them.

    Where one cannot read or write what others do, it walks its lineages itself.
    """

    def __init__(self, folder: SharedFolder, history: History, checks: Sequence[AnyCheck]) -> None:
        self.folder = folder
        self._history = history
        self._path = folder.path / (history.application.name or "migrations")
        self._own: dict[str, object] = {
            "history": history,
            "source": history.application.source,
            "preparation": history.application.preparation,
            "no preparation": NO_PREPARATION,
            **{f"check {check.name}": check for check in checks},
        }
        self._writer: WalkWriter | None = None
        self._readers: dict[str, WalkReader | None] = {}
        self._is_writing = True

    @property
    def is_distrusted(self) -> bool:
        """Whether a process found that lineages tell nothing of each other."""
        return (self._path / _DISTRUSTED).exists()

    def distrust(self) -> None:
        """Tell the other processes that lineages tell nothing of each other."""
        with suppress(OSError):
            self._path.mkdir(exist_ok=True)
            (self._path / _DISTRUSTED).touch()

    def walk(self, start: SnapshotName, walk: Callable[[], Walk], *, waits: bool) -> Walk | None:
        """Return the walk of a lineage, which ``walk`` takes if no other process did.

        None where another process is at it; with ``waits``, it is waited for. A large database is
        walked here: what is left of it is as soon made as read.
        """
        claim = self._open_claim(start)
        if claim is None:
            return walk()
        try:
            return self._walk_claimed(claim, walk) if _lock(claim, waits=waits) else None
        finally:
            # With it goes the lock, which no child of this process has.
            os.close(claim)

    def _open_claim(self, start: SnapshotName) -> int | None:
        try:
            if self._history.store.folder.file(start).stat().st_size > MEMORY_LIMIT:
                return None
            self._path.mkdir(exist_ok=True)
            return os.open(self._path / f"{start}.claim", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            # There is no room, the folder is gone, or the snapshot is: walking it tells that.
            return None

    def _walk_claimed(self, claim: int, walk: Callable[[], Walk]) -> Walk:
        found = self._read(claim)
        if found is None:
            found = walk()
            self._write(claim, found)
        return found

    def _read(self, claim: int) -> Walk | None:
        """Return the walk that the claim names; None where it names none that can be read."""
        writer, _, number = os.pread(claim, 100, 0).decode().partition(" ")
        if not number:
            return None
        try:
            if writer not in self._readers:
                self._readers[writer] = WalkReader(self._path / f"{writer}.walks", self._own)
            reader = self._readers[writer]
            return None if reader is None else reader.walk(int(number))
        except Exception:
            # What an application's own classes refuse is seen by walking.
            self._readers[writer] = None
            return None

    def _write(self, claim: int, walk: Walk) -> None:
        # What a check raised, or an error that would say something else, is told where it is.
        is_plain = not walk.unseen and (walk.failure is None or can_be_read_again(walk.failure))
        if not self._is_writing or not is_plain:
            return
        name = self.folder.name
        try:
            if self._writer is None:
                self._writer = WalkWriter(self._path / f"{name}.walks", self._own)
            os.pwrite(claim, f"{name} {self._writer.add(walk)}".encode(), 0)
            self._is_writing = self._writer.size < _MOST
        except Exception:
            # Something refuses to be written, or there is no room.
            self._is_writing = False


def _lock(claim: int, *, waits: bool) -> bool:
    """Lock a claim; return whether this process has it, as each has where there are no locks."""
    import fcntl

    try:
        fcntl.lockf(claim, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
