"""Find every broken reference of a schema by asking SQLite on a private copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.catalog import Catalog, Entry
from pytest_pmd_migrations.schema.reading.double_quotes import Quotes
from pytest_pmd_migrations.schema.reading.read import connected
from pytest_pmd_migrations.schema.reading.scratch_database import SchemaCopy
from pytest_pmd_migrations.schema.reading.stored_rows import plain_rows
from pytest_pmd_migrations.schema.reading.tokens import tokenize
from pytest_pmd_migrations.schema.references.foreign_keys import find_broken_keys
from pytest_pmd_migrations.schema.references.full_text import find_broken_full_text
from pytest_pmd_migrations.schema.references.prepared_objects import Prepared
from pytest_pmd_migrations.schema.references.values import ObjectKey, References

__all__ = ["check_references"]

_BEFORE_WORDS = ("AS", "ON")
_WITHOUT_TRIGGERS = "DELETE FROM main.sqlite_schema WHERE type = 'trigger'"


def check_references(copy: sqlite3.Connection) -> References:
    """Return what SQLite says of each table, index, view, trigger and foreign key.

    ``copy`` is a connection to a private copy of the database: its triggers are taken out of it.
    No row is read, and no statement of the schema is executed.
    Raises SchemaReadError where the schema cannot be read.
    """
    with connected(copy), plain_rows(copy) as rows:
        catalog = Catalog(copy, rows)
        entries = catalog.entries()
        strings = _strings(catalog, entries)
        copy.execute("PRAGMA trusted_schema = ON")
        copy.execute("PRAGMA foreign_keys = OFF")
        if any(row[0] == "trigger" for row in rows):
            # SQLite reads the whole schema again after that.
            copy.execute("PRAGMA writable_schema = ON")
            copy.execute(_WITHOUT_TRIGGERS)
            copy.commit()
            copy.execute("PRAGMA writable_schema = RESET")
        # Within a transaction no probe is written to a file.
        copy.execute("BEGIN")
        prepared = Prepared(copy, catalog, entries)
        copy.rollback()
        copy.execute("PRAGMA foreign_keys = ON")
        copy.execute("BEGIN")
        keys = [*find_broken_keys(copy, catalog, entries)]
        copy.rollback()
        found = {*prepared.broken, *keys, *find_broken_full_text(copy, catalog, entries)}
    return References(tuple(sorted(found)), tuple(sorted(set(prepared.unsure))), strings)


def _strings(catalog: Catalog, entries: Sequence[Entry]) -> Mapping[ObjectKey, frozenset[int]]:
    """Return the positions of the tokens in double quotes that SQLite takes for strings."""
    found: dict[ObjectKey, frozenset[int]] = {}
    with closing(SchemaCopy(entries)) as copy:
        quotes = Quotes(catalog, entries, copy)
        for entry in entries:
            if entry.type == "table" or '"' not in entry.sql:
                continue
            stored = tokenize(entry.sql)
            # The object's own name comes first, which is no column's.
            start = next(n for n, token in enumerate(stored) if token.is_word(*_BEFORE_WORDS))
            found[entry.type, fold(entry.name)] = frozenset(
                position
                for position, token in enumerate(quotes.tokens(entry))
                if position > start and stored[position].double and token.kind == "string"
            )
    return found
