"""Show the database before a step and the one after it to one connection, and read their rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.pages.layout import KNOWN_LAYOUT, Layout
from pytest_pmd_migrations.rows.matching.exact_rows import Value, exact_rows, select_rows
from pytest_pmd_migrations.rows.ordinary_schema import are_named, objects_of
from pytest_pmd_migrations.rows.resolved_declarations import (
    ResolvedDeclarations,
    resolve_declarations,
)
from pytest_pmd_migrations.rows.substitute_names import (
    can_name_all,
    nameable_image,
    with_substitutes,
)
from pytest_pmd_migrations.rows.tables import RowTable, list_tables
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.sources.declared.declarations import NOTHING_DECLARED, Declarations

__all__ = ["Row", "Side", "open_sides"]

_WITH_TEXTS = frozenset(("view", "trigger"))
AFTER = "new"
"""The name under which the database after the step is attached to the one before it."""


class Row(NamedTuple):
    """One row: its values by column in lower case, and the losses and changes that are allowed.

    ``deleted`` tells that a declaration allows its loss, ``changed`` are the columns whose value
    may change, ``emptied`` those whose value may be gone. ``rowid`` is None where it has none.
    """

    values: Mapping[str, Value]
    rowid: Value = None
    deleted: bool = False
    changed: frozenset[str] = frozenset()
    emptied: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Side:
    """One of the two databases: its tables by name in lower case, and their rows.

    ``declared`` are the declarations that allow losses of its rows. ``conn`` shows both databases,
    this one as ``schema``; ``image`` is what is shown.
    """

    conn: sqlite3.Connection
    schema: str
    image: Image
    tables: Mapping[str, RowTable]
    declared: ResolvedDeclarations = field(default_factory=ResolvedDeclarations)
    _read: dict[str, Sequence[Row]] = field(default_factory=dict)

    def count(self, name: str) -> int:
        """Return how many rows a table has."""
        sql = f"SELECT count(*) FROM {self.schema}.{quote(self.tables[name].name)}"
        return int(self.conn.execute(sql).fetchone()[0])

    def has_value(self, name: str, column: str) -> bool:
        """Return whether a column of a table has any value but NULL."""
        table, quoted = quote(self.tables[name].name), quote(column)
        sql = f"SELECT EXISTS (SELECT 1 FROM {self.schema}.{table} WHERE {quoted} IS NOT NULL)"
        return bool(self.conn.execute(sql).fetchone()[0])

    def rows(self, name: str) -> Sequence[Row]:
        """Return the rows of a table, read once."""
        if name not in self._read:
            self._read[name] = self.read(name)
        return self._read[name]

    def put_rows(self, name: str, rows: Sequence[Row]) -> None:
        """Replace what ``rows`` returns for the table from now on."""
        self._read[name] = rows

    def read(self, name: str, *, where: str = "") -> Sequence[Row]:
        """Return the rows of a table, each with the losses and changes that are allowed."""
        table = self.tables[name]
        columns = (*table.columns, *table.generated)
        names = [fold(column) for column in columns]
        flags = list(self.declared.conditions(table))
        extra = [f"({condition}\n) IS TRUE" for _, _, condition in flags]
        sql = select_rows(table, columns, schema=self.schema, extra=extra, where=where)
        first = 1 if table.rowid else 0
        found = []
        for row in exact_rows(self.conn, sql):
            values = row[first : first + len(names)]
            answers = row[first + len(names) :]
            allowed = {
                (kind, column)
                for (kind, column, _), flag in zip(flags, answers, strict=True)
                if flag == 1
            }
            found.append(
                Row(
                    dict(zip(names, values, strict=True)),
                    row[0] if first else None,
                    ("DELETES", "") in allowed,
                    frozenset(column for kind, column in allowed if kind == "CHANGES"),
                    frozenset(column for kind, column in allowed if kind == "DELETES" and column),
                )
            )
        return found

    def high_water_marks(self) -> Mapping[str, int]:
        """Return the largest id that AUTOINCREMENT ever gave out, by table in lower case."""
        found: dict[str, int] = {}
        if any(table.counting for table in self.tables.values()):
            # The name may be that of a table that is gone, and no UTF-8.
            sql = f"SELECT CAST(name AS BLOB), seq FROM {self.schema}.sqlite_sequence"
            for name, largest in self.conn.execute(sql):
                if isinstance(largest, int) and isinstance(name, bytes):
                    table = fold(name.decode(errors="surrogateescape"))
                    found[table] = max(largest, found.get(table, largest))
        return found


@contextmanager
def open_sides(
    before: Image,
    after: Image,
    declarations: Declarations = NOTHING_DECLARED,
    *,
    ignore: Sequence[str] = (),
) -> Iterator[tuple[Side, Side]]:
    """Show both databases to one private connection: ``main`` as it was, ``new`` as it is.

    Where a name is no UTF-8, they and the declarations have substitutes for it
    (:mod:`~pytest_pmd_migrations.rows.substitute_names`). Raises BrokenDeclarationError.
    """
    with closing(before.connect(**{AFTER: _without_views(after)})) as conn:
        if _can_name_all(conn, before, "main") and _can_name_all(conn, after, AFTER):
            yield _sides(conn, before, after, declarations, ignore)
            return
    before, after = nameable_image(before), nameable_image(after)
    with closing(before.connect(**{AFTER: _without_views(after)})) as conn:
        yield _sides(conn, before, after, with_substitutes(declarations), ignore)


def _can_name_all(conn: sqlite3.Connection, image: Image, schema: str) -> bool:
    """Return whether all names of an image are UTF-8, which ``conn`` shows as ``schema``.

    It may show the image without its views and triggers.
    """
    objects = objects_of(image)
    if objects is None or not _WITH_TEXTS.isdisjoint(one.type for one in objects):
        return can_name_all(conn, schema)
    return are_named(objects)


def _sides(
    conn: sqlite3.Connection,
    before: Image,
    after: Image,
    declarations: Declarations,
    ignore: Sequence[str],
) -> tuple[Side, Side]:
    declared = ResolvedDeclarations()
    if declarations.deletes or declarations.changes or declarations.moves:
        # Read without the later database: conditions must not find its tables.
        with closing(before.connect()) as alone:
            declared = resolve_declarations(alone, list_tables(alone, ignore=ignore), declarations)
    tables = list_tables(conn, ignore=ignore, objects=objects_of(before))
    new = list_tables(conn, schema=AFTER, ignore=ignore, objects=objects_of(after))
    return Side(conn, "main", before, tables, declared), Side(conn, AFTER, after, new)


def _without_views(image: Image) -> Image:
    """Return the database without its views and triggers, whose text may name its schema.

    SQLite reads no schema that is attached under another name than such a text has ("view v
    cannot reference objects in database main"). Rows are read from tables alone.
    """
    layout = image.known.get(KNOWN_LAYOUT)
    if isinstance(layout, Layout) and _WITH_TEXTS.isdisjoint(one.type for one in layout.objects):
        return image
    with closing(image.connect()) as conn:
        having = "FROM sqlite_schema WHERE type IN ('view', 'trigger')"
        if not conn.execute(f"SELECT EXISTS (SELECT 1 {having})").fetchone()[0]:
            return image
        # DROP would have to spell each name, and read the views that it leaves.
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute(f"DELETE {having}")
        conn.commit()
        return Image.of_connection(conn)
