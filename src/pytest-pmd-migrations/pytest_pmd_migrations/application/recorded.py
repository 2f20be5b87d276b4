"""What each version gives: the value the lock file keeps and the check ``frozen`` compares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import EMPTY, Step, walk
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import combine_digests, digest_tables
from pytest_pmd_migrations.snapshots.lock import VersionLine, text_digest
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources.protocol import volatile_columns

__all__ = [
    "FRESH",
    "Result",
    "lineage_rows",
    "lineage_starts",
    "row_digester",
    "version_line",
    "version_results",
]

FRESH = "fresh"
"""The lineage that begins with no database at all, as it is called in lock lines."""


@dataclass(frozen=True)
class Result:
    """What one version gives: a schema's fingerprint, and a digest of rows by lineage.

    Both without the objects that ``migration_ignore`` names.
    """

    schema: str
    rows: Mapping[str, str]


def row_digester(history: History) -> Callable[[Step], str]:
    """Return a function that digests the rows of one lineage's steps, taken in order.

    A step that changed only the schema lost or changed no row, so only the tables whose SQL it
    changed are read again (a new column's default is a value too).
    """
    volatile = volatile_columns(history.source)
    texts: frozenset[tuple[object, ...]] = frozenset()
    digests: dict[str, str] = {}

    def digest(step: Step) -> str:
        nonlocal texts, digests
        now = frozenset(step.text)
        if step.rows_unchanged:
            changed = {str(row[2]) for row in texts ^ now}
            kept = {table: value for table, value in digests.items() if table not in changed}
            again = digest_tables(step.conn, changed, volatile=volatile, ignore=history.ignore)
            digests = {**kept, **again}
        else:
            digests = digest_tables(step.conn, volatile=volatile, ignore=history.ignore)
        texts = now
        return combine_digests(digests)

    return digest


def lineage_rows(history: History, image: Image) -> Iterator[tuple[int, str]]:
    """Yield each version that a database arrives at by a step, and the digest of its rows there.

    Raises StepFailedError when a step cannot be taken.
    """
    digest = row_digester(history)
    for step in walk(history.source, image):
        value = digest(step)
        if step.before is not None:
            yield step.version, value


def version_results(history: History, images: Mapping[SnapshotName, Image]) -> Mapping[int, Result]:
    """Return the result of every version, from a fresh database and from each given snapshot.

    Raises StepFailedError, naming the database, when a step cannot be taken.
    """
    rows: dict[int, dict[str, str]] = {version: {} for version in history.versions}
    for label, image in lineage_starts(images).items():
        try:
            for version, digest in lineage_rows(history, image):
                rows[version][label] = digest
        except StepFailedError as error:
            raise StepFailedError(
                f"{label} cannot be upgraded: {error}", version=error.version
            ) from error
    return {
        version: Result(history.fresh.schema(version).without(history.ignore).fingerprint, found)
        for version, found in rows.items()
    }


def lineage_starts(images: Mapping[SnapshotName, Image]) -> Mapping[str, Image]:
    """Return what every lineage begins with, by its label: nothing at all, and each snapshot."""
    return {FRESH: EMPTY, **{str(name): image for name, image in images.items()}}


def version_line(history: History, version: int, result: Result, *, released: bool) -> VersionLine:
    """Return the lock line that records ``result`` for that version's migration file."""
    return VersionLine(
        file=history.file_name(version),
        text=text_digest(history.text(version)),
        schema=result.schema,
        rows=result.rows,
        released=released,
    )
