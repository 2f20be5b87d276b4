"""Complete what is typed in a shell: versions, snapshots and sources of the project around."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout

import click
from click.shell_completion import CompletionItem

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.cli.project import choose_history, load_histories
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.snapshots.names import SnapshotName

__all__ = ["complete_names", "complete_sources"]


def complete_names(source: str, typed: str) -> list[CompletionItem]:
    """Return the versions and snapshots of a source that begin as typed: ``7`` finds ``0007``.

    None where the project cannot be read: a prompt has no room for a message.
    """
    histories = _histories()
    try:
        history = choose_history(histories, source) if histories else None
    except click.ClickException:
        return []
    return [] if history is None else [*_names(history, typed)]


def complete_sources(typed: str) -> list[CompletionItem]:
    """Return the names of the project's sources that begin as typed."""
    names = [history.application.source.name for history in _histories()]
    return [CompletionItem(name) for name in names if name.startswith(typed)]


def _histories() -> tuple[History, ...]:
    # Whatever pytest or the project prints would be taken for a name.
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        try:
            return load_histories()
        except (click.ClickException, MigrationTestError, OSError):
            return ()


def _names(history: History, typed: str) -> Iterator[CompletionItem]:
    known = {*map(SnapshotName, history.application.versions), *history.store.names}
    for name in sorted(known):
        label = history.application.label(name.version)
        if str(name).startswith(typed) or str(name).lstrip("0").startswith(typed):
            yield CompletionItem(str(name), help=label or None)
