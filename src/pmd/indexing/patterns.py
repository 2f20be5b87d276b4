"""Decide by glob patterns which files of a folder are wanted.

`*`, `?` and `[abc]` stand for a part of one name, `**` for any number of folders. As in a shell,
none of them stands for a name that begins with a dot: `.notes/**/*.md` names such a folder itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from fnmatch import translate
from itertools import groupby
from typing import TypeAlias

from pmd.indexing.errors import PatternError

__all__ = ["Patterns", "check_pattern"]

ANY_FOLDERS = "**"

_Match: TypeAlias = Callable[[str], object]


class Patterns:
    """Some glob patterns: a path is wanted if one of them matches it."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [_parts(pattern) for pattern in patterns]
        self._endings: dict[str, list[_Match]] = {}
        parts = [part for pattern in self._patterns for part in pattern]
        self.depth = None if ANY_FOLDERS in parts else max(map(len, self._patterns), default=0)
        """How many names a path has at most that can match; None without a limit."""
        self.hidden = any(_is_hidden(part) for part in parts)
        """Whether a path can match that has a name with a dot before it."""

    def match(self, path: str) -> bool:
        """Return whether a pattern matches `path`, relative to the folder, with slashes."""
        folder, _, name = path.rpartition("/")
        endings = self._endings.get(folder)
        if endings is None:
            endings = self._endings[folder] = self._endings_in(folder)
        return any(ending(name) for ending in endings)

    def _endings_in(self, folder: str) -> list[_Match]:
        """Return what tells whether a file of this name in `folder` is wanted: one is enough."""
        names = folder.split("/") if folder else []
        return [
            _name_pattern(pattern[-1])
            for pattern in self._patterns
            if len(pattern) - 1 in _reached(pattern, names)
        ]


def check_pattern(pattern: str) -> None:
    """Raise PatternError for a pattern that can match nothing below a folder."""
    parts = pattern.split("/")
    if not pattern.strip():
        what = "it is empty"
    elif "" in parts or "." in parts or ".." in parts:
        what = "it has an empty part, '.' or '..', and is matched below the folder"
    elif "\\" in pattern:
        what = "its folders are divided by '/', not by '\\'"
    elif "{" in pattern:
        what = "braces are not read. Give --glob once for each alternative"
    else:
        return
    raise PatternError(
        f"the pattern {pattern!r} can match no file: {what}. Expected one such as '**/*.md'."
    )


def _parts(pattern: str) -> tuple[str, ...]:
    # Two ** in a row mean one, and would be tried in every combination.
    runs = groupby(pattern.split("/"))
    return tuple(part for key, run in runs for part in ([key] if key == ANY_FOLDERS else run))


def _reached(pattern: tuple[str, ...], names: list[str]) -> set[int]:
    """Return how many parts of the pattern may stand for these names, in each way they can."""
    reached = _with_none_for_any(pattern, {0})
    for name in names:
        after = set()
        for done in reached:
            if done < len(pattern) and _name_pattern(pattern[done])(name):
                after.add(done if pattern[done] == ANY_FOLDERS else done + 1)
        reached = _with_none_for_any(pattern, after)
    return reached


def _with_none_for_any(pattern: tuple[str, ...], reached: set[int]) -> set[int]:
    """Return these, and those beyond a ** that stands for no folder."""
    beyond = {done + 1 for done in reached if pattern[done : done + 1] == (ANY_FOLDERS,)}
    return reached | beyond


@functools.cache
def _name_pattern(part: str) -> _Match:
    """Return what matches one name with one part of a pattern."""
    if part == ANY_FOLDERS:
        part = "*"
    shown = "" if _is_hidden(part) else r"(?!\.)"
    return re.compile(shown + translate(part)).match


def _is_hidden(name: str) -> bool:
    return name.startswith(".")
