"""Ask SQLite which values a column's own CHECKs let in, before a row is tried with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.candidate_values import Value, affinity, is_usual
from pytest_pmd_migrations.fill.column_rules import Column, Rule
from pytest_pmd_migrations.fill.value_shapes import shaped_values

__all__ = ["with_fitting_values"]

_MOST = 200
_NATURAL: Mapping[str, tuple[type, ...]] = {
    "TEXT": (str,),
    "INTEGER": (int,),
    "REAL": (int, float),
    "NUMERIC": (int, float),
    "BLOB": (),
}
"""The values that a CAST to an affinity leaves as they are: it says how they are compared."""


def with_fitting_values(
    conn: sqlite3.Connection,
    table: str,
    columns: Sequence[Column],
    declared: Sequence[str],
    rules: Sequence[Rule],
) -> tuple[Column, ...]:
    """Return the columns of a table, each with those of its values that its own CHECKs let in.

    A CHECK is a column's own that names no other one. Where they let in no value, those of other
    shapes are asked for; where none of these fits either, a column is returned as it is.
    """
    own: dict[str, list[Rule]] = {}
    for rule in rules:
        if len(rule.columns) == 1:
            own.setdefault(rule.columns[0], []).append(rule)
    return tuple(
        _with_fitting(conn, table, column, kind, own[column.name]) if column.name in own else column
        for column, kind in zip(columns, declared, strict=True)
    )


def _with_fitting(
    conn: sqlite3.Connection, table: str, column: Column, declared: str, rules: Sequence[Rule]
) -> Column:
    fits = _Fits(conn, table, column.name, declared, rules)
    usual = [value for value in column.likely if is_usual(declared, value)]
    # First what its type is for, then what its CHECKs speak of: the least and the most.
    fitting, passing = fits.among((*column.values, *usual))
    if not fitting:
        shaped = shaped_values((*usual, *column.unusual))
        fitting, _ = fits.among(value for value in shaped if is_usual(declared, value))
    fitting = fitting or passing
    if not fitting:
        return column
    others = () if usual else column.likely
    return replace(
        column, values=tuple(fitting), likely=tuple(fitting), unusual=(*column.unusual, *others)
    )


class _Fits:
    """Evaluates the CHECKs of one column for values that no row has yet."""

    def __init__(
        self,
        conn: sqlite3.Connection,
        table: str,
        column: str,
        declared: str,
        rules: Sequence[Rule],
    ) -> None:
        self._conn = conn
        self._affinity = affinity(declared)
        self._before = (
            f"SELECT {' AND '.join(f'({rule.sql})' for rule in rules)} AND 1 FROM (SELECT "
        )
        self._after = f" AS {quote(column)}) AS {quote(table)}"

    def among(self, values: Iterable[Value]) -> tuple[Sequence[Value], Sequence[Value]]:
        """Return those of the first values of which the CHECKs are true, and NULL, each once.

        NULL lets a value in that is none of those meant: ``time(x) = x`` is so of any other text.
        """
        distinct = {(type(value), value): value for value in values}.values()
        judged = [(self._judge(value), value) for value in list(distinct)[:_MOST]]
        fitting = tuple(value for verdict, value in judged if verdict)
        return fitting, tuple(value for verdict, value in judged if verdict is None)

    def _judge(self, value: Value) -> int | None:
        natural = isinstance(value, _NATURAL[self._affinity])
        source = f"CAST(? AS {self._affinity})" if natural else "?"
        try:
            [[verdict]] = self._conn.execute(f"{self._before}{source}{self._after}", (value,))
        except sqlite3.DatabaseError:
            # A function refuses the value, or only an INSERT can evaluate the CHECK.
            return 0
        return None if verdict is None else int(verdict)
