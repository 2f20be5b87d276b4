"""Check the database itself: integrity_check, foreign_key_check, full-text tables' own check."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.damaged_pages import damaged_pages
from pytest_pmd_migrations.rows.evidence import cut_line
from pytest_pmd_migrations.rows.ordinary_schema import can_be_named
from pytest_pmd_migrations.rows.rows_report import RowFinding
from pytest_pmd_migrations.rows.strays import Strays
from pytest_pmd_migrations.rows.virtual_tables import FULL_TEXT_CHECKS, is_contentless, module_of
from pytest_pmd_migrations.schema.missing_names import missing_names_error
from pytest_pmd_migrations.schema.reading.catalog import Catalog
from pytest_pmd_migrations.schema.reading.spelling import as_sql
from pytest_pmd_migrations.schema.reading.stand_ins import missing_name
from pytest_pmd_migrations.schema.reading.stored_rows import plain_rows
from pytest_pmd_migrations.schema.references.full_text import find_broken_full_text

__all__ = ["Damage", "Damages", "find_damage"]

_SHOWN = 3
_OF_INDEX = re.compile(
    r"(?:row \d+ missing from|wrong # of entries in|row \d+ values differ from) index (?P<name>.+)"
)
_PAGES = "integrity_check"
_UNCHECKED = "foreign_key_check"
_INDEX = "full-text index"
_NOT_HERE = re.compile("no such module|tokenizer")
_NUMBERED = re.compile(r"\b(row|rowid|page|tree|cell)s? #?\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Damage:
    """One thing that is damaged in a database.

    ``kind`` says which of SQLite's checks found it, ``table`` which full-text index it is in, if in
    one, ``line`` what SQLite says, ``mend`` the lines that tell how an index is mended.
    """

    kind: str
    table: str
    line: str
    mend: tuple[str, ...] = field(default=(), compare=False)

    @property
    def identity(self) -> tuple[str, str, str]:
        """Equal for the same damage in two databases, whichever page or row it is seen at."""
        line = "" if self.kind == _INDEX else _NUMBERED.sub(r"\1", self.line)
        return self.kind, self.table, line


class Damages(NamedTuple):
    """What is damaged in a database, and the names of its tables."""

    found: tuple[Damage, ...] = ()
    tables: frozenset[str] = frozenset()

    def kept_from(self, before: Damages) -> Damages:
        """Return those that the database ``before`` had already.

        A full-text table that was renamed keeps what was wrong with it under its new name.
        """
        known = {one.identity for one in before.found}
        renamed = sum(1 for one in before.found if one.table and one.table not in self.tables)
        kept = []
        for one in self.found:
            if one.identity in known:
                kept.append(one)
            elif renamed and one.table and one.table not in before.tables:
                renamed -= 1
                kept.append(one)
        return Damages(tuple(kept), self.tables)

    def since(self, before: Damages) -> Damages:
        """Return those that the database ``before`` did not have."""
        kept = self.kept_from(before).found
        return Damages(tuple(one for one in self.found if one not in kept), self.tables)

    def findings(self, *, mends: bool = True) -> Iterator[RowFinding]:
        """Yield a finding about the file, one about its foreign keys, one for each index.

        With ``mends`` they end with the statements by which the step mends what it broke.
        """
        broken, unchecked = self._lines(_PAGES), self._lines(_UNCHECKED)
        if broken:
            broken = (*broken, *(self._rebuilt() if mends else ()))
            message = "integrity_check finds the file broken"
            yield RowFinding("", None, message, broken, kind=_PAGES)
        if unchecked:
            message = "foreign keys cannot be checked"
            yield RowFinding("", None, message, unchecked, kind=_UNCHECKED)
        for one in self.found:
            if one.kind == _INDEX:
                message = f"the full-text index {one.table} does not match its content"
                lines = (cut_line(one.line), *(one.mend if mends else ()))
                yield RowFinding(one.table, None, message, lines, kind=_INDEX)

    def _rebuilt(self) -> Iterator[str]:
        """Yield what mends an index that has other values than its table, where that is all."""
        lines = [one.line for one in self.found if one.kind == _PAGES]
        indexes = [_OF_INDEX.fullmatch(line) for line in lines]
        if all(indexes):
            for name in sorted({quote(found["name"]) for found in indexes if found}):
                yield cut_line(f"the step can build it anew: REINDEX {name};")

    def _lines(self, kind: str) -> tuple[str, ...]:
        lines = (cut_line(one.line) for one in self.found if one.kind == kind)
        return tuple(lines)[:_SHOWN]


def find_damage(conn: sqlite3.Connection, image: Image, *, strays: Strays) -> Damages:
    """Return what integrity_check, foreign_key_check and a full-text table's own check find.

    ``conn`` shows the same as ``image`` and is read only; ``strays`` are its rows that point at
    nothing, which are no damage themselves.
    """
    with plain_rows(conn):
        found = [*_pages(conn)]
        if strays.problem:
            found.append(Damage(_UNCHECKED, "", strays.problem))
        full_text_tables = _full_text(conn)
    if full_text_tables:
        # Their check is written as an INSERT: only a private copy may be given it.
        with closing(image.connect()) as copy:
            found.extend(_broken_full_text_indexes(copy, full_text_tables))
    return Damages(tuple(found), strays.tables)


def _pages(conn: sqlite3.Connection) -> Iterator[Damage]:
    try:
        texts = damaged_pages(conn)
    except sqlite3.DatabaseError as error:
        texts = [str(error)]
    yield from (Damage(_PAGES, "", line) for text in texts for line in text.splitlines())


def _full_text(conn: sqlite3.Connection) -> list[tuple[str, str, bool]]:
    """Return the full-text tables that can be compared with their content, and their modules.

    The third value says that they keep no text.
    """
    with plain_rows(conn):
        rows = conn.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%fts%'"
            " AND name IN (SELECT name FROM pragma_table_list WHERE type = 'virtual')"
        ).fetchall()
    # A table of another module may be called so.
    found = ((name, module_of(sql), sql) for name, sql in rows if can_be_named(name))
    return [
        (name, module, is_contentless(sql))
        for name, module, sql in found
        # FTS5 checks its index alone where it keeps no text, FTS4 fails.
        if module == "fts5" or (module in FULL_TEXT_CHECKS and not is_contentless(sql))
    ]


def _broken_full_text_indexes(
    conn: sqlite3.Connection, tables: Sequence[tuple[str, str, bool]]
) -> Iterator[Damage]:
    for name, module, contentless in tables:
        try:
            conn.execute(FULL_TEXT_CHECKS[module].format(table=quote(name)))
        except sqlite3.OperationalError as error:
            _refuse_unreadable_content(conn, name)
            if not _NOT_HERE.search(str(error)) and name not in _without_content(conn):
                yield _broken_index(name, module, error, contentless=contentless)
        except sqlite3.DatabaseError as error:
            yield _broken_index(name, module, error, contentless=contentless)
        finally:
            conn.rollback()


def _without_content(conn: sqlite3.Connection) -> frozenset[str]:
    """Return the full-text tables whose content does not exist: the check ``schema`` tells them."""
    with plain_rows(conn) as rows:
        catalog = Catalog(conn, rows)
        found = find_broken_full_text(conn, catalog, catalog.entries())
        return frozenset(one.name for one in found)


def _refuse_unreadable_content(conn: sqlite3.Connection, name: str) -> None:
    """Raise MissingNameError where the view that a full-text table indexes lacks a function.

    FTS5 itself says "SQL logic error" then.
    """
    rows = conn.execute(
        "SELECT v.name FROM sqlite_schema AS v, sqlite_schema AS f"
        " WHERE v.type = 'view' AND f.name = ? AND instr(lower(f.sql), lower(v.name))",
        (name,),
    ).fetchall()
    for (view,) in rows:
        try:
            conn.execute(f"EXPLAIN SELECT * FROM {quote(str(view))}")
        except sqlite3.Error as error:
            missing = missing_name(str(error))
            if missing is not None:
                raise missing_names_error((f"view {view}", missing)) from error


def _broken_index(
    name: str, module: str, error: sqlite3.DatabaseError, *, contentless: bool
) -> Damage:
    index = as_sql(name)
    said = f"{module.upper()}'s integrity-check: {error}"
    if contentless:
        mend = (
            "the step can empty it, and then index each row again:",
            f"  INSERT INTO {index}({index}) VALUES ('delete-all');",
        )
    else:
        mend = ("the step can rebuild it:", f"  INSERT INTO {index}({index}) VALUES ('rebuild');")
    return Damage(_INDEX, name, said, mend)
