"""What the runner's own tables say, without what differs from run to run, such as times.

Two lineages to which the same migrations were applied say the same there, whenever that was.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from pytest_pmd_migrations.pages.database_parts import DatabaseParts
from pytest_pmd_migrations.pages.layout import Layout
from pytest_pmd_migrations.rows import digest_tables
from pytest_pmd_migrations.schema.name_globs import matches_any
from pytest_pmd_migrations.sources.applied.bookkeeping import bookkeeping_of
from pytest_pmd_migrations.sources.protocol import Source, volatile_columns

__all__ = ["NO_RUNNER_TABLES", "RunnerTables", "runner_tables"]


class RunnerTables(NamedTuple):
    """Globs on the runner's own tables, and on their columns that differ from run to run."""

    globs: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()

    def settled(
        self, parts: DatabaseParts, conn: sqlite3.Connection, layout: Layout
    ) -> DatabaseParts:
        """Return the parts of a database, which ``conn`` shows, without these columns' values."""
        if not self.globs or not self.volatile:
            return parts
        names = {name for name in layout.holdings if matches_any(name, self.globs)}
        if not names:
            return parts
        found = digest_tables(conn, names, volatile=self.volatile, layout=layout)
        return replace(parts, tables={**parts.tables, **_as_parts(found)})


NO_RUNNER_TABLES = RunnerTables()
"""Those of a runner that keeps a number, and no table."""


def runner_tables(source: Source) -> RunnerTables:
    """Return those of a source; raises SourceError where what it says of them cannot be used."""
    return RunnerTables(bookkeeping_of(source), volatile_columns(source))


def _as_parts(digests: Mapping[str, str]) -> dict[str, bytes]:
    return {
        name.lower(): hashlib.blake2b(digest.encode(), digest_size=16).digest()
        for name, digest in digests.items()
    }
