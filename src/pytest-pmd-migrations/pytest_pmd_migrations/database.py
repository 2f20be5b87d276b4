"""A private database file as the fixtures hand it out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import sqlite_utils

from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.history import History
from pytest_pmd_migrations.lineage import take_step
from pytest_pmd_migrations.schema import Schema, read_schema
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.protocol import current_version

__all__ = ["MigrationDatabase", "upgrade_connection"]


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
        return current_version(self.history.source, self.conn)

    def upgrade(self, to: int | None = None) -> tuple[int, ...]:
        """Commit what is open, then step to version ``to`` (default latest), one at a time.

        Returns the versions that were reached. Raises StepFailedError when a step fails,
        SettingError when there is no such version ahead.
        """
        return upgrade_connection(self.history, self.conn, to)

    def read_schema(self) -> Schema:
        """Return the database's schema as a value."""
        return read_schema(self.conn)


def upgrade_connection(
    history: History, conn: sqlite3.Connection, to: int | None = None
) -> tuple[int, ...]:
    """Step ``conn`` to version ``to`` (default latest) and return the versions reached.

    An open transaction is committed first: a migration runner needs its own.
    Raises StepFailedError when a step fails, SettingError when ``to`` is not ahead.
    """
    if conn.in_transaction:
        conn.commit()
    version = current_version(history.source, conn)
    target = history.latest if to is None else to
    if target != version and (target not in history.versions or target < version):
        ahead = [format_version(v) for v in history.versions if v > version]
        raise SettingError(
            f"cannot upgrade from {format_version(version)} to {target!r}; expected one of"
            f" {', '.join(ahead) or 'no version, it is at the newest'}"
        )
    steps = tuple(v for v in history.versions if version < v <= target)
    for step in steps:
        take_step(history.source, conn, step)
    return steps
