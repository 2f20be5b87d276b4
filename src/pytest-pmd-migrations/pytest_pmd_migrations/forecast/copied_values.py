"""Write the SQL that makes the value of a copied row out of a stored one, with the size it has.

A value of a key becomes another one in each copy; the same value in two tables stays the same in
both, so that foreign keys go on pointing at a row. Other values vary too where nothing forbids it:
an index over five different texts is built in another time than one over a million.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from pytest_pmd_migrations.connections.quoting import quote

__all__ = ["KeyValues", "copied_key", "varied_value"]

_CODE = "printf('%08x', (({number}) * 2654435761) & 4294967295)"
"""Eight digits that differ for each number below 2^32, in no order: an index has to sort them."""
_CODE_LENGTH = 8
_DATE = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_MOMENT_LENGTH = 19
_YEAR = 31_536_000
_PRIME = 7919
_SMALL = 9
_LARGE = 2**62 - 1
_WIDE = 2**31
_BEYOND = 2**40


@dataclass(frozen=True)
class KeyValues:
    """The values of keys that refer to each other, in all tables together.

    ``table`` is the temporary table that numbers them; ``count`` is how many there are,
    ``span`` from the smallest to the largest number. ``types`` are those that occur.
    """

    table: str
    count: int
    span: int
    types: frozenset[str]

    @classmethod
    def of(cls, conn: sqlite3.Connection, table: str, sources: list[tuple[str, str]]) -> KeyValues:
        """Return the distinct values of columns (table, column), numbered in a temporary table."""
        union = " UNION ".join(
            f"SELECT {quote(column)} AS value FROM main.{quote(name)}" for name, column in sources
        )
        conn.execute(
            f"CREATE TEMP TABLE {table} AS SELECT value, row_number() OVER (ORDER BY value) - 1"
            f" AS number FROM ({union}) WHERE value IS NOT NULL"
        )
        conn.execute(f"CREATE INDEX temp.{table}_value ON {table}(value)")
        (count,) = conn.execute(f"SELECT count(*) FROM temp.{table}").fetchone()
        numbers = f"FROM temp.{table} WHERE typeof(value) IN ('integer', 'real')"
        low, high = conn.execute(f"SELECT min(value), max(value) {numbers}").fetchone()
        types = conn.execute(f"SELECT DISTINCT typeof(value) FROM temp.{table}").fetchall()
        span = int(high - low) + 1 if high is not None else 1
        return cls(table, count, span, frozenset(str(one) for (one,) in types))


def copied_key(value: str, number: str, copy: str, keys: KeyValues, length: int | None) -> str:
    """Return the SQL of a key's value in copy number ``copy``: distinct for value and copy.

    ``value`` and ``number`` are the SQL of the stored value and of its number in ``keys``;
    ``length`` is how long a text or BLOB is to be, None as it is stored.
    """
    unique = f"({copy}) * {keys.count} + {number}"
    # Numbers that lie far apart would leave what SQLite can store: theirs begin elsewhere.
    near = f"{value} + ({copy}) * {keys.span}"
    apart = f"{_BEYOND} + {unique}"
    cases = {
        "integer": near if keys.span < _WIDE else apart,
        "real": f"{value} + ({copy}) * {keys.span}.0",
        "text": _coded(value, unique, length),
        "blob": _coded_blob(value, unique),
    }
    copied = _by_type(value, {kind: sql for kind, sql in cases.items() if kind in keys.types})
    # The first copy is what is stored.
    return f"CASE WHEN ({copy}) THEN {copied} ELSE {value} END"


def varied_value(value: str, unique: str, types: frozenset[str], length: int | None) -> str:
    """Return the SQL of another value of the same kind and size, for a column that is no key.

    ``unique`` is the SQL of a number that each row has for itself; ``types`` are those stored.
    """
    far = f"(({unique}) * 2654435761 & 4294967295)"
    moved = f"strftime('%Y-%m-%d %H:%M:%S', substr({value}, 1, {_MOMENT_LENGTH}), "
    seconds = f"'+' || (({unique}) * {_PRIME} % {_YEAR}) || ' seconds')"
    date = (
        f"substr(replace({moved}{seconds}, ' ', CASE WHEN substr({value}, 11, 1) = 'T' THEN 'T'"
        f" ELSE ' ' END), 1, length({value})) || substr({value}, {_MOMENT_LENGTH + 1})"
    )
    text = _coded(value, unique, length, words=True)
    cases = {
        "integer": (
            f"CASE WHEN {value} BETWEEN {-_SMALL} AND {_SMALL}"
            f" OR {value} NOT BETWEEN {-_LARGE} AND {_LARGE} THEN {value}"
            f" ELSE {value} + {far} % abs({value}) END"
        ),
        "text": (
            f"CASE WHEN {value} GLOB '{_DATE}*' THEN coalesce({date}, {value})"
            f" WHEN length({value}) <= {_CODE_LENGTH} OR json_valid({value}) THEN {value}"
            f" ELSE {text} END"
        ),
    }
    found = {kind: sql for kind, sql in cases.items() if kind in types}
    return _by_type(value, found) if found else value


def _by_type(value: str, cases: dict[str, str]) -> str:
    whens = " ".join(f"WHEN '{kind}' THEN {sql}" for kind, sql in cases.items())
    return f"CASE typeof({value}) {whens} ELSE {value} END" if whens else value


def _coded(value: str, unique: str, length: int | None, *, words: bool = False) -> str:
    """Return a text whose first digits, of an address its last ones, are a code of a number.

    With ``words`` it stays one by itself, where there are others.
    """
    code = _CODE.format(number=unique)
    kept = f"substr({value}, 1, max(length({value}) - {_CODE_LENGTH}, instr({value}, '://') + 2))"
    plain = f"{code} || substr({value}, {_CODE_LENGTH + 1})"
    if words:
        spaced = f"{code} || ' ' || substr({value}, {_CODE_LENGTH + 2})"
        plain = f"CASE WHEN instr({value}, ' ') THEN {spaced} ELSE {plain} END"
    if length is not None:
        size = max(length, _CODE_LENGTH)
        # SQLite computes the filler once a statement.
        plain = f"substr(({plain}) || replace(hex(zeroblob({size})), '00', 'text '), 1, {size})"
    return f"CASE WHEN instr({value}, '://') THEN {kept} || {code} ELSE {plain} END"


def _coded_blob(value: str, unique: str) -> str:
    code = _CODE.format(number=unique)
    return f"CAST({code} AS BLOB) || substr({value}, {_CODE_LENGTH + 1})"
