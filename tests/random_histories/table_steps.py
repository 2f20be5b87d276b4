"""Steps that make and change tables, and keep all their rows."""

from __future__ import annotations

from dataclasses import replace

from tests.random_histories.database import Database
from tests.random_histories.tables import (
    WORDS,
    Column,
    Table,
    add_reference,
    quote,
    random_column,
    random_table,
)

__all__ = [
    "add_column",
    "add_computed_column",
    "add_reference_column",
    "new_circle",
    "new_table",
    "rebuild_table",
    "rename_column",
    "rename_table",
    "seed_rows",
]


def new_table(database: Database) -> None:
    chance = database.chance
    table = random_table(chance, database.fresh_name(chance.choice(WORDS)))
    for parent in list(database.tables.values()):
        if chance.random() < 0.5:
            table = add_reference(chance, table, parent)
    if chance.random() < 0.25:
        table = add_reference(chance, table, table)
    database.tables[table.name] = table
    database.say(table.create())


def new_circle(database: Database) -> None:
    chance = database.chance
    first = random_table(chance, database.fresh_name("circle"))
    second = add_reference(chance, random_table(chance, database.fresh_name("ring")), first)
    first = add_reference(chance, first, second)
    for table in (first, second):
        database.tables[table.name] = table
        database.say(table.create())


def seed_rows(database: Database) -> None:
    """A table whose rows the migration inserts."""
    name = database.fresh_name("kinds")
    key = Column("code", "TEXT", "PRIMARY KEY NOT NULL", "key")
    made = Table(name, (key, Column("about", "TEXT")), options=" WITHOUT ROWID", key=("code",))
    database.tables[name] = made
    database.say(made.create())
    database.say(f"INSERT INTO {quote(name)} VALUES ('a', NULL), ('b', 'it''s'), ('c', '')")


def add_column(database: Database) -> None:
    """What ALTER TABLE can add: no UNIQUE, no default that is computed."""
    table = database.some_table()
    if table is None:
        return
    name = database.fresh_name("added")
    kind, rules = database.chance.choice(
        (
            ("TEXT", ""),
            ("TEXT", "NOT NULL DEFAULT ''"),
            ("INTEGER", "NOT NULL DEFAULT 7 CHECK ({c} > 0)"),
            ("BLOB", ""),
            ("REAL", "DEFAULT 0.5"),
            ("TEXT", "COLLATE NOCASE DEFAULT 'a''b'"),
        )
    )
    column = Column(name, kind, rules.format(c=quote(name)), "added")
    database.say(f"ALTER TABLE {quote(table.name)} ADD COLUMN {column.sql}")
    # It comes last, after computed columns too.
    database.tables[table.name] = replace(table, columns=(*table.columns, column))
    if rules == "" and kind == "TEXT" and table.of_role("text"):
        own = quote(table.name)
        source = f"{own}.{quote(table.of_role('text')[0])}"
        database.say(f"UPDATE {own} SET {quote(name)} = lower({source})")


def add_reference_column(database: Database) -> None:
    """ALTER TABLE takes a foreign key whose column is NULL in the rows that are there."""
    table = database.some_table()
    parents = [t for t in database.tables.values() if len(t.key) == 1]
    if table is None or not parents:
        return
    parent, name = database.chance.choice(parents), database.fresh_name("of")
    kind = next(column.kind for column in parent.columns if column.name == parent.key[0])
    rules = f"REFERENCES {quote(parent.name)}({quote(parent.key[0])})"
    column = Column(name, kind, rules, "reference")
    database.say(f"ALTER TABLE {quote(table.name)} ADD COLUMN {column.sql}")
    parents_now = (*table.parents, parent.name)
    longer = replace(table, columns=(*table.columns, column), parents=parents_now)
    database.tables[table.name] = longer


def add_computed_column(database: Database) -> None:
    table = database.some_table("text", "number")
    if table is None:
        return
    source, name = table.of_role("text", "number")[0], database.fresh_name("computed")
    kind = "TEXT" if "STRICT" in table.options else ""
    rules = f"AS (typeof({quote(source)}) || '!') VIRTUAL"
    column = Column(name, kind, rules, "computed")
    database.say(f"ALTER TABLE {quote(table.name)} ADD COLUMN {column.sql}")
    database.tables[table.name] = replace(table, columns=(*table.columns, column))


def rename_column(database: Database) -> None:
    """Of a table on which nothing stands, whose SQL would be rewritten too."""
    table = _bare_table(database)
    old = table.of_role("text", "number", "blob") if table else []
    if table is None or not old:
        return
    new = database.fresh_name("renamed")
    database.say(f"ALTER TABLE {quote(table.name)} RENAME COLUMN {quote(old[0])} TO {quote(new)}")
    pair = (quote(old[0]), quote(new))
    columns = (
        replace(c, name=new if c.name == old[0] else c.name, rules=c.rules.replace(*pair))
        for c in table.columns
    )
    constraints = tuple(text.replace(*pair) for text in table.constraints)
    longer = replace(table, columns=tuple(columns), constraints=constraints)
    database.tables[table.name] = longer


def rename_table(database: Database) -> None:
    table = _bare_table(database)
    if table is None:
        return
    new = database.fresh_name("moved")
    database.say(f"ALTER TABLE {quote(table.name)} RENAME TO {quote(new)}")
    pair = (f"REFERENCES {quote(table.name)}", f"REFERENCES {quote(new)}")
    for other in list(database.tables.values()):
        columns = tuple(replace(c, rules=c.rules.replace(*pair)) for c in other.columns)
        constraints = tuple(text.replace(*pair) for text in other.constraints)
        parents = tuple(new if name == table.name else name for name in other.parents)
        database.tables[other.name] = replace(
            other, columns=columns, constraints=constraints, parents=parents
        )
    database.tables[new] = replace(database.tables.pop(table.name), name=new)


def _bare_table(database: Database) -> Table | None:
    taken = {name for thing in database.things.values() for name in thing.tables}
    taken.update(table for table, _, _ in database.indexes.values())
    bare = [table for table in database.tables.values() if table.name not in taken]
    return database.chance.choice(bare) if bare else None


def rebuild_table(database: Database) -> None:
    """SQLite's twelve steps: what stands on the table goes first and comes back last."""
    table = database.some_table()
    if table is None:
        return
    standing = [thing for thing in database.things.values() if table.name in thing.tables]
    for thing in standing:
        database.say(f"DROP {thing.kind.upper()} {quote(thing.name)}")
    longer = table
    if database.chance.random() < 0.5:
        name = database.fresh_name("later")
        strict = "STRICT" in table.options
        column = random_column(database.chance, name, strict=strict)
        if "NOT NULL" not in column.rules or "DEFAULT" in column.rules:
            longer = replace(table, columns=(*table.columns, column))
    names = ", ".join(map(quote, table.stored))
    new = f"{table.name} new"
    database.say(longer.create(new))
    # With the table before it: a name alone in double quotes may be a text to SQLite.
    values = ", ".join(f"t.{quote(column)}" for column in table.stored)
    database.say(f"INSERT INTO {quote(new)}({names}) SELECT {values} FROM {quote(table.name)} t")
    database.say(f"DROP TABLE {quote(table.name)}")
    database.say(f"ALTER TABLE {quote(new)} RENAME TO {quote(table.name)}")
    for thing in standing:
        database.say(thing.sql)
    database.tables[table.name] = longer
