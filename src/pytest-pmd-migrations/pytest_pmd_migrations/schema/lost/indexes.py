"""Find the indexes and triggers of a surviving table that a step lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.lost.constraints import stays_unique
from pytest_pmd_migrations.schema.lost.surviving_table import (
    Side,
    SurvivingTable,
    columns_of_key,
    facts_of,
    names_in,
    terms_of,
)
from pytest_pmd_migrations.schema.values import SchemaObject

__all__ = ["lost_indexes", "lost_triggers"]


def lost_indexes(table: SurvivingTable) -> Iterator[str]:
    """Yield the indexes that are gone without a DROP INDEX, or no longer unique."""
    here = {fold(one.name): facts_of(one) for one in table.both("index")[1]}
    for one in table.both("index")[0]:
        name, old = fold(one.name), facts_of(one)
        if table.was_dropped(one) or table.lost_column_in(old["columns"], old["WHERE"]):
            continue
        if name in here:
            columns = terms_of(old["columns"])
            lost = old["unique"] == "yes" != here[name]["unique"]
            if lost and not stays_unique(table, columns):
                yield f"UNIQUE of index {one.name}"
        elif ("index", name) not in table.after.names and not _is_replaced(table, old):
            yield f"index {one.name}"


def _is_replaced(table: SurvivingTable, old: Mapping[str, str]) -> bool:
    """Return whether something new on the table does what an index did.

    That is another index or a key on its first column; for a unique one, a unique one.
    """
    columns, came = terms_of(old["columns"]), [facts_of(one) for one in table.came("index")]
    if old["unique"] == "yes":
        if any(f["unique"] == "yes" and {*terms_of(f["columns"])} & {*columns} for f in came):
            return True
        return old["WHERE"] == "none" and stays_unique(table, columns)
    if any(terms_of(facts["columns"])[:1] == columns[:1] for facts in came):
        return True
    known = list(_keys(table.before, table.old_name))
    return any(
        key[: len(columns)] == columns
        for key in _keys(table.after, table.new_name)
        if key not in known
    )


def _keys(side: Side, table: str) -> Iterator[list[str]]:
    """Yield the columns of each UNIQUE and of the primary key, for which SQLite has an index."""
    for one in side.owned_by(table, "unique constraint"):
        yield columns_of_key(one)
    yield terms_of(facts_of(side.tables[table])["primary key"])


def lost_triggers(table: SurvivingTable) -> Iterator[str]:
    """Yield the triggers that are gone without a DROP TRIGGER, or another one that fires alike.

    One that names a table or column which the step took away went along with it.
    """
    gone = table.gone_tables | table.gone_columns - table.after.columns(table.new_name)
    for one in table.both("trigger")[0]:
        key, old = ("trigger", fold(one.name)), facts_of(one)
        if key in table.after.names or table.was_dropped(one):
            continue
        if any(gone & names_in(old[part]) for part in ("event", "WHEN", "body")):
            continue
        if not any(_fires_alike(new, old) for new in table.came("trigger")):
            yield f"trigger {one.name}"


def _fires_alike(new: SchemaObject, old: Mapping[str, str]) -> bool:
    """Return whether two triggers fire at the same time on the same kind of change."""
    facts = facts_of(new)
    events = [event.partition(" ")[0] for event in (facts["event"], old["event"])]
    return events[0] == events[1] and facts["timing"] == old["timing"]
