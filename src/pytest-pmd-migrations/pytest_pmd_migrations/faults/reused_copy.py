"""One copy of a case's database for many runs, as long as none leaves a trace.

A run that a fault struck mostly leaves the file that it began with, byte for byte. Making another
one in a new folder takes as long as a fifth of the run.
"""

from __future__ import annotations

import os
from functools import cache

from pytest_pmd_migrations.faults.case import Case, FinishedRun
from pytest_pmd_migrations.faults.database_files import KeptFiles
from pytest_pmd_migrations.faults.watching.events import RunObserver
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder

__all__ = ["ReusedCopy"]

_DESCRIPTORS = "/dev/fd"


class ReusedCopy:
    """Runs the upgrade of ``case`` again and again; whoever made it closes it.

    A run has the copy of the one before where that left the same files, no other beside them, and
    nothing open, such as a connection of a thread or a statement that somebody has half-read.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._folder: TemporaryFolder | None = None
        self._descriptors = 0

    def run(self, observer: RunObserver) -> FinishedRun:
        """Run the upgrade, and tell ``observer`` of it; raises what ``Case.run`` does."""
        case, folder = self._case, self._folder
        if folder is None:
            folder = self._folder = case.new_folder()
            case.write_copy(folder.path)
            self._descriptors = _open_descriptors()
            self._path = case.path_in(folder.path)
            self._files = KeptFiles(self._path, case.start_files)
            self._files.read()
        path, files, is_as_it_was = self._path, self._files, False
        try:
            finished = case.run_on(path, observer, read=lambda _: files.read())
            is_as_it_was = (
                self._descriptors > 0
                and finished.files == case.start_files
                and files.names == [path.name]
                and _open_descriptors() == self._descriptors
            )
        finally:
            if not is_as_it_was:
                self.close()
        return finished

    def close(self) -> None:
        """Remove the copy, if there is one."""
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.remove()


def _open_descriptors() -> int:
    """Return how many files this process has open; 0 where the system does not tell."""
    try:
        if _size_counts():
            return _size()
        return len(os.listdir(_DESCRIPTORS))  # noqa: PTH208 - asked after each run
    except OSError:
        return 0


@cache
def _size_counts() -> bool:
    """Return whether the size of the folder is their number, as on Linux 6.2 and newer."""
    before = _size()
    another = os.open(os.curdir, os.O_RDONLY)
    try:
        return before > 0 and _size() == before + 1
    finally:
        os.close(another)


def _size() -> int:
    return os.stat(_DESCRIPTORS).st_size  # noqa: PTH116 - likewise
