"""Compute what the lock file records of each version, and what ``frozen`` compares with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from sqlite3 import Connection

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded_text import recorded_text
from pytest_pmd_migrations.application.upgrade import Step
from pytest_pmd_migrations.pages.layout import Layout
from pytest_pmd_migrations.rows import combine_digests, digest_tables
from pytest_pmd_migrations.rows.substitute_names import can_name_all
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.snapshots.lock_file import VersionLine
from pytest_pmd_migrations.snapshots.names import Start
from pytest_pmd_migrations.sources.protocol import volatile_columns

__all__ = [
    "VersionResult",
    "combined_digest",
    "digest_rows",
    "recorded_ignore",
    "recorded_volatile",
    "row_digester",
    "table_digester",
    "version_line",
]


@dataclass(frozen=True)
class VersionResult:
    """Holds what one version produces: a schema's fingerprint, and each lineage's digest of rows.

    Both leave out the objects that ``recorded_ignore`` names.
    """

    schema: str
    rows: Mapping[Start, str]


def recorded_volatile(
    history: History, version: int, *, rebuilt: Collection[int] = ()
) -> tuple[str, ...]:
    """Return the globs on columns that the digests of a version's rows leave out.

    They are those that its lock line was written with, so that a later setting changes no digest;
    those of today where the line is to be written, being one of ``rebuilt`` or without rows.
    A line that was written before lines had them knew those of the source only.
    """
    line = history.store.lock_file.versions.get(version)
    if line is None or not line.rows or version in rebuilt:
        return history.volatile
    if line.volatile is None:
        return volatile_columns(history.application.source)
    return line.volatile


def recorded_ignore(
    history: History, version: int, *, rebuilt: Collection[int] = ()
) -> tuple[str, ...]:
    """Return the globs on objects that a version's fingerprint and digests leave out.

    They are those that its lock line was written with, so that a later ``migration_ignore`` changes
    neither; those of today where the line is to be written, being one of ``rebuilt``, and where it
    was written before lines had them.
    """
    line = history.store.lock_file.versions.get(version)
    if line is None or line.ignore is None or version in rebuilt:
        return history.rules.ignore_patterns
    return line.ignore


def row_digester(history: History, *, rebuilt: Collection[int] = ()) -> Callable[[Step], str]:
    """Return a function that digests the rows of one lineage's steps, taken in order.

    ``rebuilt`` are the versions whose lock lines are to be written anew.
    """
    digest = table_digester(history, rebuilt=rebuilt)
    return lambda step: combined_digest(history, step, digest(step), rebuilt=rebuilt)


def combined_digest(
    history: History, step: Step, tables: Mapping[str, str], *, rebuilt: Collection[int] = ()
) -> str:
    """Return one digest over those of a step's tables, as its lock line was written.

    Lines were written without the tables that Python cannot name. Such a digest stays right for
    them, where the line has none with these tables: a line of today has it of other lineages only,
    which have no such table.
    """
    whole = combine_digests(tables)
    line = history.store.lock_file.versions.get(step.version)
    if line is None or step.version in rebuilt or whole in line.rows.values():
        return whole
    if not can_name_all(step.conn):
        named = {table.name for table in list_tables(step.conn).values()}
        kept = {table: digest for table, digest in tables.items() if table in named}
        without = combine_digests(kept)
        if without in line.rows.values():
            return without
    return whole


def table_digester(
    history: History, *, rebuilt: Collection[int] = ()
) -> Callable[[Step], Mapping[str, str]]:
    """Return a function that digests each table's rows after one lineage's steps, in order.

    Only the tables that a step changed are read again.
    """
    before: tuple[tuple[str, ...], ...] = ()
    digests: dict[str, str] = {}

    def digest(step: Step) -> Mapping[str, str]:
        nonlocal digests, before
        volatile = recorded_volatile(history, step.version, rebuilt=rebuilt)
        ignore = recorded_ignore(history, step.version, rebuilt=rebuilt)
        changed = step.changed_tables if (volatile, ignore) == before else None
        found = digest_tables(
            step.conn, changed, volatile=volatile, ignore=ignore, layout=step.layout
        )
        kept = {table: value for table, value in digests.items() if table not in (changed or ())}
        digests = found if changed is None else {**kept, **found}
        before = volatile, ignore
        return digests

    return digest


def digest_rows(history: History, conn: Connection, layout: Layout | None = None) -> str:
    """Return the digest of a database's rows that a lock line of today would record.

    With the ``layout`` of what ``conn`` shows no table is read that was read before.
    """
    ignore = history.rules.ignore_patterns
    return combine_digests(
        digest_tables(conn, volatile=history.volatile, ignore=ignore, layout=layout)
    )


def version_line(
    history: History, version: int, result: VersionResult, *, released: bool
) -> VersionLine:
    """Return the lock line that records ``result`` for that version's migration file."""
    return VersionLine(
        file=history.application.file_name(version),
        text=recorded_text(history.application, version),
        schema=result.schema,
        rows=result.rows,
        released=released,
        volatile=history.volatile,
        ignore=history.rules.ignore_patterns,
        label=history.application.label(version),
    )
