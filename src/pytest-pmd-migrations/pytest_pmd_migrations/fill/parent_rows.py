"""Choose the rows that a generated row refers to: any but the last, which stays without children.

So a step that takes for granted that each parent has a child can be seen to fail.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pytest_pmd_migrations.fill.candidate_values import Value
from pytest_pmd_migrations.fill.requirements import Link
from pytest_pmd_migrations.quoting import quote

__all__ = ["list_parents"]

_MOST = 20


def list_parents(conn: sqlite3.Connection, link: Link) -> Sequence[tuple[Value, ...]]:
    """Return the values by which a foreign key may refer to a row of its parent, sorted.

    The parent's last row is among them only where there is no other.
    """
    names = ", ".join(map(quote, link.target))
    filled = " AND ".join(f"{quote(name)} IS NOT NULL" for name in link.target)
    sql = f"SELECT {names} FROM {quote(link.parent)} WHERE {filled}"
    end = f" ORDER BY {names} LIMIT {_MOST}"
    try:
        spared = conn.execute(f"{sql} AND {_is_not_last(link)}{end}").fetchall()
        return spared or conn.execute(f"{sql}{end}").fetchall()
    except sqlite3.OperationalError:
        # The parent does not exist, or not with these columns: it has no rows.
        return []


def _is_not_last(link: Link) -> str:
    if not link.identity:
        return "TRUE"
    own = ", ".join(map(quote, link.identity))
    last = ", ".join(f"{quote(name)} DESC" for name in link.identity)
    return f"({own}) <> (SELECT {own} FROM {quote(link.parent)} ORDER BY {last} LIMIT 1)"
