"""One upgrade that faults are tried on, run as often as it takes, each time on its own file."""

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
from pytest_pmd_migrations.faults.fault import Fault
from pytest_pmd_migrations.faults.files import Files, read_files, write_database
from pytest_pmd_migrations.faults.injector import Injector
from pytest_pmd_migrations.faults.recording import Recorder, Recording
from pytest_pmd_migrations.faults.values import Mode
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.protocol import Source, volatile_columns

__all__ = ["Case", "Ran", "scratch_folder"]

_NAME = "app.db"
_MEMORY = "/dev/shm"


@dataclass(frozen=True)
class Ran:
    """What a run left: what the runner raised, as text, and the files after it.

    All connections were closed before the files were read, as they are when a process ends.
    """

    raised: str
    files: Files

    @property
    def outcome(self) -> str:
        """What the run said, in words."""
        return f"raised {self.raised}" if self.raised else "reported success"


@dataclass(frozen=True, eq=False)
class Case:
    """Bring ``before``, which is at version ``start``, to version ``to`` in one journal mode.

    ``label`` names the database. ``ignore`` are globs on objects that are not the application's.
    ``on_retry`` is called before a plain retry: whoever watches over time wants to know.
    """

    source: Source
    before: Image
    start: int
    to: int
    label: str
    mode: Mode = "rollback"
    ignore: Sequence[str] = ()
    on_retry: Callable[[], None] = field(default=lambda: None)

    @property
    def volatile(self) -> tuple[str, ...]:
        """Globs on the columns that differ from run to run."""
        return volatile_columns(self.source)

    @contextmanager
    def database(self) -> Iterator[Path]:
        """Give the path of a private copy of the database, taken away after."""
        with scratch_folder(len(self.before.content)) as folder:
            path = folder / _NAME
            write_database(path, self.before, self.mode)
            yield path

    def run(self, fault: Fault) -> Ran:
        """Run the upgrade on a private copy while ``fault`` strikes.

        Raises InjectionError when a connection was lost from sight.
        """
        with self.database() as path:
            return self.run_on(path, fault)

    def run_on(self, path: Path, fault: Fault) -> Ran:
        """Run the upgrade on the copy at ``path`` while ``fault`` strikes."""
        raised: BaseException | None = None
        with Injector(path, fault) as injector:
            try:
                self.source.upgrade(injector.connect(), self.to)
            except (Exception, SystemExit) as error:
                raised = error
            fault.returned(raised)
        injector.check()
        return Ran(_told(raised), read_files(path))

    def strike(self, fault: Fault) -> Ran:
        """Run the upgrade; raise InjectionError when the fault did not come to pass."""
        ran = self.run(fault)
        if not fault.struck:
            raise self.missed()
        return ran

    def missed(self) -> InjectionError:
        """Return the error that says a fault never struck."""
        return InjectionError(
            f"a fault did not strike on the way from {self.label} to"
            f" {format_version(self.to)}: the runner takes another way each time it is called,"
            " or hides its connection. Let the same database give the same statements"
        )

    @cached_property
    def plain(self) -> tuple[Recording, Ran]:
        """What a run without a fault does.

        Raises InjectionError when the file changed and no watched connection wrote.
        """
        recorder = Recorder()
        ran = self.run(recorder)
        recording = recorder.recording()
        if not recording.wrote and ran.files.database != self.before.content:
            raise InjectionError(
                f"the faults saw no connection that wrote, and yet {self.label} came to"
                f" {format_version(self.to)}: the runner does not use Python's sqlite3 in this"
                " process, so no fault can be tried on it"
            )
        return recording, ran

    @property
    def recording(self) -> Recording:
        """The events of the plain run."""
        return self.plain[0]


@contextmanager
def scratch_folder(size: int) -> Iterator[Path]:
    """Give a folder that is taken away after, in memory where there is room for ``size`` bytes.

    Hundreds of small files are made and removed; a disk would take most of the time.
    """
    memory = size <= MEMORY_LIMIT and os.access(_MEMORY, os.W_OK)
    name = tempfile.mkdtemp(prefix="migrations-", dir=_MEMORY if memory else None)
    try:
        yield Path(name)
    finally:
        shutil.rmtree(name)


def _told(error: BaseException | None) -> str:
    if error is None:
        return ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
