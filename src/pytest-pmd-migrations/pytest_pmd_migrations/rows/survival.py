"""Find the rows of a table in another one, under a mapping of columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_pmd_migrations.rows.pair import Row
from pytest_pmd_migrations.rows.tables import RowTable, Value

__all__ = ["Outcome", "pair_rows", "survive"]

Columns = Mapping[str, str]
"""Where the values of each old column are looked for: new column by old one, in lower case."""


@dataclass
class Outcome:
    """What became of the rows of one table.

    ``lost`` are rows that are gone; ``changed`` are (column, old row, new value) where a value
    is another one; ``excused`` the columns and ``deleted`` the rows that a declaration excused.
    """

    lost: list[Row] = field(default_factory=list)
    changed: list[tuple[str, Row, Value]] = field(default_factory=list)
    excused: set[str] = field(default_factory=set)
    deleted: int = 0
    new: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return not self.lost and not self.changed


def survive(
    old: RowTable, rows: Sequence[Row], new: RowTable, others: Sequence[Row], columns: Columns
) -> Outcome:
    """Return what became of ``rows`` among ``others`` under the mapping.

    Rows are paired by their key where it is mapped and tells them apart; else by rowid or as a
    multiset, whichever loses less.
    """
    kept = [row for row in rows if not row.deleted]
    paired = pair_rows(old, rows, new, others, columns)
    if paired is not None:
        return _judge(paired, columns, others)
    outcomes = [_as_multiset(kept, others, columns)]
    if old.rowid and new.rowid:
        by_rowid = {row.place: row for row in others}
        outcomes.insert(
            0, _judge([(row, by_rowid.get(row.place)) for row in rows], columns, others)
        )
    return min(outcomes, key=lambda outcome: len(outcome.lost) + len(outcome.changed))


def pair_rows(
    old: RowTable, rows: Sequence[Row], new: RowTable, others: Sequence[Row], columns: Columns
) -> list[tuple[Row, Row | None]] | None:
    """Return each row with the one of the same key, or None where there is no usable key."""
    if old.full_text and new.full_text:
        by_rowid = {row.place: row for row in others}
        return [(row, by_rowid.get(row.place)) for row in rows]
    key = [column.lower() for column in old.key]
    if not key or not all(column in columns for column in key):
        return None
    one: Callable[[Row], tuple[Value, ...]] = lambda row: tuple(row.values[c] for c in key)  # noqa: E731 - two of a kind
    other: Callable[[Row], tuple[Value, ...]] = lambda row: tuple(  # noqa: E731 - two of a kind
        row.values[columns[c]] for c in key
    )
    if any(None in one(row) for row in rows):
        return None
    by_key: dict[tuple[Value, ...], Row] = {}
    for row in others:
        by_key.setdefault(other(row), row)
    return [(row, by_key.get(one(row))) for row in rows]


def _judge(
    paired: Sequence[tuple[Row, Row | None]], columns: Columns, others: Sequence[Row]
) -> Outcome:
    outcome = Outcome()
    found: set[int] = set()
    for row, match in paired:
        if match is not None:
            found.add(id(match))
        if match is None:
            if row.deleted:
                outcome.deleted += 1
            else:
                outcome.lost.append(row)
            continue
        for column, target in columns.items():
            before, after = row.values[column], match.values[target]
            if before == after:
                continue
            if row.deleted:
                # The row of that key is another one now.
                outcome.deleted += 1
                break
            if column in row.changed and (after is not None or before is None):
                outcome.excused.add(column)
            else:
                outcome.changed.append((column, row, after))
    outcome.new = len(others) - len(found)
    return outcome


def _as_multiset(kept: Sequence[Row], others: Sequence[Row], columns: Columns) -> Outcome:
    outcome = Outcome()
    left = Counter(tuple(row.values[target] for target in columns.values()) for row in others)
    for row in kept:
        values = tuple(row.values[column] for column in columns)
        if left[values] > 0:
            left[values] -= 1
        else:
            outcome.lost.append(row)
    outcome.new = sum(left.values())
    return outcome
