"""A package or folder of numbered modules and scripts, run by its own runner or by pmd's."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.constants import read_constants
from pytest_pmd_migrations.sources.declarations import NOTHING_DECLARED, Declarations
from pytest_pmd_migrations.sources.files import MigrationFile, find_files, versions_folder
from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["ModulesSource", "folder_source", "package_source"]

RunnerFactory = Callable[[sqlite3.Connection], Any]


@dataclass(frozen=True)
class ModulesSource:
    """Numbered files in ``folder``, and the runner that applies them.

    ``make_runner(conn)`` returns an object whose ``run_migrations(target=N)`` stops at version N.
    ``package`` is the dotted name the modules are imported under, empty for a bare folder.
    """

    name: str
    folder: Path
    files: tuple[MigrationFile, ...]
    make_runner: RunnerFactory
    package: str = ""

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
        versions = self.versions()
        place = versions.index(version)
        before = versions[place - 1] if place else 0
        conn.execute(f"PRAGMA user_version = {before}")
        self.upgrade(conn, version)

    def declarations(self, version: int) -> Declarations:
        """Return the constants DELETES, CHANGES, MOVES and ``verify`` of that module."""
        file = self._file(version)
        if file.path.suffix != ".py":
            return NOTHING_DECLARED
        return read_constants(self._module(file), file.path)

    def _file(self, version: int) -> MigrationFile:
        return next(file for file in self.files if file.version == version)

    def _module(self, file: MigrationFile) -> ModuleType:
        if self.package:
            return importlib.import_module(f"{self.package}.{file.path.stem}")
        name = f"_migrations_{abs(hash(file.path))}_{file.version}"
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, file.path)
            if spec is None or spec.loader is None:
                raise SourceError(f"{file.path} cannot be imported; expected a Python module")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            sys.modules[name] = module
        return sys.modules[name]


def package_source(package: ModuleType, *, setting: str) -> ModulesSource:
    """Return the source for an imported package.

    Its own ``MigrationRunner`` runs the migrations where it has one, else pmd's runner does.
    Raises SourceError when neither is usable.
    """
    folder = Path(package.__file__ or next(iter(package.__path__))).resolve()
    folder = folder.parent if folder.is_file() else folder
    holder = versions_folder(folder)
    dotted = package.__name__
    if not hasattr(package, "__path__"):
        dotted = dotted.rpartition(".")[0]
    if holder != folder:
        dotted = f"{dotted}.{holder.name}".lstrip(".")
    own = getattr(package, "MigrationRunner", None)
    runner = _checked_runner(own, setting) if own else _pmd_runner(package.__name__, setting)
    files = find_files(holder, setting=setting)
    return ModulesSource(package.__name__, holder, files, runner, dotted)


def folder_source(folder: Path, *, setting: str) -> ModulesSource:
    """Return the source for a folder of modules and scripts, run by pmd's runner."""
    holder = versions_folder(folder)
    runner = _pmd_runner(holder, setting)
    return ModulesSource(folder.name, holder, find_files(holder, setting=setting), runner)


def _checked_runner(runner: Any, setting: str) -> RunnerFactory:  # noqa: ANN401 - anybody's class
    run = getattr(runner, "run_migrations", None)
    parameters = inspect.signature(run).parameters.values() if callable(run) else ()
    if not any(p.name == "target" or p.kind is p.VAR_KEYWORD for p in parameters):
        raise SourceError(
            f"{setting}: its MigrationRunner cannot stop at a version; expected"
            " run_migrations(target=None). Add the argument, or write a source that can stop"
            " (docs/PLUGIN.md, Sources)"
        )
    return runner  # type: ignore[no-any-return]  # its one needed method was just checked


def _pmd_runner(migrations: str | Path, setting: str) -> RunnerFactory:
    try:
        module = importlib.import_module("pmd.store.migrations")
    except ModuleNotFoundError as error:
        if error.name not in ("pmd", "pmd.store", "pmd.store.migrations"):
            raise
        raise SourceError(
            f"{setting} has no MigrationRunner of its own and pmd, whose runner would run it,"
            " is not installed: pip install 'pytest-pmd-migrations[pmd]'"
        ) from None
    try:
        loaded = module.load_migrations(migrations)
    except module.MigrationError as error:
        raise SourceError(f"{setting}: {error}") from error

    def make(conn: sqlite3.Connection) -> Any:  # noqa: ANN401 - pmd is imported at run time only
        return module.MigrationRunner(conn, loaded, backup=_keep_nothing)

    return make


def _keep_nothing() -> None:
    """Answer the runner's wish for a backup: the database is a copy already."""
