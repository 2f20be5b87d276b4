"""What both sources of a command are made of: its settings, and where a database stands."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.sources.command.command_line import CommandLine
from pytest_pmd_migrations.sources.command.mark import Marks
from pytest_pmd_migrations.sources.command.settings import Settings, read_settings

__all__ = ["CommandBase"]


class CommandBase:
    """A command that migrates a database in another process.

    ``named`` is how messages name the setting.
    """

    in_process = False

    def __init__(self, command: CommandLine, name: str, named: str) -> None:
        self.name = name
        self.runner = command.file.name
        self.bookkeeping: Sequence[str] = ()
        self.volatile: Sequence[str] = ()
        self._command = command
        self._named = named
        self._settings = Settings()
        self._marks = Marks()

    def open(self, config: object) -> None:
        """Read the settings that a command has of its own."""
        self._settings = read_settings(config)
        table = self._settings.applied
        self._marks = Marks(table)
        if table is not None:
            self.bookkeeping = (table.name,)
            self.volatile = (f"{table.name}.*",)
