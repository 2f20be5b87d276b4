"""Measure one upgrade of a file on disk, in a child process: its memory and locks are its own."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.connections.connection import prepare_connection
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.faults.child_process import Tell, child_doing
from pytest_pmd_migrations.forecast.first_touches import FirstTouches, first_touches
from pytest_pmd_migrations.forecast.watched_files import WatchedFiles, log_size
from pytest_pmd_migrations.messages.where_raised import raised_where
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.run import upgrade_at

__all__ = ["Measured", "measure_upgrade", "upgrade_file"]

_LOOKS_EVERY = 0.001
_LOOKS_RARELY = 0.005
_PATIENCE = 1800
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Measured:
    """What one upgrade took.

    ``seconds`` passed until the last connection was closed, of which the process computed for
    ``computing``; for ``locked`` seconds nobody else could write. Sizes are in bytes: ``log`` of
    the rollback journal or write-ahead log at its largest, ``temporary`` of SQLite's own files,
    ``before`` and ``after`` of the database, ``memory`` of what the process took in addition.
    ``touches`` are those of memory for the first time, a part of ``computing``.
    ``locked`` and ``temporary`` are None where the system does not tell.
    """

    seconds: float
    computing: float
    locked: float | None
    log: int
    temporary: int | None
    before: int
    after: int
    memory: int
    touches: FirstTouches


def measure_upgrade(application: Application, path: Path, to: int, *, filled: str = "") -> Measured:
    """Let the application upgrade the file at ``path`` by one step, and return what that took.

    ``filled`` says how it was filled, for a message. Raises StepFailedError where the step fails.
    """
    before, where = path.stat().st_size, f" ({filled})" if filled else ""

    def work(tell: Tell) -> None:
        tell("ran", _run(application, path, to))

    with child_doing(work, takes_children=True) as child:
        files = WatchedFiles(path, child.process)
        word, told = "late", None
        began = time.monotonic()
        while word == "late":
            pause = _LOOKS_EVERY if time.monotonic() - began < 1 else _LOOKS_RARELY
            word, told = child.read(pause)
            files.look()
            if time.monotonic() - began > _PATIENCE:
                raise StepFailedError(
                    f"the step to {format_version(to)} does not end within {_PATIENCE} s on the"
                    f" filled database{where}",
                    version=to,
                )
    if told is None or "failed" in told:
        why = told["failed"] if told else "the process ended by itself"
        raise StepFailedError(
            f"the step to {format_version(to)} fails on the filled database{where}: {why}",
            version=to,
        )
    log, touches = max(files.log, told.pop("log")), FirstTouches(*told.pop("touches"))
    return Measured(
        locked=files.locked,
        log=log,
        temporary=files.temporary,
        before=before,
        after=path.stat().st_size,
        touches=touches,
        **told,
    )


def upgrade_file(
    application: Application, path: Path, to: int, *, before_close: Callable[[], None] | None = None
) -> None:
    """Let the application upgrade a file as it does for users, and close what it opened.

    ``before_close`` is called while the connection that it was given is open still.
    """
    opened: list[sqlite3.Connection] = []

    def connect() -> sqlite3.Connection:
        conn = sqlite3.connect(path)
        opened.append(conn)
        prepare_connection(conn, application.preparation)
        return conn

    try:
        upgrade_at(application.source, path, to, connect=connect)
        if before_close is not None:
            before_close()
    finally:
        for conn in opened:
            conn.close()


def _run(application: Application, path: Path, to: int) -> dict[str, Any]:
    """Upgrade in this process; return what that took, or why it failed."""
    # To learn what a touch costs takes memory itself.
    touches, memory = first_touches(), _memory_clock()
    logs: list[int] = []
    began, used = time.perf_counter(), _computed()
    try:
        # A write-ahead log has all that was written until the last connection is closed.
        upgrade_file(application, path, to, before_close=lambda: logs.append(log_size(path)))
    except BaseException as error:
        return {"failed": raised_where(error)}
    seconds, computing = time.perf_counter() - began, _computed() - used
    found = {"seconds": seconds, "computing": computing, "touches": touches(), "memory": memory()}
    return {"log": max(logs, default=0), **found}


def _computed() -> float:
    import resource

    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _memory_clock() -> Callable[[], int]:
    """Return what says how many bytes the process took at most since now."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    if not _STATUS.exists():
        start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return lambda: (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) * unit
    with suppress(OSError):
        # What the parent once took at most is not this process's.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    resident = _status("VmRSS")

    def most() -> int:
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
        return max(_status("VmHWM") - resident, 0) + children

    return most


def _status(name: str) -> int:
    """Return a number of bytes that Linux tells of this process."""
    lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
