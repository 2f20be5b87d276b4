"""Let the application's runner work on a database: through a connection, or on a file of its own.

A source with ``upgrade_file`` has a runner that opens a database by its path. It gets a copy in a
file, which is put back into the connection that the database was asked for.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeAlias

from pytest_pmd_migrations.connections.asking_connection import hearing
from pytest_pmd_migrations.connections.connection import (
    NO_PREPARATION,
    as_application,
    connect_file,
    preparation_of,
)
from pytest_pmd_migrations.connections.database_path import file_of
from pytest_pmd_migrations.connections.statement_record import RecordingConnection
from pytest_pmd_migrations.files.file_content import write_content
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder, told_full
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image
from pytest_pmd_migrations.limits.new_connections import limited_connections
from pytest_pmd_migrations.sources.applied.bookkeeping import bookkeeping_of, put_back_on_error
from pytest_pmd_migrations.sources.ask import ask, described
from pytest_pmd_migrations.sources.heard_file import heard_file
from pytest_pmd_migrations.sources.memory_copy import NeedsFileError, memory_copy
from pytest_pmd_migrations.sources.protocol import Source
from pytest_pmd_migrations.still_clock.connections import still_connections

__all__ = ["During", "downgrade", "rerun", "upgrade", "upgrade_at", "upgrade_until"]

Place: TypeAlias = Path | sqlite3.Connection | None
"""What a runner works on in the place of the connection it was to upgrade: its file or its copy."""

During: TypeAlias = Callable[[Place], AbstractContextManager[object]]
"""Called with what the runner works on; entered while the application runs."""


def _without_limit(_worked_on: Place) -> AbstractContextManager[object]:
    return nullcontext()


_NAME = "app.db"
_PACKED = "packed.db"


def upgrade(
    source: Source, conn: sqlite3.Connection, to: int, *, during: During = _without_limit
) -> None:
    """Let the source bring ``conn`` to version ``to``; raises what the application raises.

    ``during`` gives what is entered while the application's own code runs, such as a limit.
    """
    _run(source, "upgrade", conn, to, during)


def rerun(
    source: Source, conn: sqlite3.Connection, version: int, *, during: During = _without_limit
) -> None:
    """Run that migration's change once more; the source must be able to (``can_rerun``).

    ``during`` gives what is entered while the application's own code runs, such as a limit.
    """
    forget = getattr(source, "forget", None)
    if not callable(forget):
        _run(source, "rerun", conn, version, during)
        return
    with put_back_on_error(conn, bookkeeping_of(source)):
        with as_application(conn):
            forget(conn, version)
        if conn.in_transaction:
            conn.commit()
        _run(source, "upgrade", conn, version, during)


def downgrade(
    source: Source, conn: sqlite3.Connection, version: int, *, during: During = _without_limit
) -> None:
    """Let the source take that migration back; it must be able to (``can_downgrade``).

    ``during`` gives what is entered while the application's own code runs, such as a limit.
    """
    _run(source, "downgrade", conn, version, during)


def upgrade_at(
    source: Source, path: Path, to: int, *, connect: Callable[[], sqlite3.Connection]
) -> None:
    """Let the source bring the file at ``path`` to version ``to``.

    ``connect`` opens it for a source that upgrades through a connection; whoever gave it closes
    what it opened.
    """
    own: Any = source
    _reset(source)
    if hasattr(source, "upgrade_file"):
        own.upgrade_file(path, to)
        return
    conn = connect()
    with as_application(conn):
        own.upgrade(conn, to)


def upgrade_until(source: Source, path: Path, to: int, stop: Callable[[], bool]) -> bool:
    """Let the source bring the file to version ``to``, in a process that it kills for ``stop``.

    It must be able to (``can_be_killed``). ``stop`` is called again and again meanwhile. Returns
    whether the process was killed.
    """
    own: Any = source
    _reset(source)
    return bool(own.upgrade_until(path, to, stop))


def _run(
    source: Source, method: str, conn: sqlite3.Connection, version: int, during: During
) -> None:
    _reset(source)
    with_file = getattr(source, f"{method}_file", None)
    if with_file is None:
        with as_application(conn), during(None), hearing(conn):
            getattr(source, method)(conn, version)
        return
    if getattr(source, "needs_file", True) is False and _ran_in_memory(
        source, method, conn, version, during
    ):
        return
    # Only its own process surely sees the same folders in memory.
    in_process = getattr(source, "in_process", True) is not False
    opens_heard = getattr(source, "opens_heard", False) is True
    # A process of its own takes too long to be asked what it needs of each table.
    record = conn.record if in_process and isinstance(conn, RecordingConnection) else None
    with (
        _file_copy(conn, in_memory=in_process) as path,
        still_connections(),
        limited_connections(),
        during(path),
        heard_file(path, opens_heard=opens_heard, record=record),
    ):
        with_file(path, version)


def _ran_in_memory(
    source: Source, method: str, conn: sqlite3.Connection, version: int, during: During
) -> bool:
    """Let a source that mostly needs no file work on a connection; return whether it could."""
    try:
        with memory_copy(conn) as copy, as_application(copy), during(copy), hearing(copy):
            getattr(source, method)(copy, version)
    except NeedsFileError:
        return False
    return True


def _reset(source: Source) -> None:
    """Let the source forget what its last run left in memory."""
    own = getattr(source, "reset", None)
    if callable(own):
        ask(described(source), "reset()", own)


@contextmanager
def _file_copy(conn: sqlite3.Connection, *, in_memory: bool) -> Iterator[Path]:
    """Give the path of a copy of the database, and put what becomes of it back into ``conn``.

    What was committed there before an error is put back too. An empty database is no file. With
    ``in_memory``, a small one waits for no disk.
    """
    pages = _ask(conn, "page_count")
    small = pages * _page_size(conn) <= MEMORY_LIMIT
    with TemporaryFolder(in_memory=in_memory and small) as folder:
        path = folder / _NAME
        if pages:
            with told_full(folder.parent), closing(_open(path)) as file:
                conn.backup(file)
        given = path.read_bytes() if pages and small else None
        try:
            yield path
        except BaseException:
            # Where the file cannot be read, what the application raised tells more.
            with suppress(sqlite3.Error):
                _put_back(path, conn, given)
            raise
        _put_back(path, conn, given)


def _open(path: Path) -> sqlite3.Connection:
    return connect_file(path, NO_PREPARATION, pragma="synchronous = OFF")


def _put_back(path: Path, conn: sqlite3.Connection, given: bytes | None) -> None:
    """Make ``conn`` show what the file holds, which held ``given`` before, where that is known.

    By SQLite's backup, never by deserializing: that leaves what a used connection knows of its
    tables dangling.
    """
    if given is not None and _holds_only(path, given):
        return
    size = _page_size(conn)
    with closing(_open(path)) as file:
        if not _ask(file, "page_count"):
            file.execute(f"PRAGMA page_size = {size}")
            file.backup(conn)
            return
        fits = file_of(conn) is not None or not _ask(conn, "page_count") or _page_size(file) == size
        if fits and not _has_wal(file):
            file.backup(conn)
            return
        # Its bytes claim no write-ahead log, which a database in memory could not have.
        image = Image.of_connection(file)
    if fits:
        with closing(image.connect()) as made:
            made.backup(conn)
        return
    # A database in memory keeps its size of pages. Packed anew, a table without a key of its own
    # may have other rowids, which SQLite promises nobody.
    packed = path.with_name(_PACKED)
    with told_full(path.parent.parent):
        write_content(image.stored, packed)
    pragma = f"page_size = {size}"
    with closing(connect_file(packed, preparation_of(conn), pragma=pragma)) as file:
        file.execute("VACUUM")
        file.backup(conn)


def _holds_only(path: Path, given: bytes) -> bool:
    """Return whether a file holds these bytes, and there is no journal that says otherwise."""
    names = os.listdir(path.parent)  # noqa: PTH208 - hundreds are listed
    journals = any(name.startswith(f"{_NAME}-") for name in names)
    return _NAME in names and not journals and path.read_bytes() == given


def _has_wal(file: sqlite3.Connection) -> bool:
    """Return whether a file has a write-ahead log."""
    return str(file.execute("PRAGMA journal_mode").fetchone()[0]) == "wal"


def _page_size(conn: sqlite3.Connection) -> int:
    """Return the size of a database's pages: SQLite knows it once it has read the first one."""
    _ask(conn, "schema_version")
    return _ask(conn, "page_size")


def _ask(conn: sqlite3.Connection, pragma: str) -> int:
    """Return a number that SQLite knows of a database, whatever rows the connection makes."""
    cursor = conn.cursor()
    cursor.row_factory = None
    return int(cursor.execute(f"PRAGMA {pragma}").fetchone()[0])
