"""The upgrade that faults are tried on: it is run as often as needed, each time on its own file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.database_files import DatabaseFiles, read_files, write_database
from pytest_pmd_migrations.faults.values import Mode
from pytest_pmd_migrations.faults.watching.events import Fault, RunObserver
from pytest_pmd_migrations.faults.watching.recording import Recorder, Recording
from pytest_pmd_migrations.faults.watching.watched_run import WatchedRun
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.protocol import Source, volatile_columns
from pytest_pmd_migrations.sources.run import upgrade_at
from pytest_pmd_migrations.still_clock.clock_and_dice import begin_step
from pytest_pmd_migrations.wording import error_text

__all__ = ["Case", "FinishedRun", "scratch_folder"]

_NAME = "app.db"
_MEMORY = "/dev/shm"


@dataclass(frozen=True)
class FinishedRun:
    """A run that came to its end: the error it raised as text, empty for none, and the files.

    All connections were closed before the files were read, as they are when a process ends.
    """

    raised: str
    files: DatabaseFiles

    @property
    def said(self) -> str:
        """The run's report in words: an error or success."""
        return f"raised {self.raised}" if self.raised else "reported success"


@dataclass(frozen=True, eq=False)
class Case:
    """An upgrade of ``before``, which is at version ``start``, to version ``to``.

    ``database_name`` is what messages call the database. ``ignore`` are globs on objects that are
    not the application's, ``volatile_setting`` globs on columns that differ from run to run,
    besides those that the source itself names. ``on_retry`` is called before a plain retry, for
    whoever limits the time that one takes.
    """

    source: Source
    before: Image
    start: int
    to: int
    database_name: str
    mode: Mode = "rollback"
    ignore: Sequence[str] = ()
    volatile_setting: Sequence[str] = ()
    on_retry: Callable[[], None] = field(default=lambda: None)

    @property
    def volatile(self) -> tuple[str, ...]:
        """Globs on the columns that differ from run to run."""
        return (*volatile_columns(self.source), *self.volatile_setting)

    @contextmanager
    def database(self) -> Iterator[Path]:
        """Give the path of a private copy of the database; it is deleted afterwards."""
        with scratch_folder(len(self.before.content)) as folder:
            path = folder / _NAME
            write_database(path, self.before, self.mode)
            yield path

    def run(self, observer: RunObserver) -> FinishedRun:
        """Run the upgrade on a private copy, and tell ``observer`` of it.

        Raises InjectionError when a connection was lost from sight.
        """
        with self.database() as path:
            return self.run_on(path, observer)

    def run_on(self, path: Path, observer: RunObserver) -> FinishedRun:
        """Run the upgrade on the copy at ``path``, and tell ``observer`` of it."""
        raised: BaseException | None = None
        with WatchedRun(path, observer, self.before.preparation) as watched:
            begin_step(self.to)
            try:
                upgrade_at(self.source, path, self.to, connect=watched.connect)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raised = error
            observer.returned(raised)
        watched.check()
        return FinishedRun(_error_text(raised), read_files(path))

    def strike(self, fault: Fault) -> FinishedRun:
        """Run the upgrade while ``fault`` strikes; raise InjectionError where it never did."""
        finished = self.run(fault)
        if not fault.struck:
            raise self.never_struck()
        return finished

    def never_struck(self) -> InjectionError:
        """Return the error that says a fault never struck."""
        return InjectionError(
            f"a fault did not strike on the way from {self.database_name} to"
            f" {format_version(self.to)}: the runner takes another way each time it is called,"
            " or hides its connection. Let the same database give the same statements"
        )

    @property
    def recording(self) -> Recording:
        """The statements of a run without a fault."""
        return self._plain[0]

    @property
    def plain_run(self) -> FinishedRun:
        """The end of the run without a fault that ``recording`` was made of."""
        return self._plain[1]

    @cached_property
    def _plain(self) -> tuple[Recording, FinishedRun]:
        """Run once without a fault.

        Raises InjectionError when the file changed and no watched connection wrote.
        """
        recorder = Recorder()
        finished = self.run(recorder)
        recording = recorder.recording()
        if not recording.wrote and finished.files.database != self.before.content:
            raise InjectionError(
                f"the faults saw no connection that wrote, and yet {self.database_name} came to"
                f" {format_version(self.to)}: the runner does not use Python's sqlite3 in this"
                " process, so no fault can be tried on it"
            )
        return recording, finished


@contextmanager
def scratch_folder(size: int) -> Iterator[Path]:
    """Give a folder that is deleted afterwards, in memory where there is room for ``size`` bytes.

    Hundreds of small files are made and removed; a disk would take most of the time.
    """
    memory = size <= MEMORY_LIMIT and os.access(_MEMORY, os.W_OK)
    name = tempfile.mkdtemp(prefix="migrations-", dir=_MEMORY if memory else None)
    try:
        yield Path(name)
    finally:
        shutil.rmtree(name)


def _error_text(error: BaseException | None) -> str:
    if error is None:
        return ""
    return " ".join(error_text(error).split())
