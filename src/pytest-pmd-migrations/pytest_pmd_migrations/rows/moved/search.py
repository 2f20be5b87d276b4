"""Look for values of columns that went, and confirm by experiment where they are.

The idea of confirming a rename by experiment, not by likeness, is that of a controlled trial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.moved.columns import (
    Doubt,
    Pair,
    Place,
    places_beside,
    places_of_parents,
    stands_at,
)
from pytest_pmd_migrations.rows.moved.experiment import Experiment, Rerun, experiments
from pytest_pmd_migrations.rows.row_matching import Columns, pair_rows
from pytest_pmd_migrations.rows.sides import Side
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.rows.unequal_rows import differing_rows
from pytest_pmd_migrations.schema.reading.tokens import fold

__all__ = ["Found", "Search", "find_columns", "find_in_parents"]


@dataclass(frozen=True)
class Search:
    """What a search needs: both databases, and a way to take the step again."""

    before: Image
    old: Side
    new: Side
    rerun: Rerun
    ignore: Sequence[str]

    def try_out(self, table: RowTable, columns: Sequence[str]) -> Iterator[Experiment]:
        """Yield what the step makes of other values in these columns."""
        if columns:
            name = fold(table.name)
            excused = any(self.old.declared.conditions(table))
            yield from experiments(
                self.before,
                table,
                columns,
                self.rerun,
                rows=self.old.rows(name) if excused else (),
                total=self.old.count(name),
                ignore=self.ignore,
            )


@dataclass
class Found:
    """The places of columns that went, and those that looked right but are none."""

    places: dict[str, Place] = field(default_factory=dict)
    doubts: dict[str, Doubt] = field(default_factory=dict)


def find_columns(
    search: Search, table: RowTable, target: str, columns: Columns, gone: Sequence[str]
) -> Found:
    """Return where columns are that the rows of ``table``, now in ``target``, have no more."""

    def pairs(old: Side, new: Side) -> Sequence[Pair]:
        if target not in new.tables:
            return ()
        rows, others = old.rows(fold(table.name)), new.rows(target)
        paired = pair_rows(table, rows, new.tables[target], others, columns)
        return [(row, match) for row, match in paired if match and not row.deleted]

    @cache
    def now() -> Sequence[Pair]:
        return pairs(search.old, search.new)

    def stands(name: str, place: Place) -> bool:
        if place.table == target and not place.there:
            mapped = {**columns, name: place.column}
            if not differing_rows(search.old, search.new, table, target, mapped)[0]:
                return True
        return stands_at(now(), name, place, search.new)

    if not gone:
        return Found()
    places = tuple(places_beside(search.old, search.new, table, target))
    return _confirm(search, table, gone, places, pairs, stands)


def find_in_parents(
    search: Search, table: RowTable, columns: Sequence[str], renamed: Mapping[str, str]
) -> Found:
    """Return where columns of a table that went are: in the rows that its rows named."""

    def pairs(old: Side, _: Side) -> Sequence[Pair]:
        return [(row, row) for row in old.rows(fold(table.name)) if not row.deleted]

    def stands(name: str, place: Place) -> bool:
        return stands_at(pairs(search.old, search.new), name, place, search.new)

    found = Found()
    places = tuple(places_of_parents(search.old, search.new, table, renamed))
    for here in dict.fromkeys(place.here for place in places):
        along = [place for place in places if place.here == here]
        left = [c for c in columns if fold(c) not in here and fold(c) not in found.places]
        part = _confirm(search, table, left, along, pairs, stands)
        found.places.update(part.places)
        found.doubts.update(part.doubts)
    return found


def _confirm(
    search: Search,
    table: RowTable,
    columns: Sequence[str],
    places: Sequence[Place],
    pairs: Callable[[Side, Side], Sequence[Pair]],
    stands: Callable[[str, Place], bool],
) -> Found:
    """Return the places where columns stand, and stand again when their values are others.

    All are tried out together, then those not found one by one: a step may choose by the values
    of one, or refuse others there.
    """
    found = Found()
    likely: dict[str, list[Place]] = {}
    for column in columns:
        name = fold(column)
        if search.old.has_value(fold(table.name), column):
            standing = [place for place in places if stands(name, place)]
            if standing:
                # A column of the same name first: several may hold the same values.
                likely[column] = sorted(standing, key=lambda place: place.column != name)
    together = [list(likely)] if len(likely) > 1 else []
    for tested in (*together, *([column] for column in likely)):
        open_columns = [column for column in tested if fold(column) not in found.places]
        if not open_columns:
            continue
        for experiment in search.try_out(table, tested):
            there = pairs(experiment.old, experiment.new)
            for column in open_columns:
                telling = likely[column]
                if not experiment.unlike:
                    # A place that suits these values as it was, too, proves nothing.
                    was = pairs(experiment.old, search.new)
                    telling = [
                        p for p in telling if not stands_at(was, fold(column), p, search.new)
                    ]
                _follow(found, column, telling, there, experiment)
            open_columns = [column for column in open_columns if fold(column) not in found.places]
            if not open_columns:
                break
    for column, standing in likely.items():
        if fold(column) not in {*found.places, *found.doubts}:
            found.doubts[fold(column)] = Doubt(str(standing[0]), tried=False)
    return found


def _follow(
    found: Found,
    column: str,
    places: Sequence[Place],
    there: Sequence[Pair],
    experiment: Experiment,
) -> None:
    """Note the place where the other values of a column stand in an experiment, or the doubt."""
    name = fold(column)
    for place in places:
        # Rows along a key may hold the values of several columns, where each is unlike the rest.
        shared = place in found.places.values() and not (place.there and experiment.unlike)
        if not shared and there and stands_at(there, name, place, experiment.new):
            found.places[name] = place
            found.doubts.pop(name, None)
            return
    if places:
        found.doubts[name] = Doubt(str(places[0]), tried=True)
