"""What steps made of a database, and when: a clock of theirs shows a time in between."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.present_time import TimeSpan
from pytest_pmd_migrations.snapshots.names import Start

__all__ = ["TimedRun"]


@dataclass(frozen=True)
class TimedRun:
    """What the steps from one start made of it, and the time that they took.

    ``before`` is the database of ``start``, ``after`` the one at the end; ``changed`` are the
    tables that do not hold what they held, None where that is not known.
    """

    start: Start
    before: Image
    after: Image
    span: TimeSpan
    changed: frozenset[str] | None = None
