"""Look for the rows and values of what went, and confirm by experiment where they are.

The idea of confirming a rename by experiment, not by likeness, is that of a controlled trial.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.experiment import Experiment, Rerun, try_out
from pytest_pmd_migrations.rows.pair import Side
from pytest_pmd_migrations.rows.places import (
    Pair,
    Place,
    places_beside,
    places_of_parents,
    stands_at,
)
from pytest_pmd_migrations.rows.survival import Columns, Outcome, pair_rows, survive
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.sources.declarations import Declarations

__all__ = ["Doubt", "Found", "Search", "same_columns"]


@dataclass(frozen=True)
class Doubt:
    """A place that has equal values; ``tried`` says that they do not follow others.

    Else the step accepted no others, and only a declaration can tell.
    """

    place: str
    tried: bool


@dataclass
class Found:
    """The places of columns that went, and those that looked right but are none."""

    places: dict[str, Place] = field(default_factory=dict)
    doubts: dict[str, Doubt] = field(default_factory=dict)


@dataclass(frozen=True)
class Search:
    """What a search needs: both databases, and a way to take the step again."""

    before: Image
    old: Side
    new: Side
    declarations: Declarations
    rerun: Rerun
    ignore: Sequence[str]

    def is_declared(self, table: str, column: str) -> bool:
        """Return whether a declaration says where a column's values went."""
        declared = (*self.declarations.deletes, *self.declarations.moves)
        return f"{table}.{column}".lower() in {name.lower() for name in declared}

    def find_holder(self, table: RowTable) -> tuple[str, Doubt | None]:
        """Return the new table that holds the rows of one that went; empty when none does.

        One that holds every row is preferred; else one that has all columns and some rows.
        """
        doubt = None
        for name, columns in (*self._whole_holders(table), *self._part_holders(table)):
            tested = self._test_columns(table, columns)
            tried = self._try_out(table, tested)
            if tried is None:
                doubt = Doubt(name, tried=False)
                continue
            doubt = Doubt(name, tried=True)
            before, after = tried
            if name not in after.tables:
                continue
            limit = self._holding(self.old, self.new, table, name, columns).faults
            again = columns if limit else self._map_columns(before, after, table, name)
            if (
                {column.lower() for column in tested} <= set(again)
                and self._holding(before, after, table, name, again).faults <= limit
                and self._holding(self.old, self.new, table, name, again).faults <= limit
            ):
                return name, None
        return "", doubt

    def find_columns(
        self, table: RowTable, target: str, columns: Columns, gone: Sequence[str]
    ) -> Found:
        """Return where columns are that the rows of ``table``, now in ``target``, have no more."""

        def pairs(old: Side, new: Side) -> Sequence[Pair]:
            if target not in new.tables:
                return ()
            rows, others = old.rows[table.name.lower()], new.rows[target]
            paired = pair_rows(table, rows, new.tables[target], others, columns)
            return [(row, match) for row, match in paired if match and not row.deleted]

        places = tuple(places_beside(self.old, self.new, table, target))
        return self._confirm(table, gone, places, pairs)

    def find_in_parents(
        self, table: RowTable, columns: Sequence[str], renamed: Mapping[str, str]
    ) -> Found:
        """Return where columns of a table that went are: in the rows that its rows named."""

        def pairs(old: Side, _: Side) -> Sequence[Pair]:
            return [(row, row) for row in old.rows[table.name.lower()] if not row.deleted]

        found = Found()
        places = tuple(places_of_parents(self.old, self.new, table, renamed))
        for here in dict.fromkeys(place.here for place in places):
            along = [place for place in places if place.here == here]
            left = [c for c in columns if c.lower() not in here and c.lower() not in found.places]
            part = self._confirm(table, left, along, pairs)
            found.places.update(part.places)
            found.doubts.update(part.doubts)
        return found

    def _confirm(
        self,
        table: RowTable,
        columns: Sequence[str],
        places: Sequence[Place],
        pairs: Callable[[Side, Side], Sequence[Pair]],
    ) -> Found:
        """Return the places where columns stand, and stand again when their values are others."""
        found = Found()
        here = pairs(self.old, self.new)
        likely: dict[str, list[Place]] = {}
        for column in columns:
            name = column.lower()
            if any(row.values[name] is not None for row, _ in here):
                standing = [p for p in places if stands_at(here, name, p, self.new)]
                # A column of the same name first: several may hold the same values.
                likely[column] = sorted(standing, key=lambda place: place.column != name)
        tested = [column for column, standing in likely.items() if standing]
        for column, tried in self._try_each(table, tested):
            name = column.lower()
            if tried is None:
                found.doubts[name] = Doubt(str(likely[column][0]), tried=False)
                continue
            there = pairs(*tried)
            for place in likely[column]:
                if place in found.places.values():
                    continue
                if there and stands_at(there, name, place, tried[1]):
                    found.places[name] = place
                    break
            else:
                found.doubts[name] = Doubt(str(likely[column][0]), tried=True)
        return found

    def _try_each(
        self, table: RowTable, columns: Sequence[str]
    ) -> Iterator[tuple[str, Experiment | None]]:
        """Try columns out: together, or one by one where the step accepts no such rows."""
        if not columns:
            return
        together = self._try_out(table, columns)
        for column in columns:
            alone = together is None and len(columns) > 1
            yield column, self._try_out(table, [column]) if alone else together

    def _try_out(self, table: RowTable, columns: Sequence[str]) -> Experiment | None:
        rows = self.old.rows[table.name.lower()]
        return try_out(self.before, table, columns, self.rerun, rows=rows, ignore=self.ignore)

    def _whole_holders(self, table: RowTable) -> list[tuple[str, Columns]]:
        """Return the new tables that have every row of ``table``, most columns first."""
        found = []
        for name in self._new_names():
            columns = self._map_columns(self.old, self.new, table, name)
            if columns and not self._holding(self.old, self.new, table, name, columns).faults:
                found.append((name, columns))
        return sorted(found, key=lambda candidate: -len(candidate[1]))

    def _part_holders(self, table: RowTable) -> Iterator[tuple[str, Columns]]:
        """Yield the new tables that have every column of ``table``, and some of its rows."""
        rows = [row for row in self.old.rows[table.name.lower()] if not row.deleted]
        for name in self._new_names():
            columns = same_columns(table, self.new.tables[name])
            if len(columns) == len(table.columns):
                outcome = self._holding(self.old, self.new, table, name, columns)
                if outcome.faults > 0 and len(_faulty(outcome)) < len(rows):
                    yield name, columns

    def _new_names(self) -> list[str]:
        return [name for name in self.new.tables if name not in self.old.tables]

    def _holding(
        self, old: Side, new: Side, table: RowTable, name: str, columns: Columns
    ) -> Outcome:
        rows = old.rows[table.name.lower()]
        return survive(table, rows, new.tables[name], new.rows[name], columns)

    def _map_columns(self, old: Side, new: Side, table: RowTable, name: str) -> Columns:
        """Return the columns of the same name, and those under another that hold the same."""
        other = new.tables[name]
        columns = {
            column: target
            for column, target in same_columns(table, other).items()
            if not self.is_declared(table.name, column)
        }
        if columns and self._holding(old, new, table, name, columns).faults:
            return {}
        taken = set(columns.values())
        free = [c.lower() for c in (*other.columns, *other.generated) if c.lower() not in taken]
        for column in (c.lower() for c in table.columns):
            if column in columns or self.is_declared(table.name, column):
                continue
            for target in free:
                tried = {**columns, column: target}
                if not self._holding(old, new, table, name, tried).faults:
                    columns = tried
                    free.remove(target)
                    break
        return columns

    def _test_columns(self, table: RowTable, columns: Columns) -> list[str]:
        """Return the columns to replace: where there are others, none that rows are chosen by."""
        rows = self.old.rows[table.name.lower()]
        full = [
            column
            for column in table.columns
            if column.lower() in columns
            and any(row.values[column.lower()] is not None for row in rows)
        ]
        keys = {name.lower() for name in table.key}
        links = {name.lower() for key in table.foreign_keys for name in key.columns}
        conditions = " ".join(c.sql for c in self.declarations.deletes.values()).lower()
        named = set(re.findall(r"\w+", conditions))
        for avoided in (keys | links | named, keys | links, links, set()):
            free = [column for column in full if column.lower() not in avoided]
            if free:
                return free
        return []


def same_columns(table: RowTable, other: RowTable) -> dict[str, str]:
    """Return the columns that both have, in lower case."""
    if table.contentless or other.contentless:
        return {}
    there = {name.lower() for name in (*other.columns, *other.generated)}
    return {name.lower(): name.lower() for name in table.columns if name.lower() in there}


def _faulty(outcome: Outcome) -> set[int]:
    return {*(id(row) for row in outcome.lost), *(id(row) for _, row, _ in outcome.changed)}
