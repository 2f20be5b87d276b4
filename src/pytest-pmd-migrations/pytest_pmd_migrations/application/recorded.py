"""Compute what the lock file records of each version, and what ``frozen`` compares with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import NamedTuple
from weakref import WeakKeyDictionary

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded_text import recorded_text
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.pages.layout import Layout
from pytest_pmd_migrations.rows import combine_digests, digest_tables
from pytest_pmd_migrations.rows.combined_digests import CombinedDigests
from pytest_pmd_migrations.rows.digests import all_named
from pytest_pmd_migrations.rows.independent_marks import independent_marks, marks_digest
from pytest_pmd_migrations.rows.ordinary_schema import objects_of
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.schema import Schema
from pytest_pmd_migrations.snapshots.lock_file import VersionLine
from pytest_pmd_migrations.snapshots.names import Start
from pytest_pmd_migrations.sources.protocol import volatile_columns

__all__ = [
    "DigestedRows",
    "RowDigester",
    "VersionResult",
    "digest_rows",
    "digest_without_marks",
    "misses_marks",
    "recorded_ignore",
    "recorded_marks",
    "recorded_volatile",
    "version_line",
]


_WITH_MARKS = " marks "
"""Between the digest of the rows and that of the marks that do not follow from them, if any."""


@dataclass(frozen=True)
class DigestedRows:
    """The digest of all rows after a step, and of the tables that it changed.

    ``changed`` has None for a table that is gone or was never digested; it is None where the
    digests of another lineage do not follow from it. ``changed_marks`` are those of AUTOINCREMENT
    that do not follow from the rows, with None for one that is gone.
    """

    whole: str
    changed: Mapping[str, str | None] | None = field(default=None, compare=False)
    changed_marks: Mapping[str, str | None] = field(default_factory=dict, compare=False)


class VersionResult(NamedTuple):
    """Holds what one version produces: a schema's fingerprint, and each lineage's digest of rows.

    Both leave out the objects that ``recorded_ignore`` names. ``marks`` says that the digests tell
    the marks of AUTOINCREMENT too, which there may be.
    """

    schema: str
    rows: Mapping[Start, str]
    marks: bool

    @classmethod
    def of(cls, schema: Schema, rows: Mapping[Start, str]) -> VersionResult:
        """Return the result that has a schema and these digests."""
        marks = _counts(schema) or any(_WITH_MARKS in digest for digest in rows.values())
        return cls(schema.fingerprint, rows, marks)


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


def recorded_marks(history: History, version: int, *, rebuilt: Collection[int] = ()) -> bool:
    """Return whether a version's digests tell the marks that do not follow from the rows.

    Those of a line that is to be written do, being one of ``rebuilt`` or without rows. A line that
    was written before lines had marks tells none, whatever they were.
    """
    line = history.store.lock_file.versions.get(version)
    return line is None or not line.rows or version in rebuilt or line.marks


def misses_marks(history: History, version: int) -> bool:
    """Return whether a version may give marks, and its lock line tells none, whatever they are."""
    return not recorded_marks(history, version) and _counts(history.fresh.schema(version))


def _counts(schema: Schema) -> bool:
    return any(("AUTOINCREMENT", "yes") in found.facts for found in schema.objects)


def digest_without_marks(digest: str) -> str:
    """Return what of a recorded digest is about rows alone."""
    return digest.partition(_WITH_MARKS)[0]


class _LineSettings(NamedTuple):
    """What the digests of a version leave out, as two lists of globs, and whether they tell marks.

    ``left_out`` are those on columns and those on objects.
    """

    left_out: tuple[tuple[str, ...], tuple[str, ...]]
    marks: bool


_LINE_SETTINGS: WeakKeyDictionary[History, dict[tuple[int, bool], _LineSettings]] = (
    WeakKeyDictionary()
)
"""Those of each version, and whether its line is to be written: each lineage asks for them."""


class RowDigester:
    """Digests the rows of one lineage's steps, taken or repeated, in their order.

    ``rebuilt`` are the versions whose lock lines are to be written anew.
    """

    def __init__(self, history: History, *, rebuilt: Collection[int] = ()) -> None:
        self._history = history
        self._rebuilt = rebuilt
        self._known = _LINE_SETTINGS.setdefault(history, {})
        self._left_out: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._rows = CombinedDigests({})
        self._marks: Mapping[str, str] = {}

    @property
    def tables(self) -> Mapping[str, str]:
        """The digest of each table after the last step, as it stays."""
        return self._rows.tables

    def digest(self, step: Step) -> DigestedRows:
        """Return the digests of what a step left; only the tables that it changed are read."""
        left_out = self._settings(step.version).left_out
        changed = step.changed_tables if self._left_out == left_out else None
        self._left_out = left_out
        volatile, ignore = left_out
        found = digest_tables(
            step.conn, changed, volatile=volatile, ignore=ignore, layout=step.layout
        )
        before = self.tables
        if changed is None:
            self._rows = CombinedDigests(found)
        elif changed or found:
            self._rows.change({**dict.fromkeys(changed), **found})
        marks = self._marks
        if changed is None or changed:
            objects = objects_of(step.layout)
            self._marks = independent_marks(
                step.conn, volatile=volatile, ignore=ignore, objects=objects
            )
        named = all_named(step.conn, step.layout)
        whole = self._combine(step.version, None if named else step.conn)
        if not named or changed is None or step.before is None:
            return DigestedRows(whole)
        # A virtual table counts as changed where it only may be another one.
        return DigestedRows(
            whole,
            _changed(before, self.tables, changed),
            _changed(marks, self._marks, {*marks, *self._marks}),
        )

    def may_repeat(self, version: int, digested: DigestedRows) -> bool:
        """Return whether the digests after a step follow from those of the same step elsewhere."""
        return digested.changed is not None and self._left_out == self._settings(version).left_out

    def repeat(self, version: int, digested: DigestedRows) -> str:
        """Return the digest of all rows after a step that was taken in another lineage."""
        if digested.changed:
            self._rows.change(digested.changed)
        if digested.changed_marks:
            self._marks = _with_changes(self._marks, digested.changed_marks)
        return self._combine(version, None)

    def _settings(self, version: int) -> _LineSettings:
        key = version, version in self._rebuilt
        if key not in self._known:
            history, rebuilt = self._history, self._rebuilt
            volatile = recorded_volatile(history, version, rebuilt=rebuilt)
            ignored = recorded_ignore(history, version, rebuilt=rebuilt)
            marks = recorded_marks(history, version, rebuilt=rebuilt)
            self._known[key] = _LineSettings((volatile, ignored), marks)
        return self._known[key]

    def _combine(self, version: int, conn: Connection | None) -> str:
        """Return one digest over those of all tables, as the version's lock line was written."""
        rows = self._combine_rows(version, conn)
        told = self._marks and self._settings(version).marks
        return _with_marks(rows, self._marks) if told else rows

    def _combine_rows(self, version: int, conn: Connection | None) -> str:
        """Return the digest that is about rows alone.

        Lines were written without the tables that Python cannot name; ``conn`` shows a database
        that has such. That digest stays right for them, where the line has none with these tables:
        a line of today has it of other lineages only, which have no such table.
        """
        whole = self._rows.whole
        if conn is None:
            return whole
        line = self._history.store.lock_file.versions.get(version)
        if line is None or version in self._rebuilt:
            return whole
        recorded = set(map(digest_without_marks, line.rows.values()))
        if whole in recorded:
            return whole
        named = {table.name for table in list_tables(conn).values()}
        kept = {table: digest for table, digest in self.tables.items() if table in named}
        without = combine_digests(kept)
        return without if without in recorded else whole


def _changed(
    before: Mapping[str, str], now: Mapping[str, str], names: Collection[str]
) -> dict[str, str | None]:
    """Return what those of ``names`` have now that had something else; None of one that is gone."""
    return {name: now.get(name) for name in names if now.get(name) != before.get(name)}


def _with_changes(held: Mapping[str, str], changed: Mapping[str, str | None]) -> dict[str, str]:
    return {name: now for name, now in {**held, **changed}.items() if now is not None}


def _with_marks(rows: str, marks: Mapping[str, str]) -> str:
    return f"{rows}{_WITH_MARKS}{marks_digest(marks)}" if marks else rows


def digest_rows(history: History, conn: Connection, layout: Layout | None = None) -> str:
    """Return the digest of a database's rows that a lock line of today would record.

    With the ``layout`` of what ``conn`` shows no table is read that was read before.
    """
    ignore = history.rules.ignore_patterns
    tables = digest_tables(conn, volatile=history.volatile, ignore=ignore, layout=layout)
    marks = independent_marks(conn, volatile=history.volatile, ignore=ignore)
    return _with_marks(combine_digests(tables), marks)


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
        marks=result.marks,
    )
