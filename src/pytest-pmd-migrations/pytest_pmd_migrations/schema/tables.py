"""Read one ordinary table: its columns, keys and constraints as schema objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from pytest_pmd_migrations.schema.catalog import Catalog, Entry
from pytest_pmd_migrations.schema.columns import ConstraintText, TableText, parse_table
from pytest_pmd_migrations.schema.spelling import canonical, capitals, column_list
from pytest_pmd_migrations.schema.tokens import Token, fold, tokenize
from pytest_pmd_migrations.schema.values import ORDER, SchemaObject

__all__ = ["read_table"]

_HIDDEN = {2: "virtual", 3: "stored"}
_CLOCK = ("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP")
_CONSTANTS = ("NULL", "TRUE", "FALSE", *_CLOCK)


@dataclass(frozen=True)
class _Table:
    """What PRAGMAs and the text say of one table."""

    catalog: Catalog
    name: str
    text: TableText
    rows: Sequence[tuple[Any, ...]]
    indexes: Sequence[tuple[Any, ...]]

    @cached_property
    def key(self) -> list[str]:
        """The primary key's columns in its order."""
        rows = sorted((row for row in self.rows if row[5]), key=lambda row: row[5])
        return [str(row[1]) for row in rows]

    @cached_property
    def key_index(self) -> str | None:
        """The index of the primary key, if it has one."""
        return next((str(row[1]) for row in self.indexes if row[3] == "pk"), None)

    @cached_property
    def alias(self) -> str:
        """The column that is the rowid, empty if none is.

        INTEGER PRIMARY KEY is one unless it needed an index: that of a column-level DESC does
        (https://www.sqlite.org/lang_createtable.html, "ROWIDs and the INTEGER PRIMARY KEY").
        """
        key = [row for row in self.rows if row[5]]
        if len(key) != 1 or fold(str(key[0][2])) != "integer":
            return ""
        if self.key_index is not None or self.catalog.without_rowid(self.name):
            return ""
        return str(key[0][1])

    def conflict(self, index: str | None, *kinds: str) -> str:
        """Return the ON CONFLICT of the constraints of these kinds that made the index.

        Without an index it is that of the rowid alias, whose collation means nothing.
        """
        if index is None:
            terms = [(fold(name), "") for name in self.key]
        else:
            rows = self.catalog.index_terms(index)
            terms = [(fold(str(row[2])), fold(str(row[4]))) for row in rows if row[5]]
        stated = (
            found.conflict
            for found in self.text.constraints
            if found.kind in kinds
            and found.conflict
            and self._terms(found, collated=index is not None) == terms
        )
        return next(stated, "ABORT")

    def _terms(self, constraint: ConstraintText, *, collated: bool) -> list[tuple[str, str]]:
        """Return a constraint's columns, each once, with the collation that holds for it."""
        found = []
        for name, stated in zip(constraint.columns, constraint.collations, strict=True):
            column = self.text.columns.get(name)
            collation = stated or (fold(column.collation) if column else "") or "binary"
            found.append((name, collation if collated else ""))
        return list(dict.fromkeys(found))


def read_table(catalog: Catalog, entry: Entry, tokens: Sequence[Token]) -> Iterator[SchemaObject]:
    """Yield the table and everything that belongs to it except indexes and triggers."""
    table = _Table(
        catalog,
        entry.name,
        parse_table(tokens),
        catalog.columns(entry.name),
        catalog.indexes(entry.name),
    )
    yield _table(table, entry)
    for row in table.rows:
        yield _column(table, row)
    yield from _uniques(table)
    yield from _foreign_keys(table)
    yield from _checks(table)


def _table(table: _Table, entry: Entry) -> SchemaObject:
    index = table.key_index
    terms = _terms(table.catalog, index) if index is not None else column_list(table.key)
    # A UNIQUE that repeats the key has no index of its own: its ON CONFLICT is the key's.
    repeats = () if index is None else ("UNIQUE",)
    facts = (
        (ORDER, column_list([str(row[1]) for row in table.rows])),
        ("primary key", terms or "none"),
        ("primary key ON CONFLICT", table.conflict(index, "PRIMARY KEY", *repeats)),
        ("AUTOINCREMENT", _yes(table.text.autoincrement)),
        ("WITHOUT ROWID", _yes(table.catalog.without_rowid(table.name))),
        ("STRICT", _yes(table.catalog.strict(table.name))),
    )
    return SchemaObject("table", table.name, facts, sql=entry.sql)


