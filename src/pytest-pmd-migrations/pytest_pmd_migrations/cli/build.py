"""Build and write what is missing: snapshots, text twins and lock lines; ``snapshot``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

import click

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import EMPTY, take_step
from pytest_pmd_migrations.cli.problems import find_problems, shown_failure
from pytest_pmd_migrations.cli.project import UnusableError
from pytest_pmd_migrations.cli.survey import Survey, compare_twin, is_released, take_survey
from pytest_pmd_migrations.cli.update_lock_file import list_changes, updated_lock_file
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.fill import Filled, fill_empty_tables
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import LimitedRun
from pytest_pmd_migrations.rows import count_rows
from pytest_pmd_migrations.schema import Schema, read_schema
from pytest_pmd_migrations.schema.showing.lines import count_differences, diff_lines
from pytest_pmd_migrations.snapshots.lock_file import LockFile, write_lock_file
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start, format_version
from pytest_pmd_migrations.snapshots.twin import twin_sql
from pytest_pmd_migrations.snapshots.write import canonical_image, replace_file
from pytest_pmd_migrations.wording import counted

__all__ = ["Built", "build_missing", "write_built"]


@dataclass(frozen=True)
class Built:
    """Everything that is to be written for one application.

    ``lines`` say what was built, and which tables stayed empty.
    """

    survey: Survey
    images: Mapping[SnapshotName, Image]
    twins: Mapping[SnapshotName, str]
    lock_file: LockFile
    lines: tuple[str, ...]


def build_missing(history: History, *, rewrite: int | None) -> Built:
    """Build every missing snapshot, text twin and lock line; nothing is written yet.

    ``rewrite`` is a version whose snapshot is built anew, and with it those of all later versions,
    which were built from it. Raises UnusableError where there is no such version,
    ClickException where it or a later one is released, where something is wrong that building
    does not mend, and where upgraded and fresh differ.
    """
    survey = take_survey(history, rebuilt=_names_to_build(history, rewrite))
    problems = [
        problem.text for problem in find_problems(survey) if problem.mended_by != "snapshot"
    ]
    if problems:
        raise click.ClickException(
            "nothing was built, since this must be mended first:\n" + "\n".join(problems)
        )
    built: dict[SnapshotName, Image] = {}
    lines: list[str] = []
    for name in sorted(survey.rebuilt):
        built[name], told = _build(survey, name, built)
        lines.extend(told)
    twins = {
        name: stored.twin_text for name, stored in survey.snapshots.items() if stored.twin != "same"
    }
    for name, image in built.items():
        with closing(image.connect()) as conn:
            text = twin_sql(conn)
        if compare_twin(history, name, text) != "same":
            twins[name] = text
    lock_file = updated_lock_file(survey.with_built(built), built)
    return Built(survey, built, twins, lock_file, tuple(lines))


def write_built(built: Built) -> Iterator[str]:
    """Write what was built, the lock file last, and yield a line for each thing done.

    Each file is replaced whole. Raises SnapshotError where one cannot be written; writing
    what was built again, after that or after a kill, gives the same files.
    """
    store = built.survey.history.store
    yield from built.lines
    for name in sorted({*built.images, *built.twins}):
        if name in built.images:
            content = built.images[name].content
            replace_file(store.folder.file(name), content)
            yield f"wrote    {name}.db  {len(content) / 1024:.0f} KiB"
        if name in built.twins:
            replace_file(store.folder.twin(name), built.twins[name].encode())
            yield f"wrote    {name}.sql  text twin, for the reviewer's diff"
    if built.lock_file != built.survey.lock_file:
        write_lock_file(store.lock_path, built.lock_file)
        yield from list_changes(built.survey.lock_file, built.lock_file)


def _names_to_build(history: History, rewrite: int | None) -> list[SnapshotName]:
    names = [SnapshotName(version) for version in history.application.versions]
    missing = {
        name
        for name in names
        if name not in history.store.names and not is_released(history, name.version)
    }
    if rewrite is None:
        return sorted(missing)
    if rewrite not in history.application.versions:
        raise UnusableError(
            f"there is no version {format_version(rewrite)} to rewrite; versions are"
            f" {history.application.span}"
        )
    anew = [name for name in names if name.version >= rewrite]
    for name in anew:
        if is_released(history, name.version):
            which = f", and was built from {anew[0]}" if name is not anew[0] else ""
            raise click.ClickException(
                f"{name} is released{which}: nothing rewrites its snapshot. Put a change into a"
                ' new migration: pmd-migrations new "describe the change"'
            )
    return sorted(missing.union(anew))


def _build(
    survey: Survey, name: SnapshotName, built: Mapping[SnapshotName, Image]
) -> tuple[Image, list[str]]:
    """Upgrade the newest older snapshot, compare it with fresh, and fill its empty tables.

    Takes the steps again on one open connection, which the runner may have prepared (loaded
    modules, functions): the connection of the survey's walk is closed. Returns the snapshot, and
    the lines that tell of it.
    """
    base, image = _newest_before(survey, name, built)
    with closing(image.connect()) as conn:
        kept = sum(count_rows(conn).values())
        for version in survey.history.application.versions:
            if base.version < version <= name.version:
                _take_step(survey.history, conn, version, base)
        _refuse_difference(survey, name, read_schema(conn), base)
        filled = _fill(survey.history, conn, name)
        image = canonical_image(Image.of_connection(conn))
    way = f"{FRESH} -> {name}"
    rows = ""
    if base != FRESH:
        way = f"{base} (stored) -> {name} and {way}"
        rows = f"{counted(kept, 'row')} kept, "
    lines = [f"built    {way}: same schema, {rows}{sum(filled.rows.values())} generated"]
    for table, reason in filled.failed.items():
        lines.append(f"empty    {table}: no generated row fits ({reason})")
    if filled.failed:
        lines.append(
            f"         to have rows there, copy {name}.db to {name}+rows.db, insert some and run"
            " pmd-migrations snapshot"
        )
    return image, lines


def _fill(history: History, conn: sqlite3.Connection, name: SnapshotName) -> Filled:
    """Fill the empty tables; triggers of the application's may run for ever."""
    limited = LimitedRun(conn, history.step_limits(name), "fill")
    filled = Filled({}, {})
    try:
        with limited:
            filled = fill_empty_tables(conn, ignore=history.rules.ignore_patterns)
    except BaseException:
        if limited.stopped is None:
            raise
    if limited.stopped is not None:
        raise click.ClickException(
            f"rows for {name} cannot be generated; inserting them {limited.stopped.what}. Nothing"
            f" was written. Look at its triggers. {limited.stopped.advice}"
        )
    return filled


