"""Fill tables whose foreign keys form a circle: one row in each, checked when all are there."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.candidate_values import Row
from pytest_pmd_migrations.fill.requirements import Requirements
from pytest_pmd_migrations.fill.row_search import RowSearch
from pytest_pmd_migrations.rows.tables import RowTable

__all__ = ["close_circle", "find_circles"]

_ATTEMPTS = 8


def find_circles(tables: Sequence[RowTable]) -> Iterator[tuple[RowTable, ...]]:
    """Yield the groups of two tables and more in which each one leads to every other."""
    by_name = {table.name.lower(): table for table in tables}
    parents = {
        name: [key.parent.lower() for key in table.foreign_keys if key.parent.lower() in by_name]
        for name, table in by_name.items()
    }
    children: dict[str, list[str]] = {name: [] for name in by_name}
    for name, leads_to in parents.items():
        for parent in leads_to:
            children[parent].append(name)
    groups: dict[str, list[RowTable]] = {}
    of_name: dict[str, str] = {}
    # What leads to a name, without what was left later, is what the name leads to as well.
    for start in reversed(_left_in_order(by_name, parents)):
        if start not in of_name:
            of_name.update(dict.fromkeys(_left_in_order([start], children, of_name), start))
    for name, table in by_name.items():
        groups.setdefault(of_name[name], []).append(table)
    yield from (tuple(group) for group in groups.values() if len(group) > 1)


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


def _left_in_order(
    starts: Iterable[str], leads_to: Mapping[str, Sequence[str]], known: Collection[str] = ()
) -> list[str]:
    """Return the names that can be reached, each after those that are reached from it.

    ``known`` are names that are not to be entered.
    """
    left: list[str] = []
    entered: set[str] = set()
    for start in starts:
        way = [(start, iter(leads_to[start]))] if start not in entered else []
        entered.add(start)
        while way:
            name, following = way[-1]
            found = next((one for one in following if one not in entered and one not in known), "")
            if found:
                entered.add(found)
                way.append((found, iter(leads_to[found])))
            else:
                left.append(name)
                way.pop()
    return left
