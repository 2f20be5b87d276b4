"""Hold what a step may take, and say in words which limit stopped it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from pytest_pmd_migrations.connections.connection import ApplicationConnection
from pytest_pmd_migrations.connections.database_path import file_of
from pytest_pmd_migrations.limits.full_disk import refuse_full_disk
from pytest_pmd_migrations.limits.memory import MemoryLimit, usable_megabytes
from pytest_pmd_migrations.limits.step_progress import Progress
from pytest_pmd_migrations.limits.time_limit import (
    LONGEST,
    StepStopped,
    TimeLimit,
    can_limit_time,
)
from pytest_pmd_migrations.messages.where_raised import list_chain
from pytest_pmd_migrations.messages.wording import error_text

__all__ = ["LimitedRun", "StepLimits", "Stopped", "release"]

_MEGABYTE = 1024 * 1024
_UNLIMITED = 1024
_FULL = "database or disk is full"


class Stopped(NamedTuple):
    """Which limit a run met: ``what`` in words, what that means, and the setting that gives more.

    ``what`` is such as "makes no progress for 60 s"; ``database`` that on which it did, ``lines``
    where it was then, and ``line`` the migration's own one.
    """

    what: str
    meaning: str
    advice: str
    database: str
    lines: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True)
class StepLimits:
    """What one run of a step may take; 0 sets no limit.

    ``seconds`` may pass without progress, and thirty times as many in all: an endless loop that
    writes gets nowhere either. ``megabytes`` are what it may add to the process, or to the file of
    a large database. ``database`` is what messages call the database that is upgraded. ``met``
    keeps, for the name of a run, the limit that it met once: nobody waits for it again.
    """

    seconds: float = 60.0
    megabytes: int = 1024
    database: str = "a database"
    met: dict[object, Stopped] = field(default_factory=dict, repr=False, compare=False)


class LimitedRun:
    """Watches a run on ``conn`` inside a ``with`` block; ``stopped`` then says which limit it met.

    ``name`` tells it apart from other runs under the same limits. Where one of that name met a
    limit, the block is not run to its end: StepStopped is raised as it begins.
    """

    def __init__(self, conn: sqlite3.Connection, limits: StepLimits, name: object) -> None:
        self.stopped = limits.met.get(name)
        self._given, self._limits, self._name = conn, limits, name
        self._conn = conn
        self._megabytes = usable_megabytes(limits.megabytes) if limits.megabytes else 0
        self._most_pages = 0
        self._copy: Path | None = None
        self._time: TimeLimit | None = None

    def on_copy(self, copy: Path | sqlite3.Connection | None) -> LimitedRun:
        """Watch what the run works on in the place of the connection it was given; return it.

        That is a file, on which connections of the run's own work, or a connection.
        """
        self._conn = copy if isinstance(copy, sqlite3.Connection) else self._given
        self._copy = copy if isinstance(copy, Path) else None
        return self

    def __enter__(self) -> None:
        if self.stopped:
            raise StepStopped
        self._path = _path_of(self._conn)
        self._memory = MemoryLimit(self._megabytes)
        if self._path and self._megabytes:
            self._limit_pages()
        if self._limits.seconds and can_limit_time():
            progress = Progress(self._conn, str(self._copy or self._path))
            self._time = TimeLimit(self._conn, progress, self._limits.seconds)
            self._time.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._time is not None:
            self._time.end()
        self._memory.end()
        if self._most_pages:
            self._give_pages_back()
        if self._time is not None and self._time.expired:
            self.stopped = self._out_of_time()
        elif error is not None:
            self._refuse_full_disk(error)
            if self._ran_out(error):
                self.stopped = self._out_of_memory()
        if self.stopped:
            self._limits.met[self._name] = self.stopped

    def remember(self, lines: tuple[str, ...], line: int | None) -> Stopped:
        """Keep where the run was when it met its limit, for the next of that name; return it."""
        known = self._limits.met[self._name]
        if not known.lines:
            known = self._limits.met[self._name] = known._replace(lines=lines, line=line)
        return known

    def _out_of_time(self) -> Stopped:
        seconds = self._limits.seconds
        advice = f"If it needs longer: migration_step_timeout (now {seconds:g})"
        if self._time is not None and not self._time.stood_still:
            return Stopped(
                f"does not end within {seconds * LONGEST:g} s",
                "Rows changed or statements began all the time: it goes round in circles.",
                advice,
                self._limits.database,
            )
        return Stopped(
            f"makes no progress for {seconds:g} s",
            "No row changed, no other statement began and nothing grew: it waits, or goes round in"
            " circles.",
            advice,
            self._limits.database,
        )

    def _out_of_memory(self) -> Stopped:
        return Stopped(
            f"takes more than {self._megabytes} MB of memory",
            "It gathers rows or values without end, or more at a time than a step should.",
            f"If it needs more: migration_step_memory (now {self._limits.megabytes})",
            self._limits.database,
        )

    def _limit_pages(self) -> None:
        """Let the file of a large database grow no further than the memory may."""
        self._most_pages = self._ask("PRAGMA max_page_count")
        pages, size = self._ask("PRAGMA page_count"), self._ask("PRAGMA page_size")
        self._ask(f"PRAGMA max_page_count = {pages + self._megabytes * _MEGABYTE // size}")

    def _give_pages_back(self) -> None:
        try:
            self._ask(f"PRAGMA max_page_count = {self._most_pages}")
        except sqlite3.Error:
            # The step closed the connection, which kept the limit.
            return

    def _ask(self, sql: str) -> int:
        cursor = sqlite3.Connection.cursor(self._conn)
        cursor.row_factory = None
        found = int(cursor.execute(sql).fetchone()[0])
        cursor.close()
        return found

    def _refuse_full_disk(self, error: BaseException) -> None:
        """Raise TemporaryFolderError where the disk of the run's copy is full: not its fault."""
        path = self._copy or self._path
        if path:
            # A large copy that met its limit had as much room as it may grow by.
            refuse_full_disk(Path(path).parent, error, megabytes=self._megabytes or _UNLIMITED)

    def _ran_out(self, error: BaseException) -> bool:
        """Return whether the run ended for want of memory, or of pages in its file."""
        if not self._megabytes:
            return False
        chain = list_chain(error)
        return any(isinstance(one, MemoryError) or _FULL in error_text(one) for one in chain)


def release(error: BaseException) -> None:
    """Let go of the frames of an exception: else all that a step gathered stays in memory."""
    for one in list_chain(error):
        one.__traceback__ = None


def _path_of(conn: sqlite3.Connection) -> str:
    """Return the path of a connection's database; empty in memory, or where it is closed."""
    if isinstance(conn, ApplicationConnection) and conn.is_in_memory:
        return ""
    try:
        return str(file_of(conn) or "")
    except sqlite3.Error:
        return ""
