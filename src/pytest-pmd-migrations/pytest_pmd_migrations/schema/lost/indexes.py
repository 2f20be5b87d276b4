"""Find the indexes and triggers of a surviving table that a step lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.lost.surviving_table import (
    Side,
    SurvivingTable,
    columns_of_key,
    facts_of,
    names_in,
    terms_of,
)
from pytest_pmd_migrations.schema.lost.uniques import Unique

__all__ = ["lost_indexes", "lost_triggers"]


def lost_indexes(table: SurvivingTable) -> Iterator[str]:
    """Yield the indexes that are gone without a DROP INDEX, or no longer unique."""
    here = {fold(one.name): facts_of(one) for one in table.both("index")[1]}
    came = _Came(table)
    for one in table.both("index")[0]:
        name, old = fold(one.name), facts_of(one)
        if table.was_dropped(one) or table.lost_column_in(old["columns"], old["WHERE"]):
            continue
        if name in here:
            if old["unique"] == "yes" and _is_weaker(table, old, here[name]):
                yield f"UNIQUE of index {one.name}"
        elif ("index", name) not in table.after.names and not came.replaces(old):
            yield f"index {one.name}"


def _is_weaker(table: SurvivingTable, old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Return whether rows that a unique index kept apart may be alike, by it and all others.

    One that is unique in another way is meant to be another one.
    """
    was = table.was_unique(old["columns"], old["WHERE"])
    if new["unique"] == "yes" and not was.implies(Unique.of(new["columns"], new["WHERE"])):
        return False
    return not table.uniques.stay(was)


class _Came:
    """The indexes and keys of a table that are new with the step."""

    def __init__(self, table: SurvivingTable) -> None:
        self._table = table
        came = [terms_of(facts_of(one)["columns"]) for one in table.came("index")]
        self._first = {columns[0] for columns in came}
        known = {tuple(key) for key in _keys(table.before, table.old_name)}
        self._keys: dict[str, list[list[str]]] = {}
        for key in _keys(table.after, table.new_name):
            if tuple(key) not in known:
                self._keys.setdefault(key[0], []).append(key)

    def replaces(self, old: Mapping[str, str]) -> bool:
        """Return whether something new on the table does what an index did.

        That is another index or a key on its first column; for a unique one, a unique one that
        asks for more than a part of it.
        """
        columns = terms_of(old["columns"])
        if old["unique"] == "yes":
            return self._table.stays_unique(old["columns"], old["WHERE"])
        if columns[0] in self._first:
            return True
        return any(key[: len(columns)] == columns for key in self._keys.get(columns[0], ()))


def _keys(side: Side, table: str) -> Iterator[list[str]]:
    """Yield the columns of each UNIQUE and of the primary key, for which SQLite has an index."""
    for one in side.owned_by(table, "unique constraint"):
        yield columns_of_key(one)
    yield terms_of(facts_of(side.tables[table])["primary key"])


def lost_triggers(table: SurvivingTable) -> Iterator[str]:
    """Yield the triggers that are gone without a DROP TRIGGER, or another one that fires alike.

    One that names a table or column which the step took away went along with it.
    """
    here = table.after.columns(table.new_name)
    came = {_firing(facts_of(one)) for one in table.came("trigger")}
    for one in table.both("trigger")[0]:
        key, old = ("trigger", fold(one.name)), facts_of(one)
        if key in table.after.names or table.was_dropped(one):
            continue
        named = names_in(old["event"]) | names_in(old["WHEN"]) | names_in(old["body"])
        if named & table.gone_tables or (named & table.gone_columns) - here:
            continue
        if _firing(old) not in came:
            yield f"trigger {one.name}"


def _firing(facts: Mapping[str, str]) -> tuple[str, str]:
    """Return on what kind of change a trigger fires, and when."""
    return facts["event"].partition(" ")[0], facts["timing"]
