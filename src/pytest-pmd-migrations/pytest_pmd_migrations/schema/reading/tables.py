"""Read an ordinary table into schema objects: itself, its columns, keys and constraints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.catalog import Catalog, Entry, Index
from pytest_pmd_migrations.schema.reading.create_table import (
    ColumnText,
    ConstraintText,
    parse_create_table,
)
from pytest_pmd_migrations.schema.reading.spelling import (
    canonical,
    capitals,
    column_list,
    spell_name,
)
from pytest_pmd_migrations.schema.reading.stored_rows import Row
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize
from pytest_pmd_migrations.schema.values import ORDER, Nameless, SchemaObject

__all__ = ["read_table"]

_GENERATED = {2: "virtual", 3: "stored"}
"""The kinds of generated columns by table_xinfo's column `hidden`."""
_CLOCK = ("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP")
_CONSTANTS = ("NULL", "TRUE", "FALSE", *_CLOCK)


_Keyed = tuple[tuple[str, str], ...]
"""The columns of a constraint, each with its collation."""


class _Table:
    """One table: its rows in PRAGMAs, its parsed statement, and its primary key."""

    def __init__(self, catalog: Catalog, entry: Entry, tokens: Sequence[Token]) -> None:
        self.catalog = catalog
        self.name = entry.name
        self.sql = entry.sql
        self.text = parse_create_table(tokens)
        self.rows = catalog.columns(entry.name)
        self.indexes = catalog.indexes(entry.name).values()
        self.without_rowid = catalog.without_rowid(entry.name)
        self.strict = catalog.strict(entry.name)
        self.key = catalog.primary_key(entry.name)
        self.key_index = next((index for index in self.indexes if index.origin == "pk"), None)
        self.alias = self._alias()
        self._conflicts: dict[tuple[bool, tuple[str, ...]], dict[_Keyed, str]] = {}

    def _alias(self) -> str:
        """Return the column that is the rowid, empty if there is none.

        INTEGER PRIMARY KEY is one unless it needs an index, as one with a column-level DESC does
        (https://www.sqlite.org/lang_createtable.html, "ROWIDs and the INTEGER PRIMARY KEY").
        """
        if len(self.key) != 1 or self.key_index is not None or self.without_rowid:
            return ""
        kind = next(str(row[1]) for row in self.rows if row[4])
        return self.key[0] if fold(kind) == "integer" else ""

    def conflict(self, index: Index | None, *kinds: str) -> str:
        """Return the ON CONFLICT of the constraint of one of these kinds that made an index.

        Without an index it is that of the rowid alias, whose collation means nothing.
        """
        stated = self._stated(kinds, collated=index is not None)
        if not stated:
            return "ABORT"
        if index is None:
            terms = ((fold(name), "") for name in self.key)
        else:
            terms = ((fold(str(name)), fold(collation)) for _, name, _, collation in index.terms)
        return stated.get(tuple(terms), "ABORT")

    def _stated(self, kinds: tuple[str, ...], *, collated: bool) -> dict[_Keyed, str]:
        """Return the ON CONFLICT of each constraint that has one; the first on its columns holds.

        Those of one kind are looked through once, however many indexes ask for them.
        """
        if (collated, kinds) not in self._conflicts:
            found = self._conflicts[collated, kinds] = dict[_Keyed, str]()
            for one in self.text.constraints:
                if one.conflict and one.kind in kinds:
                    found.setdefault(self._terms(one, collated=collated), one.conflict)
        return self._conflicts[collated, kinds]

    def _terms(self, constraint: ConstraintText, *, collated: bool) -> _Keyed:
        """Return a constraint's columns, each once, with the collation that holds for it."""
        found = []
        for name, stated in zip(constraint.columns, constraint.collations, strict=True):
            column = self.text.columns.get(name)
            collation = stated or (fold(column.collation) if column else "") or "binary"
            found.append((name, collation if collated else ""))
        return tuple(dict.fromkeys(found))


def read_table(catalog: Catalog, entry: Entry, tokens: Sequence[Token]) -> Iterator[SchemaObject]:
    """Yield a table and everything that belongs to it except indexes and triggers."""
    table = _Table(catalog, entry, tokens)
    yield _table(table)
    yield from _columns(table)
    yield from _uniques(table)
    yield from _foreign_keys(table)
    yield from _checks(table)


def _table(table: _Table) -> SchemaObject:
    index = table.key_index
    terms = _terms(index) if index is not None else column_list(table.key)
    # A UNIQUE that repeats the key has no index of its own; its ON CONFLICT holds for the key.
    repeats = () if index is None else ("UNIQUE",)
    columns = tuple(str(row[0]) for row in table.rows)
    facts = (
        (ORDER, column_list(columns)),
        ("primary key", terms or "none"),
        ("primary key ON CONFLICT", table.conflict(index, "PRIMARY KEY", *repeats)),
        ("AUTOINCREMENT", _yes(table.text.autoincrement)),
        ("WITHOUT ROWID", _yes(table.without_rowid)),
        ("STRICT", _yes(table.strict)),
    )
    return SchemaObject("table", table.name, facts, sql=table.sql, columns=columns)


