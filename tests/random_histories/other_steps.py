"""Steps that make indexes, views, triggers and R*Trees, and drop them."""

from __future__ import annotations

from tests.random_histories.database import Database, Thing
from tests.random_histories.tables import Column, Table, quote

__all__ = [
    "drop_thing",
    "new_guard",
    "new_index",
    "new_log",
    "new_places",
    "new_unique_index",
    "new_view",
    "new_writable_view",
]


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


def drop_thing(database: Database) -> None:
    loose = [thing for thing in database.things.values() if not thing.name.startswith("keep ")]
    if loose:
        thing = database.chance.choice(loose)
        del database.things[thing.name]
        database.say(f"DROP {thing.kind.upper()} {quote(thing.name)}")


def new_places(database: Database) -> None:
    name = database.fresh_name("places")
    database.say(f"CREATE VIRTUAL TABLE {quote(name)} USING rtree(id, x0, x1)")
