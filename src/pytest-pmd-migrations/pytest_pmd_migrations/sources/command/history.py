"""Find out which versions a command can bring a database to that lists none: it is tried."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.sources.command.command_line import CommandLine, complaint
from pytest_pmd_migrations.sources.command.mark import Marks, highest
from pytest_pmd_migrations.sources.command.process import Ended
from pytest_pmd_migrations.sources.command.version_list import NOBODY_HAS, Listed

__all__ = ["try_versions"]

_NAME_THEM = 'name the versions there are: migration_versions = "myapp migrations list"'


def try_versions(command: CommandLine, marks: Marks, seconds: float, named: str) -> Listed:
    """Return 1, 2, ... as far as the command brings an empty database.

    It ends at the first number that is treated as one that nobody has: refused in the same words,
    or passed over. Raises SourceError where the command ends otherwise, as a migration that fails
    is no end, and where it goes on behind that number.
    """
    with TemporaryFolder() as folder:
        path, last = folder / "tried.db", 0
        while True:
            ended = command.run(path, to=str(last + 1), seconds=seconds)
            if complaint(ended, seconds) or not _is_at(marks, path, last + 1):
                break
            last += 1
        end = _HistoryEnd(command, marks, seconds, named, folder)
        if complaint(ended, seconds):
            end.refuse_failure(last + 1, ended)
        else:
            end.refuse_passed_over(path, last, ended)
    return Listed([str(number) for number in range(1, last + 1)])


@dataclass(frozen=True)
class _HistoryEnd:
    """What tells the end of a history from a migration that fails."""

    command: CommandLine
    marks: Marks
    seconds: float
    named: str
    folder: Path

    def refuse_failure(self, number: int, ended: Ended) -> None:
        """Raise SourceError unless ``number`` is refused as one that nobody has.

        Both are asked of no database at all: a migration that fails comes after others.
        """
        if number == 1:
            raise SourceError(
                f"{self.named} {complaint(ended, self.seconds)} on an empty database with"
                f" {{to}} = 1{_error(ended)}. Versions are tried from 1 on; else {_NAME_THEM}"
            )
        refusals = [self._refusal(number), self._refusal(NOBODY_HAS)]
        if refusals[0] is None or refusals[0] != refusals[1]:
            raise SourceError(
                f"{self.named} {complaint(ended, self.seconds)} with {{to}} = {number}, and not as"
                f" with a number that it does not have{_error(ended)}. Mend it, or {_NAME_THEM}"
            )

    def refuse_passed_over(self, path: Path, last: int, ended: Ended) -> None:
        """Raise SourceError unless a number that nobody has is passed over as the next one was."""
        self.command.run(path, to=str(NOBODY_HAS), seconds=self.seconds)
        if last and _is_at(self.marks, path, last):
            return
        printed = f". Its last line: {ended.error!r}" if ended.error else ""
        raise SourceError(
            f"{self.named} ends well with {{to}} = {last + 1}, but leaves {self.marks.written} at"
            f" {_shown(self.marks.of_file(path))}; expected {last + 1}, or {last} with any"
            f" higher number{printed}. Name the table where it takes note: migration_applied; or"
            f" {_NAME_THEM}"
        )

    def _refusal(self, number: int) -> tuple[int, str] | None:
        """Return how a number is refused, itself aside; None where it is not, or not named."""
        path = self.folder / f"empty-{number}.db"
        ended = self.command.run(path, to=str(number), seconds=self.seconds)
        told = re.sub(rf"\b{number}\b", "{to}", ended.said.replace(str(path), ""))
        is_refused = ended.code and "{to}" in told and not self.marks.of_file(path)
        return (ended.code or 0, told) if is_refused else None


def _is_at(marks: Marks, path: Path, number: int) -> bool:
    return highest(marks.of_file(path)) == number


def _shown(names: frozenset[str]) -> str:
    return printable_line(", ".join(sorted(names)[-3:])) or "nothing"


def _error(ended: Ended) -> str:
    return f": {ended.error.rstrip('.')}" if ended.error else ""
