"""Where files are measured: on a disk, with room for them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.errors import SettingError, TemporaryFolderError
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
from pytest_pmd_migrations.messages.wording import shown_path

__all__ = ["FolderRoom", "measuring_folder", "room_in"]

_WANTED = 1_000_000_000
_MOST = 8_000_000_000
_SPARED = 0.8
_MOUNTS = Path("/proc/mounts")
_IN_MEMORY = ("tmpfs", "ramfs")
_ON_DISK = Path("/var/tmp")
"""Where systems keep temporary files on a disk, though /tmp is in memory."""


@dataclass(frozen=True)
class FolderRoom:
    """How many bytes a folder's disk has free, and how many measuring wants.

    ``in_memory`` says that it is no disk at all.
    """

    free: int
    wanted: int
    in_memory: bool

    @property
    def is_enough(self) -> bool:
        """Whether measuring can go as far as it wants."""
        return self.usable >= self.wanted

    @property
    def usable(self) -> int:
        """How many bytes the files may take: some are left to others."""
        return min(int(self.free * _SPARED), _MOST)


@contextmanager
def measuring_folder(named: Path | None = None) -> Iterator[Path]:
    """Give a new temporary folder in ``named``, else where temporary files lie on a disk.

    Raises TemporaryFolderError where it cannot be made, SettingError where that is in ``named``.
    """
    parent = named or Path(tempfile.gettempdir())
    if named is None and _is_in_memory(parent.resolve()) and os.access(_ON_DISK, os.W_OK):
        parent = _ON_DISK
    before, tempfile.tempdir = tempfile.tempdir, str(parent.resolve())
    try:
        made = TemporaryFolder()
    except TemporaryFolderError as error:
        if named is None:
            raise
        why = getattr(error.__cause__, "strerror", error)
        raise SettingError(
            f"--folder {shown_path(named)} cannot be written to: {why}. Name another folder, or"
            " leave --folder out"
        ) from error
    finally:
        tempfile.tempdir = before
    with made as folder:
        yield folder


def room_in(folder: Path) -> FolderRoom:
    """Return what room there is in a folder."""
    return FolderRoom(shutil.disk_usage(folder).free, _WANTED, _is_in_memory(folder.resolve()))


def _is_in_memory(folder: Path) -> bool:
    """Return whether the file system of a folder is one in memory, as far as the system tells."""
    if not _MOUNTS.exists():
        return False
    kinds = {}
    for line in _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines():
        _, where, kind, *_ = line.split(" ")
        kinds[Path(where)] = kind
    return next((kinds[one] for one in (folder, *folder.parents) if one in kinds), "") in _IN_MEMORY
