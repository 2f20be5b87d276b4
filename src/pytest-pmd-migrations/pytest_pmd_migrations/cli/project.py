"""Read the project that a command works on: pytest's own settings, without running a test."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest

from pytest_pmd_migrations.application.history import History, Project
from pytest_pmd_migrations.application.idle_globs import refuse_idle_globs
from pytest_pmd_migrations.cli.new_package import make_missing
from pytest_pmd_migrations.errors import (
    DoubledNumberError,
    MigrationTestError,
    MissingNumberError,
    SettingError,
    SourceError,
)
from pytest_pmd_migrations.files.regular_file import read_regular
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.pytest_side.load_project import load_project, rows_path
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource
from pytest_pmd_migrations.sources.protocol import Source, how_it_begins
from pytest_pmd_migrations.sources.resolve import resolve_source
from pytest_pmd_migrations.sources.sql_folder.recognise import PMD
from pytest_pmd_migrations.sources.sql_folder.source import SqlFolderSource

__all__ = [
    "RowsFile",
    "UnusableError",
    "choose_histories",
    "choose_history",
    "load_declaring",
    "load_histories",
    "source_for_new",
]

_ROWS = "migration_rows.toml"
_SETTINGS_FILES = ("pytest.toml", "pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
# The plugin is asked for by name: neither addopts nor the environment can have switched it off.
# No other plugin is left out: addopts may hold any one's options, as --new-first of the cache.
_ARGUMENTS = ("-p", "pmd_migrations", "-W", "ignore")


class UnusableError(click.ClickException):
    """A setting or an argument cannot be used: one line, exit code 2."""

    exit_code = 2


@dataclass
class _SettingsReader:
    """A pytest plugin that takes the configuration when it is complete, and stops pytest there.

    ``source`` is the setting ``migration_source``, ``dialect`` is ``migration_dialect``, and
    ``root`` the root folder, which a source without migrations is resolved with;
    ``settings_file`` is the file of the settings, and ``rows``
    the one that ``migration_rows`` names, which need not be there with ``new_rows_file``;
    ``error`` says why there is no ``project``.
    """

    project: Project | None = None
    new_rows_file: bool = False
    source: str = ""
    dialect: str = ""
    root: Path = Path()
    settings_file: Path | None = None
    rows: Path | None = None
    error: str = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        """Load the project in the place of a test run."""
        self.source = str(config.getini("migration_source"))
        self.dialect = str(config.getini("migration_dialect"))
        self.root = config.rootpath
        self.settings_file = config.inipath
        self.rows = rows_path(config)
        try:
            self.project = load_project(config, new_rows_file=self.new_rows_file)
        except MigrationTestError as error:
            self.error = str(error)
        return 0


def load_histories() -> tuple[History, ...]:
    """Return the histories of the project around the current folder.

    Raises UnusableError where pytest or the settings cannot be used.
    """
    return _project(_read_settings()).histories


@dataclass(frozen=True)
class RowsFile:
    """The TOML file of declarations: where it is, or is to be.

    ``setting`` is the line that a settings file needs, empty where it has one.
    """

    path: Path
    setting: str = ""


def load_declaring(source: str) -> tuple[tuple[History, ...], RowsFile]:
    """Return the histories to be declared of, and the file for what no module can declare.

    Raises UnusableError where the settings or the name cannot be used.
    """
    settings = _read_settings(new_rows_file=True)
    found = _checked_histories(settings)
    chosen = (choose_history(found, source),) if source else found
    if settings.rows is not None:
        return chosen, RowsFile(settings.rows)
    where = settings.settings_file.name if settings.settings_file else "pyproject.toml"
    return chosen, RowsFile(settings.root / _ROWS, f'migration_rows = "{_ROWS}"  ({where})')


def choose_history(histories: Sequence[History], source: str) -> History:
    """Return the history of the source of that name, or the only one.

    Raises UnusableError where there is none of that name, or several and no name.
    """
    if not source and len(histories) == 1:
        return histories[0]
    for history in histories:
        if history.application.source.name == source:
            return history
    names = ", ".join(history.application.source.name for history in histories)
    if not source:
        raise UnusableError(f"there are several migration sources; expected --source: {names}")
    raise UnusableError(f"--source {source!r} is not one of the migration sources: {names}")


def choose_histories(source: str, *, only_one: bool = False) -> tuple[History, ...]:
    """Return the histories a command is about: of all sources, or of the one that is named.

    With ``only_one`` a name is needed where there are several: a version alone names none of them.
    Raises UnusableError where the settings or the name cannot be used.
    """
    histories = _checked_histories(_read_settings())
    return (choose_history(histories, source),) if source or only_one else histories


def _project(settings: _SettingsReader) -> Project:
    if settings.project is None:
        raise UnusableError(settings.error)
    return settings.project


def _checked_histories(settings: _SettingsReader) -> tuple[History, ...]:
    """Return the histories; raises UnusableError too where a glob says nothing, as pytest does."""
    project = _project(settings)
    try:
        refuse_idle_globs(project)
    except SettingError as error:
        raise UnusableError(str(error)) from error
    return project.histories


def source_for_new(source: str) -> tuple[FilesSource, list[Path]]:
    """Return the source that gets a new migration, and the files that were written to have it.

    It may have no migration yet; where its package or folder is missing, that is made.
    Raises UnusableError where it cannot be used, or is no folder of files.
    """
    settings = _read_settings()
    written: list[Path] = []
    if settings.project is not None:
        found: object = choose_history(settings.project.histories, source).application.source
    elif settings.source and settings.dialect in ("", PMD):
        found, written = _empty_source(settings)
    else:
        raise UnusableError(settings.error)
    if not isinstance(found, FilesSource):
        raise UnusableError(_begun_otherwise(found))
    return found, written


def _begun_otherwise(source: Any) -> str:  # noqa: ANN401 - of the application's own, mostly
    """Say how a new migration is begun where it is no numbered file of a folder."""
    name = getattr(source, "name", type(source).__name__)
    if isinstance(source, SqlFolderSource):
        return (
            f"the source {name} is a folder of {source.tool}'s scripts; expected one whose"
            f" files are numbered as pmd's. Begin a script as {source.tool} does"
        )
    begins = how_it_begins(source).replace("{}", "describe the change")
    if begins:
        return (
            f"the migrations of {name} are begun otherwise; expected a package or folder of"
            f" numbered files. Begin one so: {begins}"
        )
    return (
        f"the source {name} is an object of the project's own, which knows by itself where its"
        " migrations are written; expected a package or folder of numbered files"
    )


def _empty_source(settings: _SettingsReader) -> tuple[Source, list[Path]]:
    """Return the source that the setting names, made where it is missing, and what was written."""
    written: list[Path] = []
    try:
        try:
            found = resolve_source(settings.source, root=settings.root, allow_empty=True)
        except SourceError as error:
            made = make_missing(settings.source, settings.root, error)
            if made is None:
                raise
            written = made
            found = resolve_source(settings.source, root=settings.root, allow_empty=True)
    except (DoubledNumberError, MissingNumberError) as error:
        # What the lock file knows of the numbers is in the text of the settings' error.
        raise UnusableError(settings.error) from error
    except MigrationTestError as error:
        raise UnusableError(str(error)) from error
    if isinstance(found, FilesSource) and not found.files:
        _refuse_outside(found, settings)
    return found, written


def _refuse_outside(source: FilesSource, settings: _SettingsReader) -> None:
    """Raise UnusableError where the setting's name finds a package that is not the project's."""
    folder, root = source.folder.resolve(), settings.root.resolve()
    if not folder.is_relative_to(root):
        raise UnusableError(
            f"migration_source {settings.source!r} is {folder}, which lies outside {root} and has"
            " no migrations; expected a package or folder of the project. Give it another name, or"
            " make its folder first"
        )


def _read_settings(*, new_rows_file: bool = False) -> _SettingsReader:
    settings = _SettingsReader(new_rows_file=new_rows_file)
    try:
        code = pytest.main([*_ARGUMENTS], plugins=[settings])
    except Exception as error:
        if isinstance(error, UnicodeDecodeError):
            _refuse_no_utf8()
        # A conftest.py, a plugin or a source failed in code of its own.
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise UnusableError(
            f"the settings cannot be read: {type(error).__name__}: {error}"
            f" ({shown_path(Path(last.filename))}:{last.lineno}). See: pytest --collect-only"
        ) from error
    if code != 0:
        # pytest has said on the standard error what is wrong.
        raise UnusableError(
            "the settings cannot be read, since pytest does not start here, for the reason above."
            " See: pytest --collect-only"
        )
    return settings


def _refuse_no_utf8() -> None:
    """Raise UnusableError where a settings file that pytest looks at is no UTF-8."""
    here = Path.cwd()
    for file in (folder / name for folder in (here, *here.parents) for name in _SETTINGS_FILES):
        content = read_regular(file) if file.is_file() else b""
        try:
            content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise UnusableError(
                f"the settings cannot be read: {shown_path(file)}, line {line}: byte"
                f" 0x{content[error.start]:02x} is no UTF-8. Save the file as UTF-8"
            ) from error
