"""Make the file that is upgraded: a stored database filled to a size, set up as users have it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.connections.connection import connect_file
from pytest_pmd_migrations.files.file_content import write_content
from pytest_pmd_migrations.files.temporary_folder import told_full
from pytest_pmd_migrations.fill import fill_empty_tables
from pytest_pmd_migrations.forecast.measured_upgrade import upgrade_file
from pytest_pmd_migrations.forecast.multiply_rows import FilledTables, multiply_rows
from pytest_pmd_migrations.forecast.row_targets import RowTargets
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version

__all__ = [
    "FileSettings",
    "copied_file",
    "fill_file",
    "settings_of_new",
    "start_image",
    "start_name",
]

_PAGE_SIZE = slice(16, 18)
_READ_VERSION = 19
_WAL = 2
_LARGEST_PAGE_MARK, _LARGEST_PAGE = 1, 65536
_AWAKE = "awake"
_WAKING = 10
"""Pages that are written one by one until a disk is as quick as in a program that uses it."""

_USUAL_PAGE = 4096
"""What SQLite takes where nobody says otherwise. https://www.sqlite.org/pragma.html"""


@dataclass(frozen=True)
class FileSettings:
    """What of a database's settings is in its file; 0 keeps the page size that is stored."""

    journal_mode: str = "delete"
    page_size: int = 0


def start_image(history: History, version: int) -> Image:
    """Return the database before a step: the stored one, else a fresh one with generated rows.

    Of several stored ones it is that without a variant, as it has rows in every table.
    """
    before, stored = history.application.before(version), _stored_before(history, version)
    if stored is not None:
        return history.store.read(stored)
    image = history.fresh.image(before)
    if not image.size:
        return image
    with closing(image.connect()) as conn:
        fill_empty_tables(conn, seed=before, ignore=history.rules.unfilled_patterns)
        return Image.of_connection(conn)


def _stored_before(history: History, version: int) -> SnapshotName | None:
    """Return the stored database that a step is measured from; None where it is a fresh one."""
    before = history.application.before(version)
    return next((name for name in history.store.names if name.version == before), None)


def start_name(history: History, version: int) -> str:
    """Return what to call the database that a step is measured from, whose rows are copied."""
    stored, before = _stored_before(history, version), history.application.before(version)
    return f"a fresh {format_version(before)}" if stored is None else f"{stored}.db"


def settings_of_new(application: Application, folder: Path) -> FileSettings:
    """Return the settings that a new database of the application's has, made in ``folder``.

    What is stored does not tell them: snapshots have small pages and a rollback journal.
    """
    path = folder / "new.db"
    with suppress(Exception):
        # A step that fails is told where it is measured.
        upgrade_file(application, path, application.versions[0])
    try:
        with path.open("rb") as file:
            header = file.read(_READ_VERSION + 1)
    except FileNotFoundError:
        header = b""
    for left in folder.glob("new.db*"):
        left.unlink()
    mode = "wal" if header[_READ_VERSION:] == bytes([_WAL]) else "delete"
    page_size = int.from_bytes(header[_PAGE_SIZE], "big") or _USUAL_PAGE
    return FileSettings(mode, _LARGEST_PAGE if page_size == _LARGEST_PAGE_MARK else page_size)


def fill_file(
    history: History,
    image: Image,
    path: Path,
    targets: RowTargets,
    rows: int,
    *,
    settings: FileSettings,
    kept: Collection[str] = (),
) -> FilledTables:
    """Write ``image`` to ``path``, filled so that the largest table has ``rows``."""
    with told_full(path.parent):
        write_content(image.stored, path)
        with closing(connect_file(path, image.preparation, pragma="synchronous = OFF")) as conn:
            conn.isolation_level = None
            # A journal on the disk would be for nothing: the file is made anew where this fails.
            conn.execute("PRAGMA journal_mode = MEMORY")
            if settings.page_size:
                conn.execute(f"PRAGMA page_size = {settings.page_size}")
                conn.execute("VACUUM")
            ignore = history.rules.unfilled_patterns
            filled = multiply_rows(conn, targets, rows, ignore=ignore, kept=kept)
            conn.execute(f"PRAGMA journal_mode = {settings.journal_mode}")
        # Else the system would write it while upgrades of its copies are measured.
        _write_to_disk(path)
    return filled


@contextmanager
def copied_file(path: Path) -> Iterator[Path]:
    """Give a copy of a file that is on the disk whole, and remove all of it at the end.

    It is given when the disk is awake and has nothing else to write: just after a large copy, and
    after a pause, each fsync takes up to twice as long. No user's upgrade begins with either.
    """
    copy = path.with_name(f"copy-of-{path.name}")
    with told_full(path.parent):
        shutil.copyfile(path, copy)
        _write_to_disk(copy)
        _wake_disk(path.with_name(_AWAKE))
    try:
        yield copy
    finally:
        for left in path.parent.glob(f"{copy.name}*"):
            left.unlink()


def _wake_disk(path: Path) -> None:
    """Write a page to the disk, and remove it, as a journal is, again and again."""
    for _ in range(_WAKING):
        path.write_bytes(bytes(_USUAL_PAGE))
        _write_to_disk(path)
        path.unlink()


def _write_to_disk(path: Path) -> None:
    file = os.open(path, os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)
