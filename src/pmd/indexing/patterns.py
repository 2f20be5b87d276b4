"""Decide by glob patterns which files of a folder are wanted.

`*`, `?` and `[abc]` stand for a part of one name, `**` for any number of folders. As in a shell,
none of them stands for a name that begins with a dot: `.notes/**/*.md` names such a folder itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import groupby

from pmd.indexing.errors import PatternError

__all__ = ["Patterns", "check_pattern"]

ANY_FOLDERS = "**"


class Patterns:
    """Some glob patterns: a path is wanted if one of them matches it."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [_parts(pattern) for pattern in patterns]
        parts = [part for pattern in self._patterns for part in pattern]
        self.depth = None if ANY_FOLDERS in parts else max(map(len, self._patterns), default=0)
        """How many names a path has at most that can match; None without a limit."""
        self.hidden = any(_is_hidden(part) for part in parts)
        """Whether a path can match that has a name with a dot before it."""

    def match(self, path: str) -> bool:
        """Return whether a pattern matches `path`, relative to the folder, with slashes."""
        names = tuple(path.split("/"))
        return any(_matches(names, pattern) for pattern in self._patterns)


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


def _matches(names: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern or not names:
        return not pattern and not names
    first, others = pattern[0], pattern[1:]
    if first == ANY_FOLDERS:
        if not others:
            return not any(_is_hidden(name) for name in names)
        deeper = len(names) > len(others) and not _is_hidden(names[0])
        return _matches(names, others) or (deeper and _matches(names[1:], pattern))
    if _is_hidden(names[0]) and not _is_hidden(first):
        return False
    return fnmatchcase(names[0], first) and _matches(names[1:], others)


def _is_hidden(name: str) -> bool:
    return name.startswith(".")
