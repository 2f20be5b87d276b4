"""The source of a command that cannot be told where to stop: it knows the latest version only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
from pytest_pmd_migrations.sources.command.base import CommandBase
from pytest_pmd_migrations.sources.command.command_line import CommandLine, complaint
from pytest_pmd_migrations.sources.command.step import CommandStep
from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["LatestSource"]


class LatestSource(CommandBase):
    """A command without ``{to}``: its one version is what it makes of an empty database today.

    What a database says of itself, its highest mark, is the version's label. A mark that the lock
    file has keeps its number, a new one has the next: what was latest at an earlier release stays
    stored under its number, and is upgraded straight to the latest. A database with any other mark
    is at 0: shapes of which nobody knows more are stored as ``0000+name``.
    """

    only_latest = True

    def __init__(self, command: CommandLine, name: str, named: str) -> None:
        super().__init__(command, name, named)
        self._recorded: Mapping[str, int] = {}

    def versions(self, recorded: Mapping[int, str] | None = None) -> Sequence[int]:
        """Return the one version that there is."""
        if recorded is not None:
            self._recorded = {label: number for number, label in recorded.items()}
        return (self._latest,)

    def label(self, version: int) -> str:
        """Return what a database says of itself that is at that version."""
        if version == self._latest:
            return self._label
        return next((name for name, number in self._recorded.items() if number == version), "")

    def location(self, version: int) -> Location:  # noqa: ARG002 - as the protocol has it
        """Return the command's own file."""
        return Location(self._command.file)

    def text(self, version: int) -> str:
        """Return what the version is known by: its migrations are not."""
        return self.label(version)

    def current_version(self, conn: sqlite3.Connection) -> int:
        """Return the number of what a database says of itself, 0 where nobody knows it."""
        found = self._marks.last(self._marks.names(conn))
        return self._latest if found == self._label else self._recorded.get(found, 0)

    def upgrade_file(self, path: Path, to: int) -> None:  # noqa: ARG002 - as the protocol has it
        """Let the command bring the file as far as it goes."""
        self._take(CommandStep(self._command), path)

    def upgrade_until(self, path: Path, to: int, stop: Callable[[], bool]) -> bool:  # noqa: ARG002 - as the protocol has it
        """Do the same, but kill the command as soon as ``stop`` says so; return whether it was."""
        return self._take(CommandStep(self._command), path, stop)

    def rerun_file(self, path: Path, version: int) -> None:  # noqa: ARG002 - as the protocol has it
        """Let the command work once more on a database that is at the latest."""
        self._take(CommandStep(self._command), path)

    @property
    def _latest(self) -> int:
        return self._recorded.get(self._label, max(self._recorded.values(), default=0) + 1)

    @cached_property
    def _label(self) -> str:
        """What a database says of itself that the command made of none.

        Raises SourceError where it fails, or where the database says nothing.
        """
        with TemporaryFolder() as folder:
            path, seconds = folder / "latest.db", self._settings.seconds
            ended = self._command.run(path, seconds=seconds)
            wrong = complaint(ended, seconds)
            if wrong:
                told = f": {ended.error}" if ended.error else ""
                raise SourceError(f"{self._named} {wrong} on an empty database{told}")
            found = self._marks.of_file(path)
        if not found:
            raise SourceError(
                f"{self._named} leaves nothing in {self._marks.written}, so that nobody can tell"
                " where a database stands; expected the table in which it takes note, as in"
                ' migration_applied = "schema_migrations.version"'
            )
        return self._marks.last(found)
