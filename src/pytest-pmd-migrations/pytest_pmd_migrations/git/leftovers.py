"""Recognise what git leaves in the place of a file, or that a file may not be read at all."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_pmd_migrations.files.regular_file import read_regular

__all__ = ["FETCH", "conflicts_in", "is_pointer", "leftover", "sides_of_conflicts"]

FETCH = "git lfs install && git lfs pull"
"""The command that puts the files themselves in the place of their pointers."""

_CONFLICT = re.compile(r"^<{7}(?: |$)", re.MULTILINE)
_MARKER = re.compile(r"^(?:(?:<{7}|\|{7}|>{7})(?: |$)|={7}$)", re.MULTILINE)
_BEGINNING = b"version https://git-lfs.github.com/spec/"


def is_pointer(content: bytes) -> bool:
    """Return whether these bytes of a file are a pointer, and not the file itself."""
    return content.startswith(_BEGINNING)


def conflicts_in(text: str) -> tuple[int, int]:
    """Return how many merge conflicts are in a text, and the number of the first marked line.

    The end of one alone is none, yet has a line: somebody deleted its beginning. (0, 0) without.
    """
    marker = _MARKER.search(text)
    if marker is None:
        return 0, 0
    return len(_CONFLICT.findall(text)), text.count("\n", 0, marker.start()) + 1


def sides_of_conflicts(text: str) -> tuple[str, str]:
    """Return what each side of a merge has in its conflicts: ours, then theirs.

    What both began with, which git may write between the two, is neither's.
    """
    sides: dict[str, list[str]] = {"<": [], "|": [], "=": [], ">": []}
    at = ">"
    for line in text.splitlines(keepends=True):
        if _MARKER.match(line.rstrip()):
            at = line[0]
        else:
            sides[at].append(line)
    return "".join(sides["<"]), "".join(sides["="])


def leftover(path: Path) -> tuple[str, int] | None:
    """Return what is wrong with a text file as a whole, as a sentence and the number of its line.

    That is what git left in its place, or that this user may not read it. None where the file is
    what it should be, or is not there.
    """
    try:
        content = read_regular(path)
    except PermissionError:
        return f"{path.name} may not be read: chmod u+r {path.name}", 1
    except OSError:
        return None
    if is_pointer(content):
        return f"{path.name} is a git-lfs pointer: {FETCH}", 1
    count, line = conflicts_in(content.decode(errors="replace"))
    return (f"{path.name} has a merge conflict in line {line}", line) if count else None
