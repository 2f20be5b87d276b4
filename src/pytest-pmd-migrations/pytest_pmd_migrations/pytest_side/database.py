"""Upgrade and read one private database file, as the fixtures hand it out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import sqlite_utils

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import take_step
from pytest_pmd_migrations.connections.connection import NO_PREPARATION, connect_file
from pytest_pmd_migrations.connections.database_path import file_of
from pytest_pmd_migrations.errors import MigrationTestError, SettingError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.schema import Schema, read_schema
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.sources.applied.current_version import current_version

__all__ = [
    "MigrationDatabase",
    "Subject",
    "connection_to",
    "main_file",
    "reading",
    "upgrade_connection",
    "without_own_frames",
]

Taken = ParamSpec("Taken")
Given = TypeVar("Given")


def without_own_frames(work: Callable[Taken, Given]) -> Callable[Taken, Given]:
    """Let ``work`` raise the package's errors as if its caller did, so that a test's line shows.

    The exception behind an error, a migration's own, keeps its traceback.
    """

    @wraps(work)
    def call(*args: Taken.args, **kwargs: Taken.kwargs) -> Given:
        __tracebackhide__ = True
        try:
            return work(*args, **kwargs)
        except MigrationTestError as error:
            raise error.with_traceback(None)  # noqa: B904 - the same error, not another

    return call


class MigrationDatabase(sqlite_utils.Database):
    """A ``sqlite_utils.Database`` on a file of one's own, that knows its history.

    ``path`` is the file, ``history`` the migrations it belongs to. The connection is a ``sqlite3``
    one with the functions, collations and pragmas of the application; sqlite-utils' plugins and
    its recursive triggers are left out, so that the file behaves as it does for the application.
    """

    def __init__(self, path: Path, history: History) -> None:
        conn = connect_file(path, history.application.preparation)
        conn.keep_pragmas()
        super().__init__(conn, recursive_triggers=False, execute_plugins=False)
        self.path = path
        self.history = history

    @property
    def version(self) -> int:
        """The version the database is at now."""
        return current_version(self.history.application.source, self.conn)

    @without_own_frames
    def upgrade(self, to: int | None = None) -> tuple[int, ...]:
        """Commit what is open, then step to version ``to`` (default latest), one at a time.

        Returns the versions that were reached. Raises StepFailedError when a step fails,
        SettingError when there is no such version ahead.
        """
        return upgrade_connection(self.history, self.conn, to)

    def read_schema(self) -> Schema:
        """Return the database's schema as a value."""
        return read_schema(self.conn)


Subject = MigrationDatabase | sqlite_utils.Database | sqlite3.Connection | str | Path
"""Anything that can be upgraded or compared: a database object, a connection, or a path."""


@contextmanager
def connection_to(subject: Subject, application: Application) -> Iterator[sqlite3.Connection]:
    """Give the connection of ``subject``; one that is opened here, for a path, is closed after.

    Raises SettingError when a path is not that of a SQLite database, or when it is none of these.
    """
    if not isinstance(subject, (str, Path)):
        yield _own_connection(subject)
        return
    # Nothing is prepared yet: an application's code may write, as PRAGMA journal_mode does.
    with _reading(subject):
        pass
    uri = f"{_uri(subject)}?mode=rw"
    with closing(connect_file(uri, application.preparation, uri=True)) as conn:
        conn.keep_pragmas()
        yield conn


@contextmanager
def reading(subject: Subject, application: Application) -> Iterator[sqlite3.Connection]:
    """Give a connection that shows ``subject``; for a path it is one to a private copy.

    Raises SettingError as :func:`connection_to` does.
    """
    if not isinstance(subject, (str, Path)):
        yield _own_connection(subject)
        return
    with _reading(subject) as conn:
        image = application.prepared(Image.of_connection(conn))
    with closing(image.connect()) as copy:
        yield copy


@contextmanager
def _reading(path: str | Path) -> Iterator[sqlite3.Connection]:
    """Give a plain connection to a file, which it only reads."""
    if not Path(path).is_file():
        raise SettingError(f"{path} does not exist; expected a SQLite database file")
    with closing(connect_file(f"{_uri(path)}?mode=ro", NO_PREPARATION, uri=True)) as conn:
        try:
            conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.DatabaseError as error:
            raise SettingError(f"{path} cannot be read as a SQLite database: {error}") from error
        yield conn


def _uri(path: str | Path) -> str:
    return Path(path).absolute().as_uri()


def _own_connection(subject: object) -> sqlite3.Connection:
    """Return the connection that a subject is or has; SettingError where it is another driver's."""
    conn: Any = subject.conn if isinstance(subject, sqlite_utils.Database) else subject
    if isinstance(conn, sqlite3.Connection):
        return conn
    if hasattr(conn, "cursor"):
        kind = f"{type(conn).__module__}.{type(conn).__qualname__}"
        raise SettingError(
            f"a connection of another driver ({kind}) cannot be upgraded or compared; expected one"
            " of Python's sqlite3. Commit, and give the path of its file in its place"
        )
    raise SettingError(
        f"a {type(subject).__name__} cannot be upgraded or compared; expected a database of"
        " the fixtures, a sqlite3 connection or the path of a file"
    )


def main_file(subject: Subject) -> Path | None:
    """Return the file of a path, connection or database object; None for one in memory."""
    if isinstance(subject, (str, Path)):
        return Path(subject)
    return file_of(_own_connection(subject))


def upgrade_connection(
    history: History, conn: sqlite3.Connection, to: int | None = None
) -> tuple[int, ...]:
    """Step ``conn`` to version ``to`` (default latest) and return the versions reached.

    An open transaction is committed first: a migration runner needs its own.
    Raises StepFailedError when a step fails, SettingError when ``to`` is not ahead.
    """
    if conn.in_transaction:
        conn.commit()
    version = current_version(history.application.source, conn)
    target = history.application.latest if to is None else to
    if target != version and (target not in history.application.versions or target < version):
        ahead = [format_version(v) for v in history.application.versions if v > version]
        raise SettingError(
            f"cannot upgrade from {format_version(version)} to {target!r}; expected one of"
            f" {', '.join(ahead) or 'no version, it is at the newest'}"
        )
    steps = tuple(v for v in history.application.versions if version < v <= target)
    for step in steps:
        limits = history.step_limits(SnapshotName(version))
        take_step(history.application.source, conn, step, limits=limits)
    return steps
