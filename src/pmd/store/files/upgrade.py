"""Bring an opened database to a version, with a backup if one is asked for."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pmd.store.files.copying import CopyProgress
from pmd.store.files.opening import file_of, refuse_foreign
from pmd.store.files.soundness import refuse_damaged
from pmd.store.migrations import MigrationRunner
from pmd.store.migrations.database_errors import database_error
from pmd.store.migrations.runner import Progress

if TYPE_CHECKING:
    from pmd.store.files.backup import KeptBackup

__all__ = ["Upgrade", "upgrade"]


_TABLES = """
SELECT name FROM pragma_table_list
WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
"""


@dataclass(frozen=True)
class Upgrade:
    """A finished upgrade: from version `before` to `after`, `applied` steps by this connection."""

    before: int
    after: int
    applied: int
    kept: KeptBackup | None


def upgrade(
    connection: sqlite3.Connection,
    path: str,
    *,
    target: int | None = None,
    backup: bool = False,
    progress: Progress | None = None,
    copy_progress: CopyProgress | None = None,
) -> Upgrade:
    """Take the steps to `target` (default latest) that are missing.

    `path` is the checked path that the connection was opened with. Before the first step another
    program's database and a damaged one are refused. With `backup`, a database that holds
    anything is copied beside its file under the first step's lock: what the copy lacks, the
    upgrade has not touched. Raises ForeignDatabaseError, BackupError and what the runner does.
    """
    refuse_foreign(connection, path)
    runner = MigrationRunner(connection)
    before, latest = runner.get_current_version(), runner.get_latest_version()
    if before == (latest if target is None else target) <= latest:
        return Upgrade(before, before, 0, None)
    # Refuses what is newer than the code, before all of it is read.
    runner.get_pending_migrations()
    file = file_of(path)
    if file is not None:
        # A step that rewrites the file is never taken without a backup.
        runner = MigrationRunner(connection, backup=partial(_keep_backup, file))
    if file is None or not backup:
        refuse_damaged(connection, f"the database {file or 'in memory'}")
        applied = runner.run_migrations(target, progress=progress)
        return Upgrade(before, runner.get_current_version(), applied, None)
    with ExitStack() as stack:
        try:
            upgrade_backup = _UpgradeBackup(connection, file, stack, copy_progress)
        except sqlite3.Error as error:
            raise database_error(connection, error) from error
        applied = runner.run_migrations(
            target, progress=progress, before_first=upgrade_backup.ensure
        )
        return Upgrade(before, runner.get_current_version(), applied, upgrade_backup.kept)


class _UpgradeBackup:
    """The backup of one upgrade, marked as in use for as long as the stack is open.

    Of several openers the one that takes the first step makes the backup; the others find it in
    use and need none: theirs would hold what the first has half upgraded.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        file: Path,
        stack: ExitStack,
        progress: CopyProgress | None,
    ) -> None:
        self.kept: KeptBackup | None = None
        self._new = _is_empty(connection)
        self._connection = connection
        self._file = file
        self._stack = stack
        self._progress = progress

    def ensure(self) -> None:
        """Make the backup, unless nothing can be lost or another opener has seen to it."""
        if not _holds_anything(self._connection, new=self._new):
            return
        # Imported here and below, since most opens find nothing to do.
        from pmd.store.files import backup

        existing = backup.find_backups(self._file)
        if existing and backup.in_use(existing[-1]):
            self.kept = backup.KeptBackup(existing[-1], made=False)
            return
        self.kept = backup.keep_backup(self._file, progress=self._progress)
        self._stack.callback(backup.mark_in_use(self.kept.backup).close)


def _keep_backup(file: Path) -> KeptBackup:
    from pmd.store.files.backup import keep_backup

    return keep_backup(file)


def _is_empty(connection: sqlite3.Connection) -> bool:
    row = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return not row[0]


def _holds_anything(connection: sqlite3.Connection, *, new: bool) -> bool:
    """Return whether there is anything to lose: for a new database, a row in any of its tables.

    Of several openers of a new one, all but the first find what that one has built so far.
    """
    if not new:
        return not _is_empty(connection)
    tables = [name for (name,) in connection.execute(_TABLES)]
    quoted = ['"' + name.replace('"', '""') + '"' for name in tables]
    return any(connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in quoted)
