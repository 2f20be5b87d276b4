"""The upgrade that faults are tried on: it is run as often as needed, each time on its own file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.database_files import DatabaseFiles, files_of, read_files
from pytest_pmd_migrations.faults.values import Mode
from pytest_pmd_migrations.faults.watching.events import RunObserver
from pytest_pmd_migrations.faults.watching.outside_watch import OutsideWatch
from pytest_pmd_migrations.faults.watching.recording import Recorder, Recording
from pytest_pmd_migrations.faults.watching.watched_run import WatchedRun
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image
from pytest_pmd_migrations.limits.full_disk import refuse_full_disk
from pytest_pmd_migrations.limits.step_limits import StepLimits
from pytest_pmd_migrations.limits.step_progress import Progress
from pytest_pmd_migrations.limits.time_limit import TimeLimit, can_limit_time
from pytest_pmd_migrations.messages.wording import error_text
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.abilities import can_be_killed
from pytest_pmd_migrations.sources.protocol import Source, volatile_columns
from pytest_pmd_migrations.sources.run import upgrade_at, upgrade_until
from pytest_pmd_migrations.still_clock.clock_and_dice import begin_step

__all__ = ["Case", "FinishedRun"]

_NAME = "app.db"
_NO_PROGRESS = "nothing, and made no progress within migration_step_timeout"


class FinishedRun(NamedTuple):
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
    besides those that the source itself names. ``limits`` are what a run without a fault may take.
    ``share`` lets points that no fault can tell apart have one verdict.
    """

    source: Source
    before: Image
    start: int
    to: int
    database_name: str
    mode: Mode = "rollback"
    ignore: Sequence[str] = ()
    volatile_setting: Sequence[str] = ()
    limits: StepLimits = field(default_factory=StepLimits)
    share: bool = True

    def __getstate__(self) -> dict[str, object]:
        """Return the fields: a copy in another process finds out by itself what is kept of them.

        What is known of the database's pages takes longer to copy than its bytes.
        """
        bare = Image(self.before.stored, self.before.preparation)
        return {field.name: getattr(self, field.name) for field in fields(self)} | {"before": bare}

    @property
    def volatile(self) -> tuple[str, ...]:
        """Globs on the columns that differ from run to run."""
        return (*volatile_columns(self.source), *self.volatile_setting)

    @contextmanager
    def database(self) -> Iterator[Path]:
        """Give the path of a private copy of the database; it is deleted afterwards."""
        with self.new_folder() as folder:
            yield self.write_copy(folder)

    def new_folder(self) -> TemporaryFolder:
        """Return a new folder for a copy of the database: a small one lies in memory."""
        return TemporaryFolder(in_memory=self.before.size <= MEMORY_LIMIT)

    def path_in(self, folder: Path) -> Path:
        """Return the path that a copy of the database has in ``folder``."""
        return folder / _NAME

    def write_copy(self, folder: Path) -> Path:
        """Write a copy of the database into ``folder``, and return its path."""
        path = self.path_in(folder)
        self.start_files.write(path)
        return path

    @cached_property
    def start_files(self) -> DatabaseFiles:
        """The files that each run begins with."""
        return files_of(self.before, self.mode)

    def run(self, observer: RunObserver) -> FinishedRun:
        """Run the upgrade on a private copy, and tell ``observer`` of it.

        Raises InjectionError when a connection was lost from sight.
        """
        with self.database() as path:
            return self.run_on(path, observer)

    def run_on(
        self,
        path: Path,
        observer: RunObserver,
        *,
        read: Callable[[Path], DatabaseFiles] = read_files,
    ) -> FinishedRun:
        """Run the upgrade on the copy at ``path``, and tell ``observer`` of it.

        ``read`` reads the files in the end. A run under a fault is ended by whoever waits for it,
        one without by its own limits.
        Raises TemporaryFolderError where the disk of the copy is full without a fault.
        """
        raised: BaseException | None = None
        with WatchedRun(path, observer, self.before.preparation) as watched:
            begin_step(self.to)
            try:
                self._upgrade(path, watched, observer)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                if not observer.is_waited_for:
                    refuse_full_disk(path.parent, error)
                raised = error
            observer.returned(raised)
        watched.check()
        text = _error_text(raised)
        # Its frames hold cursors, without which a closed connection is not gone; one is this.
        raised = None
        return FinishedRun(text, read(path))

    def _upgrade(self, path: Path, watched: WatchedRun, observer: RunObserver) -> None:
        seconds = self.limits.seconds
        if observer.is_waited_for or not seconds or not can_limit_time():
            upgrade_at(self.source, path, self.to, connect=watched.connect)
            return
        with ExitStack() as ended:

            def connect() -> Connection:
                conn = watched.connect()
                limit = TimeLimit(conn, Progress(conn, str(path)), seconds)
                limit.start()
                ended.callback(limit.end)
                return conn

            upgrade_at(self.source, path, self.to, connect=connect)

    @property
    def recording(self) -> Recording:
        """The statements of a run without a fault."""
        return self._plain[0]

    @property
    def plain_run(self) -> FinishedRun:
        """The end of the run without a fault that was recorded, or watched from outside."""
        return self.outside_run[1] if can_be_killed(self.source) else self._plain[1]

    @cached_property
    def outside_run(self) -> tuple[OutsideWatch, FinishedRun]:
        """What was seen of a run in another process, without a fault, and how it ended."""
        with self.database() as path:
            watch = OutsideWatch(path, seconds=self.limits.seconds)
            finished = self.run_outside(path, watch)
            return watch, finished or FinishedRun(_NO_PROGRESS, read_files(path))

    def run_outside(self, path: Path, watch: OutsideWatch) -> FinishedRun | None:
        """Run the upgrade on the copy at ``path`` in another process, until ``watch`` says stop.

        Returns None where it was killed then.
        """
        try:
            killed, raised = upgrade_until(self.source, path, self.to, watch), ""
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            refuse_full_disk(path.parent, error)
            killed, raised = False, _error_text(error)
        return None if killed else FinishedRun(raised, read_files(path))

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


def _error_text(error: BaseException | None) -> str:
    if error is None:
        return ""
    return " ".join(error_text(error).split())
