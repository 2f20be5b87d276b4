"""One real run of an upgrade, recorded: what it did to the files of one database, in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_pmd_migrations.faults.power.operations import Open, Operation
from pytest_pmd_migrations.faults.power.vfs import shim

__all__ = ["NothingRecordedError", "Recorded", "Recording", "record"]

_FAMILY = ("", "-journal", "-wal")
_FULL, _EXTRA = 2, 3


class NothingRecordedError(Exception):
    """The run opened no connection that the recorder could see; nothing can be said of it."""


@dataclass(frozen=True)
class Recorded:
    """One operation, ``statement`` being the number of the statement that was running, from 1.

    0 is before the first. ``reported`` is True once the run has returned: what comes after is
    closing the connection. The path of ``operation`` is its suffix to the database's.
    """

    operation: Operation
    statement: int
    reported: bool


@dataclass(frozen=True)
class Recording:
    """What a run did to a database, its rollback journal and its WAL.

    ``start`` are the files before it, by their suffix to the database's path; ``statements`` the
    SQL that ran on the connection it was given; ``durable`` whether the settings it ended with
    promise that what is reported as committed stays.
    """

    start: dict[str, bytes]
    operations: tuple[Recorded, ...]
    statements: tuple[str, ...]
    durable: bool


def record(path: Path, run: Callable[[sqlite3.Connection], object]) -> Recording:
    """Run ``run`` on a new connection to the database at ``path``, and return what it did.

    Every connection to ``path`` made meanwhile by Python's own SQLite is recorded, whoever opened
    it. What ``run`` raises passes through. Raises NothingRecordedError when there was none, and
    LibraryNotFoundError where no recorder can be had.
    """
    name = str(path.resolve())
    start = {suffix: _content(name + suffix) for suffix in _FAMILY}
    operations: list[Recorded] = []
    statements: list[str] = []
    reported = False

    def tell(operation: Operation) -> None:
        suffix = operation.path.removeprefix(name)
        if operation.path.startswith(name) and suffix in _FAMILY:
            own = replace(operation, path=suffix)
            operations.append(Recorded(own, len(statements), reported))

    with shim().watching(tell), closing(sqlite3.connect(path)) as conn:
        conn.set_trace_callback(statements.append)
        run(conn)
        conn.set_trace_callback(None)
        durable = _promises_durability(conn)
        reported = True
    if not any(isinstance(one.operation, Open) for one in operations):
        raise NothingRecordedError(f"the run opened no connection to {path} that could be seen")
    return Recording(
        {suffix: content for suffix, content in start.items() if content is not None},
        tuple(operations),
        tuple(statements),
        durable,
    )


def _content(path: str) -> bytes | None:
    file = Path(path)
    return file.read_bytes() if file.exists() else None


def _promises_durability(conn: sqlite3.Connection) -> bool:
    """Return whether a transaction reported as committed must survive a power loss.

    SQLite promises it in WAL mode, and where the journal is cut or overwritten, from FULL on; a
    deleted journal may come back, and roll the transaction back, unless EXTRA syncs the folder
    (https://www.sqlite.org/pragma.html#pragma_synchronous).
    """
    mode = conn.execute("PRAGMA journal_mode").fetchone()[0]
    synchronous = int(conn.execute("PRAGMA synchronous").fetchone()[0])
    needed = {"wal": _FULL, "truncate": _FULL, "persist": _FULL, "delete": _EXTRA}
    return mode in needed and synchronous >= needed[mode]
