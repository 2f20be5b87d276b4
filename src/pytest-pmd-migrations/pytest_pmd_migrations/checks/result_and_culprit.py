"""Tell how the result of a migration differs from the lock file, and which migration it is due to.

What ``frozen`` finds of many versions mostly comes from one that was edited, removed or inserted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Literal, NamedTuple
from weakref import WeakKeyDictionary

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import (
    DigestedRows,
    digest_without_marks,
    recorded_ignore,
)
from pytest_pmd_migrations.application.recorded_text import is_edited
from pytest_pmd_migrations.checks.model import LineageRecord
from pytest_pmd_migrations.checks.reached import reaching
from pytest_pmd_migrations.connections.statement_record import FailedStatement
from pytest_pmd_migrations.messages.wording import folded_names, wrap_text
from pytest_pmd_migrations.schema import compare, read_schema, stored_text
from pytest_pmd_migrations.snapshots.lock_file import LOCK_FILE, VersionLine
from pytest_pmd_migrations.snapshots.names import SnapshotName, Start
from pytest_pmd_migrations.sources.abilities import goes_to_latest_only

__all__ = ["Culprit", "Difference", "Lineages", "StepResult", "culprit_of", "find_difference"]

_LABELS = ("stored", "fresh now")
_SchemaLines = tuple[tuple[str, ...], tuple[str, ...]]
_SCHEMA_LINES: WeakKeyDictionary[History, dict[int, _SchemaLines]] = WeakKeyDictionary()
"""How the schema of each version differs: the cell of every later version asks for it again."""


class StepResult(NamedTuple):
    """What one step left: the digest of the rows, and whether it changed nothing at all.

    ``failed`` are the statements that failed in it without failing the step. ``digested`` is what
    the digest of the same step in another lineage follows from, if it does. ``altered`` is what the
    runner says of versions that the lineage's first database had with another text.
    """

    rows: str
    idle: bool
    failed: tuple[FailedStatement, ...] = ()
    digested: DigestedRows | None = None
    altered: Mapping[int, str] = {}


Lineages = Sequence[LineageRecord[StepResult]]


class Difference(NamedTuple):
    """How a version's result differs from what the lock file records; false where it does not.

    ``lines`` tell it, ``details`` are the whole SQL of it, ``rows`` what the lineages start from
    whose rows are others.
    """

    lines: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    rows: frozenset[Start] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.lines)


class Culprit(NamedTuple):
    """The migration that changed results are due to, and what became of it since release."""

    version: int
    was: Literal["edited", "removed", "inserted"]


def find_difference(history: History, version: int, lineages: Lineages) -> Difference:
    """Return how a version's result differs from its lock line; it needs no line.

    Where the schema is another, rows stand in other tables: that needs no words of its own.
    """
    line = history.store.lock_file.versions.get(version)
    if line is None or version not in history.application.versions:
        return Difference()
    known = _SCHEMA_LINES.setdefault(history, {})
    if version not in known:
        known[version] = _schema_lines(history, version, line)
    lines, details = known[version]
    rows = _other_rows(line, version, lineages)
    if rows and not lines:
        lines = tuple(_rows_lines(history, rows))
    ignored = recorded_ignore(history, version)
    if lines and ignored != history.rules.ignore_patterns:
        lines = (*lines, *wrap_text(_told_ignored(ignored), indent="  "))
    return Difference(lines, details, frozenset(rows))


def _rows_lines(history: History, other: Mapping[Start, str]) -> Iterator[str]:
    """Yield what other rows a version gives, or other marks of AUTOINCREMENT where rows are not."""
    for what in dict.fromkeys(other.values()):
        starts = [start for start, told in other.items() if told == what]
        names = folded_names([history.application.start_title(start) for start in starts])
        yield from wrap_text(f"{what} after this step, upgraded from {names}", indent="  ")


def culprit_of(history: History, version: int, lineages: Lineages) -> Culprit | None:
    """Return the migration that a version's changed result is due to, itself or an earlier one.

    Of the earlier ones it is the first whose own result changed: an edit that changes no result
    is harmless. None where no migration up to this one was changed.
    """
    itself = Culprit(version, "edited") if is_edited(history, version) else None
    if itself and not _inherits(history, version, lineages):
        return itself
    known = {*history.application.versions, *history.store.lock_file.versions}
    for earlier in sorted(v for v in known if v < version):
        was = _became(history, earlier)
        if was == "edited":
            found = find_difference(history, earlier, lineages)
            if found and not _inherits(history, earlier, lineages):
                return Culprit(earlier, was)
        elif was is not None:
            later = min(v for v in history.application.versions if v > earlier)
            if find_difference(history, later, lineages):
                return Culprit(earlier, was)
    return itself


def _became(history: History, version: int) -> Literal["edited", "removed", "inserted"] | None:
    """Return what became of a migration since release, None where it is as it was."""
    lock_file = history.store.lock_file
    line = lock_file.versions.get(version)
    if version not in history.application.versions:
        is_removed = not goes_to_latest_only(history.application.source)
        return "removed" if is_removed and line is not None and line.released else None
    if line is None:
        return "inserted" if version < lock_file.newest_released else None
    return "edited" if is_edited(history, version) else None


def _inherits(history: History, version: int, lineages: Lineages) -> bool:
    """Return whether all that differs after a version differed before it in the same way."""
    before = history.application.before(version)
    earlier = find_difference(history, before, lineages)
    found = find_difference(history, version, lineages)
    return bool(earlier) and found.lines == earlier.lines and found.rows <= earlier.rows


def _schema_lines(history: History, version: int, line: VersionLine) -> _SchemaLines:
    """Return how the schema differs from the recorded one, and the whole SQL of it."""
    ignored = recorded_ignore(history, version)
    fresh = history.fresh.schema(version).without(ignored)
    if fresh.fingerprint == line.schema:
        return (), ()
    name = SnapshotName(version)
    if name in history.store.names:
        with closing(history.store.read(name).connect()) as conn:
            stored, text = read_schema(conn).without(ignored), stored_text(conn)
        diff = compare(stored, fresh)
        if diff:
            # What tells a difference is imported where there is one.
            from pytest_pmd_migrations.schema.showing.full_sql import full_sql
            from pytest_pmd_migrations.schema.showing.lines import diff_lines

            texts = text, history.fresh.text(version)
            details = full_sql(diff, (stored, fresh), texts, labels=_LABELS)
            lines = (f"  {shown}" for shown in diff_lines(diff, labels=_LABELS))
            return tuple(lines), tuple(details)
    return (f"  its schema has another fingerprint than {LOCK_FILE} records",), ()


def _told_ignored(patterns: Sequence[str]) -> str:
    """Say that a line was recorded with another migration_ignore than is set now."""
    shown = ", ".join(map(repr, patterns))
    return f"compared as it was recorded, with migration_ignore = [{shown}]"


def _other_rows(line: VersionLine, version: int, lineages: Lineages) -> dict[Start, str]:
    """Return what the lineages start from that do not give what is recorded, each with what."""
    other = {}
    for record in reaching(lineages, version):
        recorded, now = line.rows.get(record.start), record.seen[version].rows
        if recorded is not None and now != recorded:
            same_rows = digest_without_marks(now) == digest_without_marks(recorded)
            other[record.start] = "other AUTOINCREMENT marks" if same_rows else "other rows"
    return other
