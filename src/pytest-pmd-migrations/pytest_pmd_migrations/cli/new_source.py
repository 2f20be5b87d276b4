"""new: the source that gets a new migration, made where it is missing, or why it can get none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_pmd_migrations.cli.new_package import make_missing
from pytest_pmd_migrations.cli.project import (
    SettingsReader,
    UnusableError,
    choose_history,
    read_settings,
)
from pytest_pmd_migrations.errors import (
    DoubledNumberError,
    MigrationTestError,
    MissingNumberError,
    SourceError,
)
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource
from pytest_pmd_migrations.sources.protocol import Source, how_it_begins
from pytest_pmd_migrations.sources.resolve import resolve_source
from pytest_pmd_migrations.sources.sql_folder.recognise import PMD
from pytest_pmd_migrations.sources.sql_folder.source import SqlFolderSource

__all__ = ["source_for_new"]


def source_for_new(source: str) -> tuple[FilesSource, list[Path]]:
    """Return the source that gets a new migration, and the files that were written to have it.

    It may have no migration yet; where its package or folder is missing, that is made.
    Raises UnusableError where it cannot be used, or is no folder of files.
    """
    settings = read_settings()
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


def _empty_source(settings: SettingsReader) -> tuple[Source, list[Path]]:
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


def _refuse_outside(source: FilesSource, settings: SettingsReader) -> None:
    """Raise UnusableError where the setting's name finds a package that is not the project's."""
    folder, root = source.folder.resolve(), settings.root.resolve()
    if not folder.is_relative_to(root):
        raise UnusableError(
            f"migration_source {settings.source!r} is {folder}, which lies outside {root} and has"
            " no migrations; expected a package or folder of the project. Give it another name, or"
            " make its folder first"
        )
