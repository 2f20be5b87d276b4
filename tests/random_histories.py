"""Histories of migrations drawn by chance, each step one that keeps all rows: SQL scripts."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from tests.random_tables import (
    WORDS,
    Column,
    Table,
    add_reference,
    quote,
    random_column,
    random_table,
)

__all__ = ["random_history"]


@dataclass(frozen=True)
class Thing:
    """An index, a view or a trigger: how it is made, and the tables that its text names."""

    kind: str
    name: str
    sql: str
    tables: frozenset[str]

    @property
    def on(self) -> str:
        return next(iter(self.tables))


@dataclass
class Database:
    """What the scripts have made so far; ``script`` is the one that is being written."""

    chance: random.Random
    tables: dict[str, Table] = field(default_factory=dict)
    things: dict[str, Thing] = field(default_factory=dict)
    indexes: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    script: list[str] = field(default_factory=list)
    number: int = 0

    def fresh_name(self, word: str) -> str:
        self.number += 1
        return f"{word} {self.number}" if self.chance.random() < 0.3 else f"{word}{self.number}"

    def say(self, sql: str) -> None:
        self.script.append(f"{sql};")

    def some_table(self, *roles: str) -> Table | None:
        """A table with a column of one of these roles."""
        found = [t for t in self.tables.values() if not roles or t.of_role(*roles)]
        return self.chance.choice(found) if found else None

    def keep(self, thing: Thing) -> None:
        self.things[thing.name] = thing
        self.say(thing.sql)


Step = Callable[[Database], None]


def random_history(seed: int) -> list[str]:
    """The scripts of a history, the first of which makes several tables."""
    database = Database(random.Random(f"history {seed}"))
    scripts = []
    for number in range(database.chance.randint(2, 4)):
        database.script = []
        if not number:
            for _ in range(database.chance.randint(1, 3)):
                new_table(database)
        for step in database.chance.choices(STEPS, k=database.chance.randint(1, 4)):
            step(database)
        if not database.script:
            new_table(database)
        scripts.append("\n".join(database.script) + "\n")
    return scripts


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
        source = quote(table.of_role("text")[0])
        database.say(f"UPDATE {quote(table.name)} SET {quote(name)} = lower({source})")


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


def seed_rows(database: Database) -> None:
    """A table whose rows the migration inserts."""
    name = database.fresh_name("kinds")
    key = Column("code", "TEXT", "PRIMARY KEY NOT NULL", "key")
    made = Table(name, (key, Column("about", "TEXT")), options=" WITHOUT ROWID", key=("code",))
    database.tables[name] = made
    database.say(made.create())
    database.say(f"INSERT INTO {quote(name)} VALUES ('a', NULL), ('b', 'it''s'), ('c', '')")


def new_index(database: Database) -> None:
    table = database.some_table("text", "number", "blob", "state", "json", "reference")
    if table is None:
        return
    name = quote(
        database.chance.choice(
            table.of_role("text", "number", "blob", "state", "json") or table.of_role("reference")
        )
    )
    terms, where = database.chance.choice(
        (
            (name, ""),
            (f"{name} DESC", ""),
            (f"{name} COLLATE NOCASE", ""),
            (f"lower({name})", ""),
            (f"length({name}), {name}", ""),
            (name, f" WHERE {name} IS NOT NULL"),
            (name, f" WHERE {name} > 'm'"),
            (f"coalesce({name}, 'none')", f" WHERE {name} <> ''"),
        )
    )
    index = database.fresh_name("index")
    sql = f"CREATE INDEX {quote(index)} ON {quote(table.name)}({terms}){where}"
    database.keep(Thing("index", index, sql, frozenset({table.name})))


def new_unique_index(database: Database) -> None:
    """On a column that no rule makes unique, but in which no two rows of an application agree."""
    table = database.some_table("blob")
    if table is None:
        return
    column, index = quote(table.of_role("blob")[0]), database.fresh_name("unique")
    sql = f"CREATE UNIQUE INDEX {quote(index)} ON {quote(table.name)}({column})"
    database.keep(Thing("index", index, sql, frozenset({table.name})))


def new_view(database: Database) -> None:
    table, other = database.some_table(), database.some_table()
    if table is None or other is None:
        return
    name = database.fresh_name("view")
    columns = ", ".join(f"t.{quote(c)}" for c in table.stored)
    how = database.chance.choice(
        (
            f"SELECT {columns} FROM {quote(table.name)} t",
            f"SELECT count(*) AS n FROM {quote(table.name)}",
            f"SELECT {columns} FROM main.{quote(table.name)} AS t JOIN {quote(other.name)} o",
            f"WITH c AS (SELECT * FROM {quote(table.name)}) SELECT count(*) AS n FROM c",
        )
    )
    sql = f"CREATE VIEW {quote(name)} AS {how}"
    database.keep(Thing("view", name, sql, frozenset({table.name, other.name})))


def new_writable_view(database: Database) -> None:
    table = database.some_table("text", "unique")
    if table is None:
        return
    view, trigger = database.fresh_name("shown"), database.fresh_name("instead")
    column = quote(table.of_role("text", "unique")[0])
    own = quote(table.name)
    made = f"CREATE VIEW {quote(view)} AS SELECT {column} AS a FROM {own} WHERE {column} <> ''"
    database.keep(Thing("view", view, made, frozenset({table.name})))
    sql = (
        f"CREATE TRIGGER {quote(trigger)} INSTEAD OF UPDATE ON {quote(view)} BEGIN"
        f" UPDATE {own} SET {column} = new.a WHERE {column} = old.a; END"
    )
    # It goes with its view.
    database.say(sql)
    both = f"{made};\n{sql}"
    database.things[view] = Thing("view", view, both, frozenset({table.name}))


def new_log(database: Database) -> None:
    """A table that a trigger writes."""
    table = database.some_table()
    if table is None:
        return
    log, trigger = database.fresh_name("log"), database.fresh_name("trigger")
    made = Table(log, (Column("id", "INTEGER", "PRIMARY KEY", "rowid"), Column("what", "TEXT")))
    database.tables[log] = made
    database.say(made.create())
    event = database.chance.choice(("INSERT", "UPDATE", "DELETE"))
    row = "old" if event == "DELETE" else "new"
    when = (
        f" WHEN {row}.{quote(table.stored[-1])} IS NOT NULL"
        if database.chance.random() < 0.3
        else ""
    )
    sql = (
        f"CREATE TRIGGER {quote(trigger)} AFTER {event} ON {quote(table.name)}{when} BEGIN"
        f" INSERT INTO {quote(log)}(what) VALUES (quote({row}.{quote(table.stored[0])})); END"
    )
    database.keep(Thing("trigger", trigger, sql, frozenset({table.name, log})))


def new_guard(database: Database) -> None:
    """A trigger that refuses rows."""
    table = database.some_table("text")
    if table is None:
        return
    name, column = database.fresh_name("guard"), quote(table.of_role("text")[0])
    sql = (
        f"CREATE TRIGGER {quote(name)} BEFORE INSERT ON {quote(table.name)}"
        f" WHEN length(new.{column}) > 900 BEGIN SELECT RAISE(ABORT, 'too long'); END"
    )
    database.keep(Thing("trigger", name, sql, frozenset({table.name})))


def new_full_text(database: Database) -> None:
    """An index of a table's texts: external content or none, with triggers or by a rebuild."""
    chance = database.chance
    tables = [t for t in database.tables.values() if t.rowid and t.of_role("text", "unique")]
    if not tables:
        return
    table = chance.choice(tables)
    columns = table.of_role("text", "unique")[:2]
    name = database.fresh_name(f"{table.name}_fts")
    style = chance.choice(("external", "external", "fts4", "contentless", "own"))
    names = ", ".join(map(quote, columns))
    content = table.name.replace("'", "''")
    options = {
        "external": f", content='{content}', content_rowid='{table.rowid}'",
        "fts4": f", content='{content}'",
        "contentless": ", content=''",
        "own": ", prefix='2 3'",
    }[style]
    if style == "fts4" and not content.replace("_", "").isalnum():
        return
    module = "fts4" if style == "fts4" else "fts5"
    database.say(f"CREATE VIRTUAL TABLE {quote(name)} USING {module}({names}{options})")
    database.indexes[name] = (table.name, style, names)
    if style in ("external", "fts4"):
        database.say(f"INSERT INTO {quote(name)}({quote(name)}) VALUES ('rebuild')")
    else:
        database.say(
            f"INSERT INTO {quote(name)}(rowid, {names})"
            f" SELECT {quote(table.rowid)}, {names} FROM {quote(table.name)}"
        )
    if style == "external" and chance.random() < 0.6:
        for trigger in _full_text_triggers(database, name, table, columns):
            database.keep(trigger)


