"""The kind ``full``: the database may not grow any more, as on a full disk.

``PRAGMA max_page_count`` makes SQLite report SQLITE_FULL, as a full disk would
(https://www.sqlite.org/pragma.html#pragma_max_page_count).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.kinds.kind import RunKind
from pytest_pmd_migrations.faults.struck_runs import PlannedFault
from pytest_pmd_migrations.faults.values import Point
from pytest_pmd_migrations.faults.watching.events import Fault
from pytest_pmd_migrations.faults.watching.recording import spread

__all__ = ["Full"]

_PAGES = 64
_PAGE_COUNT = slice(28, 32)


class _PageLimit(Fault):
    """Limits the pages of the database on every connection."""

    wants_statements = False

    def __init__(self, point: Point) -> None:
        self._pages = point.at

    def opened(self, conn: Any) -> None:  # noqa: ANN401 - the observer's
        conn.execute(f"PRAGMA max_page_count = {self._pages}").close()
        self.struck = True


class Full(RunKind):
    """No room for another page, at every page until the upgrade fits."""

    name = "full"

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point for each page that the upgrade adds, evenly spread where many are."""
        start = max(_pages(case.before.content), 1)
        end = _pages(case.plain_run.files.database)
        return tuple(
            Point(
                self.name,
                case.mode,
                "page",
                start + added,
                f"no room after page {start + added} of {end}",
            )
            for added in spread(max(end - start, 0), _PAGES)
        )

    def plan(self, case: Case, points: Sequence[Point]) -> Sequence[PlannedFault]:  # noqa: ARG002 - a kind's
        """Return the fault of each point."""
        return [(point, _PageLimit(point)) for point in points]


def _pages(content: bytes) -> int:
    return int.from_bytes(content[_PAGE_COUNT], "big")
