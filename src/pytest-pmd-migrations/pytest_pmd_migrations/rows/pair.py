"""The database before a step and the one after it, their rows read as values."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.digests import rows_sql
from pytest_pmd_migrations.rows.model import RowFinding
from pytest_pmd_migrations.rows.tables import RowTable, Value, exact_rows, list_tables, quote
from pytest_pmd_migrations.sources.declarations import WHOLE, Condition, Declarations

__all__ = ["BrokenDeclarationError", "Row", "Side", "read_old", "read_side"]

_WITH_ROWID = "rowid"


class BrokenDeclarationError(Exception):
    """A declared condition cannot be read against the database before the step."""

    def __init__(self, kind: str, name: str, problem: str) -> None:
        super().__init__(f"{kind} {name}: {problem}")
        self.kind, self.name, self.problem = kind, name, problem

    def finding(self) -> RowFinding:
        """Return what the check says of it."""
        table, _, column = self.name.partition(".")
        message = f"{self.kind} {self.name} cannot be read"
        return RowFinding(table, column or None, message, (self.problem[:70],))


@dataclass(frozen=True)
class Row:
    """One row: its values by column in lower case, and what excuses it or some of its values.

    ``place`` is its rowid, where it has one.
    """

    values: Mapping[str, Value]
    place: Value = None
    deleted: bool = False
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Side:
    """One of the two databases: its tables and their rows, by name in lower case."""

    tables: Mapping[str, RowTable]
    rows: Mapping[str, tuple[Row, ...]]
    marks: Mapping[str, int]
    counting: frozenset[str]


def read_old(image: Image, declarations: Declarations, *, ignore: Sequence[str]) -> Side:
    """Return the side before the step, each row with what the declarations excuse.

    Raises BrokenDeclarationError.
    """
    deletes = {name.lower(): found for name, found in declarations.deletes.items()}
    changes = {name.lower(): found for name, found in declarations.changes.items()}
    names = {
        "DELETES": declarations.deletes,
        "CHANGES": declarations.changes,
        "MOVES": declarations.moves,
    }
    return _read(image, ignore, deletes, changes, names)


def read_side(image: Image, *, ignore: Sequence[str] = ()) -> Side:
    """Return a side with nothing excused."""
    return _read(image, ignore, {}, {}, {})


def _read(
    image: Image,
    ignore: Sequence[str],
    deletes: Mapping[str, Condition],
    changes: Mapping[str, Condition],
    names: Mapping[str, Iterable[str]],
) -> Side:
    with closing(image.connect()) as conn:
        tables = list_tables(conn, ignore=ignore)
        for kind, declared in names.items():
            _check_names(tables, kind, declared)
        rows = {}
        for lower, table in tables.items():
            excuse = deletes.get(lower)
            own = {
                name.partition(".")[2]: condition
                for name, condition in changes.items()
                if name.partition(".")[0] == lower
            }
            rows[lower] = _rows(conn, table, excuse, own)
        return Side(tables, rows, _marks(conn), _counting(conn))


def _check_names(tables: Mapping[str, RowTable], kind: str, names: Iterable[str]) -> None:
    """Raise for a column that its table has not; a table may be missing in some databases."""
    for name in names:
        table, _, column = name.lower().partition(".")
        there = tables.get(table)
        if there is None or there.contentless or not column:
            continue
        if column not in {own.lower() for own in (*there.columns, *there.generated)}:
            raise BrokenDeclarationError(kind, name, f"{there.name} has no such column")


def _rows(
    conn: sqlite3.Connection,
    table: RowTable,
    deletes: Condition | None,
    changes: Mapping[str, Condition],
) -> tuple[Row, ...]:
    columns = (*table.columns, *table.generated)
    sql = rows_sql(table, columns)
    placed = table.full_text
    if not placed and table.rowid:
        sql = sql.replace("SELECT ", f"SELECT {quote(table.name)}.rowid, ", 1)
        placed = True
    flags = []
    if deletes is not None and deletes.sql != WHOLE:
        flags.append(("DELETES", table.name, deletes.sql))
    flags.extend(
        ("CHANGES", f"{table.name}.{column}", condition.sql)
        for column, condition in changes.items()
        if column in {name.lower() for name in columns}
    )
    for kind, name, condition in flags:
        _check_condition(conn, table, kind, name, condition)
    source = "rowid" if table.contentless else ""
    if flags:
        if source:
            # A contentless table shows its rowids by itself; conditions read them from there.
            sql = f"SELECT rowid FROM {quote(table.name)}"
        extra = ", ".join(f"({condition}) IS TRUE" for _, _, condition in flags)
        head, _, tail = sql.rpartition(" FROM ")
        sql = f"{head}, {extra} FROM {tail}"
    found = []
    names = [column.lower() for column in columns]
    for row in exact_rows(conn, sql):
        place = row[0] if placed else None
        values = row[1 if placed else 0 :]
        marks = values[len(names) :] if not table.contentless else values
        excused = {flags[n][:2] for n, mark in enumerate(marks) if flags and mark == 1}
        found.append(
            Row(
                dict(zip(names, values, strict=False)),
                place,
                deleted=any(kind == "DELETES" for kind, _ in excused),
                changed=frozenset(
                    name.partition(".")[2].lower() for kind, name in excused if kind == "CHANGES"
                ),
            )
        )
    return tuple(found)


def _check_condition(
    conn: sqlite3.Connection, table: RowTable, kind: str, name: str, condition: str
) -> None:
    try:
        conn.execute(f"SELECT 1 FROM {quote(table.name)} WHERE ({condition}) LIMIT 1").fetchall()
    except sqlite3.Error as error:
        raise BrokenDeclarationError(kind, name, f"{error}, in: {condition}") from error


def _marks(conn: sqlite3.Connection) -> Mapping[str, int]:
    """Return the AUTOINCREMENT marks, by table in lower case."""
    there = conn.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone()
    if there is None:
        return {}
    rows = conn.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
    marks: dict[str, int] = {}
    for name, mark in rows:
        if isinstance(mark, int):
            marks[str(name).lower()] = max(mark, marks.get(str(name).lower(), mark))
    return marks


def _counting(conn: sqlite3.Connection) -> frozenset[str]:
    """Return the tables whose ids are never given out twice."""
    rows = conn.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
    )
    return frozenset(str(row[0]).lower() for row in rows)
