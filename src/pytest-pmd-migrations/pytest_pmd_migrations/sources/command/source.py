"""The source of a command that brings a database to a version it is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from pytest_pmd_migrations.sources.applied.numbered_ids import NumberedIds
from pytest_pmd_migrations.sources.command.base import CommandBase
from pytest_pmd_migrations.sources.command.history import try_versions
from pytest_pmd_migrations.sources.command.mark import highest
from pytest_pmd_migrations.sources.command.step import CommandStep
from pytest_pmd_migrations.sources.command.version_list import Listed, list_versions
from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["CommandSource"]


class CommandSource(CommandBase):
    """A command with ``{to}``: ids that are numbers are the versions, others have numbers.

    Which there are is asked once, when it is first needed.
    """

    def open(self, config: object) -> None:
        """Read the settings; ids that are names stand in the table as a set."""
        super().open(config)
        if self._marks.table is not None and not self._listed.are_numbers:
            self.applied = self._applied
            self.applies = "set"

    def versions(self, recorded: Mapping[int, str] | None = None) -> Sequence[int]:
        """Return the ids that are numbers, else the numbers of the ids."""
        if self._listed.are_numbers:
            return sorted(map(int, self._listed.ids))
        return self._ids.versions(recorded)

    def own_order(self) -> Sequence[int]:
        """Return the numbers in the order in which the command lists the ids."""
        return self.versions() if self._listed.are_numbers else self._ids.own_order()

    def label(self, version: int) -> str:
        """Return an id, "" where it is the version itself."""
        return "" if self._listed.are_numbers else self._ids.label(version)

    def location(self, version: int) -> Location:
        """Return the file that the list names beside the id, else the command's own."""
        file = self._listed.files.get(self._id(version))
        return Location(file or self._command.file)

    def text(self, version: int) -> bytes:
        """Return what that file holds; the id where none is known: the script is that of all."""
        file = self._listed.files.get(self._id(version))
        return file.read_bytes() if file else self._id(version).encode()

    def current_version(self, conn: sqlite3.Connection) -> int:
        """Return the highest number that the database says of itself."""
        return highest(self._marks.names(conn))

    def upgrade_file(self, path: Path, to: int) -> None:
        """Let the command bring the file to that version."""
        self._take(self._step(to), path)

    def upgrade_until(self, path: Path, to: int, stop: Callable[[], bool]) -> bool:
        """Do the same, but kill the command as soon as ``stop`` says so; return whether it was."""
        return self._take(self._step(to), path, stop)

    def forget(self, conn: sqlite3.Connection, version: int) -> None:
        """Let the database say that this version was not applied."""
        before = [one for one in self.versions() if one < version]
        name = self._id(version) if self._marks.table else str(version)
        last = (self._id(before[-1]) if self._marks.table else str(before[-1])) if before else ""
        self._marks.forget(conn, name, last)

    def _applied(self, conn: sqlite3.Connection) -> Collection[str]:
        """Return the ids that the database has; of one that keeps the last alone, all before it."""
        names, ids = self._marks.names(conn), self._ids.ids
        last = next(iter(names), "")
        if len(names) != 1 or last not in ids:
            return names
        return ids[: ids.index(last) + 1]

    def _step(self, version: int) -> CommandStep:
        name, listed = self._id(version), self._settings.versions
        of_id = f"{{to}} was {name!r}, as migration_versions {listed!r} lists it" if listed else ""
        return CommandStep(self._command, name, of_id)

    def _id(self, version: int) -> str:
        return self._numbers[version] if self._listed.are_numbers else self._ids.label(version)

    @cached_property
    def _listed(self) -> Listed:
        settings, folder = self._settings, self._command.folder
        if settings.versions:
            named = f"migration_versions {settings.versions!r}"
            return list_versions(settings.list_words(named), folder, settings.seconds, named)
        return try_versions(self._command, self._marks, settings.seconds, self._named)

    @cached_property
    def _numbers(self) -> Mapping[int, str]:
        return {int(name): name for name in self._listed.ids}

    @cached_property
    def _ids(self) -> NumberedIds:
        return NumberedIds(self._listed.ids)
