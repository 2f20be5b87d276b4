"""Read AUTOINCREMENT's high-water marks that do not follow from the rows of their tables.

A mark is mostly the largest id there is. Another one is a result of its own: of an UPDATE of
``sqlite_sequence``, or of rows that were deleted.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.digests import steady_columns
from pytest_pmd_migrations.rows.ordinary_schema import Objects
from pytest_pmd_migrations.rows.substitute_names import nameable, without_substitutes
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.stored_rows import decoded_rows, plain_texts

__all__ = ["independent_marks", "marks_digest"]

_MARKS = "sqlite_sequence"
_HAS_MARKS = f"SELECT 1 FROM main.sqlite_schema WHERE name = '{_MARKS}'"


def independent_marks(
    conn: sqlite3.Connection,
    *,
    volatile: Sequence[str] = (),
    ignore: Sequence[str] = (),
    objects: Objects | None = None,
) -> dict[str, str]:
    """Return each mark that is not the largest id of its table, as SQL, by the table's name.

    Left out are tables that ``ignore`` (globs) names, and those whose ids ``volatile`` names
    (globs on "table.column"). Where the ``objects`` of the schema are known, and the table of marks
    is none of them, SQLite is not asked.
    """
    if objects is not None and not any(one.name == _MARKS for one in objects):
        return {}
    with plain_texts(conn):
        if not decoded_rows(conn, _HAS_MARKS) or not decoded_rows(
            conn, f"SELECT 1 FROM main.{_MARKS} LIMIT 1"
        ):
            return {}
    with nameable(conn) as shown:
        found = _independent(shown, volatile, ignore)
    return without_substitutes(found)


def _independent(
    conn: sqlite3.Connection, volatile: Sequence[str], ignore: Sequence[str]
) -> dict[str, str]:
    found: dict[str, str] = {}
    with plain_texts(conn):
        # SQLite goes by the first row of a name.
        rows = decoded_rows(conn, f"SELECT name, quote(seq) FROM main.{_MARKS} ORDER BY rowid DESC")
        marks = {fold(str(name)): str(mark) for name, mark in rows}
        for name, table in list_tables(conn, ignore=ignore, only=marks).items():
            if table.counting and set(table.key) <= set(steady_columns(table, volatile)):
                ids = f"main.{quote(table.name)}"
                largest = f"SELECT coalesce(max({quote(table.key[0])}), 0) FROM {ids}"
                if marks[name] != str(conn.execute(largest).fetchone()[0]):
                    found[table.name] = marks[name]
    return found


def marks_digest(marks: Mapping[str, str]) -> str:
    """Return one digest over several marks."""
    content = repr(sorted(marks.items())).encode()
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
