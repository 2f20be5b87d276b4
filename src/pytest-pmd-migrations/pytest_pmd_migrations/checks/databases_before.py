"""Find the databases that a migration is tried on: those that are one step before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import walk
from pytest_pmd_migrations.checks.model import LineageRecord
from pytest_pmd_migrations.checks.reached import reaching
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots.names import FRESH, Start
from pytest_pmd_migrations.sources.applied.current_version import applies_a_set, version_after

__all__ = ["DatabaseBefore", "databases_before"]


class DatabaseBefore(NamedTuple):
    """A database one step before the migration, and what it is called."""

    name: str
    image: Image


def databases_before(
    history: History, version: int, lineages: Sequence[LineageRecord[None]]
) -> Iterator[DatabaseBefore]:
    """Yield what a migration is tried on: every database stored at the version before.

    For the first migration also the one that does not exist yet. Where none is stored at that
    version, the nearest older one is brought there. One that has later migrations already is left
    out: the step leaves it at another version.
    """
    before = history.application.before(version)
    starts = [record.start for record in reaching(lineages, version)]
    stored = [
        start
        for start in starts
        if start.version == before and not _is_ahead(history, start, version)
    ]
    for start in stored:
        yield DatabaseBefore(
            "a new database" if start == FRESH else history.application.start_title(start),
            history.store.image(start),
        )
    if not stored:
        older = [start for start in starts if start.version < before] or starts
        nearest = max(older, key=lambda start: (start.version, start == FRESH))
        image, limits = history.store.image(nearest), history.step_limits(nearest)
        *_, last = walk(history.application.source, image, to=before, limits=limits)
        nearest_title = history.application.start_title(nearest)
        yield DatabaseBefore(f"{nearest_title} at {history.application.title(before)}", last.after)


def _is_ahead(history: History, start: Start, version: int) -> bool:
    """Return whether a stored database has migrations that come after ``version``."""
    source = history.application.source
    if not applies_a_set(source):
        return False
    with closing(history.store.image(start).connect()) as conn:
        return version_after(source, conn, version) != version
