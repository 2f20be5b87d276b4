"""Steps that make full-text indexes of a table's texts, and rebuild them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.random_histories.database import Database, Thing
from tests.random_histories.tables import Table, quote

__all__ = ["new_full_text", "rebuild_full_text"]


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
        values = ", ".join(f"t.{quote(column)}" for column in (table.rowid, *columns))
        database.say(
            f"INSERT INTO {quote(name)}(rowid, {names}) SELECT {values} FROM {quote(table.name)} t"
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
