"""The source of a package or folder whose numbered files pmd's runner applies.

pmd finds, loads and checks the files; the plugin takes what it needs from pmd's values. pmd is
imported by name here only, when such a source is asked for: the plugin works without it.
"""

from __future__ import annotations

import importlib
import sqlite3
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_pmd_migrations.errors import DoubledNumberError, MissingNumberError, SourceError
from pytest_pmd_migrations.sources.declared.declarations import Declarations
from pytest_pmd_migrations.sources.declared.parse_declarations import parse_constants
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource
from pytest_pmd_migrations.sources.numbered.numbered_files import (
    MigrationFile,
    files_of_number,
    missing_before,
)

__all__ = ["PMD_RUNNER", "pmd_runner_source"]

_PMD = "pmd.store.migrations"
PMD_RUNNER = "pmd"
"""What pmd's runner is called."""


def pmd_runner_source(
    migrations: ModuleType | Path, folder: Path, *, name: str, setting: str
) -> FilesSource:
    """Return the source for a package or a folder of modules and scripts.

    ``folder`` is where a first migration would be written: the package's own folder, or that one.
    Raises SourceError when pmd is not installed, or refuses one of the files.
    """
    pmd = _import_pmd(setting)
    try:
        found = {migration.version: migration for migration in pmd.load_migrations(migrations)}
    except pmd.MigrationError as error:
        _refuse_number(error, setting)
        raise SourceError(f"{setting}: {error}") from error

    # The same tuple for each runner, which pmd checks once.
    in_order = tuple(found.values())

    def make_runner(conn: sqlite3.Connection) -> Any:  # noqa: ANN401 - pmd is imported at run time only
        return pmd.MigrationRunner(conn, in_order, backup=_keep_no_backup)

    def read_declarations(file: MigrationFile) -> Declarations:
        try:
            loaded = found[file.version].load()
        except pmd.MigrationError as error:
            raise SourceError(str(error)) from error
        return parse_constants(
            file.path.name,
            deletes=loaded.deletes,
            changes=loaded.changes,
            moves=loaded.moves,
            verify=loaded.verify,
            excuses=loaded.excuses,
        )

    folder = next((migration.path.parent for migration in found.values()), folder)
    if isinstance(migrations, ModuleType):
        folder = folder.resolve()
    files = tuple(MigrationFile(one.version, folder / one.path.name) for one in in_order)
    return FilesSource(name, folder, files, make_runner, read_declarations, runner=PMD_RUNNER)


def _refuse_number(error: Exception, setting: str) -> None:
    """Raise DoubledNumberError where what pmd refuses is a file whose number another one has.

    Raises MissingNumberError where it is one before which a number is missing.
    """
    path = getattr(error, "path", None)
    files = files_of_number(path) if isinstance(path, Path) else ()
    if path is not None and len(files) > 1:
        version = int(path.name.partition("_")[0])
        raise DoubledNumberError(f"{setting}: {error}", version=version, files=files) from error
    missing = missing_before(path) if isinstance(path, Path) and files else None
    if path is not None and missing is not None and " is missing before it" in str(error):
        raise MissingNumberError(f"{setting}: {error}", version=missing, following=path) from error


def _import_pmd(setting: str) -> ModuleType:
    try:
        return importlib.import_module(_PMD)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{_PMD}.".startswith(f"{error.name}."):
            raise
        raise SourceError(
            f"{setting} has no MigrationRunner of its own and pmd, whose runner would run it,"
            " is not installed: pip install 'pytest-pmd-migrations[pmd]'"
        ) from None


def _keep_no_backup() -> None:
    """Answer the runner's wish for a backup: the database is a copy already."""
