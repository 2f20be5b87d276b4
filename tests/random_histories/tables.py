"""Tables drawn by chance: columns of every kind, keys, CHECKs, references, computed columns."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

__all__ = ["Column", "Table", "add_reference", "quote", "random_table"]

WORDS = (
    "note",
    "user",
    "order",
    "tag",
    "box",
    "file",
    "größe",
    "it's",
    "line item",
    "group",
    "Log",
)
FIELDS = ("name", "title", "body", "count", "state", "size", "data", "score", "select", "Kind", "ü")


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Column:
    """A column as it is written; ``role`` is what steps may do with it."""

    name: str
    kind: str
    rules: str = ""
    role: str = "text"

    @property
    def sql(self) -> str:
        return f"{quote(self.name)} {self.kind} {self.rules}".rstrip()


@dataclass(frozen=True)
class Table:
    """A table: ``key`` are the columns that others may refer to, ``parents`` those it refers to."""

    name: str
    columns: tuple[Column, ...]
    constraints: tuple[str, ...] = ()
    options: str = ""
    key: tuple[str, ...] = ()
    parents: tuple[str, ...] = field(default=())

    def create(self, name: str = "") -> str:
        parts = ", ".join((*(column.sql for column in self.columns), *self.constraints))
        return f"CREATE TABLE {quote(name or self.name)}({parts}){self.options}"

    @property
    def stored(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.role != "computed")

    def of_role(self, *roles: str) -> list[str]:
        return [column.name for column in self.columns if column.role in roles]

    @property
    def rowid(self) -> str:
        """The column that is the rowid, empty where none is."""
        return next((c.name for c in self.columns if c.role == "rowid"), "")


KINDS: tuple[tuple[str, str, str], ...] = (
    ("TEXT", "", "text"),
    ("TEXT", "NOT NULL", "text"),
    ("TEXT", "NOT NULL DEFAULT 'usual'", "text"),
    ("TEXT", "COLLATE NOCASE", "text"),
    ("TEXT", "NOT NULL COLLATE RTRIM UNIQUE", "unique"),
    ("TEXT", "NOT NULL DEFAULT CURRENT_TIMESTAMP", "text"),
    ("TEXT", "NOT NULL CHECK ({c} IN ('new', 'open', 'done'))", "state"),
    ("TEXT", "CHECK ({c} IS NULL OR length({c}) BETWEEN 2 AND 40)", "text"),
    ("TEXT", "CHECK ({c} IS NULL OR json_valid({c}))", "json"),
    ("INTEGER", "", "number"),
    ("INTEGER", "NOT NULL DEFAULT 0 CHECK ({c} >= 0)", "number"),
    ("INTEGER", "CHECK ({c} IN (0, 1))", "flag"),
    ("INTEGER", "NOT NULL UNIQUE", "unique"),
    ("REAL", "", "number"),
    ("REAL", "NOT NULL CHECK ({c} > 0.5)", "number"),
    ("BLOB", "", "blob"),
    ("BLOB", "NOT NULL CHECK (typeof({c}) = 'blob')", "blob"),
    ("BLOB", "NOT NULL CHECK (length({c}) = 16)", "blob"),
)
LOOSE_KINDS: tuple[tuple[str, str, str], ...] = (
    ("", "", "any"),
    ("VARCHAR(20)", "NOT NULL", "text"),
    ("DECIMAL(10, 2)", "", "number"),
    ("BOOLEAN", "NOT NULL DEFAULT FALSE", "flag"),
    ("DATETIME", "", "any"),
)
COMPUTED = {
    "text": ("upper({c})", "length({c})", "coalesce({c}, '') || '!'"),
    "number": ("{c} IS NULL", "typeof({c})"),
    "json": ("json_extract({c}, '$.a')", "json_type({c})"),
    "blob": ("hex({c})", "length({c})"),
}


def random_column(chance: random.Random, name: str, *, strict: bool) -> Column:
    kind, rules, role = chance.choice(KINDS if strict else (*KINDS, *LOOSE_KINDS))
    return Column(name, kind, rules.format(c=quote(name)), role)


def random_table(chance: random.Random, name: str) -> Table:
    """A table without references."""
    strict = chance.random() < 0.2
    names = chance.sample(FIELDS, chance.randint(1, 5))
    columns = [random_column(chance, one, strict=strict) for one in names]
    key, constraints, options = _random_key(chance, columns)
    if chance.random() < 0.3:
        columns.extend(_computed(chance, columns, strict=strict))
    numbers = [c.name for c in columns if c.role == "number"]
    if len(numbers) > 1 and chance.random() < 0.5:
        low, high = map(quote, numbers[:2])
        constraints.append(f"CONSTRAINT ordered CHECK ({low} <= {high} OR {low} IS NULL)")
    if len(names) > 2 and chance.random() < 0.3:
        constraints.append(f"UNIQUE ({', '.join(map(quote, names[:2]))})")
    listed = [*options, *(["STRICT"] if strict else [])]
    ending = f" {', '.join(listed)}" if listed else ""
    return Table(name, tuple(columns), tuple(constraints), ending, key)


def _random_key(
    chance: random.Random, columns: list[Column]
) -> tuple[tuple[str, ...], list[str], list[str]]:
    """Put the key's columns first; return their names, constraints, options."""
    style = chance.choice(("rowid", "rowid", "rowid", "counting", "text", "pair", "none", "desc"))
    if style in ("rowid", "counting", "desc"):
        rules = {"rowid": "", "counting": " AUTOINCREMENT", "desc": " DESC"}[style]
        role = "key" if style == "desc" else "rowid"
        columns.insert(0, Column("id", "INTEGER", f"PRIMARY KEY{rules}", role))
        return ("id",), [], []
    if style == "none":
        return (), [], []
    columns.insert(0, Column("code", "TEXT", "NOT NULL", "key"))
    names = ["code"]
    if style == "pair":
        columns.insert(1, Column("part", "INTEGER", "NOT NULL", "key"))
        names.append("part")
    options = ["WITHOUT ROWID"] if chance.random() < 0.5 else []
    return tuple(names), [f"PRIMARY KEY ({', '.join(map(quote, names))})"], options


