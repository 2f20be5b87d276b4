"""Find out which versions a command can bring a database to: it lists them, or it is tried."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.printable import printable_line
from pytest_pmd_migrations.sources.command.command_line import CommandLine, complaint
from pytest_pmd_migrations.sources.command.mark import Marks, highest
from pytest_pmd_migrations.sources.command.process import Ended, run_process
from pytest_pmd_migrations.temporary_folder import TemporaryFolder

__all__ = ["Listed", "list_versions", "try_versions"]

_MOST = 2**20
_NOBODY_HAS = 2**31 - 1
_NAME_THEM = 'name the versions there are: migration_versions = "myapp migrations list"'


@dataclass(frozen=True)
class Listed:
    """The ids of the versions, in the order in which they are applied.

    ``files`` are those of the project that the list names beside an id.
    """

    ids: Sequence[str]
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def are_numbers(self) -> bool:
        """Whether the ids are numbers as a version may be."""
        return all(name.isdecimal() and 0 < int(name) < _NOBODY_HAS for name in self.ids)


def list_versions(words: Sequence[str], folder: Path, seconds: float, named: str) -> Listed:
    """Return what the command that ``migration_versions`` names prints: one id a line.

    Numbers are put in their order. Raises SourceError where it fails, or prints anything else.
    """
    ended = run_process(words, folder=folder, seconds=seconds, keep=_MOST)
    wrong = complaint(ended, seconds)
    if wrong:
        raise SourceError(f"{named} {wrong}{_error(ended)}")
    if ended.is_cut:
        raise SourceError(f"{named} prints more than 1 MB; expected one id a line")
    lines = [line.split() for line in ended.out.splitlines() if line.strip()]
    ids = [line[0] for line in lines]
    if not ids:
        raise SourceError(f"{named} prints nothing; expected one id a line")
    doubled = next((name for name in ids if ids.count(name) > 1), None)
    if doubled is not None:
        raise SourceError(f"{named} prints the id {doubled!r} twice; expected one id a line")
    if all(name.isdecimal() for name in ids):
        ids.sort(key=int)
    files = {line[0]: found for line in lines for found in _files(line, folder)}
    return Listed(ids, files)


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
            end.refuse_passed_over(path, last)
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
        refusals = [self._refusal(number), self._refusal(_NOBODY_HAS)]
        if refusals[0] is None or refusals[0] != refusals[1]:
            raise SourceError(
                f"{self.named} {complaint(ended, self.seconds)} with {{to}} = {number}, and not as"
                f" with a number that it does not have{_error(ended)}. Mend it, or {_NAME_THEM}"
            )

    def refuse_passed_over(self, path: Path, last: int) -> None:
        """Raise SourceError unless a number that nobody has is passed over as the next one was."""
        self.command.run(path, to=str(_NOBODY_HAS), seconds=self.seconds)
        if last and _is_at(self.marks, path, last):
            return
        raise SourceError(
            f"{self.named} ends well with {{to}} = {last + 1}, but leaves {self.marks.written} at"
            f" {_shown(self.marks.of_file(path))}; expected {last + 1}, or {last} with any higher"
            f" number. Name the table where it takes note: migration_applied; or {_NAME_THEM}"
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


def _files(line: Sequence[str], folder: Path) -> list[Path]:
    """Return the files of the project that a line of the list names."""
    return [folder / word for word in line if (folder / word).is_file()]
