"""Find what a step lost of a table as a whole, and of its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.lost.constraints import content_of
from pytest_pmd_migrations.schema.lost.surviving_table import SurvivingTable, facts_of, terms_of
from pytest_pmd_migrations.schema.values import SchemaObject

__all__ = ["lost_column_facts", "lost_table_facts"]

_NOT_NULL = re.compile(" is not null| notnull")
_TABLE_FACTS = ("AUTOINCREMENT", "WITHOUT ROWID", "STRICT")


def lost_table_facts(table: SurvivingTable) -> Iterator[str]:
    """Yield what no longer holds for the table: its key, AUTOINCREMENT and such."""
    old, new = facts_of(table.old), facts_of(table.new)
    key, conflict = old["primary key"], "primary key ON CONFLICT"
    if key != "none" and not table.lost_column_in(key):
        columns = terms_of(key)
        if key != new["primary key"] and not table.stays_unique(key):
            yield f"PRIMARY KEY on {table.said(columns)}"
        elif _assigned_before_only(table):
            yield f"INTEGER PRIMARY KEY on {table.said(columns)}"
    if key == new["primary key"] and old[conflict] != "ABORT" == new[conflict]:
        yield f"ON CONFLICT {old[conflict]} of the primary key"
    for part in _TABLE_FACTS:
        if old[part] == "yes" and new[part] == "no":
            yield part


def _assigned_before_only(table: SurvivingTable) -> bool:
    """Return whether SQLite gave new rows their key, as a rowid alias, and no longer does.

    An ordinary key stores NULL, or refuses the row, where an INSERT names no value for it.
    """
    before, after = (
        any(facts_of(one)["primary key"] == "rowid alias" for one in columns)
        for columns in table.both("column")
    )
    return before and not after


def lost_column_facts(table: SurvivingTable) -> Iterator[str]:
    """Yield what no longer holds for the columns that the table still has."""
    olds, news = table.both("column")
    there = {fold(one.own_name): facts_of(one) for one in news}
    checked = _Checked(table)
    for one in _in_order(table, olds):
        new = there.get(fold(one.own_name))
        if new is not None:
            said = table.said([one.own_name])
            yield from _lost(one.own_name, said, facts_of(one), new, checked)


def _in_order(table: SurvivingTable, columns: list[SchemaObject]) -> list[SchemaObject]:
    order = {name: number for number, name in enumerate(table.old.columns)}
    return sorted(columns, key=lambda one: order.get(one.own_name, len(order)))


def _lost(
    column: str, said: str, old: Mapping[str, str], new: Mapping[str, str], checked: _Checked
) -> Iterator[str]:
    if "generated" in old and "generated" not in new:
        yield f"GENERATED of {said}"
    if new["primary key"] == "rowid alias":
        # It is never NULL, and takes neither a default nor a collation.
        return
    conflict = "NOT NULL ON CONFLICT"
    if old["NOT NULL"] == "yes" and new["NOT NULL"] == "no":
        if not checked.requires(column):
            yield f"NOT NULL on {said}"
    elif old[conflict] != "ABORT" == new[conflict]:
        yield f"ON CONFLICT {old[conflict]} of NOT NULL on {said}"
    if old["default"] != "none" == new["default"] and "generated" not in new:
        yield f"DEFAULT on {said}"
    if old["collation"] != "BINARY" == new["collation"]:
        yield f"COLLATE {old['collation']} on {said}"


class _Checked:
    """Tells which columns a CHECK that is new with the step says are not NULL."""

    def __init__(self, table: SurvivingTable) -> None:
        olds, news = table.both("check")
        known = {content_of(one) for one in olds}
        contents = [content_of(one) for one in news]
        self._before = [
            content[: found.start()]
            for content in contents
            if content not in known
            for found in _NOT_NULL.finditer(content)
        ]
        self._ends: dict[int, set[str]] = {}

    def requires(self, column: str) -> bool:
        """Return whether one of them ends a column's name with IS NOT NULL or NOTNULL."""
        length = len(column)
        if length not in self._ends:
            self._ends[length] = {text[max(len(text) - length, 0) :] for text in self._before}
        return fold(column) in self._ends[length]
