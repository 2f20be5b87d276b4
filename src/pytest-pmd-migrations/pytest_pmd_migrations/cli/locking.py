"""The lock file brought up to date: what is recorded stays, what is new is added."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import replace

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import VersionResult, version_line, version_results
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import count_rows
from pytest_pmd_migrations.snapshots.lock_file import (
    LOCK_FILE,
    LockFile,
    SnapshotLine,
    VersionLine,
    content_digest,
)
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version

__all__ = ["locked_lines", "updated_lock"]


def updated_lock(
    history: History,
    images: Mapping[SnapshotName, Image],
    anew: Collection[SnapshotName],
) -> LockFile:
    """Return the lock with a line for every version and every image; those of ``anew`` are new.

    Lines of versions that the source no longer has, and never released, go.
    """
    results = version_results(history, images)
    old = history.store.lock_file
    versions = {version: line for version, line in old.versions.items() if line.released}
    for version, result in results.items():
        versions[version] = _version_line(history, version, result, anew)
    snapshots = {name: line for name, line in old.snapshots.items() if name in images}
    for name, image in images.items():
        if name not in snapshots or name in anew:
            with closing(image.connect()) as conn:
                snapshots[name] = SnapshotLine(content_digest(image.content), count_rows(conn))
    return LockFile(versions, snapshots)


def locked_lines(old: LockFile, new: LockFile) -> Iterator[str]:
    """Yield a line for every line of the lock that came, changed or went."""
    for version, line in sorted(new.versions.items()):
        if old.versions.get(version) != line:
            yield f"locked   {LOCK_FILE}  {format_version(version)} {line.schema[:15]}"
    for name, stored in sorted(new.snapshots.items()):
        if name.variant and old.snapshots.get(name) != stored:
            yield f"locked   {LOCK_FILE}  {name} {stored.digest[:15]}"
    gone = {*map(SnapshotName, old.versions), *old.snapshots}
    for name in sorted(gone.difference(map(SnapshotName, new.versions), new.snapshots)):
        yield f"dropped  {LOCK_FILE}  {name}"


def _version_line(
    history: History, version: int, result: VersionResult, anew: Collection[SnapshotName]
) -> VersionLine:
    new = version_line(history, version, result, released=False)
    old = history.store.lock_file.versions.get(version)
    if old is None or SnapshotName(version) in anew:
        return new
    kept = {start: digest for start, digest in old.rows.items() if start not in anew}
    return replace(old, rows={**new.rows, **kept})
