"""What both sources of a command are made of: its settings, and where a database stands."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.sources.command.command_line import CommandLine
from pytest_pmd_migrations.sources.command.mark import Marks
from pytest_pmd_migrations.sources.command.process import Ended
from pytest_pmd_migrations.sources.command.settings import Settings, read_settings
from pytest_pmd_migrations.sources.command.step import CommandStep

__all__ = ["CommandBase"]

_TABLE = (
    'Where it takes note in a table, say in which: migration_applied = "schema_migrations.version"'
)


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
        self._last: tuple[CommandStep, Ended] | None = None

    def open(self, config: object) -> None:
        """Read the settings that a command has of its own."""
        self._settings = read_settings(config)
        table = self._settings.applied
        self._marks = Marks(table)
        if table is not None:
            self.bookkeeping = (table.name,)
            self.volatile = (f"{table.name}.*",)

    def why_elsewhere(self, conn: sqlite3.Connection) -> tuple[str, ...]:
        """Return what the last run printed, where it ended well and at another version."""
        if self._last is None:
            return ()
        step, ended = self._last
        says = printable_line(self._marks.last(self._marks.names(conn))) or "nothing"
        advice = (_TABLE,) if self._marks.table is None else ()
        return (*step.why_elsewhere(ended, f"{self._marks.written} says {says}"), *advice)

    def _take(self, step: CommandStep, path: Path, stop: Callable[[], bool] | None = None) -> bool:
        """Run the command; return whether it was killed, as ``stop`` said."""
        self._last = None
        ended = step.migrate(path, stop=stop)
        self._last = step, ended
        return ended.code is None