def _column(table: _Table, row: tuple[Any, ...]) -> SchemaObject:
    _, name, kind, not_null, default, place, hidden = row
    catalog, alias = table.catalog, table.alias
    stated = table.text.columns.get(fold(str(name)))
    strict = catalog.strict(table.name) or catalog.without_rowid(table.name)
    implied = place and name != alias and strict
    facts = [
        ("type", _type(str(kind)) or ("''" if stated and stated.typed else "none")),
        ("NOT NULL", _yes(bool(not_null or implied))),
        ("default", "none" if default is None else _default(str(default))),
        ("primary key", "rowid alias" if name == alias else str(place) if place else "no"),
        ("collation", capitals(stated.collation) if stated and stated.collation else "BINARY"),
        ("NOT NULL ON CONFLICT", (stated.not_null_conflict if stated else "") or "ABORT"),
    ]
    if hidden in _HIDDEN:
        facts.append(("generated", _HIDDEN[hidden]))
        facts.append(("expression", canonical(stated.expression if stated else ())))
    elif hidden:
        facts.append(("hidden", "yes"))
    label = f"{table.name}.{name}"
    return SchemaObject("column", label, tuple(facts), owner=table.name)


@lru_cache(maxsize=1024)
def _type(text: str) -> str:
    """Return a declared type in one spelling; an empty one in quotes is not the same as none."""
    return " ".join(capitals(token.value) for token in tokenize(text))


@lru_cache(maxsize=1024)
def _default(text: str) -> str:
    """Return a default in one spelling; one word that is no constant is a string to SQLite."""
    tokens = tokenize(text)
    if len(tokens) == 1 and tokens[0].is_identifier and not tokens[0].is_word(*_CONSTANTS):
        return canonical([Token("string", tokens[0].value, text)])
    spelled = canonical(tokens)
    return "none" if spelled == "null" else spelled


def _uniques(table: _Table) -> Iterator[SchemaObject]:
    index = table.key_index
    key = table.alias if index is None else _terms(table.catalog, index, directed=False)
    seen: set[str] = set()
    for row in table.indexes:
        if row[3] != "u":
            continue
        rows = table.catalog.index_terms(str(row[1]))
        columns = [str(found[2]) for found in rows if found[5]]
        conflict = table.conflict(str(row[1]), "UNIQUE")
        terms = _terms(table.catalog, str(row[1]))
        undirected = _terms(table.catalog, str(row[1]), directed=False)
        repeats = columns == [table.alias] or undirected == key
        if fold(terms) in seen or (repeats and conflict == "ABORT"):
            continue
        seen.add(fold(terms))
        label = f"{fold(table.name)}({fold(terms)})"
        facts = (("ON CONFLICT", conflict),)
        yield SchemaObject("unique constraint", label, facts, owner=table.name)


def _foreign_keys(table: _Table) -> Iterator[SchemaObject]:
    keys: dict[int, list[tuple[Any, ...]]] = {}
    for row in table.catalog.foreign_keys(table.name):
        keys.setdefault(int(row[0]), []).append(row)
    stated = [found for found in table.text.constraints if found.kind == "FOREIGN KEY"]
    described = []
    for number, rows in keys.items():
        ordered = sorted(rows, key=lambda row: row[1])
        parent = str(ordered[0][2])
        columns = [fold(str(row[3])) for row in ordered]
        target = [fold(str(row[4])) for row in ordered if row[4] is not None]
        target = target or _primary_key(table.catalog, parent)
        # foreign_key_list counts from the last declared to the first.
        place = len(keys) - 1 - number
        deferred = stated[place].deferred if len(stated) == len(keys) else False
        facts = (
            ("ON UPDATE", str(ordered[0][5])),
            ("ON DELETE", str(ordered[0][6])),
            ("deferred", _yes(deferred)),
        )
        label = f"({column_list(columns)}) -> {fold(parent)}({column_list(target)})"
        described.append((label, facts))
    yield from _numbered("foreign key", table.name, "", described)


def _primary_key(catalog: Catalog, table: str) -> list[str]:
    rows = [row for row in catalog.columns(table) if row[5]]
    return [fold(str(row[1])) for row in sorted(rows, key=lambda row: row[5])]


def _checks(table: _Table) -> Iterator[SchemaObject]:
    described = [
        (canonical(found.expression), (("constraint name", found.name or "none"),))
        for found in table.text.constraints
        if found.kind == "CHECK"
    ]
    yield from _numbered("check", table.name, ": ", described)


def _numbered(
    kind: str, table: str, joint: str, described: Sequence[tuple[str, tuple[tuple[str, str], ...]]]
) -> Iterator[SchemaObject]:
    """Yield what has no name of its own: the order it was declared in means nothing."""
    counts: Counter[str] = Counter()
    for label, facts in sorted(described):
        counts[label] += 1
        number = f" no. {counts[label]}" if counts[label] > 1 else ""
        yield SchemaObject(kind, f"{fold(table)}{joint}{label}{number}", facts, owner=table)


def _terms(catalog: Catalog, index: str, *, directed: bool = True) -> str:
    """Return the columns of a constraint's index, with what is not the rule of each."""
    return ", ".join(
        column_list([str(name)])
        + (f" COLLATE {capitals(str(collation))}" if fold(str(collation)) != "binary" else "")
        + (" DESC" if descending and directed else "")
        for _, _, name, descending, collation, in_key in catalog.index_terms(index)
        if in_key
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"
