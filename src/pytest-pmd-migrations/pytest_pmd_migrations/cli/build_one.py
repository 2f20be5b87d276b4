"""Build one snapshot: upgrade the one before it, judge the result, fill its empty tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.known_layouts import known_layout
from pytest_pmd_migrations.application.lost_rows import count_lost_rows
from pytest_pmd_migrations.application.recorded import digest_rows
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.application.timed_run import TimedRun
from pytest_pmd_migrations.application.upgrade import take_step
from pytest_pmd_migrations.application.varying_schema import (
    find_varying_schema,
    told_varying_schema,
)
from pytest_pmd_migrations.cli.built_from import Base
from pytest_pmd_migrations.cli.failed_steps import shown_failure
from pytest_pmd_migrations.cli.refuse_broken import Soundness
from pytest_pmd_migrations.cli.refuse_varying import BuiltRun
from pytest_pmd_migrations.cli.survey import Survey
from pytest_pmd_migrations.errors import HOW_TO_PREPARE, StepFailedError
from pytest_pmd_migrations.files.kept_bytes import Kept, keep, paragraphs, put_aside
from pytest_pmd_migrations.fill import ColumnsBefore, Filled, columns_of, fill_empty_tables
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import LimitedRun
from pytest_pmd_migrations.messages.wording import counted, wrap_text
from pytest_pmd_migrations.rows import (
    Integrity,
    RowFinding,
    check_integrity,
    count_rows,
    stray_findings,
)
from pytest_pmd_migrations.rows.present_time import TimeSpan
from pytest_pmd_migrations.rows.substitute_names import nameable
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.rows.unread_tables import NOT_LOADED
from pytest_pmd_migrations.schema import SchemaDiff, read_schema, stored_text
from pytest_pmd_migrations.schema.missing_names import named_by
from pytest_pmd_migrations.schema.reading.stand_ins import missing_name
from pytest_pmd_migrations.schema.reading.stored_rows import stored_objects
from pytest_pmd_migrations.schema.showing.lines import count_differences, diff_lines
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start
from pytest_pmd_migrations.snapshots.twin import twin_sql
from pytest_pmd_migrations.snapshots.write import canonical_image
from pytest_pmd_migrations.sources.applied.bookkeeping import bookkeeping_of

__all__ = ["BuiltSnapshot", "build_snapshot"]


@dataclass(frozen=True)
class BuiltSnapshot:
    """A snapshot and text twin as they will be stored, and its run.

    ``lines`` say how it was built, ``empty`` what stayed empty and why, or has no value or one row
    alone, and ``how_to_fill`` what to do then; that is empty where nothing is told.
    """

    image: Image
    twin_text: Kept
    run: BuiltRun
    lines: tuple[str, ...]
    empty: tuple[str, ...]
    how_to_fill: str


def build_snapshot(survey: Survey, name: SnapshotName, base: Base) -> BuiltSnapshot:
    """Upgrade ``base`` to the version of ``name``, compare it with fresh, fill its empty tables.

    Takes the steps again on one open connection, which the runner may have prepared (loaded
    modules, functions): the connection of the survey's walk is closed. Raises StepFailedError
    where a step fails from a snapshot; ClickException where one fails from nothing, or leaves a
    database that a check of the stored file would call broken, and where upgraded and fresh differ.
    """
    history = survey.history
    lost, dice = 0, list[str]()
    since = datetime.now(UTC)
    with closing(base.image.connect()) as conn:
        rows = _count_rows(history, conn)
        columns = columns_of(list_tables(conn, ignore=history.rules.ignore_patterns).values())
        step = Step(base.version, None, base.image, conn, layout=known_layout(base.image, conn))
        first, soundness = step.layout, Soundness(history, base.start, step)
        for version in history.application.versions:
            if base.version < version <= name.version:
                before, step = step.after, _take_step(history, step, version, base)
                dice.extend(_told_dice(history, step))
                soundness.refuse_broken(step)
                lost += count_lost_rows(history, before, step)
        _refuse_difference(survey, name, step, base.start)
        span = TimeSpan(since, datetime.now(UTC))
        changed = step.layout.changed_tables(first) if step.layout and first else None
        timed = TimedRun(base.start, base.image, step.after, span, changed)
        run = BuiltRun(timed, digest_rows(history, conn, step.layout))
        image, filled, damage = _fill(history, name, step, soundness.integrity, columns)
        empty = (*_told_empty(filled, damage, conn), *_told_sparse(filled))
    step.after.put_aside()
    way = f"{FRESH} -> {name}"
    told = ""
    if base.start != FRESH:
        way = f"{base.start} (stored){base.told_without} -> {name} and {way}"
        told = _told_rows(rows, lost)
    first_line = f"built    {way}: same schema, {told}{sum(filled.rows.values())} generated"
    lines = (first_line, *dice, *soundness.told)
    how = _how_to_fill(name, "rows" if filled.failed or damage else "other rows") if empty else ""
    return BuiltSnapshot(image, _twin_text(image), run, lines, empty, how)


def _count_rows(history: History, conn: sqlite3.Connection) -> int:
    """Return how many rows the application has; those that its runner keeps are none of its."""
    with nameable(conn) as shown:
        bookkeeping = bookkeeping_of(history.application.source)
        return sum(count_rows(shown, ignore=bookkeeping).values())


def _twin_text(image: Image) -> Kept:
    with closing(image.connect()) as conn:
        text = keep(twin_sql(conn, known_layout(image, conn)), paragraphs)
    put_aside(text)
    return text


def _told_rows(rows: int, lost: int) -> str:
    """Say what became of the rows of the snapshot that was upgraded."""
    kept = max(rows - lost, 0)
    shown = [f"{counted(kept, 'row')} kept, "] if kept or not lost else []
    if lost:
        shown.append(f"{counted(lost, 'row')} lost, ")
    return "".join(shown)


def _told_empty(
    filled: Filled, damage: tuple[RowFinding, ...], conn: sqlite3.Connection
) -> Iterator[str]:
    """Yield why tables stayed empty."""
    for table, reason in filled.failed.items():
        yield f"empty    {table}: no generated row fits ({reason})"
        missing = missing_name(reason)
        if missing is not None:
            needed = ", ".join(named_by(stored_text(conn), missing)) or table
            yield (
                f"         {needed} needs the {missing}, which the application adds to its own"
                f" connections: {HOW_TO_PREPARE}"
            )
    for column, reason in filled.alike.items():
        yield f"alike    {column}: no row with another value fits ({reason})"
    for table, reason in filled.unread.items():
        yield f"unread   {table}: {reason}"
        if reason.endswith(NOT_LOADED):
            yield f"         where the application loads it: {HOW_TO_PREPARE}"
    if damage:
        what = "; ".join(found.message for found in damage)
        yield f"empty    every table that was: with generated rows {what}"


def _told_sparse(filled: Filled) -> Iterator[str]:
    """Yield which tables have one row alone, and which columns have no value in any row."""
    for table, reason in filled.single.items():
        yield f"single   {table}: one generated row, no other one fits ({reason})"
    for table, unfilled in filled.null.items():
        names = ", ".join(unfilled.columns)
        yield f"null     {table}: no value that was tried fits {names} ({unfilled.reason})"


def _how_to_fill(name: SnapshotName, what: str) -> str:
    return (
        f"         to have {what} there, copy {name}.db to {name}+rows.db, insert some and run"
        " pmd-migrations snapshot"
    )


def _fill(
    history: History,
    name: SnapshotName,
    step: Step,
    known: Integrity,
    columns: ColumnsBefore,
) -> tuple[Image, Filled, tuple[RowFinding, ...]]:
    """Fill the empty tables; return what is to be stored, and what the rows would have broken.

    ``known`` is what was found after the last step, ``columns`` are those of the tables that the
    snapshot was built from. Rows that would break the database are not
    stored: the second value is empty then.
    """
    conn = step.conn
    filled = _fill_within_limits(history, name, conn, columns)
    after = Image.of_connection(conn)
    layout = step.layout.next(after.content, stored_objects(conn)) if step.layout else None
    found = check_integrity(conn, after, layout, known)
    damage = (*found.damage.findings(), *stray_findings(found.strays.since(known.strays)))
    if damage:
        return canonical_image(step.after), Filled({}, filled.failed), damage
    return canonical_image(after), filled, ()


def _fill_within_limits(
    history: History, name: SnapshotName, conn: sqlite3.Connection, columns: ColumnsBefore
) -> Filled:
    """Fill the empty tables; triggers of the application's may run for ever."""
    limited = LimitedRun(conn, history.step_limits(name), "fill")
    filled = Filled({}, {})
    try:
        with limited:
            ignore = history.rules.unfilled_patterns
            filled = fill_empty_tables(conn, ignore=ignore, before=columns)
    except BaseException:
        if limited.stopped is None:
            raise
    if limited.stopped is not None:
        raise click.ClickException(
            f"rows for {name} cannot be generated; inserting them {limited.stopped.what}. Nothing"
            f" was written. Look at its triggers. {limited.stopped.advice}"
        )
    return filled


