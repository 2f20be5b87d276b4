"""Say how a new migration is begun: by this package's command, its tool, or in its own way."""

from __future__ import annotations

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource
from pytest_pmd_migrations.sources.protocol import how_it_begins, runner_of

__all__ = ["how_to_begin"]


def how_to_begin(application: Application, description: str) -> str:
    """Return the command that begins a migration of that description, or who else begins it.

    Of a source that says of no tool that it applies its migrations, nobody knows more than where
    the newest one is.
    """
    source = application.source
    if isinstance(source, FilesSource):
        return f'pmd-migrations new "{description}"{application.option}'
    begins = how_it_begins(source)
    if begins:
        return begins.replace("{}", description)
    tool = runner_of(source)
    if tool:
        return f"by {tool}: {description}"
    newest = application.step_name(application.latest)
    return f"in the application's own way, after {newest}: {description}"
