"""Build the snapshots that are missing, and their lock lines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import replace

import click

from pytest_pmd_migrations.fill import fill_empty_tables
from pytest_pmd_migrations.history import History
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.lineage import EMPTY, take_step
from pytest_pmd_migrations.results import Result, version_line, version_results
from pytest_pmd_migrations.rows import count_rows
from pytest_pmd_migrations.schema import Schema, compare, read_schema
from pytest_pmd_migrations.schema.render import render
from pytest_pmd_migrations.snapshots.lock import (
    Lock,
    SnapshotLine,
    VersionLine,
    content_digest,
    write_lock,
)
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.snapshots.write import canonical_image, write_snapshot
from pytest_pmd_migrations.wording import counted

__all__ = ["build_snapshots"]

Say = Callable[[str], None]


def build_snapshots(history: History, *, rewrite: int | None, say: Say) -> bool:
    """Build every missing snapshot (and version ``rewrite`` anew), and bring the lock up to date.

    Writes ``.db`` and ``.sql`` files and ``frozen.toml``; never a released snapshot. Returns
    whether anything was written. Raises ClickException where upgraded and fresh differ, where
    ``rewrite`` is released or no version, and where a released snapshot is gone.
    """
    wanted = _wanted(history, rewrite)
    images = {name: history.snapshot(name) for name in history.stored if name not in wanted}
    for name in wanted:
        images[name] = _build(history, name, images, say)
    lock = _updated_lock(history, images, wanted)
    # Only now, when nothing can be refused any more.
    for name in wanted:
        _store(history, name, images[name], say)
    if lock == history.lock:
        return bool(wanted)
    write_lock(history.lock_path, lock)
    for version in sorted(lock.versions):
        old, new = history.lock.versions.get(version), lock.versions[version]
        if old is None or old.schema != new.schema or SnapshotName(version) in wanted:
            say(f"locked   {history.lock_path.name}  {format_version(version)} {new.schema[:15]}")
    return True


def _wanted(history: History, rewrite: int | None) -> list[SnapshotName]:
    names = [SnapshotName(version) for version in history.versions]
    wanted = [name for name in names if name not in history.stored]
    for name in wanted:
        line = history.lock.versions.get(name.version)
        if line is not None and line.released:
            raise click.ClickException(
                f"{name} is released and its snapshot is gone: {history.folder.file(name)}."
                " Another one would not be the same; restore it from version control"
            )
    if rewrite is None:
        return wanted
    if rewrite not in history.versions:
        raise click.ClickException(
            f"there is no version {format_version(rewrite)} to rewrite; versions are"
            f" {format_version(history.versions[0])}..{format_version(history.latest)}"
        )
    line = history.lock.versions.get(rewrite)
    if line is not None and line.released:
        raise click.ClickException(
            f"{format_version(rewrite)} is released: nothing rewrites its snapshot. Put a change"
            ' into a new migration: pmd-migrations new "describe the change"'
        )
    return sorted({*wanted, SnapshotName(rewrite)})


def _build(
    history: History, name: SnapshotName, images: Mapping[SnapshotName, Image], say: Say
) -> Image:
    """Upgrade the newest older snapshot, compare it with fresh, and fill it."""
    older = [one for one in images if not one.variant and one.version < name.version]
    base = max(older, default=None)
    start = images[base] if base is not None else EMPTY
    with closing(start.connect()) as conn:
        kept = sum(count_rows(conn).values())
        for version in history.versions:
            if (base.version if base else 0) < version <= name.version:
                take_step(history.source, conn, version)
        _refuse_difference(history, name, read_schema(conn), base=base)
        filled = fill_empty_tables(conn, ignore=history.ignore)
        image = canonical_image(Image.of_connection(conn))
    come = f"{base} (stored) -> {name} and fresh -> {name}" if base else f"fresh -> {name}"
    made = sum(filled.rows.values())
    rows = f"{counted(kept, 'row')} kept, " if base else ""
    say(f"built    {come}: same schema, {rows}{made} generated")
    for table, reason in filled.failed.items():
        say(f"empty    {table}: no generated row fits ({reason}); insert some by hand")
    return image


def _store(history: History, name: SnapshotName, image: Image, say: Say) -> None:
    file = history.folder.file(name)
    with closing(image.connect()) as conn:
        stored = write_snapshot(conn, file)
    say(f"wrote    {file.name}  {len(stored.content) / 1024:.0f} KiB")
    say(f"wrote    {file.with_suffix('.sql').name}  text twin, for the reviewer's diff")


def _refuse_difference(
    history: History, name: SnapshotName, upgraded: Schema, *, base: SnapshotName | None
) -> None:
    diff = compare(
        upgraded.without(history.ignore),
        history.fresh.schema(name.version).without(history.ignore),
    )
    if diff:
        what = counted(len(diff.differences), "difference")
        lines = "\n".join(f"  {line}" for line in render(diff))
        raise click.ClickException(
            f"{base} upgraded to {name}: {what} from fresh {name}; nothing was written for it\n\n"
            f"{lines}\n\nMend the migration, so that both ways end alike."
        )


def _updated_lock(
    history: History,
    images: Mapping[SnapshotName, Image],
    rewritten: Collection[SnapshotName],
) -> Lock:
    results = version_results(history, images)
    lock = history.lock
    for version, result in results.items():
        lock = lock.with_version(version, _line(history, version, result, rewritten))
    for name, image in images.items():
        if name in lock.snapshots and name not in rewritten:
            continue
        with closing(image.connect()) as conn:
            line = SnapshotLine(content_digest(image.content), count_rows(conn))
        lock = lock.with_snapshot(name, line)
    return lock


def _line(
    history: History, version: int, result: Result, rewritten: Collection[SnapshotName]
) -> VersionLine:
    """Return the version's lock line: what is recorded stays, what is new is added."""
    new = version_line(history, version, result, released=False)
    old = history.lock.versions.get(version)
    if old is None or (SnapshotName(version) in rewritten and not old.released):
        return new
    names = {str(name) for name in rewritten}
    kept = {label: digest for label, digest in old.rows.items() if label not in names}
    return replace(old, rows={**new.rows, **kept})
