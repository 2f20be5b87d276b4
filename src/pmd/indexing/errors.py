"""What goes wrong while a collection is indexed: the error that stops it, the value that does not.

IndexingError
    FolderError       the collection's folder cannot be read, or would empty the index
    PatternError      a glob pattern that no file could match (also a ValueError)
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FolderError", "IndexingError", "PatternError", "Problem"]


class IndexingError(Exception):
    """Root of the errors of indexing; nothing of the collection was changed."""


class FolderError(IndexingError):
    """The folder cannot be read, or holds nothing where the index holds documents."""


class PatternError(IndexingError, ValueError):
    """A glob pattern that no path below a folder can match."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One file or folder that could not be read as a whole; the rest was indexed.

    `path` is relative to the collection's folder, `reason` says what is wrong and what to do.
    """

    path: str
    reason: str