def _told_dice(history: History, step: Step) -> Iterator[str]:
    """Yield a line about a step that throws SQL's dice, which its users' databases throw anew."""
    if step.record.threw_dice:
        name = history.application.step_name(step.version)
        yield f"dice     {name} calls random() or randomblob(): always the same values here"


def _take_step(history: History, before: Step, version: int, base: Base) -> Step:
    conn = before.conn
    try:
        limits = history.step_limits(base.start)
        record = take_step(history.application.source, conn, version, limits=limits)
    except StepFailedError as error:
        if base.start != FRESH:
            raise
        what = shown_failure(history, error, str(base.start), outcome="; nothing was written")
        raise click.ClickException(what) from error
    return before.next(version, Image.of_connection(conn), conn, record)


def _refuse_difference(survey: Survey, name: SnapshotName, step: Step, base: Start) -> None:
    if step.text == survey.walker.fresh_texts[name.version]:
        return
    upgraded = read_schema(step.conn)
    diff = survey.history.rules.difference(upgraded, survey.fresh_schemas[name.version])
    if diff:
        what = counted(count_differences(diff), "difference")
        lines = "\n".join(f"  {line}" for line in diff_lines(diff))
        varying = find_varying_schema(survey.history, name.version, diff)
        mend = told_varying_schema(varying) or _how_to_mend(diff)
        raise click.ClickException(
            f"{base} upgraded to {name}: {what} from fresh {name}; nothing was written\n\n"
            f"{lines}\n\n" + "\n".join(wrap_text(mend))
        )


def _how_to_mend(diff: SchemaDiff) -> str:
    """Say how both ways end alike, or how to leave out what only some databases are to have."""
    mend = "Mend the migration, so that both ways end alike."
    names = {found.object for found in diff.differences if found.kind in ("table", "index", "view")}
    if any(found.part or found.object not in names for found in diff.differences):
        return mend
    line = ", ".join(f'"{name}"' for name in sorted(names))
    return f"{mend} Where only some databases are meant to have it: migration_ignore = [{line}]"
