"""Find the full-text tables that name a table or a column which does not exist.

SQLite prepares such a table, whose module looks the names up only when it is read. A table that
shows the words of another one (fts5vocab, fts4aux) holds nothing: where the other is gone, it is
told as one that cannot be listed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.catalog import Catalog, Entry
from pytest_pmd_migrations.schema.reading.other_objects import read_virtual
from pytest_pmd_migrations.schema.reading.stand_ins import execute
from pytest_pmd_migrations.schema.references.values import Broken

__all__ = ["find_broken_full_text"]

_WITH_CONTENT = ("fts3", "fts4", "fts5")
_ROWID = ("rowid", "oid", "_rowid_")
_MEND = "DROP it, CREATE it anew and fill it again"


def find_broken_full_text(
    conn: sqlite3.Connection, catalog: Catalog, entries: Sequence[Entry]
) -> Iterator[Broken]:
    """Yield each name that means nothing among the arguments of a full-text table."""
    tables = {fold(entry.name): entry for entry in entries if entry.type in ("table", "view")}
    for entry in entries:
        if entry.type != "table" or not catalog.is_virtual(entry.name):
            continue
        virtual = read_virtual(catalog, entry)
        facts = dict(virtual.facts)
        content = facts.get("content", "")
        if facts["module"] in _WITH_CONTENT and content:
            yield from _with_content(conn, entry, facts, virtual.columns, tables)


def _with_content(
    conn: sqlite3.Connection,
    entry: Entry,
    facts: Mapping[str, str],
    columns: Sequence[str],
    tables: Mapping[str, Entry],
) -> Iterator[Broken]:
    content = tables.get(fold(facts["content"]))
    if content is None:
        name = facts["content"]
        problem = f"has its content in the table {name}, which does not exist"
        yield Broken("virtual table", entry.name, name, problem, mend=_MEND)
        return
    sql = f"PRAGMA main.table_xinfo({quote(content.name)})"
    if execute(conn, sql)[0] is not None:
        # The view that holds its content cannot be prepared, which is told already.
        return
    known = {fold(str(row[1])) for row in conn.execute(sql)} | {*_ROWID}
    rowid = facts.get("content_rowid", "rowid")
    for column in (*columns, rowid):
        if fold(column) not in known:
            name = f"{content.name}.{column}"
            problem = f"has its content in the column {name}, which does not exist"
            yield Broken("virtual table", entry.name, name, problem, mend=_MEND)
