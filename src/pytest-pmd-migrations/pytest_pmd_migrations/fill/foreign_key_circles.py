"""Fill tables whose foreign keys form a circle: one row in each, checked when all are there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from pytest_pmd_migrations.fill.candidate_values import Row
from pytest_pmd_migrations.fill.requirements import Requirements
from pytest_pmd_migrations.fill.row_search import RowSearch
from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.rows.tables import RowTable

__all__ = ["close_circle", "find_circles"]

_ATTEMPTS = 8


def find_circles(tables: Sequence[RowTable]) -> Iterator[tuple[RowTable, ...]]:
    """Yield the groups of two tables and more in which each one leads to every other."""
    by_name = {table.name.lower(): table for table in tables}
    reached = {name: _reached(name, by_name) for name in by_name}
    done: set[str] = set()
    for name in by_name:
        group = [other for other in by_name if other in reached[name] and name in reached[other]]
        if len(group) > 1 and name not in done:
            done.update(group)
            yield tuple(by_name[other] for other in group)


def close_circle(
    conn: sqlite3.Connection, requirements: Sequence[Requirements], *, seed: str
) -> str:
    """Insert and commit one row into each of these empty tables; return why not, else nothing.

    Foreign keys are judged at the end, https://www.sqlite.org/pragma.html#pragma_defer_foreign_keys.
    """
    reason = ""
    for attempt in range(_ATTEMPTS):
        conn.execute("BEGIN")
        try:
            conn.execute("PRAGMA defer_foreign_keys = ON")
            reason = _insert_all(conn, requirements, seed=f"{seed}/{attempt}")
            if not reason:
                conn.commit()
                return ""
        except sqlite3.DatabaseError as error:
            reason = str(error)
        conn.rollback()
    return reason


def _insert_all(
    conn: sqlite3.Connection, requirements: Sequence[Requirements], *, seed: str
) -> str:
    """Insert a row into each table, with the values by which the rows before refer to it."""
    asked: dict[str, Row] = {}
    for one in requirements:
        fixed = asked.get(one.table.lower(), {})
        search = RowSearch(conn, one, seed=seed, fixed=fixed)
        reason = search.insert(0)
        if reason:
            return reason
        for link in one.links:
            names = ", ".join(map(quote, link.columns))
            row = conn.execute(f"SELECT {names} FROM {quote(one.table)}").fetchone()
            asked.setdefault(link.parent.lower(), {}).update(zip(link.target, row, strict=True))
    return ""


def _reached(name: str, tables: Mapping[str, RowTable]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for key in tables[waiting.pop()].foreign_keys:
            parent = key.parent.lower()
            if parent in tables and parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found
