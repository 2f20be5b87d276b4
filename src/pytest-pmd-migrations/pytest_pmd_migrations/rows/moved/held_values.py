"""Find of many new columns those that hold the values of one that went, each column read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.moved.candidate_columns import CandidateColumn, RowPair

__all__ = ["HeldValues"]


class HeldValues:
    """What the candidates hold, for each of some old rows with the row that it became.

    A column is compared as a whole, so that of n columns and n candidates not every two are.
    """

    def __init__(
        self, pairs: Sequence[RowPair], candidates: Sequence[CandidateColumn], new: Side
    ) -> None:
        self._pairs = pairs
        self._new = new
        self._places = {candidate: place for place, candidate in enumerate(candidates)}
        self._linked: dict[tuple[str, ...], Sequence[Sequence[Row]]] = {}

    def candidates_with(self, column: str) -> Sequence[CandidateColumn]:
        """Return the candidates that hold every old row's value of ``column``, in lower case.

        NULL is as good as no row there. A value whose change is declared may be any but NULL.
        """
        if any(column in row.changed for row, _ in self._pairs):
            found = [one for one in self.there if self._holds(one, column)]
        else:
            values = tuple(row.values[column] for row, _ in self._pairs)
            found = [*self._by_values.get(values, ())]
            found.extend(
                one
                for one, rows in self._not_single.items()
                if (rows[0] or values[0] is None) and self._holds(one, column)
            )
        return sorted(found, key=self._places.__getitem__)

    @cached_property
    def there(self) -> Sequence[CandidateColumn]:
        """The candidates that there are: an experiment may not make all of them."""
        names = {
            name: frozenset(table.names)
            for name in {candidate.table for candidate in self._places}
            if (table := self._new.tables.get(name)) is not None
        }
        return [one for one in self._places if one.column in names.get(one.table, ())]

    @cached_property
    def _not_single(self) -> Mapping[CandidateColumn, Sequence[Sequence[Row]]]:
        """The candidates along a key that leads from some row to none or several, with these."""
        linked = {one: self._rows(one) for one in self.there}
        return {one: rows for one, rows in linked.items() if any(len(row) != 1 for row in rows)}

    @cached_property
    def _by_values(self) -> dict[tuple[Value, ...], list[CandidateColumn]]:
        """All other candidates by the values that they have in all rows."""
        found: dict[tuple[Value, ...], list[CandidateColumn]] = {}
        for one in self.there:
            if one not in self._not_single:
                values = tuple(row.values[one.column] for [row] in self._rows(one))
                found.setdefault(values, []).append(one)
        return found

    def _rows(self, candidate: CandidateColumn) -> Sequence[Sequence[Row]]:
        """Return for each pair the rows of the candidate's table that belong to it."""
        along = (candidate.table, *candidate.here, *candidate.there) if candidate.there else ()
        if along not in self._linked:
            self._linked[along] = self._linked_rows(candidate)
        return self._linked[along]

    def _linked_rows(self, candidate: CandidateColumn) -> Sequence[Sequence[Row]]:
        if not candidate.there:
            return [(became,) for _, became in self._pairs]
        by_key: dict[tuple[Value, ...], list[Row]] = {}
        for row in self._new.rows(candidate.table):
            key = tuple(row.values[name] for name in candidate.there)
            by_key.setdefault(key, []).append(row)
        here = candidate.here
        return [
            by_key.get(tuple(became.values[name] for name in here), ()) for _, became in self._pairs
        ]

    def rows_without(self, candidate: CandidateColumn, column: str) -> Sequence[Row]:
        """Return the old rows whose value of ``column`` the candidate does not hold."""
        return [
            row
            for (row, _), rows in zip(self._pairs, self._rows(candidate), strict=True)
            if not _is_in(row, column, [other.values[candidate.column] for other in rows])
        ]

    def _holds(self, candidate: CandidateColumn, column: str) -> bool:
        for (row, _), rows in zip(self._pairs, self._rows(candidate), strict=True):
            if not _is_in(row, column, [other.values[candidate.column] for other in rows]):
                return False
        return True


def _is_in(row: Row, column: str, values: Sequence[Value]) -> bool:
    value = row.values[column]
    if value in values or (value is None and not values):
        return True
    return column in row.changed and any(found is not None for found in values)
