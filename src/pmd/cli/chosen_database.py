"""Which database the commands work on, how it is opened, and how an upgrade of it is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
from click.core import ParameterSource

from pmd.store.database import Database
from pmd.store.errors import DatabasePathError, ForeignDatabaseError, StoreError
from pmd.store.files.file_mode import file_mode
from pmd.store.files.opening import (
    MEMORY,
    checked_path,
    opened,
    refuse_foreign,
    refuse_without_documents,
)
from pmd.store.files.upgrade import upgrade
from pmd.store.migrations import Migration, NotADatabaseError
from pmd.store.migrations.database_errors import database_error
from pmd.terminal import Bar, UnusableError, clean_errors, say, typed

__all__ = ["next_command", "open_database"]

TIMEOUT = 5.0
UNUSABLE = (DatabasePathError, ForeignDatabaseError, NotADatabaseError)


@contextmanager
def open_database(*, new: bool = False, err: bool = False) -> Iterator[Database]:
    """Open the database that `--db`, PMD_DB or the platform names, at the latest version.

    An old one is upgraded after a backup, which is told; with `err`, on standard error. One that
    does not exist is made if it may be `new`. Errors become messages without a traceback.
    """
    with clean_errors(unusable=UNUSABLE):
        file = _file()
        if not new and _is_missing(file):
            raise DatabasePathError(
                f"there is no database {file}. Make it: {next_command('add', 'NAME', 'FOLDER')}"
            )
        if not _given():
            file.parent.mkdir(parents=True, exist_ok=True)
        _upgrade(str(file), err=err)
        with Database(file, timeout=TIMEOUT) as database:
            try:
                yield database
            except sqlite3.Error as error:
                raise _meaning(database, error) from error
            except UnicodeEncodeError as error:
                raise UnusableError(
                    f"{error.object!r} is no UTF-8, and nothing in the database is called so."
                    " Check how it is typed."
                ) from error


def next_command(*words: str) -> str:
    """Return a command to type next, for the same database."""
    if click.get_current_context().find_root().get_parameter_source("database") is (
        ParameterSource.COMMANDLINE
    ):
        words = ("--db", _given() or "", *words)
    return typed("pmd", *words)


def _meaning(database: Database, error: sqlite3.Error) -> Exception:
    # Errors of the driver itself have no code.
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        # FTS5 says it in other words.
        return database_error(database.connection, sqlite3.OperationalError("database is locked"))
    return StoreError(
        f"the database {database.path} cannot be used: {error}. Check its file, its folder and the"
        f" room on its disk, then: {typed('pmd', 'db', 'check', database.path)}"
    )


def _given() -> str | None:
    """Return the path that `--db` or PMD_DB gives, if any."""
    given: str | None = click.get_current_context().find_root().params["database"]
    return given


def _file() -> Path:
    given = _given()
    if given is None:
        # Imported here, so that whoever names a file is spared it.
        import platformdirs

        return platformdirs.user_data_path("pmd", appauthor=False) / "pmd.db"
    checked = checked_path(given)
    if checked == MEMORY:
        raise DatabasePathError(
            f"{MEMORY} is no file, and would be forgotten at the end. Give a file's path."
        )
    return Path(checked)


def _is_missing(file: Path) -> bool:
    # A path that cannot be looked at is left to SQLite.
    with suppress(OSError):
        return file_mode(file) is None
    return False


def _upgrade(file: str, *, err: bool) -> None:
    with Bar("copying") as copying, Bar("upgrading") as upgrading:

        def progress(_: Migration, done: int, total: int) -> None:
            upgrading.report(done, total)

        with opened(file, timeout=TIMEOUT) as connection:
            refuse_foreign(connection, file)
            refuse_without_documents(connection, file)
            done = upgrade(
                connection, file, backup=True, progress=progress, copy_progress=copying.report
            )
    if done.kept:
        say("backup", str(done.kept.backup.path), err=err)
        steps = "1 step" if done.applied == 1 else f"{done.applied} steps"
        say("upgraded", f"{file} from version {done.before} to {done.after}, {steps}", err=err)
