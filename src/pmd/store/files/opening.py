"""Open the file at a path as a SQLite database, or raise an error that says why not."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from pmd.store.errors import DatabasePathError, ForeignDatabaseError
from pmd.store.files.copying import open_file
from pmd.store.files.file_mode import is_folder
from pmd.store.migrations.database_errors import database_error

__all__ = [
    "MEMORY",
    "SIDE_FILES",
    "checked_path",
    "close_unchanged",
    "file_of",
    "open_connection",
    "open_for_reading",
    "opened",
    "refuse_foreign",
    "refuse_without_documents",
]

_TABLE_NAMES = r"""
    SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
"""
_TABLES_OF_EVERY_VERSION = {"content", "documents"}

MEMORY = ":memory:"
SIDE_FILES = ("-journal", "-wal", "-shm")
"""The endings of the files that SQLite keeps beside a database, under its name."""


def checked_path(path: str | os.PathLike[str]) -> str:
    """Return the absolute path as text, or `":memory:"`; DatabasePathError for what is none."""
    text = os.fspath(path)
    if not isinstance(text, str) or not text or "\0" in text:
        raise DatabasePathError(
            f"{path!r} is no path of a database. Expected the path of a file as text or PathLike, "
            'or ":memory:".'
        )
    # Absolute, so that a later chdir does not matter and no name can be taken for a file: URI.
    return text if text == MEMORY else str(Path(text).absolute())


def file_of(path: str) -> Path | None:
    """Return the file a checked path leads to, through links as SQLite goes; None in memory."""
    return None if path == MEMORY else Path(path).resolve()


def open_connection(path: str, *, timeout: float) -> sqlite3.Connection:
    """Open a checked path, making the file if need be; nothing is written yet.

    The connection leaves BEGIN and COMMIT to its user. Raises DatabasePathError.
    """
    _refuse_special(path)
    try:
        # timeout sets busy_timeout before the first read; None leaves BEGIN and COMMIT to us.
        return sqlite3.connect(path, timeout=timeout, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise DatabasePathError(_why_unopened(path, error)) from error


def close_unchanged(connection: sqlite3.Connection, path: str) -> None:
    """Close the connection, and write nothing by that.

    The last connection to close moves a WAL into its file, also one that was left there by another
    database. So a second one, without the right to write, is made the last.
    """
    file = file_of(path)
    with ExitStack() as stack:
        if file and _is_there(Path(f"{file}-wal")):
            last = stack.enter_context(closing(open_file(file, "ro")))
            # It does not matter what this finds: it makes the connection read the WAL.
            with suppress(sqlite3.Error):
                last.execute("PRAGMA user_version")
        connection.close()


@contextmanager
def opened(path: str, *, timeout: float) -> Iterator[sqlite3.Connection]:
    """Yield a connection to a checked path; a block that fails has it closed unchanged."""
    connection = open_connection(path, timeout=timeout)
    try:
        yield connection
    except BaseException:
        close_unchanged(connection, path)
        raise
    connection.close()


def open_for_reading(file: Path, *, timeout: float) -> sqlite3.Connection:
    """Open an existing file so that nothing of it is changed, nor left beside it.

    Raises DatabasePathError.
    """
    _refuse_special(str(file))
    if not _is_there(file):
        raise DatabasePathError(
            f"there is no database {file}, or it may not be looked at. Check the path; a new one"
            " is made when pmd opens it."
        )
    # mode=ro would leave the side files of a WAL database behind; with none there, there is
    # nothing that opening for writing would recover or, on closing, move into the file.
    alone = not any(_is_there(Path(f"{file}{suffix}")) for suffix in SIDE_FILES)
    uri = f"{file.absolute().as_uri()}?mode={'rw' if alone else 'ro'}"
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise DatabasePathError(_why_unopened(str(file), error)) from error
    connection.execute("PRAGMA query_only = ON")
    return connection


def refuse_foreign(connection: sqlite3.Connection, path: str) -> None:
    """Raise ForeignDatabaseError if another program has marked the database as its own.

    pmd sets no application_id, so any is another's.
    """
    try:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.Error as error:
        raise database_error(connection, error) from error
    if application_id:
        raise ForeignDatabaseError(
            f"the database {path} belongs to another program: its application_id is"
            f" 0x{application_id & 0xFFFFFFFF:08X}, and pmd's databases have none. Nothing was"
            " changed; give the path of a pmd database."
        )


def refuse_without_documents(connection: sqlite3.Connection, path: str) -> None:
    """Raise ForeignDatabaseError if the database has tables, but not those of any pmd.

    Not every program marks its databases, and pmd would add its own tables to them.
    """
    try:
        tables = {name for (name,) in connection.execute(_TABLE_NAMES)}
    except sqlite3.Error as error:
        raise database_error(connection, error) from error
    if tables and not tables >= _TABLES_OF_EVERY_VERSION:
        raise ForeignDatabaseError(
            f"the database {path} is no pmd database: it has tables of another program"
            f" ({', '.join(sorted(tables)[:3])}), and no documents. Nothing was changed; give the"
            " path of a pmd database, or of a new file."
        )


def _is_there(path: Path) -> bool:
    # Too long a name, or a folder that is closed to us, is no file to work with either.
    with suppress(OSError):
        return path.exists()
    return False


def _refuse_special(path: str) -> None:
    # A path that cannot even be looked at is left to SQLite.
    with suppress(OSError):
        mode = Path(path).stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise DatabasePathError(
                f"cannot open the database {path}: it is a device, pipe or socket."
                " Give the path of a regular file."
            )


def _why_unopened(path: str, error: sqlite3.Error) -> str:
    file = Path(path)
    # A path that cannot even be looked at (too long, forbidden) leaves SQLite's own words.
    with suppress(OSError):
        if is_folder(file):
            return (
                f"cannot open the database {path}: it is a folder. Give the path of a file in it."
            )
        if not is_folder(file.parent):
            return (
                f"cannot open the database {path}: the folder {file.parent} does not exist. "
                "Create it first, or give another path."
            )
    return (
        f"cannot open the database {path}: {error}. "
        "Check that you may read and write the file and its folder."
    )
