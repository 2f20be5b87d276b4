"""One copy of a case's database for many runs, as long as none leaves a trace.

A run that a fault struck mostly leaves the file that it began with, byte for byte. Making another
one in a new folder takes as long as a fifth of the run.
"""

from __future__ import annotations

import os

from pytest_pmd_migrations.faults.case import Case, FinishedRun
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
        path, is_as_it_was = case.path_in(folder.path), False
        try:
            finished = case.run_on(path, observer)
            is_as_it_was = (
                self._descriptors > 0
                and finished.files == case.start_files
                and os.listdir(folder.path) == [path.name]  # noqa: PTH208 - asked after each run
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
        return len(os.listdir(_DESCRIPTORS))  # noqa: PTH208 - likewise
    except OSError:
        return 0
