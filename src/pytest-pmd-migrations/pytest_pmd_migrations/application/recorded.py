"""Compute what the lock file records of each version, and what ``frozen`` compares with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded_text import recorded_text
from pytest_pmd_migrations.application.upgrade import Step
from pytest_pmd_migrations.rows import combine_digests, digest_tables
from pytest_pmd_migrations.snapshots.lock_file import VersionLine
from pytest_pmd_migrations.snapshots.names import Start
from pytest_pmd_migrations.sources.protocol import volatile_columns

__all__ = [
    "VersionResult",
    "row_digester",
    "table_digester",
    "version_line",
]


@dataclass(frozen=True)
class VersionResult:
    """Holds what one version produces: a schema's fingerprint, and each lineage's digest of rows.

    Both leave out the objects that ``migration_ignore`` names.
    """

    schema: str
    rows: Mapping[Start, str]


def row_digester(history: History) -> Callable[[Step], str]:
    """Return a function that digests the rows of one lineage's steps, taken in order."""
    digest = table_digester(history)
    return lambda step: combine_digests(digest(step))


def table_digester(history: History) -> Callable[[Step], Mapping[str, str]]:
    """Return a function that digests each table's rows after one lineage's steps, in order.

    A step that changed only the schema lost or changed no row, so only the tables whose SQL it
    changed are read again (a new column's default is a value too).
    """
    volatile = volatile_columns(history.application.source)
    ignore = history.rules.ignore_patterns
    texts: frozenset[tuple[object, ...]] = frozenset()
    digests: dict[str, str] = {}

    def digest(step: Step) -> Mapping[str, str]:
        nonlocal texts, digests
        now = frozenset(step.text)
        if step.rows_unchanged:
            changed = {str(row[2]) for row in texts ^ now}
            kept = {table: value for table, value in digests.items() if table not in changed}
            again = digest_tables(step.conn, changed, volatile=volatile, ignore=ignore)
            digests = {**kept, **again}
        else:
            digests = digest_tables(step.conn, volatile=volatile, ignore=ignore)
        texts = now
        return digests

    return digest


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
        label=history.application.label(version),
    )
