"""Read and check every setting once, and load the histories that they name."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import TypeVar

import pytest

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.doubled_number import accuse_newcomer
from pytest_pmd_migrations.application.history import History, Project
from pytest_pmd_migrations.application.missing_number import explain_gap
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.connections.connection import Prepare
from pytest_pmd_migrations.errors import (
    DoubledNumberError,
    MigrationTestError,
    MissingNumberError,
    SettingError,
)
from pytest_pmd_migrations.messages.where_raised import raised_where
from pytest_pmd_migrations.pytest_side.run_rules import (
    read_rules,
    refuse_lists,
    settings_file,
)
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.applied.bookkeeping import bookkeeping_of, foreign_of
from pytest_pmd_migrations.sources.applied.recorded_order import (
    asks_for_recorded_order,
    keep_recorded_order,
)
from pytest_pmd_migrations.sources.declared.parse_declarations import (
    read_rows_file,
    read_stored_excuses,
)
from pytest_pmd_migrations.sources.protocol import Source, check_source
from pytest_pmd_migrations.sources.resolve import resolve_connection, resolve_source

__all__ = ["load_project", "project_of", "rows_path"]

_EXPECTED_PAIRS = "expected (name, SQL) pairs"
Answer = TypeVar("Answer")
_PROJECT = pytest.StashKey[Project]()


def project_of(config: pytest.Config) -> Project:
    """Return the project of this configuration, loaded once a process."""
    if _PROJECT not in config.stash:
        config.stash[_PROJECT] = load_project(config)
    return config.stash[_PROJECT]


def load_project(config: pytest.Config, *, new_rows_file: bool = False) -> Project:
    """Return the rules of the run, and the history of every source that settings and hook name.

    Reads ``migration_source``, ``migration_snapshots``, ``migration_ignore``,
    ``migration_volatile``, ``migration_column_order``, ``migration_idempotent``,
    ``migration_faults``, ``migration_rows``, ``migration_connection``,
    ``migration_step_timeout``, ``migration_step_memory``, ``migration_share``,
    ``migration_budget`` and the hooks
    ``pytest_migration_sources``, ``pytest_migration_statements``, ``pytest_migration_connection``.
    With ``new_rows_file`` the file of ``migration_rows`` need not be there yet.
    Raises SettingError, whose text is one line, when one cannot be used.
    """
    refuse_lists(config)
    sources = _sources(config)
    folder = config.rootpath / str(config.getini("migration_snapshots"))
    if folder.exists() and not folder.is_dir():
        raise SettingError(
            f"migration_snapshots {config.getini('migration_snapshots')!r} is no folder: {folder}"
        )
    rules = read_rules(config)
    several, rows = len(sources) > 1, rows_path(config)
    rows = None if new_rows_file and rows is not None and not rows.exists() else rows
    histories = []
    for source in sources:
        application = Application(
            source,
            name=source.name if several else "",
            declared=read_rows_file(rows, source=source.name) if rows else {},
            statements=_statements(config, source),
            stored=read_stored_excuses(rows, source=source.name) if rows else {},
            connection=(*_connection(config), *_connection_hook(config, source)),
        )
        own_folder = SnapshotFolder(folder / source.name if several else folder)
        histories.append(_history(application, own_folder, rules))
    _refuse_unknown_snapshots(config, histories)
    _refuse_unknown_versions(config, histories)
    return Project(rules, tuple(histories))


def _history(application: Application, folder: SnapshotFolder, rules: Rules) -> History:
    """Return what is asked of one application: its numbers are those that its lock file records."""
    source, store = application.source, Store(folder, application)
    # What raises is told at once, and not by every cell.
    application.empty.connect().close()
    if asks_for_recorded_order(source):
        lines = store.lock_file.versions
        keep_recorded_order(source, {v: line.label for v, line in lines.items() if line.label})
    hiding = rules.besides(bookkeeping_of(source), foreign_of(source))
    return History(application, store, hiding)


def _sources(config: pytest.Config) -> list[Source]:
    text = str(config.getini("migration_source"))
    where = settings_file(config)
    sources: list[Source] = []
    if text:
        try:
            sources.append(resolve_source(text, root=config.rootpath, config=config))
        except DoubledNumberError as error:
            snapshots = config.rootpath / str(config.getini("migration_snapshots"))
            accused = accuse_newcomer(error, snapshots)
            raise SettingError(f"{accused}{where}") from error
        except MissingNumberError as error:
            snapshots = config.rootpath / str(config.getini("migration_snapshots"))
            explained = explain_gap(error, snapshots)
            raise SettingError(f"{explained}{where}") from error
        except SettingError as error:
            raise SettingError(f"{error}{where}") from error
    hook = "pytest_migration_sources"
    answers = _ask(hook, lambda: config.hook.pytest_migration_sources(config=config))
    for answer in answers:
        if not isinstance(answer, (list, tuple)):
            raise SettingError(
                f"pytest_migration_sources returned a {type(answer).__name__};"
                " expected a list of sources"
            )
        sources.extend(
            check_source(candidate, setting="a source of pytest_migration_sources", config=config)
            for candidate in answer
        )
    if not sources:
        raise _unset(config.rootpath, where)
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise SettingError(f"two migration sources are named {name!r}; expected other names")
    return sources


def _unset(root: Path, where: str) -> SettingError:
    """Return the error that no source is named: what was found, and the command that writes it."""
    from pytest_pmd_migrations.sources.found_here import told_candidates

    return SettingError(
        'migration_source is not set; expected "app.migrations", "db/sql" or "app.db:thing"'
        f"{where or ' in pyproject.toml'}, or the hook pytest_migration_sources."
        f" {told_candidates(root)}"
    )


def _connection(config: pytest.Config) -> tuple[tuple[str, Prepare], ...]:
    text = str(config.getini("migration_connection"))
    try:
        return resolve_connection(text, root=config.rootpath)
    except SettingError as error:
        raise SettingError(f"{error}{settings_file(config)}") from error


def _connection_hook(config: pytest.Config, source: Source) -> tuple[tuple[str, Prepare], ...]:
    """Return what calls the hook ``pytest_migration_connection``, where somebody implements it."""
    hook = config.hook.pytest_migration_connection
    if not hook.get_hookimpls():
        return ()
    return (("pytest_migration_connection", partial(_prepare_by_hook, hook, source)),)


def _prepare_by_hook(hook: Callable[..., object], source: Source, conn: Connection) -> object:
    return hook(conn=conn, source=source)


def rows_path(config: pytest.Config) -> Path | None:
    """Return the file that ``migration_rows`` names, None where it names none."""
    text = str(config.getini("migration_rows"))
    return config.rootpath / Path(text) if text else None


def _refuse_unknown_snapshots(config: pytest.Config, histories: Sequence[History]) -> None:
    """Raise SettingError where something is said of a snapshot that there is none of."""
    said = {name for history in histories for name in history.application.stored}
    if not said:
        return
    known = {str(name) for history in histories for name in history.store.names}
    if said <= known:
        return
    # One that is gone is told as such by its own cells.
    recorded = (history.store.lock_file.snapshots for history in histories)
    known.update(str(name) for names in recorded for name in names)
    for name in sorted(said - known):
        there = ", ".join(sorted(known)) or "none"
        raise SettingError(
            f'{config.getini("migration_rows")}: [stored."{name}"] names no stored snapshot;'
            f" expected one of those there are ({there}). Mend the name, or take it out"
        )


def _refuse_unknown_versions(config: pytest.Config, histories: Sequence[History]) -> None:
    """Raise SettingError where something is declared for a version that no source has."""
    declared = {version for history in histories for version in history.application.declared}
    known = {version for history in histories for version in history.application.versions}
    if declared <= known:
        return
    # One that was removed after its release is told as such by its own cells.
    known.update(version for history in histories for version in history.store.lock_file.versions)
    for version in sorted(declared - known):
        there = ", ".join(history.application.span for history in histories)
        raise SettingError(
            f"{config.getini('migration_rows')}: [{format_version(version)}] is no migration;"
            f" expected one of {there}. Mend the number, or take it out"
        )


def _statements(config: pytest.Config, source: Source) -> Mapping[str, str]:
    """Return what the hook names, of every implementation that has something to say."""
    found: dict[str, str] = {}
    hook = "pytest_migration_statements"
    implemented = config.hook.pytest_migration_statements
    for answer in _ask(hook, lambda: implemented(config=config, source=source)):
        if isinstance(answer, (str, bytes, Mapping)) or not isinstance(answer, Iterable):
            raise SettingError(f"{hook} returned a {type(answer).__name__}; {_EXPECTED_PAIRS}")
        pairs: list[object] = _ask(hook, partial(list, answer))
        if not pairs:
            raise SettingError(
                f"{hook} named no statement of {source.name}; {_EXPECTED_PAIRS}, or None where a"
                " source has none"
            )
        for pair in pairs:
            name, sql = _statement(pair)
            if name in found:
                raise SettingError(f"{hook} names two statements {name!r}; expected other names")
            found[name] = sql
    return found


def _ask(hook: str, question: Callable[[], Answer]) -> Answer:
    """Return what a hook of the project's answers; what it raises becomes a SettingError."""
    try:
        return question()
    except (KeyboardInterrupt, MigrationTestError):
        raise
    except BaseException as error:
        raise SettingError(f"{hook} raised {raised_where(error)}") from error


def _statement(pair: object) -> tuple[str, str]:
    match pair:
        case (str(name), str(sql)) if name.strip() and name.isprintable():
            return name, sql
    raise SettingError(
        f"pytest_migration_statements named {reprlib.repr(pair)}; {_EXPECTED_PAIRS}, two strings"
        " each, the name in one line"
    )
