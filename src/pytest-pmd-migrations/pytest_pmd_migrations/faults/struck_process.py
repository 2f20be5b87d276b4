"""The process that is struck: it runs the upgrade under one fault after the other.

It stays from case to case as long as every fault left what is good. Runs are told many at a time,
and files that both ends know by a number.
"""

from __future__ import annotations

import pickle
import time
from collections import deque
from collections.abc import Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import NamedTuple, TypeAlias

from pytest_pmd_migrations.faults.case import Case, FinishedRun
from pytest_pmd_migrations.faults.child_process import Tell
from pytest_pmd_migrations.faults.database_files import DatabaseFiles
from pytest_pmd_migrations.faults.reused_copy import ReusedCopy
from pytest_pmd_migrations.faults.standing_child import StandingChild
from pytest_pmd_migrations.faults.watching.events import Fault
from pytest_pmd_migrations.files.temporary_folder import all_folders_within, folder_around
from pytest_pmd_migrations.image import MEMORY_LIMIT
from pytest_pmd_migrations.still_clock.connections import still_connections

__all__ = ["RunsUnderFaults", "StruckRun", "close_struck_process", "run_under"]

_TOLD_EVERY = 0.025
_FINISHES = 5.0
_KEPT = 8


class StruckRun(NamedTuple):
    """A run that came to its end, and whether its fault struck."""

    finished: FinishedRun
    struck: bool


def run_under(fault: Fault, case: Case) -> StruckRun:
    """Run the upgrade under a fault, in this process."""
    finished = case.run(fault)
    return StruckRun(finished, fault.struck)


class _Request(NamedTuple):
    """The faults to strike a case with; its files are made within ``folder``."""

    case: Case
    faults: Sequence[Fault]
    dice: bool
    folder: Path | None

    def __reduce__(self) -> tuple[object, ...]:
        """Copy the faults by themselves, in which none of the known objects is looked for."""
        return _copied_request, (self.case, pickle.dumps(self.faults), self.dice, self.folder)


def _copied_request(case: Case, faults: bytes, dice: bool, folder: Path | None) -> _Request:
    return _Request(case, pickle.loads(faults), dice, folder)


_Told: TypeAlias = tuple[str, bool, int | DatabaseFiles]
"""What a run raised, whether its fault struck, and its files or their number."""


class _Process:
    """The process that this one strikes, if it has one that may be struck again."""

    child: StandingChild | None = None


class RunsUnderFaults:
    """The runs under ``faults``, in their order, by the process that is struck.

    Whoever reads them closes it. It may be struck again where ``all_good`` was set to be true.
    """

    def __init__(self, case: Case, faults: Sequence[Fault], *, dice: bool) -> None:
        self.all_good = False
        self._files = _KnownFiles(case.start_files)
        self._runs: deque[StruckRun] = deque()
        self._child = _asked(_Request(case, tuple(faults), dice, folder_around()))

    def next(self, patience: float) -> StruckRun | None:
        """Return the next run, None where it does not come to its end within the patience."""
        if not self._runs:
            word, told = self._child.read(patience + _TOLD_EVERY)
            if word != "ran":
                return None
            for raised, struck, files in told:
                finished = FinishedRun(raised, self._files.unpacked(files))
                self._runs.append(StruckRun(finished, struck))
        return self._runs.popleft()

    def close(self) -> None:
        """Let the process wait for the next faults, or end it."""
        if self.all_good and self._child.read(_FINISHES)[0] == "finished":
            _Process.child = self._child
        else:
            self._child.kill()


def close_struck_process() -> None:
    """Let the process end that this one strikes, if it has one."""
    child = _taken_child()
    if child is not None:
        child.close()


def _asked(request: _Request) -> StandingChild:
    """Return the process that is struck, a new one where there is none for such a request."""
    known = request.case.source, request.case.before.preparation
    child = _taken_child()
    if child is not None:
        if request.case.share and child.has(known) and child.ask(request):
            return child
        child.close()
    return StandingChild(_strike, request, known=known)


def _taken_child() -> StandingChild | None:
    """Return the process that may be struck again, as long as nobody else does it."""
    child, _Process.child = _Process.child, None
    return child if child is not None and child.is_own else None


def _strike(request: _Request, tell: Tell) -> None:
    """Run under each fault in turn, and tell how each run ended."""
    files, told = _KnownFiles(request.case.start_files), list[_Told]()
    within = nullcontext() if request.folder is None else all_folders_within(request.folder)
    told_at = time.monotonic()
    copy = ReusedCopy(request.case)
    with within, closing(copy), still_connections(dice=request.dice):
        for fault in request.faults:
            finished = copy.run(fault)
            told.append((finished.raised, fault.struck, files.packed(finished.files)))
            if fault is request.faults[-1] or time.monotonic() - told_at > _TOLD_EVERY:
                tell("ran", told)
                told, told_at = [], time.monotonic()


class _KnownFiles:
    """The files that both ends of a pipe have: the first ones, and small ones that were told."""

    def __init__(self, first: DatabaseFiles) -> None:
        self._first = first
        self._told: deque[DatabaseFiles] = deque(maxlen=_KEPT)

    def packed(self, files: DatabaseFiles) -> int | DatabaseFiles:
        """Return what the other end knows the files by: their number, or themselves."""
        for number, known in enumerate((self._first, *self._told)):
            if known == files:
                return number
        self._keep(files)
        return files

    def unpacked(self, told: int | DatabaseFiles) -> DatabaseFiles:
        """Return the files that were told."""
        if isinstance(told, int):
            return (self._first, *self._told)[told]
        self._keep(told)
        return told

    def _keep(self, files: DatabaseFiles) -> None:
        if files.size <= MEMORY_LIMIT:
            self._told.append(files)
