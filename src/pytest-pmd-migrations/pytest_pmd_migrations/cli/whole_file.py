"""Write a file of the project's as a whole, with the permissions that it had."""

from __future__ import annotations

import stat
from pathlib import Path

from pytest_pmd_migrations.snapshots.write import replace_file

__all__ = ["write_whole"]


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file, or make it; of a link, what it leads to.

    Raises SnapshotError where it cannot be written.
    """
    there = path.resolve()
    mode = stat.S_IMODE(there.stat().st_mode) if there.exists() else None
    replace_file(there, content)
    if mode is not None:
        there.chmod(mode)
