"""Read one ordinary table: its columns, keys and constraints as schema objects."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from pytest_pmd_migrations.schema.catalog import Catalog, Entry
from pytest_pmd_migrations.schema.columns import ConstraintText, TableText, parse_table
from pytest_pmd_migrations.schema.compare import ORDER
from pytest_pmd_migrations.schema.tokens import canonical, one_line, tokenize
from pytest_pmd_migrations.schema.values import SchemaObject

__all__ = ["known_names", "read_table", "strings_in"]

_HIDDEN = {2: "virtual", 3: "stored"}


def known_names(catalog: Catalog, entries: Collection[Entry]) -> frozenset[str]:
    """Return every table's and column's name in lower case: what double quotes may refer to."""
    names = {"rowid", "oid", "_rowid_", "new", "old", "excluded"}
    for entry in entries:
        names.add(entry.name.lower())
        if entry.type in ("table", "view"):
            try:
                rows = catalog.pragma("table_xinfo", entry.name)
            except catalog.conn.OperationalError:
                # A view on a table that is gone has no columns to name.
                continue
            names.update(str(row[1]).lower() for row in rows)
    return frozenset(names)


def strings_in(sql: str, names: frozenset[str]) -> frozenset[str]:
    """Return the double-quoted names of a statement that name nothing, so that they are strings.

    A name that stands elsewhere in the statement without double quotes may be an alias.
    """
    tokens = tokenize(sql)
    double = {token.value.lower() for token in tokens if token.double}
    other = {token.value.lower() for token in tokens if token.is_identifier and not token.double}
    return frozenset(double - names - other)


def read_table(catalog: Catalog, entry: Entry, names: frozenset[str]) -> Iterator[SchemaObject]:
    """Yield the table and everything that belongs to it except indexes and triggers."""
    text = parse_table(entry.sql)
    rows = catalog.pragma("table_xinfo", entry.name)
    strings = strings_in(entry.sql, names)
    indexes = catalog.pragma("index_list", entry.name)
    alias = _rowid_alias(catalog, entry.name, rows, indexes)
    yield _table(catalog, entry, text, rows, indexes)
    for row in rows:
        yield _column(catalog, entry.name, text, row, alias, strings)
    yield from _uniques(catalog, entry.name, text, rows, indexes)
    yield from _foreign_keys(catalog, entry.name, text)
    yield from _checks(entry.name, text, strings)


def _table(
    catalog: Catalog,
    entry: Entry,
    text: TableText,
    rows: list[tuple[Any, ...]],
    indexes: list[tuple[Any, ...]],
) -> SchemaObject:
    key = [str(row[1]) for row in sorted(rows, key=lambda row: row[5]) if row[5]]
    index = next((row for row in indexes if row[3] == "pk"), None)
    terms = _terms(catalog, str(index[1])) if index is not None else ""
    facts = [
        (ORDER, ", ".join(str(row[1]) for row in rows)),
        ("primary key", terms or ", ".join(key) or "none"),
        ("primary key ON CONFLICT", _conflict(text, "PRIMARY KEY", None) or "ABORT"),
        ("AUTOINCREMENT", _yes(text.autoincrement)),
        ("WITHOUT ROWID", _yes(catalog.without_rowid(entry.name))),
        ("STRICT", _yes(catalog.strict(entry.name))),
    ]
    return SchemaObject("table", entry.name, tuple(facts), sql=one_line(entry.sql))


def _column(
    catalog: Catalog,
    table: str,
    text: TableText,
    row: tuple[Any, ...],
    alias: str,
    strings: frozenset[str],
) -> SchemaObject:
    _, name, kind, not_null, default, place, hidden = row
    stated = text.columns.get(str(name).lower())
    implied = place and name != alias and (catalog.strict(table) or catalog.without_rowid(table))
    default_text = canonical(tokenize(str(default)), strings=strings) if default is not None else ""
    facts = [
        ("type", " ".join(token.value.upper() for token in tokenize(str(kind))) or "none"),
        ("NOT NULL", _yes(bool(not_null or implied))),
        ("default", "none" if default_text in ("", "null") else default_text),
        ("primary key", "rowid alias" if name == alias else str(place) if place else "no"),
        ("collation", stated.collation.upper() if stated and stated.collation else "BINARY"),
        ("NOT NULL ON CONFLICT", (stated.not_null_conflict if stated else "") or "ABORT"),
    ]
    if hidden in _HIDDEN:
        facts.append(("generated", _HIDDEN[hidden]))
        expression = stated.expression if stated else ()
        facts.append(("expression", canonical(expression, strings=strings)))
    elif hidden:
        facts.append(("hidden", "yes"))
    return SchemaObject("column", f"{table}.{name}", tuple(facts), owner=table)


def _rowid_alias(
    catalog: Catalog, table: str, rows: list[tuple[Any, ...]], indexes: list[tuple[Any, ...]]
) -> str:
    """Return the column that is the rowid, empty if none is.

    INTEGER PRIMARY KEY is one unless it needed an index: that of a column-level DESC does
    (https://www.sqlite.org/lang_createtable.html, "ROWIDs and the INTEGER PRIMARY KEY").
    """
    key = [row for row in rows if row[5]]
    if len(key) != 1 or str(key[0][2]).upper() != "INTEGER" or catalog.without_rowid(table):
        return ""
    return "" if any(row[3] == "pk" for row in indexes) else str(key[0][1])


def _uniques(
    catalog: Catalog,
    table: str,
    text: TableText,
    rows: list[tuple[Any, ...]],
    indexes: list[tuple[Any, ...]],
) -> Iterator[SchemaObject]:
    key = [str(row[1]).lower() for row in sorted(rows, key=lambda row: row[5]) if row[5]]
    seen: set[str] = set()
    for index in indexes:
        if index[3] != "u":
            continue
        columns = [
            str(row[2]).lower() for row in catalog.pragma("index_xinfo", str(index[1])) if row[5]
        ]
        terms = _terms(catalog, str(index[1]))
        if columns == key or terms in seen:
            continue
        seen.add(terms)
        conflict = _conflict(text, "UNIQUE", tuple(columns)) or "ABORT"
        yield SchemaObject(
            "unique constraint", f"{table}({terms})", (("ON CONFLICT", conflict),), owner=table
        )


def _foreign_keys(catalog: Catalog, table: str, text: TableText) -> Iterator[SchemaObject]:
    keys: dict[int, list[tuple[Any, ...]]] = {}
    for row in catalog.pragma("foreign_key_list", table):
        keys.setdefault(int(row[0]), []).append(row)
    stated = [found for found in text.constraints if found.kind == "FOREIGN KEY"]
    counts: dict[str, int] = {}
    for number, rows in sorted(keys.items()):
        ordered = sorted(rows, key=lambda row: row[1])
        parent = str(ordered[0][2])
        columns = [str(row[3]).lower() for row in ordered]
        target = [str(row[4]).lower() for row in ordered if row[4] is not None]
        target = target or _primary_key(catalog, parent)
        # foreign_key_list counts from the last declared to the first.
        place = len(keys) - 1 - number
        deferred = stated[place].deferred if len(stated) == len(keys) else False
        name = f"{table}({', '.join(columns)}) -> {parent.lower()}({', '.join(target)})"
        counts[name] = counts.get(name, 0) + 1
        facts = (
            ("ON UPDATE", str(ordered[0][5])),
            ("ON DELETE", str(ordered[0][6])),
            ("deferred", _yes(deferred)),
        )
        label = name if counts[name] == 1 else f"{name} no. {counts[name]}"
        yield SchemaObject("foreign key", label, facts, owner=table)


def _primary_key(catalog: Catalog, table: str) -> list[str]:
    rows = catalog.pragma("table_xinfo", table)
    return [str(row[1]).lower() for row in sorted(rows, key=lambda row: row[5]) if row[5]]


def _checks(table: str, text: TableText, strings: frozenset[str]) -> Iterator[SchemaObject]:
    counts: dict[str, int] = {}
    for found in text.constraints:
        if found.kind == "CHECK":
            expression = canonical(found.expression, strings=strings)
            name = f"{table}: {expression}"
            counts[name] = counts.get(name, 0) + 1
            label = name if counts[name] == 1 else f"{name} no. {counts[name]}"
            facts = (("constraint name", found.name or "none"),)
            yield SchemaObject("check", label, facts, owner=table)


def _terms(catalog: Catalog, index: str) -> str:
    """Return the columns of a constraint's index, with what is not the rule of each."""
    return ", ".join(
        str(name)
        + (f" COLLATE {str(collation).upper()}" if str(collation).upper() != "BINARY" else "")
        + (" DESC" if descending else "")
        for _, _, name, descending, collation, in_key in catalog.pragma("index_xinfo", index)
        if in_key
    )


def _conflict(text: TableText, kind: str, columns: tuple[str, ...] | None) -> str:
    found: list[ConstraintText] = [
        one for one in text.constraints if one.kind == kind and columns in (None, one.columns)
    ]
    return next((one.conflict for one in found if one.conflict), "")


def _yes(value: bool) -> str:
    return "yes" if value else "no"
