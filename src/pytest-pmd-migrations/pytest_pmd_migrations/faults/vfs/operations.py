"""Describe what SQLite does to files, as values: open, write, truncate, sync, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Delete", "FileOperation", "Open", "Sync", "Truncate", "Write"]


@dataclass(frozen=True)
class Open:
    """A file was opened, and created if it was not there."""

    path: str


@dataclass(frozen=True)
class Write:
    """Bytes were written at an offset."""

    path: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Truncate:
    """A file was cut, or lengthened with zeros, to a size."""

    path: str
    size: int


@dataclass(frozen=True)
class Sync:
    """Everything written to a file, and its name in the folder, was forced to the disk."""

    path: str


@dataclass(frozen=True)
class Delete:
    """A file's name was removed; ``durable`` when the folder was forced to the disk as well."""

    path: str
    durable: bool


FileOperation: TypeAlias = Open | Write | Truncate | Sync | Delete
