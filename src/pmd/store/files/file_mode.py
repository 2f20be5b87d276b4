"""Look at a path: what lies there, nothing, or that it cannot be looked at.

``Path.exists`` and its kin say False of a path that is too long or lies in a closed folder, since
Python 3.14; before, they raise.
"""

from __future__ import annotations

import stat
from pathlib import Path

__all__ = ["file_mode", "is_folder"]


def file_mode(path: Path) -> int | None:
    """Return the mode of what lies at a path, links followed; None where nothing does.

    Raises OSError where the path cannot be looked at. At one with a NUL lies nothing.
    """
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def is_folder(path: Path) -> bool:
    """Return whether a folder lies at a path; raises as `file_mode` does."""
    return stat.S_ISDIR(file_mode(path) or 0)
