"""Find the guards that a step lost of the tables that survived it, and say them in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pytest_pmd_migrations.schema.lost.columns import lost_column_facts, lost_table_facts
from pytest_pmd_migrations.schema.lost.constraints import (
    lost_checks,
    lost_foreign_keys,
    lost_uniques,
)
from pytest_pmd_migrations.schema.lost.indexes import lost_indexes, lost_triggers
from pytest_pmd_migrations.schema.lost.renamed_columns import with_renamed_columns
from pytest_pmd_migrations.schema.lost.successors import (
    HasValues,
    Moves,
    find_successors,
    find_survivors,
)
from pytest_pmd_migrations.schema.lost.surviving_table import Side, SurvivingTable
from pytest_pmd_migrations.schema.reading.step_statements import StepStatements
from pytest_pmd_migrations.schema.values import Schema

__all__ = ["LostGuards", "find_lost_guards"]


class LostGuards(NamedTuple):
    """What one table had before a step and no longer has after it, in words: "CHECK on state".

    ``table`` is its name after the step, ``old_name`` the one before it. A column that the step
    renamed has both names: "NOT NULL on n (now amount)".
    """

    table: str
    old_name: str
    guards: tuple[str, ...]


def find_lost_guards(
    before: Schema,
    after: Schema,
    statements: StepStatements,
    *,
    moves: Moves = dict,
    has_values: HasValues = lambda _, __: False,
) -> tuple[LostGuards, ...]:
    """Return what each surviving table lost in a step that ran ``statements``.

    A column or table that went takes along what names it, unless it has another name now; a guard
    that another one of its kind replaces is not lost, nor is an index or trigger that a DROP of its
    own names. What is unique is not replaced by what only keeps fewer rows apart. ``moves`` and
    ``has_values`` as in :func:`find_successors`.
    """
    old, new = Side.of(before), Side.of(after)
    survived = find_survivors(old, new, statements, has_values)
    successors = find_successors(survived, old, new, statements, moves, has_values)
    renamed = with_renamed_columns(before, successors) if successors else None
    if renamed is None:
        successors = {}
    else:
        old = Side.of(renamed)
    survivors = {
        name: now for name, now in survived.items() if name == now or _is_same(old, name, new, now)
    }
    gone_tables = frozenset(old.tables) - frozenset(survivors)
    gone_columns = frozenset(
        column
        for old_name, new_name in survivors.items()
        for column in old.columns(old_name) - new.columns(new_name)
    )
    found = []
    for names in sorted(survivors.items()):
        known = {now: then for then, now in successors.get(names[0], {}).items()}
        table = SurvivingTable(*names, old, new, gone_tables, gone_columns, statements, known)
        guards = () if table.is_as_it_was else tuple(_lost(table))
        if guards:
            found.append(LostGuards(table.new.name, table.old.name, guards))
    return tuple(found)


def _is_same(before: Side, name: str, after: Side, now: str) -> bool:
    """Return whether a table of another name has most columns: a table of sums is another one."""
    columns = before.columns(name)
    return 2 * len(columns & after.columns(now)) > len(columns)


def _lost(table: SurvivingTable) -> Iterator[str]:
    if table.old.kind != table.new.kind:
        return
    if table.old.kind == "table":
        yield from lost_table_facts(table)
        yield from lost_column_facts(table)
        yield from lost_uniques(table)
        yield from lost_checks(table)
        yield from lost_foreign_keys(table)
        yield from lost_indexes(table)
    yield from lost_triggers(table)
