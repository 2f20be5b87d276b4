"""Say which of two migrations of one number the lock file does not know: that is the newcomer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_pmd_migrations.errors import DoubledNumberError, LockFileError, SettingError
from pytest_pmd_migrations.git.history import how_to_move
from pytest_pmd_migrations.snapshots.lock_file import (
    LOCK_FILE,
    LockFile,
    VersionLine,
    read_lock_file,
    text_digest,
)

__all__ = ["accuse_newcomer", "free_name"]


def accuse_newcomer(error: DoubledNumberError, snapshots: Path) -> SettingError:
    """Return the error to raise where two branches gave one number away.

    It is ``error`` itself where the lock file below ``snapshots`` knows none of the files,
    or more than one; and what is wrong with the lock file where it cannot be read, as in a merge:
    once it can, it knows which file to rename.
    """
    try:
        lock_file = read_lock_file(snapshots / LOCK_FILE)
    except LockFileError as broken:
        return SettingError(str(broken))
    line = lock_file.versions.get(error.version)
    if line is None:
        return error
    named = [file for file in error.files if file.name == line.file]
    # A copy has the same text, but not the name.
    known = named or [file for file in error.files if _has_text(file, line)]
    if len(known) != 1:
        return error
    newer = [file for file in error.files if file not in known]
    names = ", ".join(file.name for file in newer)
    verb = "has" if len(newer) == 1 else "have"
    state = "released" if line.released else "stored"
    number = f"{error.version:04d}"
    return SettingError(
        f"{names} {verb} the number of {known[0].name}, which {LOCK_FILE} has as {state} {number}."
        f" {_renaming(newer, lock_file)}"
    )


def free_name(file: Path, lock_file: LockFile) -> Path:
    """Return a migration's file under a number that no file and no lock line has."""
    number, _, rest = file.name.partition("_")
    free = max([*_taken(file.parent), *lock_file.versions]) + 1
    return file.with_name(f"{free:0{len(number)}d}_{rest}")


def _has_text(file: Path, line: VersionLine) -> bool:
    try:
        return text_digest(file.read_bytes()) == line.text
    except OSError:
        # It is accused: whoever recorded the other one could read it.
        return False


def _renaming(newer: Sequence[Path], lock_file: LockFile) -> str:
    """Return what number to give to the first of some files, and by which command."""
    file = newer[0]
    taken = _taken(file.parent)
    for version, line in lock_file.versions.items():
        if version not in taken and _has_text(file, line):
            told, new = "back the number that it had", file.with_name(line.file)
            break
    else:
        told, new = "the next free number", free_name(file, lock_file)
    names = ", ".join(one.name for one in newer)
    return f"Give {names} {told}: {how_to_move(file, new)}"


def _taken(folder: Path) -> set[int]:
    """Return the numbers that the files of a folder have."""
    numbers = (file.name.partition("_")[0] for file in folder.glob("[0-9]*_*.*"))
    return {int(one) for one in numbers if one.isdecimal()}
