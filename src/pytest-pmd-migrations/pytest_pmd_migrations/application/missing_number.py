"""Say what became of a migration whose number no file has: renumbered, deleted, or never given."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_pmd_migrations.errors import LockFileError, MissingNumberError, SettingError
from pytest_pmd_migrations.git.history import how_to_move, how_to_restore
from pytest_pmd_migrations.snapshots.lock_file import (
    LOCK_FILE,
    LockFile,
    VersionLine,
    digests_as,
    read_lock_file,
)

__all__ = ["explain_gap"]

_NUMBER = re.compile(r"(?P<number>\d+)_.+\.(?:py|sql)")


def explain_gap(error: MissingNumberError, snapshots: Path) -> SettingError:
    """Return the error to raise where a number is missing between those of other migrations.

    The lock file below ``snapshots`` knows which file had it, by its name and its text. It is
    ``error`` itself where nothing is known and the file behind the gap is stored already.
    """
    lock_file = _read(snapshots)
    line = lock_file.versions.get(error.version)
    folder = error.following.parent
    number = f"{error.version:04d}"
    if line is None:
        return _close_gap(error, lock_file, number)
    state = "released" if line.released else "stored"
    moved = _find_text(folder, line, error.version)
    was = folder / line.file
    if moved is None:
        return SettingError(
            f"{line.file} is missing, which {LOCK_FILE} has as {state} {number}, and"
            f" {error.following.name} comes next. Restore it: {how_to_restore(was)}"
        )
    return SettingError(
        f"{line.file} was renumbered to {moved.name}, and so {number} is missing, which"
        f" {LOCK_FILE} has as {state}. Give it its number back:"
        f" {how_to_move(moved, was)}"
    )


def _close_gap(error: MissingNumberError, lock_file: LockFile, number: str) -> SettingError:
    """Return the error where the number was never stored: the file behind it can have it."""
    following = error.following
    digits, _, rest = following.name.partition("_")
    if int(digits) in lock_file.versions:
        return error
    new = following.with_name(f"{error.version:0{len(digits)}d}_{rest}")
    return SettingError(
        f"no migration has the number {number}, and {following.name} comes next, which {LOCK_FILE}"
        " does not know. Restore the missing file, or give that one its number:"
        f" {how_to_move(following, new)}"
    )


def _find_text(folder: Path, line: VersionLine, version: int) -> Path | None:
    """Return the migration that has the recorded text now, None where there is none."""
    for file in sorted(folder.iterdir()):
        found = _NUMBER.fullmatch(file.name)
        if found is None or not file.is_file():
            continue
        try:
            text = file.read_bytes()
        except OSError:
            # Whoever reads it next is told why that cannot be done.
            continue
        if line.text in digests_as(text, int(found["number"]), version):
            return file
    return None


def _read(snapshots: Path) -> LockFile:
    try:
        return read_lock_file(snapshots / LOCK_FILE)
    except LockFileError:
        # It is told when it is needed; a number that is missing is told first.
        return LockFile()
