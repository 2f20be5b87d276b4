"""Look at what is stored without changing it: ``check`` and ``show``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.history import History
from pytest_pmd_migrations.results import version_results
from pytest_pmd_migrations.schema import Schema, compare, read_schema
from pytest_pmd_migrations.schema.render import render
from pytest_pmd_migrations.snapshots.lock import LOCK_FILE
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.snapshots.twin import twin_sql

__all__ = ["find_problems", "schema_difference"]

_BUILD = "pmd-migrations snapshot"


def find_problems(history: History) -> Iterator[str]:
    """Yield a line for every snapshot, twin and lock line that is missing or wrong."""
    broken = False
    for version in history.versions:
        name = SnapshotName(version)
        if name not in history.stored and name not in history.lock.snapshots:
            yield f"{name} has no snapshot.  {_BUILD}"
    for name in history.stored:
        problem = _stored_problem(history, name)
        if problem:
            broken = True
            yield problem
        elif name not in history.lock.snapshots:
            yield f"{name} is not in {LOCK_FILE}.  {_BUILD}"
    for name in history.lock.snapshots:
        if name not in history.stored:
            broken = True
            yield f"snapshot {name} is gone.  git checkout -- {history.folder.file(name).name}"
    yield from _line_problems(history, results=not broken)


def schema_difference(history: History, one: str, other: str) -> list[str]:
    """Return the lines that tell how the schemas of two versions or snapshots differ."""
    diff = compare(_schema(history, one), _schema(history, other))
    return render(diff, labels=(one, other))


def _schema(history: History, name: str) -> Schema:
    snapshot = SnapshotName.parse(name.zfill(4) if name.isdigit() else name)
    if not snapshot.variant and snapshot.version in history.versions:
        return history.fresh.schema(snapshot.version).without(history.ignore)
    with closing(history.snapshot(snapshot).connect()) as conn:
        return read_schema(conn).without(history.ignore)


def _stored_problem(history: History, name: SnapshotName) -> str:
    try:
        image = history.snapshot(name)
    except MigrationTestError as error:
        return str(error)
    twin = history.folder.twin(name)
    with closing(image.connect()) as conn:
        expected = twin_sql(conn)
    if not twin.is_file():
        return f"{twin.name} is missing.  git checkout -- {twin.name}"
    if twin.read_text(encoding="utf-8") != expected:
        return f"{twin.name} is not the text of {name}.db.  git checkout -- {twin.name}"
    return ""


def _line_problems(history: History, *, results: bool) -> Iterator[str]:
    lock = history.lock
    for version, line in lock.versions.items():
        if version not in history.versions and line.released:
            yield f"{line.file} was removed after release.  git checkout -- {line.file}"
    missing = [version for version in history.versions if version not in lock.versions]
    for version in missing:
        yield f"{format_version(version)} is not in {LOCK_FILE}.  {_BUILD}"
    if not results:
        return
    images = {name: history.snapshot(name) for name in history.stored}
    for version, result in version_results(history, images).items():
        recorded = lock.versions.get(version)
        if recorded is None:
            continue
        same_rows = all(
            recorded.rows.get(label, digest) == digest for label, digest in result.rows.items()
        )
        if result.schema == recorded.schema and same_rows:
            continue
        label, name = format_version(version), history.file_name(version)
        if recorded.released:
            look = f"pytest --migration-matrix -k {label}"
            yield f"{name} no longer does what it did at release.  {look}"
        else:
            yield f"{label} changed since its snapshot was made.  {_BUILD} --rewrite {label}"
