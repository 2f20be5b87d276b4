"""Spell the name of a column as a declaration has it, and read it again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_pmd_migrations.connections.quoting import quote

__all__ = ["possible_columns", "spelled_column"]

_QUOTED = re.compile(r'(?P<table>.+)\."(?P<column>(?:[^"]|"")+)"', re.DOTALL)


def spelled_column(table: str, column: str) -> str:
    """Return ``table.column``; where a name has a dot, the column stands in double quotes."""
    return f"{table}.{quote(column) if '.' in table + column else column}"


def possible_columns(name: str) -> Iterator[tuple[str, str]]:
    """Yield each table and column that a name may mean, the column in quotes before all others.

    Of the dots the last one comes first.
    """
    quoted = _QUOTED.fullmatch(name)
    if quoted is not None:
        yield quoted["table"], quoted["column"].replace('""', '"')
    table, dot, column = name.rpartition(".")
    while dot:
        yield table, column
        table, dot, rest = table.rpartition(".")
        column = f"{rest}.{column}"
