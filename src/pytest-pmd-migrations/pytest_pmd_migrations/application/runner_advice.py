"""Say what a source needs whose runner cannot be called as this package calls it."""

from __future__ import annotations

import sqlite3

from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.messages.where_raised import list_chain
from pytest_pmd_migrations.messages.wording import error_text, wrap_text
from pytest_pmd_migrations.sources.ask import ask, described
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource
from pytest_pmd_migrations.sources.protocol import Source, versions_of

__all__ = ["advise_on_arguments", "told_by_runner", "why_unmoved"]

_BY_PATH = (
    ". A runner that opens the database by its path needs a source with upgrade_file(path, to) in"
    " the place of upgrade(conn, to)"
)
_BY_USER_VERSION = (
    ". Its version is read from PRAGMA user_version: a runner that keeps it elsewhere needs a"
    " source with current_version(conn), one that opens the database by its path a source with"
    " upgrade_file(path, to) (docs/howto/own-runner.md)"
)
_ARGUMENTS = """\
{runner} is called with one argument, an open connection. One that opens the database by its path, \
or takes more, needs a source of its own (docs/howto/own-runner.md), with
"""
_UPGRADE_FILE = (
    "    def upgrade_file(self, path, to):",
    "        MigrationRunner(path).run_migrations(target=to)",
)


def why_unmoved(source: Source, arrived: int, to: int) -> str:
    """Return why a step may have done nothing to the connection; empty where it did something."""
    unmoved = arrived == max((one for one in versions_of(source) if one < to), default=0)
    if not unmoved or not hasattr(source, "upgrade"):
        return ""
    return _BY_USER_VERSION if isinstance(source, FilesSource) else _BY_PATH


def told_by_runner(source: Source, conn: sqlite3.Connection) -> tuple[str, ...]:
    """Return the lines that a source has on a run that ended at another version than it should.

    Raises SourceError unless they are strings.
    """
    found = getattr(source, "why_elsewhere", None)
    if found is None:
        return ()

    def lines() -> tuple[str, ...]:
        return tuple(map(printable_line, found(conn)))

    return ask(described(source), "why_elsewhere()", lines)


def advise_on_arguments(error: BaseException, source: Source) -> tuple[str, ...]:
    """Return what to write where an application's runner does not take a connection.

    Such a runner hands the connection to what wants a path, or is not made with one argument.
    Nothing for any other error.
    """
    if not isinstance(source, FilesSource):
        return ()
    name = getattr(source.make_runner, "__name__", "MigrationRunner")
    signs = ("ApplicationConnection", f"{name}.__init__()", f"{name}() takes")
    for one in list_chain(error):
        if isinstance(one, (TypeError, AttributeError)) and any(
            sign in error_text(one) for sign in signs
        ):
            runner = source.runner or name
            return (*wrap_text(_ARGUMENTS.format(runner=runner)), *_UPGRADE_FILE)
    return ()
