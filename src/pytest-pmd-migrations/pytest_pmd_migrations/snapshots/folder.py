"""List and read the snapshots in a folder, each whole and by itself."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from pytest_pmd_migrations.errors import SnapshotError
from pytest_pmd_migrations.files.file_content import Content
from pytest_pmd_migrations.files.regular_file import read_regular
from pytest_pmd_migrations.git.leftovers import FETCH, is_pointer
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.messages.wording import shown_path, typed_path
from pytest_pmd_migrations.snapshots.names import SnapshotName

__all__ = ["SnapshotFolder"]

_BEGINNING = 100
_MAGIC = b"SQLite format 3\x00"
_TWIN = b"PRAGMA user_version = "
_PAGE_SIZE = slice(16, 18)
_SMALLEST_PAGE = 512
_LARGEST_PAGE_MARK = 1


class SnapshotFolder(NamedTuple):
    """A folder of ``NNNN.db`` and ``NNNN+variant.db`` files; nothing here writes to it."""

    path: Path

    def names(self) -> tuple[SnapshotName, ...]:
        """Return the names of all stored snapshots, sorted; a missing folder holds none.

        Hidden files are skipped: some systems put one beside every file. Raises SnapshotError when
        a ``.db`` file's name is not a snapshot's, or the folder cannot be listed.
        """
        if self.path.is_dir() and not os.access(self.path, os.R_OK | os.X_OK):
            shown = shown_path(self.path)
            raise SnapshotError(
                f"{shown} cannot be read: it may not be listed. Make the folder readable:"
                f" chmod u+rx {shown}"
            )
        found = []
        for file in self.path.glob("*.db"):
            if file.name.startswith("."):
                continue
            try:
                found.append(SnapshotName.parse(file.stem))
            except SnapshotError as error:
                raise SnapshotError(
                    f"{shown_path(file)}: {error}. Rename it or move it elsewhere."
                ) from None
        return tuple(sorted(found))

    def orphaned_twins(self, expected: Collection[SnapshotName]) -> tuple[SnapshotName, ...]:
        """Return whose text lies here, of snapshots that are not ``expected``, sorted."""
        found = []
        for file in self.path.glob("*.sql"):
            try:
                name = SnapshotName.parse(file.stem)
                if name not in expected and read_regular(file).startswith(_TWIN):
                    found.append(name)
            except (SnapshotError, OSError):
                # Somebody's script.
                continue
        return tuple(sorted(found))

    def file(self, name: SnapshotName) -> Path:
        """Return where the snapshot of that name is stored, or would be."""
        return self.path / f"{name}.db"

    def twin(self, name: SnapshotName) -> Path:
        """Return where the text twin of that snapshot is stored, or would be."""
        return self.path / f"{name}.sql"

    def read(self, name: SnapshotName) -> Image:
        """Return the snapshot's image.

        Raises SnapshotError when the file cannot be read, is no whole SQLite database, or has a
        journal or write-ahead log beside it that SQLite would read along.
        """
        path = self.file(name)
        file = shown_path(path)
        try:
            image = Image.of_file(path)
        except FileNotFoundError:
            if path.is_symlink():
                nowhere = f"it is a link to {path.readlink()}, which does not exist"
                raise _unreadable(name, path, nowhere) from None
            raise SnapshotError(
                f"snapshot {name} is not stored",
                f"{file} does not exist; expected a SQLite database. Restore it from version"
                " control, or build it: pmd-migrations snapshot",
            ) from None
        except OSError as error:
            if not isinstance(error, PermissionError):
                raise _unreadable(name, path, str(error.strerror)) from error
            raise SnapshotError(
                f"snapshot {name} cannot be read",
                f"{file}: {error.strerror}; expected a SQLite database."
                f" Make it readable: chmod u+r {file}",
            ) from error
        _check_whole(name, file, image.stored)
        _check_alone(name, path)
        return image


def _unreadable(name: SnapshotName, path: Path, why: str) -> SnapshotError:
    """Return the error of a snapshot in whose place something else lies."""
    file = shown_path(path)
    return SnapshotError(
        f"snapshot {name} cannot be read",
        f"{file}: {why}; expected a SQLite database. Move it away, and restore the file from"
        f" version control: git checkout HEAD -- {typed_path(path)}",
    )


def _check_alone(name: SnapshotName, file: Path) -> None:
    for ending in ("-wal", "-journal"):
        beside = file.with_name(f"{file.name}{ending}")
        if beside.is_file() and beside.stat().st_size:
            raise SnapshotError(
                f"snapshot {name} is not whole",
                f"{shown_path(beside)} holds a part of it; expected one file. Close the program"
                " that has it open, or fold the part in:"
                f' sqlite3 {typed_path(file)} "VACUUM"',
            )


def _check_whole(name: SnapshotName, file: str, content: Content) -> None:
    restore = "Restore it from version control."
    if is_pointer(content[:_BEGINNING]):
        raise SnapshotError(
            f"snapshot {name} is a git-lfs pointer",
            f"{file} stands for the database that git-lfs keeps elsewhere; expected the database"
            f" itself. Fetch it: {FETCH}",
        )
    if not content.startswith(_MAGIC):
        what = "is empty" if not content else "is no SQLite database, or is encrypted"
        raise SnapshotError(
            f"snapshot {name} {what}",
            f'{file} ({len(content)} bytes); expected a file that begins with "SQLite format 3".'
            f" {restore}",
        )
    page_size = int.from_bytes(content[_PAGE_SIZE], "big")
    if page_size == _LARGEST_PAGE_MARK:
        page_size = 65536
    pages = int.from_bytes(content[28:32], "big")
    if page_size < _SMALLEST_PAGE or len(content) < pages * page_size or len(content) % page_size:
        what = "is truncated"
        if page_size >= _SMALLEST_PAGE and len(content) > pages * page_size:
            what = "has bytes too many"
            attributes = "echo '*.db binary' >> .gitattributes"
            restore += f" Where git made line ends of its bytes, before that: {attributes}"
        raise SnapshotError(
            f"snapshot {name} {what}",
            f"{file} has {len(content)} bytes;"
            f" expected {pages} pages of {page_size} bytes. {restore}",
        )
