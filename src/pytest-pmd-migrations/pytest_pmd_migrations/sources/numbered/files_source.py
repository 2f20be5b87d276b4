"""The source of numbered files, whichever runner applies them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.sources.declared.declarations import Declarations
from pytest_pmd_migrations.sources.numbered.numbered_files import MigrationFile
from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["FilesSource", "RunnerFactory"]

RunnerFactory = Callable[[sqlite3.Connection], Any]
"""Makes a runner for a connection; its ``run_migrations(target=N)`` stops at version N."""


@dataclass(frozen=True)
class FilesSource:
    """Numbered files in one folder, the runner that applies them, and what they declare.

    ``files`` are ascending by version. ``read_declarations(file)`` imports the file's module, if
    it is one, exactly as the runner does. ``runner`` is what the runner is called.
    """

    name: str
    folder: Path
    files: tuple[MigrationFile, ...]
    make_runner: RunnerFactory
    read_declarations: Callable[[MigrationFile], Declarations]
    runner: str = ""

    def versions(self) -> Sequence[int]:
        """Return the numbers of the files, ascending."""
        return self._versions

    @cached_property
    def _versions(self) -> tuple[int, ...]:
        return tuple(file.version for file in self.files)

    def location(self, version: int) -> Location:
        """Return the file of that version and the line of its ``up``."""
        return self._file(version).location()

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        """Run the application's runner up to version ``to``."""
        self.make_runner(conn).run_migrations(target=to)

    def rerun(self, conn: sqlite3.Connection, version: int) -> None:
        """Stamp the database one version back, and let the runner take the step again."""
        index = self._versions.index(version)
        before = self._versions[index - 1] if index else 0
        conn.execute(f"PRAGMA user_version = {before}")
        self.upgrade(conn, version)

    def declarations(self, version: int) -> Declarations:
        """Return what the constants DELETES, CHANGES, MOVES and ``verify`` of that file declare."""
        if version not in self._declared:
            self._declared[version] = self.read_declarations(self._file(version))
        return self._declared[version]

    @cached_property
    def _declared(self) -> dict[int, Declarations]:
        """The declarations that were read so far; each lineage asks for them at each step."""
        return {}

    def _file(self, version: int) -> MigrationFile:
        return self._by_version[version]

    @cached_property
    def _by_version(self) -> dict[int, MigrationFile]:
        """The files by their numbers; each cell asks where its migration is written."""
        return {file.version: file for file in self.files}