def _full_text_triggers(
    database: Database, index: str, table: Table, columns: list[str]
) -> Iterator[Thing]:
    own, names = quote(index), ", ".join(map(quote, columns))
    old = ", ".join(f"old.{quote(c)}" for c in (table.rowid, *columns))
    new = ", ".join(f"new.{quote(c)}" for c in (table.rowid, *columns))
    out = f"INSERT INTO {own}({own}, rowid, {names}) VALUES ('delete', {old});"
    put = f"INSERT INTO {own}(rowid, {names}) VALUES ({new});"
    bodies = {"INSERT": put, "DELETE": out, "UPDATE": f"{out} {put}"}
    for event, body in bodies.items():
        name = database.fresh_name(f"keep {event}")
        sql = f"CREATE TRIGGER {quote(name)} AFTER {event} ON {quote(table.name)} BEGIN {body} END"
        yield Thing("trigger", name, sql, frozenset({table.name, index}))


def rebuild_full_text(database: Database) -> None:
    rebuilt = [n for n, (_, style, _) in database.indexes.items() if style in ("external", "fts4")]
    if rebuilt:
        name = quote(database.chance.choice(rebuilt))
        database.say(f"INSERT INTO {name}({name}) VALUES ('rebuild')")


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
    database.say(f"INSERT INTO {quote(new)}({names}) SELECT {names} FROM {quote(table.name)}")
    database.say(f"DROP TABLE {quote(table.name)}")
    database.say(f"ALTER TABLE {quote(new)} RENAME TO {quote(table.name)}")
    for thing in standing:
        database.say(thing.sql)
    database.tables[table.name] = longer


def drop_thing(database: Database) -> None:
    loose = [thing for thing in database.things.values() if not thing.name.startswith("keep ")]
    if loose:
        thing = database.chance.choice(loose)
        del database.things[thing.name]
        database.say(f"DROP {thing.kind.upper()} {quote(thing.name)}")


def new_places(database: Database) -> None:
    name = database.fresh_name("places")
    database.say(f"CREATE VIRTUAL TABLE {quote(name)} USING rtree(id, x0, x1)")


STEPS: tuple[Step, ...] = (
    *(new_table,) * 2,
    new_circle,
    *(add_column,) * 3,
    add_reference_column,
    add_computed_column,
    rename_column,
    rename_table,
    seed_rows,
    *(new_index,) * 3,
    new_unique_index,
    *(new_view,) * 2,
    new_writable_view,
    new_log,
    new_guard,
    *(new_full_text,) * 2,
    rebuild_full_text,
    *(rebuild_table,) * 4,
    drop_thing,
    new_places,
)
