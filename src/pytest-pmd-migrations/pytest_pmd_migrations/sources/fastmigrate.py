"""The source of fastmigrate: a folder of numbered scripts, of which it always applies all.

It is given a folder of links to those that are wanted. What it has to say it only prints.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import RunnerFailedError, SourceError
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.sources.import_tool import import_tool
from pytest_pmd_migrations.sources.protocol import Location, usable_name

__all__ = ["FastmigrateSource", "make_source"]

_PACKAGE, _KNOWN = "fastmigrate", "fastmigrate 0.5"
_NEEDED = ("create_db", "get_migration_scripts", "run_migrations", "stderr")
_BACKEND = "config.py"
_LINES = 8


def make_source(text: str, root: Path, named: str) -> FastmigrateSource:
    """Return the source of the folder that ``"fastmigrate:migrations"`` names.

    Raises SourceError where fastmigrate or the folder cannot be used.
    """
    core = import_tool("fastmigrate.core", named, package=_PACKAGE, known=_KNOWN, needed=_NEEDED)
    folder = root / (text.partition(":")[2] or "migrations")
    if not folder.is_dir():
        raise SourceError(f"{named} is no folder: {folder} does not exist")
    if (folder / _BACKEND).is_file():
        raise SourceError(
            f"{named}: {folder / _BACKEND} gives fastmigrate a database of its own, which can be"
            " anything; expected a folder for SQLite files, without it"
        )
    try:
        scripts = core.get_migration_scripts(folder)
    except ValueError as error:
        raise SourceError(f"{named}: fastmigrate refuses the folder: {error}") from error
    if not scripts:
        raise SourceError(
            f"{named}: fastmigrate finds no script there; expected names such as 0001-notes.sql,"
            " of four digits and a dash, that end with .sql, .py or .sh"
        )
    return FastmigrateSource(core, folder, scripts)


class FastmigrateSource:
    """Scripts by their numbers; the table ``_meta`` has the number of the last one applied."""

    runner = "fastmigrate"
    bookkeeping = ("_meta",)

    def __init__(self, core: Any, folder: Path, scripts: Mapping[int, Path]) -> None:  # noqa: ANN401 - another package's module
        self.name = usable_name(folder.name)
        self._core = core
        self._folder = folder
        self._scripts = dict(sorted(scripts.items()))

    def versions(self) -> Sequence[int]:
        """Return the numbers of the scripts."""
        return list(self._scripts)

    def location(self, version: int) -> Location:
        """Return the script of that number."""
        return Location(self._scripts[version])

    def current_version(self, conn: sqlite3.Connection) -> int:
        """Return the number in ``_meta``, 0 where there is none."""
        sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_meta'"
        if conn.execute(sql).fetchone() is None:
            return 0
        row = conn.execute("SELECT version FROM _meta WHERE id = 1").fetchone()
        return int(row[0]) if row else 0

    def upgrade_file(self, path: Path, to: int) -> None:
        """Let fastmigrate apply what is missing up to that number.

        Raises RunnerFailedError with what it printed where it says that it failed.
        """
        with TemporaryFolder() as links:
            for version, script in self._scripts.items():
                if version <= to:
                    (links / script.name).symlink_to(script.resolve())
            with self._printed() as printed:
                if not path.exists():
                    self._core.create_db(path)
                done = self._core.run_migrations(path, links)
            if not done:
                said = printed.getvalue().replace(str(links), str(self._folder))
                raise _failed(said.replace(str(path), path.name))

    def forget(self, conn: sqlite3.Connection, version: int) -> None:
        """Let ``_meta`` say that the script before that one was the last."""
        before = max((one for one in self._scripts if one < version), default=0)
        conn.execute("UPDATE _meta SET version = ? WHERE id = 1", (before,))

    @contextmanager
    def _printed(self) -> Iterator[io.StringIO]:
        """Give what is printed in the block; fastmigrate kept the standard error of its import."""
        printed, kept = io.StringIO(), self._core.stderr
        self._core.stderr = printed
        try:
            with redirect_stderr(printed):
                yield printed
        finally:
            self._core.stderr = kept


def _failed(printed: str) -> RunnerFailedError:
    """Return the error of a run after which fastmigrate printed that."""
    lines = [printable_line(line.strip()) for line in printed.splitlines() if line.strip()]
    first = " ".join(lines[:2]) or "fastmigrate failed, and said nothing"
    return RunnerFailedError(first, lines=tuple(lines[-_LINES:-1]))