def _newest_before(
    survey: Survey, name: SnapshotName, built: Mapping[SnapshotName, Image]
) -> tuple[Start, Image]:
    """Return the newest older snapshot that is no variant, stored or just built; else fresh."""
    images = {other: stored.image for other, stored in survey.snapshots.items()} | dict(built)
    older = [other for other in images if not other.variant and other.version < name.version]
    if not older:
        return FRESH, EMPTY
    return max(older), images[max(older)]


def _take_step(history: History, conn: sqlite3.Connection, version: int, base: Start) -> None:
    try:
        limits = history.step_limits(base)
        take_step(history.application.source, conn, version, limits=limits)
    except StepFailedError as error:
        what = shown_failure(history, error, str(base), outcome="; nothing was written")
        raise click.ClickException(what) from error


def _refuse_difference(survey: Survey, name: SnapshotName, upgraded: Schema, base: Start) -> None:
    diff = survey.history.rules.difference(upgraded, survey.fresh_schemas[name.version])
    if diff:
        what = counted(count_differences(diff), "difference")
        lines = "\n".join(f"  {line}" for line in diff_lines(diff))
        raise click.ClickException(
            f"{base} upgraded to {name}: {what} from fresh {name}; nothing was written\n\n"
            f"{lines}\n\nMend the migration, so that both ways end alike."
        )
