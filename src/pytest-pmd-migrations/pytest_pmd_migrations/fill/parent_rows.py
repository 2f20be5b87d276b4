"""Choose the rows that a generated row refers to: any but the last, which stays without children.

So a step that takes for granted that each parent has a child can be seen to fail.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.candidate_values import Value
from pytest_pmd_migrations.fill.requirements import Link

__all__ = ["find_middle", "list_parents"]

_MOST = 20


def list_parents(conn: sqlite3.Connection, link: Link) -> Sequence[tuple[Value, ...]]:
    """Return the values by which a foreign key may refer to a row of its parent, sorted.

    The parent's last row is among them only where there is no other.
    """
    try:
        return _list(conn, link, f" AND {_is_not_last(link)}") or _list(conn, link, "")
    except sqlite3.OperationalError:
        # The parent does not exist, or not with these columns: it has no rows.
        return []


def _list(conn: sqlite3.Connection, link: Link, condition: str) -> list[tuple[Value, ...]]:
    """Return the first values and the last ones: of many parents, these have no children yet."""
    names = ", ".join(map(quote, link.target))
    filled = " AND ".join(f"{quote(name)} IS NOT NULL" for name in link.target)
    sql = f"SELECT {names} FROM {quote(link.parent)} WHERE {filled}{condition} ORDER BY"
    found = conn.execute(f"{sql} {names} LIMIT {_MOST}").fetchall()
    if len(found) == _MOST:
        downwards = ", ".join(f"{quote(name)} DESC" for name in link.target)
        last = conn.execute(f"{sql} {downwards} LIMIT {_MOST // 2}").fetchall()
        first = found[: _MOST // 2]
        return [*first, *(row for row in reversed(last) if row not in first)]
    return found


def find_middle(conn: sqlite3.Connection, link: Link) -> tuple[Value, ...] | None:
    """Return the values of a row that refers to another one of its own table, as a child does.

    None where there is none, or where another row refers to such a one already: a tree with three
    levels is deep enough for a step that looks at parents and children only.
    """
    table, values = quote(link.parent), ", ".join(map(quote, link.target))

    def of(alias: str, names: Sequence[str]) -> str:
        return f"({', '.join(f'{alias}.{quote(name)}' for name in names)})"

    def refers(alias: str) -> str:
        filled = " AND ".join(f"{alias}.{quote(name)} IS NOT NULL" for name in link.columns)
        return f"{filled} AND {of(alias, link.columns)} <> {of(alias, link.target)}"

    below = f"{refers('g')} AND {of('g', link.columns)} = {of('m', link.target)}"
    middles = f"FROM {table} m WHERE {refers('m')}"
    third = f"SELECT 1 {middles} AND EXISTS (SELECT 1 FROM {table} g WHERE {below}) LIMIT 1"
    try:
        if conn.execute(third).fetchone() is not None:
            return None
        found = conn.execute(f"SELECT {values} {middles} ORDER BY {values} LIMIT 1").fetchall()
        return found[0] if found else None
    except sqlite3.OperationalError:
        # A mismatch of names or numbers, which SQLite tells of when a row is inserted.
        return None


def _is_not_last(link: Link) -> str:
    if not link.identity:
        return "TRUE"
    own = ", ".join(map(quote, link.identity))
    last = ", ".join(f"{quote(name)} DESC" for name in link.identity)
    return f"({own}) <> (SELECT {own} FROM {quote(link.parent)} ORDER BY {last} LIMIT 1)"