def _columns(table: _Table) -> Iterator[SchemaObject]:
    alias, stated_columns = table.alias, table.text.columns
    keys_required = table.strict or table.without_rowid
    for name, kind, required, default, key_position, hidden, _ in table.rows:
        stated = stated_columns.get(fold(str(name))) or ColumnText(str(name))
        implied = key_position and name != alias and keys_required
        facts = _column_facts(
            str(kind),
            stated.typed,
            bool(required or implied),
            default,
            "rowid alias" if name == alias else str(key_position) if key_position else "no",
            stated.collation,
            stated.not_null_conflict,
        )
        if hidden in _GENERATED:
            facts += (
                ("generated", _GENERATED[hidden]),
                ("expression", canonical(stated.expression)),
            )
        elif hidden:
            facts += (("hidden", "yes"),)
        qualified_name = f"{table.name}.{name}"
        yield SchemaObject("column", qualified_name, facts, owner=table.name, column=str(name))


@lru_cache(maxsize=1024)
def _column_facts(
    kind: str,
    typed: bool,
    required: bool,
    default: str | None,
    key: str,
    collation: str,
    conflict: str,
) -> tuple[tuple[str, str], ...]:
    return (
        ("type", _type(kind) or ("''" if typed else "none")),
        ("NOT NULL", _yes(required)),
        ("default", "none" if default is None else _default(default)),
        ("primary key", key),
        ("collation", capitals(collation) if collation else "BINARY"),
        ("NOT NULL ON CONFLICT", conflict or "ABORT"),
    )


def _type(text: str) -> str:
    """Return a declared type in one spelling."""
    return " ".join(capitals(token.value) for token in tokenize(text))


def _default(text: str) -> str:
    """Return a default in one spelling; a single word that is no constant is a string."""
    tokens = tokenize(text)
    if len(tokens) == 1 and tokens[0].is_identifier and not tokens[0].is_word(*_CONSTANTS):
        return canonical([Token("string", tokens[0].value, text)])
    spelled = canonical(tokens)
    return "none" if spelled == "null" else spelled


def _uniques(table: _Table) -> Iterator[SchemaObject]:
    key = table.alias if table.key_index is None else _terms(table.key_index, directed=False)
    seen: set[str] = set()
    for index in table.indexes:
        if index.origin != "u":
            continue
        terms = fold(_terms(index))
        conflict = table.conflict(index, "UNIQUE")
        columns = [str(name) for _, name, _, _ in index.terms]
        repeats = columns == [table.alias] or _terms(index, directed=False) == key
        if terms in seen or (repeats and conflict == "ABORT"):
            continue
        seen.add(terms)
        qualified_name = f"{fold(table.name)}({terms})"
        facts = (("ON CONFLICT", conflict),)
        yield SchemaObject("unique constraint", qualified_name, facts, owner=table.name)


def _foreign_keys(table: _Table) -> Iterator[SchemaObject]:
    keys: dict[int, list[Row]] = {}
    for row in table.catalog.foreign_keys(table.name):
        keys.setdefault(row[0], []).append(row)
    stated = [found for found in table.text.constraints if found.kind == "FOREIGN KEY"]
    described = []
    for number, rows in keys.items():
        _, parent, _, _, on_update, on_delete, _ = rows[0]
        columns = [fold(str(row[2])) for row in rows]
        target = [fold(str(row[3])) for row in rows if row[3] is not None]
        target = target or [fold(name) for name in table.catalog.primary_key(str(parent))]
        if len(columns) == len(target):
            # The order of the pairs means nothing.
            pairs = sorted(zip(columns, target, strict=True))
            columns, target = [own for own, _ in pairs], [other for _, other in pairs]
        # foreign_key_list counts from the last declared to the first.
        position = len(keys) - 1 - number
        deferred = stated[position].deferred if len(stated) == len(keys) else False
        facts = (
            ("ON UPDATE", str(on_update)),
            ("ON DELETE", str(on_delete)),
            ("deferred", _yes(deferred)),
        )
        subject = f"{fold(table.name)}({column_list(columns)})"
        described.append((subject, f"{fold(str(parent))}({column_list(target)})", facts))
    yield from _numbered("foreign key", table.name, " -> ", described)


def _checks(table: _Table) -> Iterator[SchemaObject]:
    subject = fold(table.name)
    described = [
        (subject, canonical(found.expression), (("constraint name", found.name or "none"),))
        for found in table.text.constraints
        if found.kind == "CHECK"
    ]
    yield from _numbered("check", table.name, ": ", described)


def _numbered(
    kind: str,
    table: str,
    joint: str,
    described: Sequence[tuple[str, str, tuple[tuple[str, str], ...]]],
) -> Iterator[SchemaObject]:
    """Yield the objects for (subject, content, facts) of CHECKs or foreign keys.

    They are sorted, since the order of their declaration means nothing; equal ones are numbered.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for subject, text, facts in sorted(described):
        counts[subject, text] += 1
        count = counts[subject, text]
        nameless = Nameless(subject, f"{text} no. {count}" if count > 1 else text)
        name = joint.join(nameless)
        yield SchemaObject(kind, name, facts, owner=table, nameless=nameless)


def _terms(index: Index, *, directed: bool = True) -> str:
    """Return the columns of a constraint's index, with COLLATE and DESC where they are stated."""
    return ", ".join(
        spell_name(str(name))
        + ("" if fold(collation) == "binary" else f" COLLATE {capitals(collation)}")
        + (" DESC" if descending and directed else "")
        for _, name, descending, collation in index.terms
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"
