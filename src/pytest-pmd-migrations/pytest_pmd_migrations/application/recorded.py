"""Compute what the lock file records of each version, and what ``frozen`` compares with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import NamedTuple

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded_text import recorded_text
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.pages.layout import Layout
from pytest_pmd_migrations.rows import combine_digests, digest_tables
from pytest_pmd_migrations.rows.digests import all_named
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.snapshots.lock_file import VersionLine
from pytest_pmd_migrations.snapshots.names import Start
from pytest_pmd_migrations.sources.protocol import volatile_columns

__all__ = [
    "DigestedRows",
    "RowDigester",
    "VersionResult",
    "digest_rows",
    "recorded_ignore",
    "recorded_volatile",
    "version_line",
]


@dataclass(frozen=True)
class DigestedRows:
    """The digest of all rows after a step, and of the tables that it changed.

    ``changed`` has None for a table that is gone or was never digested; it is None where the
    digests of another lineage do not follow from it.
    """

    whole: str
    changed: Mapping[str, str | None] | None = field(default=None, compare=False)


class VersionResult(NamedTuple):
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


class RowDigester:
    """Digests the rows of one lineage's steps, taken or repeated, in their order.

    ``rebuilt`` are the versions whose lock lines are to be written anew.
    """

    def __init__(self, history: History, *, rebuilt: Collection[int] = ()) -> None:
        self._history = history
        self._rebuilt = rebuilt
        self._settings: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self.tables: Mapping[str, str] = {}

    def digest(self, step: Step) -> DigestedRows:
        """Return the digests of what a step left; only the tables that it changed are read."""
        settings = self._settings_of(step.version)
        changed = step.changed_tables if self._settings == settings else None
        self._settings = settings
        volatile, ignore = settings
        found = digest_tables(
            step.conn, changed, volatile=volatile, ignore=ignore, layout=step.layout
        )
        before = self.tables
        kept = {table: value for table, value in before.items() if table not in (changed or ())}
        self.tables = found if changed is None else {**kept, **found}
        named = all_named(step.conn, step.layout)
        whole = self._combine(step.version, None if named else step.conn)
        if not named or changed is None or step.before is None:
            return DigestedRows(whole)
        # A virtual table counts as changed where it only may be another one.
        now = self.tables
        return DigestedRows(
            whole, {name: now.get(name) for name in changed if now.get(name) != before.get(name)}
        )

    def may_repeat(self, version: int, digested: DigestedRows) -> bool:
        """Return whether the digests after a step follow from those of the same step elsewhere."""
        return digested.changed is not None and self._settings == self._settings_of(version)

    def repeat(self, version: int, digested: DigestedRows) -> str:
        """Return the digest of all rows after a step that was taken in another lineage."""
        if digested.changed:
            self.tables = {
                name: held
                for name, held in {**self.tables, **digested.changed}.items()
                if held is not None
            }
        return self._combine(version, None)

    def _settings_of(self, version: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        history, rebuilt = self._history, self._rebuilt
        volatile = recorded_volatile(history, version, rebuilt=rebuilt)
        return volatile, recorded_ignore(history, version, rebuilt=rebuilt)

    def _combine(self, version: int, conn: Connection | None) -> str:
        """Return one digest over those of all tables, as the version's lock line was written.

        Lines were written without the tables that Python cannot name; ``conn`` shows a database
        that has such. That digest stays right for them, where the line has none with these tables:
        a line of today has it of other lineages only, which have no such table.
        """
        whole = combine_digests(self.tables)
        line = self._history.store.lock_file.versions.get(version)
        if conn is None or line is None or version in self._rebuilt:
            return whole
        if whole in line.rows.values():
            return whole
        named = {table.name for table in list_tables(conn).values()}
        kept = {table: digest for table, digest in self.tables.items() if table in named}
        without = combine_digests(kept)
        return without if without in line.rows.values() else whole


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
