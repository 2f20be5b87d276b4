"""From pytest's configuration to histories: every setting read once and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.history import History
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources.constants import read_rows_file
from pytest_pmd_migrations.sources.declarations import Declarations
from pytest_pmd_migrations.sources.protocol import Source, check_source
from pytest_pmd_migrations.sources.resolve import resolve_source

__all__ = ["histories", "load_histories"]

_HISTORIES = pytest.StashKey[tuple[History, ...]]()


def histories(config: pytest.Config) -> tuple[History, ...]:
    """Return the histories of this configuration, loaded once a process."""
    if _HISTORIES not in config.stash:
        config.stash[_HISTORIES] = load_histories(config)
    return config.stash[_HISTORIES]


def load_histories(config: pytest.Config) -> tuple[History, ...]:
    """Return the history of every source that the settings and the hook name.

    Reads ``migration_source``, ``migration_snapshots``, ``migration_ignore``,
    ``migration_idempotent``, ``migration_rows`` and the hook ``pytest_migration_sources``.
    Raises SettingError, whose text is one line, when one cannot be used.
    """
    sources = _sources(config)
    folder = config.rootpath / str(config.getini("migration_snapshots"))
    if folder.exists() and not folder.is_dir():
        raise SettingError(
            f"migration_snapshots {config.getini('migration_snapshots')!r} is no folder: {folder}"
        )
    several = len(sources) > 1
    return tuple(
        History(
            source=source,
            folder=SnapshotFolder(folder / source.name if several else folder),
            name=source.name if several else "",
            ignore=tuple(config.getini("migration_ignore")),
            idempotent=bool(config.getini("migration_idempotent")),
            declared=_declared(config, source),
        )
        for source in sources
    )


def _sources(config: pytest.Config) -> list[Source]:
    text = str(config.getini("migration_source"))
    where = f" ({config.inipath.name})" if config.inipath else ""
    sources: list[Source] = []
    if text:
        try:
            sources.append(resolve_source(text, root=config.rootpath))
        except SettingError as error:
            raise SettingError(f"{error}{where}") from error
    for answer in config.hook.pytest_migration_sources(config=config):
        if not isinstance(answer, (list, tuple)):
            raise SettingError(
                f"pytest_migration_sources returned a {type(answer).__name__};"
                " expected a list of sources"
            )
        sources.extend(
            check_source(candidate, setting="a source of pytest_migration_sources")
            for candidate in answer
        )
    if not sources:
        raise SettingError(
            'migration_source is not set; expected "app.migrations", "db/sql" or "app.db:thing"'
            f"{where or ' in pyproject.toml'}, or the hook pytest_migration_sources"
        )
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise SettingError(f"two migration sources are named {name!r}; expected other names")
    return sources


def _declared(config: pytest.Config, source: Source) -> Mapping[int, Declarations]:
    text = str(config.getini("migration_rows"))
    return read_rows_file(config.rootpath / Path(text), source=source.name) if text else {}
