"""Say which source lines and errors are about, where a command is about several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import click

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.cli.clean_errors import clean_errors

__all__ = ["below_name", "errors_of", "with_names"]


def with_names(histories: Sequence[History]) -> list[tuple[str, History]]:
    """Return each history with the name of its source, empty where it is the only one."""
    several = len(histories) > 1
    return [(history.application.source.name if several else "", history) for history in histories]


def below_name(name: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines about one source, its name in front of the first, if it has one."""
    for number, line in enumerate(lines):
        if name and not number:
            yield f"{name}:"
        yield line


@contextmanager
def errors_of(name: str) -> Iterator[None]:
    """Turn what a source raises into one message, as ``clean_errors`` does, with its name."""
    try:
        with clean_errors():
            yield
    except click.ClickException as error:
        if not name or error.message.startswith(f"source {name}:"):
            raise
        raise type(error)(f"{name}: {error.message}") from error
