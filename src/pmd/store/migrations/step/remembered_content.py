"""Remember from step to step what no step may lose or add: foreign keys and high-water marks."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from pmd.store.migrations.connection.prepared import PreparedConnection
from pmd.store.migrations.step.foreign_keys import Violations, find_violations
from pmd.store.migrations.step.high_water_marks import HighWaterMarks, read_high_water_marks

__all__ = ["Content", "ContentMemory", "read_data_version"]


class Content(NamedTuple):
    """Holds parts of a database before a step, which must neither lose nor add any.

    `data_version` and `total_changes` say whether another connection, or this one, has written
    since (https://www.sqlite.org/pragma.html#pragma_data_version); the first is None where no
    other step follows. `version` is the one that the database is then at; None where this
    connection may have set another one, which neither tells.
    Where not `all_keys`, foreign keys were not checked: the step can break none.
    """

    violations: Violations
    high_water_marks: HighWaterMarks | None
    data_version: int | None
    total_changes: int
    version: int | None = None
    all_keys: bool = True


class ContentMemory:
    """The content that the step before left, so that it is read again only after other writes."""

    def __init__(self) -> None:
        self._known: Content | None = None

    def recall(self, prepared: PreparedConnection) -> Content | None:
        """Return the content under the write lock of a step; None where somebody has written."""
        known = self._known
        if (
            known is not None
            and known.total_changes == prepared.connection.total_changes
            and known.data_version == read_data_version(prepared)
        ):
            return known
        return None

    def read(self, prepared: PreparedConnection, version: int, *, all_keys: bool) -> Content:
        """Read the content of a database at ``version``, under the write lock of a step.

        The database proves to be writable.
        """
        prepared.check_writable(version)
        return Content(
            Counter(find_violations(prepared.cursor) if all_keys else ()),
            read_high_water_marks(prepared.cursor),
            None,
            prepared.connection.total_changes,
            all_keys=all_keys,
        )

    def keep(self, content: Content) -> None:
        """Remember what a step left when it was committed."""
        self._known = content if content.all_keys else None

    def doubt_version(self) -> None:
        """Let the next step read the version again: the connection was lent meanwhile."""
        if self._known is not None:
            self._known = self._known._replace(version=None)

    def forget(self) -> None:
        """Let the next step read everything again."""
        self._known = None


def read_data_version(prepared: PreparedConnection) -> int:
    """Return what another number will stand for once another connection has written."""
    return int(prepared.cursor.execute("PRAGMA main.data_version").fetchone()[0])
