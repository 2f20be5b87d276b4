"""Say how a new migration is begun: by this package's command, or by the application's own tool."""

from __future__ import annotations

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.sources.files_source import FilesSource
from pytest_pmd_migrations.sources.protocol import runner_of

__all__ = ["how_to_begin"]


def how_to_begin(application: Application, description: str) -> str:
    """Return the command that begins a migration of that description, or whose tool begins it."""
    source = application.source
    tool = "" if isinstance(source, FilesSource) else runner_of(source)
    return f"by {tool}: {description}" if tool else f'pmd-migrations new "{description}"'
