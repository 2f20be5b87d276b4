"""Watch from outside what a run in another process does to the files of a database."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from pytest_pmd_migrations.faults.values import Unit

__all__ = ["OutsideWatch"]

_Mark: TypeAlias = tuple[int, int, int]
_LONG_AGO = (0, 0)
_MAGIC = slice(0, 8)
"""The bytes at the beginning of a journal, zeros as long as SQLite would not roll it back."""

_NONCE = slice(12, 16)
"""Those by which two journals differ. https://www.sqlite.org/fileformat.html#the_rollback_journal"""


class OutsideWatch:
    """Called again and again while a run is on; says when its process is to be killed.

    That is inside of the ``at``-th ``unit``, "transaction", or after it, "change", from 0; and once
    nothing was seen for ``seconds`` (0 for no limit), after which it ``is_late``. What was seen is
    counted: ``transactions`` by their journals, and ``changes`` that no journal would take back.
    Of files that have changed the time of the last change is set to one long ago, so that the next
    one is seen however coarse the system's clock is.
    """

    def __init__(self, path: Path, *, unit: Unit = "end", at: int = 0, seconds: float = 0) -> None:
        self.transactions = 0
        self.changes = 0
        self.is_late = False
        self._written = (str(path), f"{path}-wal")
        self._journal = f"{path}-journal"
        self._unit, self._at, self._seconds = unit, at, seconds
        self._news = time.monotonic()
        self._in_transaction = False
        self._seen_journal = b""
        self._seen = self._forget_times(self._marks())

    def __call__(self) -> bool:
        """Look at the files; return whether the moment has come."""
        # The journal is looked at last: where it is gone, what was seen before is there to stay.
        marks, journal = self._marks(), _beginning(self._journal)
        in_transaction = _would_roll_back(journal)
        is_seen = self._in_transaction and self.is_in_seen_transaction(journal)
        begun = in_transaction and not is_seen
        self._in_transaction = in_transaction
        if begun:
            self.transactions += 1
            self._seen_journal = journal
        elif not in_transaction and marks != self._seen:
            self.changes += 1
            if self._has_come("change", self.changes):
                return True
            self._seen = self._forget_times(marks)
        else:
            self.is_late = 0 < self._seconds < time.monotonic() - self._news
            return self.is_late
        self._news = time.monotonic()
        return begun and self._has_come("transaction", self.transactions)

    def is_in_seen_transaction(self, journal: bytes) -> bool:
        """Return whether a journal that was left is that of the transaction that was seen last."""
        return _would_roll_back(journal) and journal[_NONCE] == self._seen_journal[_NONCE]

    def _has_come(self, unit: Unit, number: int) -> bool:
        return (unit, number - 1) == (self._unit, self._at)

    def _marks(self) -> tuple[_Mark | None, ...]:
        return tuple(map(_mark, self._written))

    def _forget_times(self, marks: tuple[_Mark | None, ...]) -> tuple[_Mark | None, ...]:
        """Set the times of files with these marks; return the marks that they have then.

        What is written meanwhile has another mark: the files are not looked at again.
        """
        for path, mark in zip(self._written, marks, strict=True):
            if mark is not None:
                with suppress(FileNotFoundError):
                    os.utime(path, ns=_LONG_AGO)
        return tuple(mark and (*mark[:2], _LONG_AGO[1]) for mark in marks)


def _mark(path: str) -> _Mark | None:
    """Return what differs once the file was written or replaced, None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - thousands are asked
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _would_roll_back(journal: bytes) -> bool:
    """Return whether SQLite would undo what was written, by a journal that begins so."""
    return any(journal[_MAGIC])


def _beginning(journal: str) -> bytes:
    """Return the first bytes of a journal; none where there is no such file."""
    if not os.access(journal, os.F_OK):
        return b""
    try:
        with open(journal, "rb", buffering=0) as file:  # noqa: PTH123 - thousands are asked
            return file.read(_NONCE.stop)
    except FileNotFoundError:
        return b""
