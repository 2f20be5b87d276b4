"""Read the versions that a command lists: one id a line, in the order in which they are applied.

A list as it is made for people has colours, which are left out; what else it may have instead of
ids is refused, as is JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.sources.command.command_line import complaint
from pytest_pmd_migrations.sources.command.process import run_process
from pytest_pmd_migrations.sources.command.terminal_colours import without_colours

__all__ = ["NOBODY_HAS", "Listed", "list_versions"]

NOBODY_HAS = 2**31 - 1
_MOST = 2**20
_SHOWN = 60
_EXPECTED = "expected one id a line, the oldest first"
_NUMBERED = re.compile(r"\d+(?:[-_.:T ]?\d+)*")
"""What an id begins with that is a number, a time, or the parts of a version."""


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
        return all(name.isdecimal() and 0 < int(name) < NOBODY_HAS for name in self.ids)


def list_versions(words: Sequence[str], folder: Path, seconds: float, named: str) -> Listed:
    """Return what the command that ``migration_versions`` names prints: one id a line.

    Numbers are put in their order. Raises SourceError where it fails, or prints anything else.
    """
    try:
        ended = run_process(words, folder=folder, seconds=seconds, keep=_MOST)
    except SourceError as error:
        raise SourceError(f"{named}: {error}") from error
    wrong = complaint(ended, seconds)
    told = f": {ended.error.rstrip('.')}" if ended.error else ""
    if wrong:
        raise SourceError(f"{named} {wrong}{told}")
    if ended.is_cut:
        raise SourceError(f"{named} prints more than 1 MB; {_EXPECTED}")
    text = without_colours(ended.out).strip()
    if not text:
        raise SourceError(f"{named} prints nothing{told}; {_EXPECTED}")
    if _is_json(text):
        raise SourceError(
            f"{named} prints JSON, which begins with {_shown(text)}; {_EXPECTED}. Take them out of"
            " it, as in: migration_versions = \"sh -c 'myapp migrations list | jq -r .[].id'\""
        )
    lines = [line.split() for line in text.splitlines() if line.strip()]
    ids = [line[0] for line in lines]
    _refuse_others(ids, text, named)
    if all(name.isdecimal() for name in ids):
        ids.sort(key=int)
    else:
        _refuse_newest_first(ids, named)
    files = {line[0]: found for line in lines for found in _files(line, folder)}
    return Listed(ids, files)


def _is_json(text: str) -> bool:
    """Return whether a text is a list or an object of JSON, or has one in its first line."""
    if text[0] not in "[{":
        return False
    for part in (text, text.splitlines()[0]):
        try:
            json.loads(part)
        except (ValueError, RecursionError):
            continue
        return True
    return False


def _refuse_others(ids: Sequence[str], text: str, named: str) -> None:
    """Raise SourceError where lines begin with what is no id, or two with the same one."""
    for name in ids:
        if not (name.isprintable() and any(map(str.isalnum, name))):
            raise SourceError(
                f"{named} prints a line that begins with {name!r}, which is no id; {_EXPECTED}, and"
                " only behind it what else there is to say"
            )
    doubled = next((name for name in ids if ids.count(name) > 1), None)
    if doubled is not None:
        both = [line for line in text.splitlines() if line.split()[:1] == [doubled]]
        shown = " and ".join(map(_shown, both[:2]))
        raise SourceError(
            f"{named} prints the id {doubled!r} twice; {_EXPECTED}, and two lines are {shown}"
        )


def _refuse_newest_first(ids: Sequence[str], named: str) -> None:
    """Raise SourceError where the ids begin with numbers, each with a smaller one than before."""
    starts = [_NUMBERED.match(name) for name in ids]
    numbers = [[int(one) for one in re.findall(r"\d+", start[0])] for start in starts if start]
    if len(ids) > 1 and len(numbers) == len(ids) and all(a > b for a, b in pairwise(numbers)):
        raise SourceError(
            f"{named} prints the newest first, {ids[0]!r} before {ids[1]!r}; {_EXPECTED}. Turn the"
            " list round, as in: migration_versions = \"sh -c 'myapp migrations list | tac'\""
        )


def _shown(text: str) -> str:
    line = printable_line(text.splitlines()[0].strip())
    return repr(line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…")


def _files(line: Sequence[str], folder: Path) -> list[Path]:
    """Return the files of the project that a line of the list names."""
    return [folder / word for word in line if (folder / word).is_file()]
