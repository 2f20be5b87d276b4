"""The source of a package whose own ``MigrationRunner`` applies its numbered files."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import ModuleType

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.declared.declarations import NOTHING_DECLARED, Declarations
from pytest_pmd_migrations.sources.declared.parse_declarations import read_module
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource
from pytest_pmd_migrations.sources.numbered.numbered_files import (
    MigrationFile,
    find_files,
    versions_folder,
)

__all__ = ["has_own_runner", "own_runner_source"]

_PMD = "pmd"


def has_own_runner(package: ModuleType) -> bool:
    """Return whether a package has a ``MigrationRunner`` of its own.

    One that it only imports from pmd, to call it with the application's migrations, is none.
    """
    runner = getattr(package, "MigrationRunner", None)
    imported = str(getattr(runner, "__module__", "")).partition(".")[0] == _PMD
    return runner is not None and (not imported or package.__name__.partition(".")[0] == _PMD)


def own_runner_source(package: ModuleType, folder: Path, *, setting: str) -> FilesSource:
    """Return the source for an imported package, in ``folder``, that has a ``MigrationRunner``.

    Its modules are imported by the names they have in the package, as its runner imports them, so
    that each is executed once a process.
    Raises SourceError when the runner cannot stop at a version, or the files cannot be numbered.
    """
    _check_runner(package.MigrationRunner, setting)
    files_folder = versions_folder(folder)
    dotted = package.__name__
    if not hasattr(package, "__path__"):
        dotted = dotted.rpartition(".")[0]
    if files_folder != folder:
        dotted = f"{dotted}.{files_folder.name}".lstrip(".")

    def read_declarations(file: MigrationFile) -> Declarations:
        if file.path.suffix != ".py":
            return NOTHING_DECLARED
        module = importlib.import_module(f"{dotted}.{file.path.stem}".lstrip("."))
        return read_module(module, file.path)

    files = find_files(files_folder, setting=setting)
    return FilesSource(
        package.__name__,
        files_folder,
        files,
        package.MigrationRunner,
        read_declarations,
        runner=f"{package.__name__}.MigrationRunner",
    )


def _check_runner(runner: object, setting: str) -> None:
    run = getattr(runner, "run_migrations", None)
    if not callable(run):
        raise SourceError(
            f"{setting}: its MigrationRunner has no run_migrations; expected"
            " run_migrations(target=None). Add the method, or write a source that calls the runner"
            " (docs/howto/own-runner.md)"
        )
    parameters = inspect.signature(run).parameters.values()
    if not any(p.name == "target" or p.kind is p.VAR_KEYWORD for p in parameters):
        raise SourceError(
            f"{setting}: its MigrationRunner cannot stop at a version; expected"
            " run_migrations(target=None). Add the argument, or write a source that can stop"
            " (docs/howto/own-runner.md)"
        )
