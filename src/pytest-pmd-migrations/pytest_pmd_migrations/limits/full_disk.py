"""Tell a disk that became full while a step ran on a copy: no step is at fault."""

from __future__ import annotations

import shutil
from pathlib import Path

from pytest_pmd_migrations.files.temporary_folder import disk_full, is_disk_full
from pytest_pmd_migrations.messages.where_raised import list_chain

__all__ = ["refuse_full_disk"]

_MEGABYTE = 1024 * 1024
_LITTLE = 16


def refuse_full_disk(folder: Path, error: BaseException, *, megabytes: int = 1024) -> None:
    """Raise TemporaryFolderError where ``error`` says that the disk of ``folder`` is full.

    SQLite says the same where a database reached the size that was set for it: so it is believed
    where fewer ``megabytes`` are free. What the run took is free again when that is undone.
    """
    free = shutil.disk_usage(folder).free // _MEGABYTE
    for one in filter(is_disk_full, list_chain(error)):
        # The system may speak of another disk, to which the step wrote a file of its own.
        if free < (_LITTLE if isinstance(one, OSError) else megabytes):
            raise disk_full(folder) from error
