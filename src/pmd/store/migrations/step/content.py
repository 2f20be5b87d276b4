"""Remember from step to step what no step may lose or add: foreign keys and high-water marks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pmd.store.migrations.connection.prepared import PreparedConnection
from pmd.store.migrations.step.foreign_keys import Violations, find_violations
from pmd.store.migrations.step.high_water_marks import HighWaterMarks, read_high_water_marks

__all__ = ["Content", "ContentMemory"]


@dataclass(frozen=True)
class Content:
    """Holds parts of a database before a step, which must neither lose nor add any.

    `data_version` and `total_changes` say whether another connection, or this one, has written
    since (https://www.sqlite.org/pragma.html#pragma_data_version).
    """

    violations: Violations
    high_water_marks: HighWaterMarks | None
    data_version: int
    total_changes: int


class ContentMemory:
    """The content that the step before left, so that it is read again only after other writes."""

    def __init__(self) -> None:
        self._known: Content | None = None

    def read(self, prepared: PreparedConnection) -> Content:
        """Return the content under the write lock of a step; the database has proved writable."""
        cursor, known = prepared.cursor, self._known
        data_version = int(cursor.execute("PRAGMA main.data_version").fetchone()[0])
        total_changes = prepared.connection.total_changes
        if known and (known.data_version, known.total_changes) == (data_version, total_changes):
            return known
        prepared.check_writable()
        violations = Counter(find_violations(cursor))
        return Content(violations, read_high_water_marks(cursor), data_version, total_changes)

    def keep(self, content: Content) -> None:
        """Remember what a step left when it was committed."""
        self._known = content

    def forget(self) -> None:
        """Let the next step read everything again."""
        self._known = None
