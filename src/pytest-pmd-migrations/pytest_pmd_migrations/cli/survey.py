"""What is missing or wrong among snapshots and lock lines, each with what mends it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import lineage_rows, lineage_starts
from pytest_pmd_migrations.errors import SnapshotError, StepFailedError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots.lock_file import LOCK_FILE
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start, format_version
from pytest_pmd_migrations.snapshots.twin import twin_sql
from pytest_pmd_migrations.wording import shown_path

__all__ = ["Problem", "find_problems", "has_twin", "is_released", "read_sound"]

_BUILD = "pmd-migrations snapshot"


@dataclass(frozen=True)
class Problem:
    """One thing that is missing or wrong.

    ``version`` is the version it is about. ``mended_by`` is the command that mends it, "snapshot"
    or "release"; empty where a person must, and ``text`` says how.
    """

    version: int
    text: str
    mended_by: Literal["snapshot", "release", ""] = ""


def find_problems(history: History, *, anew: Collection[SnapshotName] = ()) -> Iterator[Problem]:
    """Yield what is missing or wrong; nothing of what is stored of ``anew`` is looked at.

    Raises LockFileError when the lock file cannot be read, SnapshotError when a stored file's
    name is none.
    """
    images: dict[SnapshotName, Image] = {}
    expected = {
        *map(SnapshotName, history.application.versions),
        *history.store.names,
        *history.store.lock_file.snapshots,
    }
    for name in sorted(expected.difference(anew)):
        if name not in history.store.names:
            yield _missing(history, name)
            continue
        try:
            images[name] = read_sound(history, name)
        except SnapshotError as error:
            mend = "" if is_released(history, name) else _rewrite(history, name)
            yield Problem(name.version, f"{error}{mend}")
            continue
        yield from _stored_problems(history, name, images[name])
    rewritten = {name.version for name in anew}
    yield from _line_problems(history)
    yield from _result_problems(history, images, rewritten)


def read_sound(history: History, name: SnapshotName) -> Image:
    """Return a stored snapshot, verified, whose every page can be read.

    Raises SnapshotError where it is not so.
    """
    image = history.store.read(name)
    with closing(image.connect()) as conn:
        try:
            found = str(conn.execute("PRAGMA integrity_check").fetchone()[0])
        except sqlite3.DatabaseError as error:
            found = str(error)
    if found != "ok":
        raise SnapshotError(
            f"snapshot {name} is corrupt: {shown_path(history.store.folder.file(name))}:"
            f" {found.splitlines()[-1]}."
            " Restore it from version control."
        )
    return image


def has_twin(history: History, name: SnapshotName, text: str) -> bool:
    """Return whether ``text`` is what is stored as the snapshot's text twin.

    Raises SnapshotError where something is there that cannot be read.
    """
    twin = history.store.folder.twin(name)
    try:
        return twin.exists() and twin.read_bytes().replace(b"\r\n", b"\n") == text.encode()
    except OSError as error:
        raise SnapshotError(
            f"the text twin of snapshot {name} cannot be read: {shown_path(twin)}:"
            f" {error.strerror}. Restore it from version control."
        ) from error


def is_released(history: History, name: SnapshotName) -> bool:
    """Return whether the snapshot's version is released."""
    line = history.store.lock_file.versions.get(name.version)
    return line is not None and line.released


def _rewrite(history: History, name: SnapshotName) -> str:
    if name.variant or name.version not in history.application.versions:
        return ""
    return f" Or build it anew.  {_BUILD} --rewrite {name}"


def _missing(history: History, name: SnapshotName) -> Problem:
    if name.variant or is_released(history, name):
        file = shown_path(history.store.folder.file(name))
        return Problem(name.version, f"snapshot {name} is gone.  git checkout -- {file}")
    what = (
        f"snapshot {name} is gone"
        if name in history.store.lock_file.snapshots
        else f"{name} has no snapshot"
    )
    return Problem(name.version, f"{what}.  {_BUILD}", mended_by="snapshot")


def _stored_problems(history: History, name: SnapshotName, image: Image) -> Iterator[Problem]:
    if name not in history.store.lock_file.snapshots:
        yield Problem(
            name.version, f"{name} is not in {LOCK_FILE}.  {_BUILD}", mended_by="snapshot"
        )
    twin = history.store.folder.twin(name)
    with closing(image.connect()) as conn:
        text = twin_sql(conn)
    try:
        if not has_twin(history, name, text):
            what = f"is not the text of {name}.db" if twin.exists() else "is missing"
            yield Problem(name.version, f"{twin.name} {what}.  {_BUILD}", mended_by="snapshot")
    except SnapshotError as error:
        yield Problem(name.version, str(error))


def _line_problems(history: History) -> Iterator[Problem]:
    lock, newest = history.store.lock_file, history.store.lock_file.newest_released
    for version, line in sorted(lock.versions.items()):
        label = format_version(version)
        if version not in history.application.versions:
            if line.released:
                file = (
                    history.application.source.location(history.application.latest).path.parent
                    / line.file
                )
                mend = f"git checkout -- {shown_path(file)}"
                yield Problem(version, f"{line.file} was removed after release.  {mend}")
            else:
                what = f"{LOCK_FILE} has {label}, which the source has not"
                yield Problem(version, f"{what}.  {_BUILD}", mended_by="snapshot")
        elif not line.released and version < newest:
            what = f"{label} is not released, but {format_version(newest)} is"
            mend = f"pmd-migrations release {label}"
            yield Problem(version, f"{what}.  {mend}", mended_by="release")
    for version in history.application.versions:
        if version in lock.versions:
            continue
        if version < newest:
            what = (
                f"{history.application.file_name(version)} was inserted before"
                f" {format_version(newest)}, which is released: databases at it never run"
                f" {format_version(version)}"
            )
            yield Problem(version, f"{what}.  Give it the next free number")
        elif SnapshotName(version) in lock.snapshots:
            what = f"{format_version(version)} has no line in {LOCK_FILE}"
            yield Problem(version, f"{what}.  {_BUILD}", mended_by="snapshot")


def _result_problems(
    history: History, images: Mapping[SnapshotName, Image], rewritten: Collection[int]
) -> Iterator[Problem]:
    """Yield the steps that fail, and the versions that do not give what is recorded."""
    rows: dict[int, dict[Start, str]] = {version: {} for version in history.application.versions}
    failures: dict[int, dict[Start, StepFailedError]] = {}
    for start, image in lineage_starts(images).items():
        try:
            for version, digest in lineage_rows(history, image):
                rows[version][start] = digest
        except StepFailedError as error:
            failures.setdefault(error.version, {})[start] = error
    for version, errors in sorted(failures.items()):
        where = history.application.source.location(version)
        starts = ", ".join(map(str, errors))
        what = f"{shown_path(where.path)}:{where.line} fails, upgraded from {starts}"
        yield Problem(version, f"{what}: {next(iter(errors.values()))}")
    for version in history.application.versions:
        recorded = history.store.lock_file.versions.get(version)
        if recorded is None or version in rewritten or version in failures:
            continue
        same = all(recorded.rows.get(start, now) == now for start, now in rows[version].items())
        built = FRESH in rows[version]
        if same and (not built or history.fresh.schema(version).fingerprint == recorded.schema):
            continue
        label = format_version(version)
        if recorded.released:
            what = f"{history.application.file_name(version)} no longer does what it did at release"
            yield Problem(version, f"{what}.  pytest --migration-matrix -k {label}")
        else:
            what = f"{label} changed since its snapshot was made"
            yield Problem(version, f"{what}.  {_BUILD} --rewrite {label}")
            # It builds those of all later versions anew too.
            return
