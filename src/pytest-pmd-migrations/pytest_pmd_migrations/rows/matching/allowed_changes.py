"""Settle in SQL the rows that a step left alone or changed as declared, and read none of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.matching.exact_rows import joined
from pytest_pmd_migrations.rows.matching.row_matching import ColumnMapping
from pytest_pmd_migrations.rows.matching.sides import Side
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKind

__all__ = ["SettledRows", "settle_rows"]

_OLD, _NEW = "o", "n"


class SettledRows(NamedTuple):
    """The rows that need not be read: each has the same key on both sides, and may differ so.

    ``rowids`` is the SELECT of their rowids; ``changed`` are the columns in which a value of theirs
    is another one, as a declaration allows, ``emptied`` those in which one is gone. ``differing``
    counts the rows that differ, where somebody asks for that.
    """

    rowids: str
    changed: frozenset[str]
    emptied: frozenset[str]
    differing: int = 0


def settle_rows(
    old: Side,
    new: Side,
    table: RowTable,
    target: str,
    columns: ColumnMapping,
    *,
    count: bool = False,
) -> SettledRows | None:
    """Return the rows of ``table`` that became rows of ``target`` with no more than what may be.

    None where no declaration allows a change, and where the key is not the rowid on both sides: it
    takes the values themselves then to say which row became which. Both sides must be of one
    connection. With ``count`` the rows that differ are counted.
    """
    other = new.tables[target]
    if not _has_rowid_as_key(table, other, columns):
        return None
    flags, allowed = _allowed(old, table, other, columns)
    if not flags or not _is_rowid(old, table) or not _is_rowid(new, other):
        return None
    here = {fold(c): c for c in (*table.columns, *table.generated)}
    values = [f"{quote(here[column])} AS v{number}" for number, column in enumerate(columns)]
    equal = {
        column: _equal(f"{_OLD}.v{number}", f"{_NEW}.{_quoted(other, into)}")
        for number, (column, into) in enumerate(columns.items())
    }
    rows = f"SELECT {table.rowid} AS r, {', '.join((*values, *flags))} FROM {old.schema}"
    may_be = [
        f"({' OR '.join((same, *(may for _, may in allowed.get(column, ()))))})"
        for column, same in equal.items()
    ]
    source = (
        f"FROM ({rows}.{quote(table.name)}) AS {_OLD}"
        f" JOIN {new.schema}.{quote(other.name)} AS {_NEW} ON {_NEW}.{other.rowid} = {_OLD}.r"
        f" WHERE {joined('AND', may_be)}"
    )
    used = [(kind, c, f"NOT ({equal[c]}) AND {may}") for c in allowed for kind, may in allowed[c]]
    return _settled(old, source, used, count=count)


def _settled(
    old: Side, source: str, used: Sequence[tuple[DeclarationKind, str, str]], *, count: bool
) -> SettledRows:
    """Return the rows of a join; ``used`` are the allowances that some of them may need."""
    asked = ", ".join(f"max({what})" for _, _, what in used)
    differ = f"total({joined('OR', [f'({what})' for _, _, what in used])})" if count else "0"
    *answers, differing = old.conn.execute(f"SELECT {asked}, {differ} {source}").fetchone()
    found = {(kind, c) for (kind, c, _), yes in zip(used, answers, strict=True) if yes}
    return SettledRows(
        f"SELECT {_OLD}.r {source}",
        frozenset(column for kind, column in found if kind == "CHANGES"),
        frozenset(column for kind, column in found if kind == "DELETES"),
        int(differing),
    )


def _allowed(
    old: Side, table: RowTable, other: RowTable, columns: ColumnMapping
) -> tuple[list[str], dict[str, list[tuple[DeclarationKind, str]]]]:
    """Return the conditions as columns of the old rows, and what each lets become of a column."""
    flags: list[str] = []
    allowed: dict[str, list[tuple[DeclarationKind, str]]] = {}
    for kind, column, condition in old.declared.conditions(table):
        if column in columns:
            null = "IS NOT NULL" if kind == "CHANGES" else "IS NULL"
            may = f"{_OLD}.flag{len(flags)} AND {_NEW}.{_quoted(other, columns[column])} {null}"
            allowed.setdefault(column, []).append((kind, may))
            flags.append(f"({condition}\n) IS TRUE AS flag{len(flags)}")
    return flags, allowed


def _quoted(table: RowTable, column: str) -> str:
    """Return the name of a column, given in lower case, as SQL has it."""
    return quote(next(c for c in (*table.columns, *table.generated) if fold(c) == column))


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
