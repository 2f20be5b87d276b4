"""Refuse views that lead to so many tables that SQLite does not come to an end with them.

Wherever a view is named, SQLite puts its SELECT in the place of the name, and that of each view
named there in turn. Where each of twenty views joins the one before it with itself, the last stands
for a million tables, and PRAGMA table_list, which looks at every view, takes hours. Nothing can
break it off: no progress handler is called while SQLite prepares a statement (before 3.41).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from pytest_pmd_migrations.errors import SchemaReadError
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["MOST_TABLES", "refuse_endless_views"]

MOST_TABLES = 5_000
"""How many tables a view may lead to, each counted as often as it is named on the way."""

_VIEWS = "SELECT name, sql FROM main.sqlite_schema WHERE type = 'view' AND sql IS NOT NULL"
_BEFORE_TABLE = ("FROM", "JOIN")
_END_TABLES = frozenset(
    (
        *("SELECT", "VALUES", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "WINDOW"),
        *("UNION", "EXCEPT", "INTERSECT", "WITH"),
    )
)
_QUERIES = ("SELECT", "VALUES", "WITH")
_References = Mapping[tuple[str, str], Sequence[str]]
"""The names that each view refers to, and each common table of one: by (view, common table)."""


def refuse_endless_views(conn: sqlite3.Connection) -> None:
    """Raise SchemaReadError where a view of the main database leads to too many tables."""
    factories = conn.row_factory, conn.text_factory
    conn.row_factory, conn.text_factory = None, _lenient
    try:
        views = tuple((str(name), str(sql)) for name, sql in conn.execute(_VIEWS))
    finally:
        conn.row_factory, conn.text_factory = factories
    endless = _endless_view(views) if len(views) > 1 else None
    if endless is not None:
        raise SchemaReadError(
            f"the view {printable_line(endless)} cannot be read: through the views that it names it"
            f" leads to more than {MOST_TABLES:,} tables, and SQLite looks at each of them whenever"
            " it lists the tables of the database. So nothing of this database was compared, its"
            f" rows neither. Let {printable_line(endless)} name fewer views, or keep in a table"
            " what one of them shows"
        )


def _lenient(content: bytes) -> str:
    return content.decode(errors="surrogateescape")


@lru_cache(maxsize=64)
def _endless_view(views: tuple[tuple[str, str], ...]) -> str | None:
    """Return a view that leads to too many tables, the first on the way to others that do too."""
    references: dict[tuple[str, str], list[str]] = {}
    for name, sql in views:
        for common, referred in _named_tables(tokenize(sql)):
            references.setdefault((fold(name), common), []).append(referred)
    names = {fold(name): name for name, _ in views}
    sizes: dict[tuple[str, str], int] = {}
    for name in names:
        for (view, common), size in _count_tables((name, ""), references, names, sizes):
            if size > MOST_TABLES and not common:
                return names[view]
    return None


def _count_tables(
    start: tuple[str, str],
    references: _References,
    views: Mapping[str, str],
    sizes: dict[tuple[str, str], int],
) -> Iterator[tuple[tuple[str, str], int]]:
    """Yield to how many tables each query leads that ``start`` needs, itself last.

    ``sizes`` keeps the numbers that are known.
    """
    waiting = [start] if start not in sizes else []
    while waiting:
        query = waiting[-1]
        # One that leads to itself, as a recursive common table does, is met a second time.
        sizes.setdefault(query, 1)
        parts = [_meant(query[0], name, references, views) for name in references.get(query, ())]
        unknown = [part for part in parts if part is not None and part not in sizes]
        if unknown:
            waiting.extend(dict.fromkeys(unknown))
            continue
        waiting.pop()
        sizes[query] = max(1, sum(1 if part is None else sizes[part] for part in parts))
        yield query, sizes[query]


def _meant(
    view: str, name: str, references: _References, views: Mapping[str, str]
) -> tuple[str, str] | None:
    """Return the query that a name in a view stands for, None for a table."""
    if (view, name) in references:
        return view, name
    return (name, "") if name in views else None


def _named_tables(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Yield each table or view that a view's query names, and the common table within that is."""
    # Of each parenthesis that is open: whether tables are listed in it, and the common table.
    lists, within = [False], [""]
    for position, token in enumerate(tokens):
        before = tokens[position - 1]
        if token.text == "(":
            lists.append(lists[-1] and _begins_table(before))
            within.append(_common_table(tokens, position) or within[-1])
        elif token.text == ")" and len(lists) > 1:
            lists.pop()
            within.pop()
        elif token.word == "FROM" and not before.is_word("DISTINCT"):
            lists[-1] = True
        elif token.word in _END_TABLES:
            lists[-1] = False
        elif token.is_identifier and (before.is_word("IN") or lists[-1]):
            after = tokens[position + 1].text if position + 1 < len(tokens) else ""
            start = tokens[position - 3] if before.text == "." and position > 2 else before
            if after not in (".", "(") and (start.is_word("IN") or _begins_table(start)):
                yield within[-1], fold(token.value)


def _begins_table(before: Token) -> bool:
    return before.is_word(*_BEFORE_TABLE) or before.text in (",", "(")


def _common_table(tokens: Sequence[Token], position: int) -> str:
    """Return the name of the common table whose query begins at a parenthesis, else nothing."""
    start = position - 1
    while tokens[start].is_word("MATERIALIZED", "NOT"):
        start -= 1
    following = tokens[position + 1] if position + 1 < len(tokens) else None
    if not tokens[start].is_word("AS") or following is None or not following.is_word(*_QUERIES):
        return ""
    start -= 1
    if tokens[start].text == ")":
        while start > 0 and tokens[start].text != "(":
            start -= 1
        start -= 1
    return fold(tokens[start].value)
