"""Read the project that a command works on: pytest's own settings, without running a test."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from pytest_pmd_migrations.application.history import History, Project
from pytest_pmd_migrations.application.idle_globs import refuse_idle_globs
from pytest_pmd_migrations.errors import (
    MigrationTestError,
    SettingError,
)
from pytest_pmd_migrations.files.regular_file import read_regular
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.pytest_side.load_project import load_project, rows_path

__all__ = [
    "RowsFile",
    "SettingsReader",
    "UnusableError",
    "choose_histories",
    "choose_history",
    "load_declaring",
    "load_histories",
    "read_settings",
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
class SettingsReader:
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
    return _project(read_settings()).histories


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
    settings = read_settings(new_rows_file=True)
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
    histories = _checked_histories(read_settings())
    return (choose_history(histories, source),) if source or only_one else histories


def _project(settings: SettingsReader) -> Project:
    if settings.project is None:
        raise UnusableError(settings.error)
    return settings.project


def _checked_histories(settings: SettingsReader) -> tuple[History, ...]:
    """Return the histories; raises UnusableError too where a glob says nothing, as pytest does."""
    project = _project(settings)
    try:
        refuse_idle_globs(project)
    except SettingError as error:
        raise UnusableError(str(error)) from error
    return project.histories


def read_settings(*, new_rows_file: bool = False) -> SettingsReader:
    """Return what pytest has read of the settings of the project around, without a test run.

    With ``new_rows_file`` the file of ``migration_rows`` need not be there yet.
    Raises UnusableError where pytest does not start, or code of the project raises.
    """
    settings = SettingsReader(new_rows_file=new_rows_file)
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
