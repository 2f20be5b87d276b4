"""Match names against globs, of which there may be hundreds; letter case makes no difference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

__all__ = ["NameGlobs", "globs_of", "matches_any"]

_WILDCARDS = re.compile(r"[*?\[]")


def matches_any(name: str, patterns: Sequence[str]) -> bool:
    """Return whether a name matches one of the globs; letter case makes no difference."""
    return globs_of(tuple(patterns)).match(name.lower())


class NameGlobs:
    """Globs by what they begin with up to their first wildcard, or else end with."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._beginnings: dict[str, list[str]] = {}
        self._ends: dict[str, list[str]] = {}
        for pattern in map(str.lower, patterns):
            parts = _WILDCARDS.split(pattern)
            by, key = (self._beginnings, parts[0]) if parts[0] else (self._ends, parts[-1])
            # What closes a bracket is no wildcard, and still no plain text.
            by.setdefault("" if by is self._ends and "]" in pattern else key, []).append(pattern)
        self._lengths = [sorted({*map(len, by)}) for by in (self._beginnings, self._ends)]

    def match(self, name: str) -> bool:
        """Return whether a name in lower case matches one of them."""
        beginnings = (self._beginnings.get(name[:length], ()) for length in self._lengths[0])
        ends = (self._ends.get(name[max(len(name) - n, 0) :], ()) for n in self._lengths[1])
        return any(
            fnmatchcase(name, pattern) for found in (*beginnings, *ends) for pattern in found
        )


globs_of = lru_cache(maxsize=64)(NameGlobs)
"""The globs of these patterns, made once."""
