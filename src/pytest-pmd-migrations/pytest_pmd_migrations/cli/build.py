"""Build the snapshots that are missing: upgraded, compared with fresh, and filled."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

import click

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import EMPTY, take_step
from pytest_pmd_migrations.cli.locking import locked_lines, updated_lock
from pytest_pmd_migrations.cli.project import UnusableError
from pytest_pmd_migrations.cli.survey import find_problems, has_twin, is_released, read_sound
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.fill import fill_empty_tables
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import count_rows
from pytest_pmd_migrations.schema import Schema, read_schema
from pytest_pmd_migrations.schema.showing.lines import count_differences, diff_lines
from pytest_pmd_migrations.snapshots.lock import Lock, write_lock
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.snapshots.twin import twin_sql
from pytest_pmd_migrations.snapshots.write import canonical_image, replace_file
from pytest_pmd_migrations.wording import counted, shown_path

__all__ = ["Built", "build_missing", "write_built"]


@dataclass(frozen=True)
class Built:
    """Everything that is to be written for one history, and what was noticed while building it."""

    history: History
    images: Mapping[SnapshotName, Image]
    twins: Mapping[SnapshotName, str]
    lock: Lock
    said: tuple[str, ...]


def build_missing(history: History, *, rewrite: int | None) -> Built:
    """Build every missing snapshot, text twin and lock line; nothing is written yet.

    ``rewrite`` is a version whose snapshot is built anew, and with it those of all later versions,
    which were built from it. Raises UnusableError where there is no such version,
    ClickException where it or a later one is released, where something is wrong that building
    does not mend, and where upgraded and fresh differ.
    """
    wanted = _wanted(history, rewrite)
    left = [one for one in find_problems(history, anew=wanted) if one.mended_by != "snapshot"]
    if left:
        lines = "\n".join(problem.text for problem in left)
        raise click.ClickException(f"nothing was built, since this must be mended first:\n{lines}")
    images = {name: read_sound(history, name) for name in history.stored if name not in wanted}
    said: list[str] = []
    for name in wanted:
        images[name], lines_said = _build(history, name, images)
        said.extend(lines_said)
    twins = {}
    for name, image in images.items():
        with closing(image.connect()) as conn:
            text = twin_sql(conn)
        if not has_twin(history, name, text):
            twins[name] = text
    lock = updated_lock(history, images, wanted)
    return Built(history, {name: images[name] for name in wanted}, twins, lock, tuple(said))


def write_built(built: Built) -> Iterator[str]:
    """Write what was built, the lock file last, and yield a line for each thing done.

    Each file is replaced whole. Raises SnapshotError where one cannot be written; called again
    after that, or after a kill, it ends alike.
    """
    history = built.history
    yield from built.said
    for name in sorted({*built.images, *built.twins}):
        if name in built.images:
            content = built.images[name].content
            replace_file(history.folder.file(name), content)
            yield f"wrote    {name}.db  {len(content) / 1024:.0f} KiB"
        if name in built.twins:
            replace_file(history.folder.twin(name), built.twins[name].encode())
            yield f"wrote    {name}.sql  text twin, for the reviewer's diff"
    if built.lock != history.lock:
        write_lock(history.lock_path, built.lock)
        yield from locked_lines(history.lock, built.lock)


def _wanted(history: History, rewrite: int | None) -> list[SnapshotName]:
    names = [SnapshotName(version) for version in history.versions]
    missing = {
        name for name in names if name not in history.stored and not is_released(history, name)
    }
    if rewrite is None:
        return sorted(missing)
    if rewrite not in history.versions:
        raise UnusableError(
            f"there is no version {format_version(rewrite)} to rewrite; versions are"
            f" {format_version(history.versions[0])}..{format_version(history.latest)}"
        )
    anew = [name for name in names if name.version >= rewrite]
    for name in anew:
        if is_released(history, name):
            which = f", and was built from {anew[0]}" if name is not anew[0] else ""
            raise click.ClickException(
                f"{name} is released{which}: nothing rewrites its snapshot. Put a change into a"
                ' new migration: pmd-migrations new "describe the change"'
            )
    return sorted(missing.union(anew))


def _build(
    history: History, name: SnapshotName, images: Mapping[SnapshotName, Image]
) -> tuple[Image, list[str]]:
    """Upgrade the newest older snapshot, compare it with fresh, and fill its empty tables."""
    older = [one for one in images if not one.variant and one.version < name.version]
    base = max(older, default=None)
    start = images[base] if base is not None else EMPTY
    with closing(start.connect()) as conn:
        kept = sum(count_rows(conn).values())
        for version in history.versions:
            if (base.version if base else 0) < version <= name.version:
                _step(history, conn, version, base)
        _refuse_difference(history, name, read_schema(conn), base=base)
        filled = fill_empty_tables(conn, ignore=history.ignore)
        image = canonical_image(Image.of_connection(conn))
    come = f"{base} (stored) -> {name} and fresh -> {name}" if base else f"fresh -> {name}"
    rows = f"{counted(kept, 'row')} kept, " if base else ""
    said = [f"built    {come}: same schema, {rows}{sum(filled.rows.values())} generated"]
    for table, reason in filled.failed.items():
        said.append(f"empty    {table}: no generated row fits ({reason})")
    if filled.failed:
        said.append(
            f"         to have rows there, copy {name}.db to {name}+rows.db, insert some and run"
            " pmd-migrations snapshot"
        )
    return image, said


def _step(
    history: History, conn: sqlite3.Connection, version: int, base: SnapshotName | None
) -> None:
    try:
        take_step(history.source, conn, version)
    except StepFailedError as error:
        where = history.source.location(version)
        raise click.ClickException(
            f"{shown_path(where.path)}:{where.line} fails, upgraded from {base or 'fresh'}; nothing"
            f" was written: {error}"
        ) from error


def _refuse_difference(
    history: History, name: SnapshotName, upgraded: Schema, *, base: SnapshotName | None
) -> None:
    diff = history.difference(upgraded, name.version)
    if diff:
        what = counted(count_differences(diff), "difference")
        lines = "\n".join(f"  {line}" for line in diff_lines(diff))
        raise click.ClickException(
            f"{base} upgraded to {name}: {what} from fresh {name}; nothing was written\n\n"
            f"{lines}\n\nMend the migration, so that both ways end alike."
        )
