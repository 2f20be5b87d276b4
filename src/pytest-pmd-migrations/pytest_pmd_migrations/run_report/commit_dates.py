"""Ask git when files were added, by one call that may take a few seconds at most."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from pytest_pmd_migrations.git.asking import ask_git

__all__ = ["added_dates"]

_COMMIT = "\x01"
_GRAFTED = "grafted"


def added_dates(files: Collection[Path], root: Path) -> Mapping[Path, str]:
    """Return the day of the commit that added each file; empty where git does not know.

    Of a shallow clone's first commit, which has all files, nothing is said.
    """
    folders = sorted({str(file.parent) for file in files})
    wanted = {file.resolve(): file for file in files}
    if not wanted:
        return {}
    # A date is a nicety: without git, or with a history of millions, there is none.
    listed = ask_git(
        root,
        *("-c", "core.quotePath=false", "log", "--no-renames", "--diff-filter=A"),
        *("--name-only", "-z", f"--format=format:{_COMMIT}%cs %D", "--relative", "--", *folders),
    )
    found: dict[Path, str] = {}
    day = ""
    for piece in os.fsdecode(listed or b"").split("\0"):
        head, _, name = piece.rpartition("\n") if piece.startswith(_COMMIT) else ("", "", piece)
        if head:
            day, _, refs = head.removeprefix(_COMMIT).partition(" ")
            day = "" if _GRAFTED in refs.split(", ") else day
        if day and name and (resolved := (root / name).resolve()) in wanted:
            # The newest commit comes first: a file may have been added a second time.
            found.setdefault(wanted[resolved], day)
    return found
