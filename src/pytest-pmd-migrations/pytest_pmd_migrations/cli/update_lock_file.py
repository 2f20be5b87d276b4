"""Update the lock file: keep recorded lines, add lines for new versions and snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing

from pytest_pmd_migrations.application.recorded import version_line
from pytest_pmd_migrations.cli.survey import Survey
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
from pytest_pmd_migrations.sources.abilities import goes_to_latest_only

__all__ = ["list_changes", "updated_lock_file"]


def updated_lock_file(survey: Survey, built: Mapping[SnapshotName, Image]) -> LockFile:
    """Return the lock file with a line for every version and every snapshot, stored or built.

    ``survey`` includes the lineages of what was built (:meth:`Survey.with_built`). What was to be
    built and was not keeps the lines that it has, or gets none. Lines of versions that the source
    no longer has, and never released, go.
    """
    old = survey.lock_file
    held_back = survey.rebuilt.difference(built)
    kept = goes_to_latest_only(survey.history.application.source)
    versions = {v: line for v, line in old.versions.items() if line.released or kept}
    for version in survey.history.application.versions:
        if SnapshotName(version) not in held_back:
            versions[version] = _version_line(survey, version, built)
        elif version in old.versions:
            versions[version] = old.versions[version]
    images = {name: stored.image for name, stored in survey.snapshots.items()} | dict(built)
    # What is wrong with a variant is told, and its line stays.
    kept_names = held_back.union(images)
    snapshots = {n: line for n, line in old.snapshots.items() if n in kept_names or n.variant}
    for name, image in images.items():
        if name not in snapshots or name in built or name == survey.stored_again:
            snapshots[name] = _snapshot_line(old, name, image)
    return LockFile(versions, snapshots)


def list_changes(old: LockFile, new: LockFile) -> Iterator[str]:
    """Yield what the command says of every lock line that came, changed or went."""
    for version, line in sorted(new.versions.items()):
        if old.versions.get(version) != line:
            yield f"locked   {LOCK_FILE}  {format_version(version)} {line.schema[:15]}"
    for name, stored in sorted(new.snapshots.items()):
        if name.variant and old.snapshots.get(name) != stored:
            yield f"locked   {LOCK_FILE}  {name} {stored.digest[:15]}"
    gone = {*map(SnapshotName, old.versions), *old.snapshots}
    for name in sorted(gone.difference(map(SnapshotName, new.versions), new.snapshots)):
        yield f"dropped  {LOCK_FILE}  {name}"


def _snapshot_line(old: LockFile, name: SnapshotName, image: Image) -> SnapshotLine:
    with closing(image.connect()) as conn:
        rows = count_rows(conn)
    late = bool(name.variant) and name.version <= old.newest_released
    return SnapshotLine(content_digest(image.stored), rows, released=not late)


def _version_line(survey: Survey, version: int, built: Mapping[SnapshotName, Image]) -> VersionLine:
    """Return a version's line: a new one, or the old one with the rows of new lineages."""
    new = version_line(survey.history, version, survey.result(version), released=False)
    old = survey.lock_file.versions.get(version)
    if old is None or SnapshotName(version) in built:
        return new
    renewed = {*built, survey.stored_again}
    kept = {start: digest for start, digest in old.rows.items() if start not in renewed}
    # The digests of one line leave out the same columns, whichever lineage came later.
    told = old if old.rows else new
    return old._replace(rows={**new.rows, **kept}, volatile=told.volatile, marks=told.marks)
