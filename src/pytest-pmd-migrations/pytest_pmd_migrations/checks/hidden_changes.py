"""See from pages that a step changed no row but in tables that nobody compares.

Each step of a runner that keeps a table of its own changes that one. AUTOINCREMENT's marks lie in
one table for all, so these are read.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from sqlite3 import Connection

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.pages.layout import Layout
from pytest_pmd_migrations.pages.unchanged_rows import unchanged_rows
from pytest_pmd_migrations.rows.digests import all_named
from pytest_pmd_migrations.rows.tables import is_ignored

__all__ = ["changed_only_hidden"]

_MARKS = "sqlite_sequence"


def changed_only_hidden(history: History, step: Step, before: Image) -> bool:
    """Return True only if each row is as it was, but in tables that the rules ignore.

    May return False when in doubt: of a table that keeps no tree of its own, nothing is known.
    """
    layout, then = step.layout, step.layout_before
    patterns = history.rules.ignore_patterns
    if not patterns or layout is None or then is None:
        return False
    if not (_is_plain(step.conn, then) and _is_plain(step.conn, layout)):
        return False

    def is_hidden(name: str) -> bool:
        return is_ignored(name, patterns)

    if not unchanged_rows(then, layout, besides=lambda name: name == _MARKS or is_hidden(name)):
        return False
    if then.holdings.get(_MARKS) == layout.holdings.get(_MARKS):
        return True
    with closing(before.connect()) as conn:
        return _marks(conn, is_hidden) <= _marks(step.conn, is_hidden)


def _is_plain(conn: Connection, layout: Layout) -> bool:
    """Return whether all tables are ordinary ones, whose names and columns SQL can name."""
    ordinary = all(one.root for one in layout.objects if one.type == "table")
    return ordinary and all_named(conn, layout)


def _marks(conn: Connection, is_hidden: Callable[[str], bool]) -> set[tuple[bytes, object]]:
    """Return the marks of the tables that are not hidden."""
    has = f"SELECT 1 FROM main.sqlite_schema WHERE name = '{_MARKS}'"
    if conn.execute(has).fetchone() is None:
        return set()
    rows = conn.execute(f"SELECT CAST(name AS BLOB), seq FROM main.{_MARKS}")
    return {
        (name, seq) for name, seq in rows if not is_hidden((name or b"").decode(errors="replace"))
    }
