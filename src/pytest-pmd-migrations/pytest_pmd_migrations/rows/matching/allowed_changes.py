"""Settle in SQL the rows that a step left alone or changed as declared, and read none of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.rows.matching.row_matching import ColumnMapping
from pytest_pmd_migrations.rows.matching.sides import Side
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["SettledRows", "settle_rows"]

_OLD, _NEW = "o", "n"


@dataclass(frozen=True)
class SettledRows:
    """The rows that need not be read: each has the same key on both sides, and may differ so.

    ``rowids`` is the SELECT of their rowids; ``changed`` are the columns in which a value of theirs
    is another one, as a declaration allows, ``emptied`` those in which one is gone.
    """

    rowids: str
    changed: frozenset[str]
    emptied: frozenset[str]


def settle_rows(
    old: Side, new: Side, table: RowTable, target: str, columns: ColumnMapping
) -> SettledRows | None:
    """Return the rows of ``table`` that became rows of ``target`` with no more than what may be.

    None where no declaration allows a change, and where the key is not the rowid on both sides: it
    takes the values themselves then to say which row became which. Both sides must be of one
    connection.
    """
    other = new.tables[target]
    conditions = [one for one in old.declared.conditions(table) if one[1] in columns]
    if not conditions or not _has_rowid_as_key(table, other, columns):
        return None
    if not _is_rowid(old, table) or not _is_rowid(new, other):
        return None
    here = {fold(c): c for c in (*table.columns, *table.generated)}
    there = {fold(c): c for c in (*other.columns, *other.generated)}
    flags = [f"({one[2]}\n) IS TRUE AS flag{number}" for number, one in enumerate(conditions)]
    allowed = _allowed(conditions, {column: there[into] for column, into in columns.items()})
    values = [f"{quote(here[column])} AS v{number}" for number, column in enumerate(columns)]
    equal = {
        column: _equal(f"{_OLD}.v{number}", f"{_NEW}.{quote(there[into])}")
        for number, (column, into) in enumerate(columns.items())
    }
    rows = f"SELECT {table.rowid} AS r, {', '.join((*values, *flags))} FROM {old.schema}"
    joined = (
        f"FROM ({rows}.{quote(table.name)}) AS {_OLD}"
        f" JOIN {new.schema}.{quote(other.name)} AS {_NEW} ON {_NEW}.{other.rowid} = {_OLD}.r"
        " WHERE "
    ) + " AND ".join(
        f"({' OR '.join((same, *(may for _, may in allowed.get(column, ()))))})"
        for column, same in equal.items()
    )
    used = [(kind, c, f"NOT ({equal[c]}) AND {may}") for c in allowed for kind, may in allowed[c]]
    found = _used(old.conn, used, joined)
    return SettledRows(
        f"SELECT {_OLD}.r {joined}",
        frozenset(column for kind, column in found if kind == "CHANGES"),
        frozenset(column for kind, column in found if kind == "DELETES"),
    )


def _used(
    conn: sqlite3.Connection, used: Sequence[tuple[str, str, str]], joined: str
) -> frozenset[tuple[str, str]]:
    """Return the kinds of change and the columns of which some row needs the permission."""
    asked = ", ".join(f"max({what})" for _, _, what in used)
    answers = conn.execute(f"SELECT {asked} {joined}").fetchone()
    return frozenset(one[:2] for one, yes in zip(used, answers, strict=True) if yes)


def _allowed(
    conditions: Sequence[tuple[str, str, str]], targets: Mapping[str, str]
) -> dict[str, list[tuple[str, str]]]:
    """Return of each column the kinds of change that are declared, and when one is allowed."""
    found: dict[str, list[tuple[str, str]]] = {}
    for number, (kind, column, _) in enumerate(conditions):
        null = "IS NOT NULL" if kind == "CHANGES" else "IS NULL"
        may = f"{_OLD}.flag{number} AND {_NEW}.{quote(targets[column])} {null}"
        found.setdefault(column, []).append((kind, may))
    return found


def _has_rowid_as_key(table: RowTable, other: RowTable, columns: ColumnMapping) -> bool:
    if not (table.rowid and other.rowid and len(table.key) == len(other.key) == 1):
        return False
    return columns.get(fold(table.key[0])) == fold(other.key[0])


def _is_rowid(side: Side, table: RowTable) -> bool:
    """Return whether the key of each row is its rowid."""
    key = quote(table.key[0])
    other = f"typeof({key}) <> 'integer' OR +{key} IS NOT +{table.rowid}"
    sql = f"SELECT EXISTS (SELECT 1 FROM {side.schema}.{quote(table.name)} WHERE {other})"
    return not side.conn.execute(sql).fetchone()[0]


def _equal(first: str, second: str) -> str:
    # Plus takes affinities away: '7' is not 7; nor is 1.0 the integer 1.
    return f"(+{first} IS +{second} COLLATE BINARY AND typeof({first}) = typeof({second}))"
