"""The project a command works on: pytest's own settings, without running a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.history import History
from pytest_pmd_migrations.settings import load_histories
from pytest_pmd_migrations.sources.modules import ModulesSource
from pytest_pmd_migrations.sources.resolve import resolve_source

__all__ = ["BadSettingError", "choose_history", "load_project", "source_for_new"]


class BadSettingError(click.ClickException):
    """A setting cannot be used: one line, exit code 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        """Print the one line to the standard error."""
        del file
        click.echo(f"error: {self.message}", err=True)


@dataclass
class _Settings:
    """Takes pytest's configuration when it is complete, and stops pytest there."""

    histories: tuple[History, ...] = ()
    source: str = ""
    root: Path = Path()
    error: str = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        """Load the histories in the place of a test run."""
        self.source = str(config.getini("migration_source"))
        self.root = config.rootpath
        try:
            self.histories = load_histories(config)
        except MigrationTestError as error:
            self.error = str(error)
        return 0


def load_project() -> tuple[History, ...]:
    """Return the histories of the project around the current folder.

    Raises BadSettingError where pytest or the settings cannot be used.
    """
    settings = _read_settings()
    if settings.error:
        raise BadSettingError(settings.error)
    return settings.histories


def choose_history(histories: Sequence[History], source: str) -> History:
    """Return the history of the source of that name, or the only one."""
    if not source and len(histories) == 1:
        return histories[0]
    names = ", ".join(history.source.name for history in histories)
    for history in histories:
        if history.source.name == source:
            return history
    raise BadSettingError(f"--source {source!r} is not one of the migration sources: {names}")


def source_for_new(source: str) -> ModulesSource:
    """Return the source that gets a new migration; it may have none yet."""
    settings = _read_settings()
    if settings.histories:
        found: object = choose_history(settings.histories, source).source
    elif settings.source:
        try:
            found = resolve_source(settings.source, root=settings.root, allow_empty=True)
        except MigrationTestError as error:
            raise BadSettingError(str(error)) from error
    else:
        raise BadSettingError(settings.error)
    if not isinstance(found, ModulesSource):
        name = getattr(found, "name", type(found).__name__)
        raise BadSettingError(
            f"the source {name} is an object of the project's own, which knows by itself where its"
            " migrations are written; expected a package or folder of numbered files"
        )
    return found


def _read_settings() -> _Settings:
    settings = _Settings()
    code = pytest.main(["-p", "no:cacheprovider", "-W", "ignore"], plugins=[settings])
    if code != 0:
        # pytest has said on the standard error what is wrong.
        raise click.exceptions.Exit(2)
    return settings