def _computed(chance: random.Random, columns: list[Column], *, strict: bool) -> list[Column]:
    made = []
    for column in columns:
        if column.role in COMPUTED and chance.random() < 0.4:
            expression = chance.choice(COMPUTED[column.role]).format(c=quote(column.name))
            how = chance.choice(("VIRTUAL", "STORED"))
            kind = "ANY" if strict else ""
            rules = f"AS ({expression}) {how}"
            made.append(Column(f"{column.name} too", kind, rules, "computed"))
    return made


def add_reference(chance: random.Random, table: Table, parent: Table) -> Table:
    """The table with columns that refer to the parent's key, or to a UNIQUE column of it."""
    target = parent.key
    unique = parent.of_role("unique")
    if unique and (not target or chance.random() < 0.3):
        target = (chance.choice(unique),)
    if not target:
        return table
    columns = {column.name: column for column in parent.columns}
    needed = chance.choice(("", "NOT NULL"))
    made = []
    for name in target:
        own = f"{parent.name} {name}"
        if own in table.stored:
            return table
        kind = columns[name].kind
        if "STRICT" not in table.options and kind == "TEXT" and chance.random() < 0.2:
            kind = "INTEGER"
        made.append(Column(own, kind, needed, "reference"))
    ending = ["ON DELETE CASCADE", "ON UPDATE CASCADE", "DEFERRABLE INITIALLY DEFERRED", ""]
    if not needed:
        ending.append("ON DELETE SET NULL")
    own_names = ", ".join(quote(column.name) for column in made)
    constraint = (
        f"FOREIGN KEY ({own_names}) REFERENCES {quote(parent.name)}"
        f" ({', '.join(map(quote, target))}) {chance.choice(ending)}"
    ).rstrip()
    at = next((n for n, c in enumerate(table.columns) if c.role == "computed"), len(table.columns))
    constraints = [*table.constraints, constraint]
    if chance.random() < 0.2 and needed:
        constraints.append(f"UNIQUE ({own_names})")
    return replace(
        table,
        columns=(*table.columns[:at], *made, *table.columns[at:]),
        constraints=tuple(constraints),
        parents=(*table.parents, parent.name),
    )
