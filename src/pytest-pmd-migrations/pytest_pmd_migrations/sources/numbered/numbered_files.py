"""Find numbered migration files in a folder, and the line where each one's work begins."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from pytest_pmd_migrations.errors import DoubledNumberError, MissingNumberError
from pytest_pmd_migrations.sources.protocol import Location

__all__ = [
    "MigrationFile",
    "files_of_number",
    "find_files",
    "has_files",
    "missing_before",
    "versions_folder",
]

_NUMBERED_FILE = re.compile(r"(?P<version>\d+)_(?P<slug>\w+)\.(?:py|sql)")
_UP = re.compile(r"^\s*(?:async\s+)?def\s+up\b", re.MULTILINE)
_SMALLEST_DATE = 10_000_000
_SUBFOLDERS = ("versions", "migrations")


class MigrationFile(NamedTuple):
    """One migration's file: ``0007_add_title.py`` is version 7."""

    version: int
    path: Path

    def location(self) -> Location:
        """Return the line of ``def up`` in a module, the first line of a script."""
        if self.path.suffix == ".py":
            text = self.path.read_text(encoding="utf-8", errors="replace")
            match = _UP.search(text)
            if match:
                return Location(self.path, text.count("\n", 0, match.end()) + 1)
        return Location(self.path)


def files_of_number(path: Path) -> tuple[Path, ...]:
    """Return the migrations that have the number of that file, in its folder."""
    number = _number(path)
    return tuple(sorted(file for file in _files(path.parent) if _number(file) == number))


def missing_before(path: Path) -> int | None:
    """Return the lowest number that no migration in the folder has and that is below that file's.

    None where there is none.
    """
    own, numbers = _number(path), {_number(file) for file in _files(path.parent)}
    return next((n for n in range(1, own or 1) if n not in numbers), None)


def _number(path: Path) -> int | None:
    match = _NUMBERED_FILE.fullmatch(path.name)
    return int(match["version"]) if match else None


def versions_folder(folder: Path) -> Path:
    """Return the folder that holds the files: ``versions`` or ``migrations`` in it, or itself."""
    for name in _SUBFOLDERS:
        if has_files(folder / name):
            return folder / name
    return folder


def has_files(folder: Path) -> bool:
    """Return whether there is a numbered migration in ``folder``."""
    return any(_NUMBERED_FILE.fullmatch(file.name) for file in _files(folder))


def find_files(folder: Path, *, setting: str) -> tuple[MigrationFile, ...]:
    """Return the migrations in ``folder``, ascending by version.

    These are the rules for an application's own runner, whose rules are not known: numbers of
    eight digits and more are taken for dates, which have gaps.
    Raises DoubledNumberError when two files have one number, MissingNumberError when one is missing
    between two others.
    """
    found: dict[int, MigrationFile] = {}
    for path in sorted(_files(folder)):
        match = _NUMBERED_FILE.fullmatch(path.name)
        if match is None:
            continue
        version = int(match["version"])
        if version in found:
            raise DoubledNumberError(
                f"{setting} has two migrations numbered {version}: {found[version].path.name} and"
                f" {path.name} in {folder}; expected one. Renumber the newer one",
                version=version,
                files=files_of_number(path),
            )
        found[version] = MigrationFile(version, path)
    files = tuple(found[version] for version in sorted(found))
    for file, following in pairwise(files):
        if following.version != file.version + 1 < _SMALLEST_DATE:
            raise MissingNumberError(
                f"{setting} has a gap: {file.path.name} is followed by {following.path.name} in"
                f" {folder}; expected version {file.version + 1}. Restore the missing file",
                version=file.version + 1,
                following=following.path,
            )
    return files


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
