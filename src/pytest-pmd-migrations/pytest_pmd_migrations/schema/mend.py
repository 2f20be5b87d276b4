"""The SQL that makes an upgraded database like a fresh one, where a simple statement does."""

from __future__ import annotations

from pytest_pmd_migrations.schema.reading.spelling import as_sql, one_line
from pytest_pmd_migrations.schema.reading.tokens import fold, tokenize
from pytest_pmd_migrations.schema.values import ORDER, Schema, SchemaObject

__all__ = ["REBUILD", "changing", "creating", "dropping"]

REBUILD = "needs a table rebuild"
"""What mends a difference that no single statement mends."""

_REFILL = "drop it, create it and fill it again"
_STANDING = ("index", "trigger", "view")
_TABLES = ("table", "virtual table")
_CLOCK = ("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP")


def dropping(found: SchemaObject, schema: Schema) -> str:
    """Return what removes an object that only the upgraded database has."""
    if found.kind in _TABLES:
        return f"DROP TABLE {as_sql(found.name)};"
    if found.kind in _STANDING:
        return f"DROP {found.kind.upper()} {as_sql(found.name)};"
    if found.kind == "column" and not _is_used(found, schema):
        return f"ALTER TABLE {as_sql(found.owner)} DROP COLUMN {as_sql(found.own_name)};"
    return REBUILD


def creating(found: SchemaObject, schema: Schema) -> str:
    """Return what makes an object that only the fresh database has."""
    if found.kind in _TABLES:
        return " ".join(one_line(item.sql) for item in (found, *_standing(found, schema)))
    if found.kind in _STANDING:
        return one_line(found.sql)
    if found.kind == "column" and _is_last(found, schema):
        return _adding(found) or REBUILD
    return REBUILD


def changing(upgraded: SchemaObject, fresh: SchemaObject) -> str:
    """Return what makes the upgraded object like the fresh one."""
    if fresh.kind in _STANDING:
        return f"DROP {fresh.kind.upper()} {as_sql(upgraded.name)}; {one_line(fresh.sql)}"
    if fresh.kind == "virtual table":
        return _REFILL
    if fresh.kind == "column" and upgraded.facts == fresh.facts:
        old, new = as_sql(upgraded.own_name), as_sql(fresh.own_name)
        return f"ALTER TABLE {as_sql(fresh.owner)} RENAME COLUMN {old} TO {new};"
    return REBUILD


def _standing(table: SchemaObject, schema: Schema) -> list[SchemaObject]:
    return [found for found in schema.owned(table) if found.kind in _STANDING]


def _is_used(column: SchemaObject, schema: Schema) -> bool:
    """Return whether SQLite would refuse to drop a column: something else names it."""
    facts = dict(column.facts)
    if facts["primary key"] != "no":
        return True
    name = fold(column.own_name)
    others = (
        found
        for found in schema.objects
        if found not in (column, *_tables(schema)) and _is_near(found, column)
    )
    return any(name in _words(found) for found in others)


def _tables(schema: Schema) -> tuple[SchemaObject, ...]:
    return tuple(found for found in schema.objects if found.kind in _TABLES)


def _is_near(found: SchemaObject, column: SchemaObject) -> bool:
    """Return whether an object may name the column: triggers and views name those of any table."""
    return found.kind in ("trigger", "view") or fold(found.owner) == fold(column.owner)


def _words(found: SchemaObject) -> set[str]:
    texts = [found.name, *(value for _, value in found.facts)]
    return {fold(token.value) for text in texts for token in tokenize(text)}


def _is_last(column: SchemaObject, schema: Schema) -> bool:
    table = next(
        found
        for found in schema.objects
        if found.kind == "table" and fold(found.name) == fold(column.owner)
    )
    columns = [token.value for token in tokenize(dict(table.facts)[ORDER]) if token.is_identifier]
    return columns[-1] == column.own_name


def _adding(column: SchemaObject) -> str:
    """Return the ALTER TABLE that adds a column; empty where SQLite would refuse it."""
    facts = dict(column.facts)
    if facts["primary key"] != "no" or not facts.keys().isdisjoint(("generated", "hidden")):
        return ""
    default = tokenize(facts["default"])
    constant = len(default) == 1 and not default[0].is_word(*_CLOCK)
    required = facts["NOT NULL"] == "yes"
    if not constant or (required and facts["default"] == "none"):
        return ""
    parts = [f"ALTER TABLE {as_sql(column.owner)} ADD COLUMN {as_sql(column.own_name)}"]
    parts.extend([facts["type"]] if facts["type"] != "none" else [])
    parts.extend(["NOT NULL"] if required else [])
    if required and facts["NOT NULL ON CONFLICT"] != "ABORT":
        parts.append(f"ON CONFLICT {facts['NOT NULL ON CONFLICT']}")
    parts.extend([f"DEFAULT {facts['default']}"] if facts["default"] != "none" else [])
    parts.extend([f"COLLATE {facts['collation']}"] if facts["collation"] != "BINARY" else [])
    return " ".join(parts) + ";"
