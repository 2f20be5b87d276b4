"""Tell which tables a script's statements use together: the rows of one may decide on another's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_pmd_migrations.application.step import StoredText
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.step_statements import named_together, read_statements

__all__ = ["used_together"]


def used_together(statements: Sequence[str], text: StoredText) -> frozenset[str]:
    """Return the tables that a statement names beside another table, or a chain of statements does.

    ``text`` is the stored text of the schema before the step. What stands in it counts as a
    statement: views read tables, triggers write them, foreign keys name them. A table that the step
    makes is one more link. Where nobody knows the statements, a table may be used with any other.
    """
    schema = [tuple(map(str, row)) for row in text if row[3] is not None]
    tables = {fold(row[1]): row[1] for row in schema if row[0] == "table"}
    read = read_statements(statements)
    names = {*tables, *(fold(row[1]) for row in schema if row[0] == "view")}
    names.update(name for _, old, new in read.tables for name in (old, new))
    names.update(name for pair in read.copied for name in pair)
    said = named_together([*statements, *(row[3] for row in schema)])
    groups = _joined(words & names for words in said)
    return frozenset(
        tables[name]
        for group in groups
        if len(group & tables.keys()) > 1
        for name in group & tables.keys()
    )


def _joined(sets: Iterable[frozenset[str]]) -> Iterable[frozenset[str]]:
    """Return the sets, those that share a member as one."""
    group_of: dict[str, set[str]] = {}
    for one in sets:
        joined = set(one)
        for group in {id(g): g for name in one if (g := group_of.get(name))}.values():
            joined |= group
        group_of.update(dict.fromkeys(joined, joined))
    return {id(group): frozenset(group) for group in group_of.values()}.values()
