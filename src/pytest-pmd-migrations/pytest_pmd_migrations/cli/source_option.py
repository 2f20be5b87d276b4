"""The option ``--source`` of all commands, and how a shell completes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["source_option"]


def _complete_source(
    _context: click.Context, _option: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the sources that begin as typed, for a shell that completes."""
    from pytest_pmd_migrations.cli.completion import complete_sources

    return complete_sources(typed)


source_option = click.option(
    "--source",
    default="",
    help="Which source, where there are several",
    shell_complete=_complete_source,
)
