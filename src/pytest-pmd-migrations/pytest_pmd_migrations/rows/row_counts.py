"""What became of the rows of one table in one step, in numbers, for a report."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["RowCounts"]


class RowCounts(NamedTuple):
    """Tells of one table how many rows a step kept, changed, deleted, moved elsewhere and added.

    ``name`` is that before the step, of a new table that after it; ``after_name`` is None where it
    is gone. ``before`` and ``after`` count the rows, None where there was no such table.
    ``samples`` are lines that show some of the rows that differ.
    """

    name: str
    after_name: str | None
    before: int | None
    after: int | None
    kept: int = 0
    changed: int = 0
    deleted: int = 0
    moved: int = 0
    added: int = 0
    samples: tuple[str, ...] = ()
