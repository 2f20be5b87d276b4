"""Read the objects of a schema as a report shows them: as they are written, none compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.connections.untrusted_schema import read_untrusted
from pytest_pmd_migrations.messages.printable import printable_line, printable_text
from pytest_pmd_migrations.run_report.values import (
    ColumnReport,
    ForeignKeyReport,
    ObjectReport,
    ObjectType,
)
from pytest_pmd_migrations.schema.name_globs import matches_any
from pytest_pmd_migrations.schema.reading.catalog import Catalog, Entry
from pytest_pmd_migrations.schema.reading.stored_rows import plain_rows

__all__ = ["ObjectsReader"]

_GENERATED = (2, 3)
_NO_ACTION = "NO ACTION"


class ObjectsReader:
    """Reads the objects of many schemas of one application; a table is asked about once a text.

    Objects whose name or whose table ``ignore`` (globs) names are left out.
    """

    def __init__(self, ignore: Sequence[str]) -> None:
        self._ignore = tuple(ignore)
        self._tables: dict[Entry, ObjectReport] = {}

    def read(self, conn: sqlite3.Connection) -> tuple[ObjectReport, ...]:
        """Return the objects of a connection's main database, in their order.

        Raises SQLite's errors, as where a view leads to too many others.
        """
        return read_untrusted(conn, lambda: self._read(conn))

    def _read(self, conn: sqlite3.Connection) -> tuple[ObjectReport, ...]:
        with plain_rows(conn) as rows:
            catalog = Catalog(conn, rows)
            entries = [one for one in catalog.entries() if not self._is_ignored(one)]
            own = [one for one in entries if one.type == "table" and one not in self._tables]
            catalog.ask_only_of(one.name for one in own if not catalog.is_virtual(one.name))
            return tuple(self._object(catalog, entry) for entry in entries)

    def _is_ignored(self, entry: Entry) -> bool:
        return any(matches_any(name, self._ignore) for name in (entry.name, entry.table))

    def _object(self, catalog: Catalog, entry: Entry) -> ObjectReport:
        if entry.type == "table":
            if entry not in self._tables:
                self._tables[entry] = _table(catalog, entry)
            return self._tables[entry]
        if entry.type == "view":
            return _described("view", entry, _view_columns(catalog, entry))
        return _described("index" if entry.type == "index" else "trigger", entry)


def _table(catalog: Catalog, entry: Entry) -> ObjectReport:
    if catalog.is_virtual(entry.name):
        return _described("virtual", entry, _view_columns(catalog, entry))
    columns = tuple(
        ColumnReport(
            printable_line(str(name)),
            printable_line(str(kind or "")),
            bool(required),
            int(key),
            None if default is None else printable_line(str(default)),
            hidden in _GENERATED,
        )
        for name, kind, required, default, key, hidden, _ in catalog.columns(entry.name)
    )
    keys = tuple(_foreign_keys(catalog, entry.name))
    return _described("table", entry, columns, keys)


def _view_columns(catalog: Catalog, entry: Entry) -> tuple[ColumnReport, ...]:
    """Return the columns of a view or a virtual table; none where SQLite cannot prepare it."""
    try:
        names = catalog.view_columns(entry.name)
    except sqlite3.OperationalError:
        return ()
    return tuple(ColumnReport(printable_line(name)) for name in names)


def _foreign_keys(catalog: Catalog, table: str) -> Iterator[ForeignKeyReport]:
    keys: dict[object, list[tuple[object, ...]]] = {}
    for row in catalog.foreign_keys(table):
        keys.setdefault(row[0], []).append(row)
    # foreign_key_list counts from the last declared to the first.
    for rows in reversed(keys.values()):
        _, parent, _, _, on_update, on_delete, _ = rows[0]
        yield ForeignKeyReport(
            tuple(printable_line(str(row[2])) for row in rows),
            printable_line(str(parent)),
            tuple(printable_line(str(row[3])) for row in rows if row[3] is not None),
            _action(on_delete),
            _action(on_update),
        )


def _action(action: object) -> str:
    return "" if action == _NO_ACTION else str(action)


def _described(
    kind: ObjectType,
    entry: Entry,
    columns: tuple[ColumnReport, ...] = (),
    foreign_keys: tuple[ForeignKeyReport, ...] = (),
) -> ObjectReport:
    name, table = printable_line(entry.name), printable_line(entry.table)
    return ObjectReport(kind, name, table, printable_text(entry.sql), columns, foreign_keys)
