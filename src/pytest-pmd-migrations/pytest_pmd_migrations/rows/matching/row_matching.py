"""Match the rows of a table with those of another one, under a mapping of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.matching.sides import Row
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["ColumnMapping", "MatchedRows", "match_rows", "pair_rows"]

ColumnMapping: TypeAlias = Mapping[str, str]
"""Where the values of each old column are looked for: new column by old one, in lower case."""

Pairs: TypeAlias = Sequence[tuple[Row, Row | None]]
"""Each old row with the new row that is the same one, or None."""


_SAMPLES = 3


@dataclass
class MatchedRows:
    """Tells what became of the rows of one table.

    ``lost`` are rows that are gone; ``changed`` are (column, old row, new value) where a value
    is another one; ``allowed`` are the columns with changes that a declaration allowed, ``emptied``
    those with values that one allowed to go, ``deleted`` counts the rows whose loss one allowed;
    ``found`` are the new rows that old ones became, ``new`` counts those that none became.
    ``differing`` counts the rows of which some value is another one, allowed or not. The samples
    are the first few of the rows that may go, and of the values that are others.
    """

    lost: list[Row] = field(default_factory=list)
    changed: list[tuple[str, Row, Value]] = field(default_factory=list)
    allowed: set[str] = field(default_factory=set)
    emptied: set[str] = field(default_factory=set)
    found: list[Row] = field(default_factory=list)
    deleted: int = 0
    new: int = 0
    differing: int = 0
    deleted_samples: list[Row] = field(default_factory=list)
    differing_samples: list[tuple[str, Row, Value]] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """How many rows and values are missing."""
        return len(self.lost) + len(self.changed)


def match_rows(
    old: RowTable, rows: Sequence[Row], new: RowTable, others: Sequence[Row], columns: ColumnMapping
) -> MatchedRows:
    """Return what became of ``rows`` among ``others`` under the mapping."""
    return _compare_pairs(pair_rows(old, rows, new, others, columns), others, columns)


def pair_rows(
    old: RowTable, rows: Sequence[Row], new: RowTable, others: Sequence[Row], columns: ColumnMapping
) -> Pairs:
    """Return each row with the one it became.

    By key where it is mapped and tells rows apart; else by rowid or by equal values, whichever
    loses less. A row whose declared changes keep it from being found is looked for without them.
    """
    key = [fold(column) for column in old.key]
    if old.full_text and new.full_text:
        return _by_rowid(rows, others)
    if (
        key
        and all(c in columns for c in key)
        and not any(row.values[key[0]] is None for row in rows)
    ):
        return _with_changes(
            _by_key(rows, others, {c: columns[c] for c in key}, columns), others, columns
        )
    alike = _with_changes(_by_columns(rows, others, columns), others, columns)
    if not (old.rowid and new.rowid):
        return alike
    # A rowid that no column shows may be given to another row once a row that may go is gone.
    same_rowid = [
        (row, None if row.deleted and match and _differences(row, match, columns) else match)
        for row, match in _by_rowid(rows, others)
    ]
    return min(same_rowid, alike, key=lambda pairs: _compare_pairs(pairs, others, columns).missing)


def _by_key(
    rows: Sequence[Row], others: Sequence[Row], key: ColumnMapping, columns: ColumnMapping
) -> Pairs:
    """Pair rows of one key; where several have it, one that is equal throughout is preferred."""
    keys = {tuple(row.values[target] for target in key.values()) for row in others}
    if len(keys) == len(others):
        return _by_columns(rows, others, key)
    equal = _by_columns(rows, others, columns)
    found = {id(match) for _, match in equal}
    left = [row for row in others if id(row) not in found]
    unpaired = [row for row, match in equal if match is None]
    rest = {id(row): match for row, match in _by_columns(unpaired, left, key)}
    return [(row, match or rest.get(id(row))) for row, match in equal]


def _by_rowid(rows: Sequence[Row], others: Sequence[Row]) -> Pairs:
    by_rowid = {row.rowid: row for row in others}
    return [(row, by_rowid.get(row.rowid)) for row in rows]


def _by_columns(rows: Sequence[Row], others: Sequence[Row], columns: ColumnMapping) -> Pairs:
    """Pair rows of equal values, each new row once; rows that may go take what is left."""
    waiting = _grouped(others, columns.values())
    pairs: list[tuple[Row, Row | None]] = []
    for row in sorted(rows, key=lambda row: row.deleted):
        equal = waiting.get(tuple(row.values[column] for column in columns))
        pairs.append((row, equal.pop() if equal else None))
    return pairs


def _with_changes(pairs: Pairs, others: Sequence[Row], columns: ColumnMapping) -> Pairs:
    """Look for the rows not found yet by the values that no declaration lets change."""
    open_rows = [
        row for row, match in pairs if match is None and _may_differ(row) and not row.deleted
    ]
    if not open_rows:
        return pairs
    found = {id(match) for _, match in pairs}
    left = [row for row in others if id(row) not in found]
    matches: dict[int, Row] = {}
    for allowed in sorted({_may_differ(row) for row in open_rows}, key=len):
        kept = {column: target for column, target in columns.items() if column not in allowed}
        group = [row for row in open_rows if _may_differ(row) == allowed]
        free = [row for row in left if id(row) not in {id(match) for match in matches.values()}]
        matches.update((id(a), b) for a, b in _by_columns(group, free, kept) if b is not None)
    return [(row, match or matches.get(id(row))) for row, match in pairs]


def _may_differ(row: Row) -> frozenset[str]:
    """Return the columns whose value a declaration allows to be another one or gone."""
    return row.changed | row.emptied


def _grouped(rows: Iterable[Row], columns: Iterable[str]) -> dict[tuple[Value, ...], list[Row]]:
    names = tuple(columns)
    groups: dict[tuple[Value, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.values[name] for name in names), []).append(row)
    for group in groups.values():
        group.reverse()
    return groups


def _differences(row: Row, match: Row, columns: ColumnMapping) -> Sequence[tuple[str, Value]]:
    """Return the columns whose value is another one now, each with that value."""
    return [
        (column, match.values[target])
        for column, target in columns.items()
        if row.values[column] != match.values[target]
    ]


def _compare_pairs(pairs: Pairs, others: Sequence[Row], columns: ColumnMapping) -> MatchedRows:
    """Return what became of the rows of these pairs."""
    matched = MatchedRows(found=[match for _, match in pairs if match is not None])
    matched.new = len(others) - len(matched.found)
    for row, match in pairs:
        if match is None:
            if row.deleted:
                matched.deleted += 1
                if matched.deleted <= _SAMPLES:
                    matched.deleted_samples.append(row)
            else:
                matched.lost.append(row)
            continue
        differences = _differences(row, match, columns)
        matched.differing += bool(differences)
        if differences and matched.differing <= _SAMPLES:
            matched.differing_samples.append((differences[0][0], row, differences[0][1]))
        for column, value in differences:
            if column in row.changed and value is not None:
                matched.allowed.add(column)
            elif column in row.emptied and value is None:
                matched.emptied.add(column)
            else:
                matched.changed.append((column, row, value))
    return matched
