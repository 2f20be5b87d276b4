"""Upgrade and read one private database file, as the fixtures hand it out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from pathlib import Path
from typing import Literal, ParamSpec, TypeVar

import sqlite_utils

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import take_step
from pytest_pmd_migrations.errors import MigrationTestError, SettingError
from pytest_pmd_migrations.schema import Schema, read_schema
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.sources.protocol import current_version

__all__ = [
    "MigrationDatabase",
    "Subject",
    "connection_to",
    "main_file",
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

    ``path`` is the file, ``history`` the migrations it belongs to. The connection is an ordinary
    ``sqlite3`` one; sqlite-utils' plugins and its recursive triggers are left out, so that the
    file behaves as it does for the application.
    """

    def __init__(self, path: Path, history: History) -> None:
        super().__init__(sqlite3.connect(path), recursive_triggers=False, execute_plugins=False)
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
def connection_to(
    subject: Subject, *, mode: Literal["rw", "ro"] = "rw"
) -> Iterator[sqlite3.Connection]:
    """Give the connection of ``subject``; one that is opened here, for a path, is closed after.

    Raises SettingError when a path is not that of a SQLite database, or when it is none of these.
    """
    if isinstance(subject, sqlite_utils.Database):
        yield subject.conn
    elif isinstance(subject, sqlite3.Connection):
        yield subject
    elif isinstance(subject, (str, Path)):
        if not Path(subject).is_file():
            raise SettingError(f"{subject} does not exist; expected a SQLite database file")
        uri = f"{Path(subject).absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(uri, uri=True)) as conn:
            try:
                conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            except sqlite3.DatabaseError as error:
                raise SettingError(
                    f"{subject} cannot be read as a SQLite database: {error}"
                ) from error
            yield conn
    else:
        raise SettingError(
            f"a {type(subject).__name__} cannot be upgraded or compared; expected a database of"
            " the fixtures, a sqlite3 connection or the path of a file"
        )


def main_file(subject: Subject) -> Path | None:
    """Return the file of a path, connection or database object; None for one in memory."""
    if isinstance(subject, (str, Path)):
        return Path(subject)
    with connection_to(subject) as conn:
        cursor = conn.cursor()
        cursor.row_factory = None
        rows = cursor.execute("PRAGMA database_list").fetchall()
    file = next(row[2] for row in rows if row[1] == "main")
    return Path(file) if file else None


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
