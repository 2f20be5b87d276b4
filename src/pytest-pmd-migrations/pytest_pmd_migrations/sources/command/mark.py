"""Where a database says that it stands, for a command that migrates it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.connections.connection import NO_PREPARATION, connect_file
from pytest_pmd_migrations.sources.applied.applied_table import AppliedTable
from pytest_pmd_migrations.sources.applied.current_version import user_version

__all__ = ["Marks", "highest"]

_WIDEST = 20


@dataclass(frozen=True)
class Marks:
    """How the databases say where they stand: by ``PRAGMA user_version``, or in a table."""

    table: AppliedTable | None = None

    @property
    def written(self) -> str:
        """What it is called in a message."""
        if self.table is None:
            return "PRAGMA user_version"
        return f"{self.table.name}.{self.table.column}"

    def names(self, conn: sqlite3.Connection) -> frozenset[str]:
        """Return all that a database says, so that two that stand elsewhere say another thing."""
        if self.table is not None:
            return frozenset(self.table.read(conn))
        number = user_version(conn)
        return frozenset({str(number)} if number else ())

    @staticmethod
    def last(names: Collection[str]) -> str:
        """Return the one of some names that comes last, "" for none; numbers by their size."""
        return max(names, key=_by_size, default="")

    def of_file(self, path: Path) -> frozenset[str]:
        """Return the names of a file; none where there is no file.

        Raises sqlite3.Error where it cannot be read.
        """
        if not path.exists():
            return frozenset()
        with closing(connect_file(path, NO_PREPARATION)) as conn:
            return self.names(conn)

    def forget(self, conn: sqlite3.Connection, name: str, before: str) -> None:
        """Let a database say that ``name`` was not applied, and ``before`` was; "" for none."""
        if self.table is None:
            conn.execute(f"PRAGMA user_version = {int(before or 0)}")
        elif before and self.names(conn) == {name}:
            # A table of one row says what was applied last.
            self.table.rename(conn, name, before)
        else:
            self.table.remove(conn, name)


def highest(names: Collection[str]) -> int:
    """Return the highest of the numbers among some names, 0 where there is none."""
    return max((int(name) for name in names if name.isdecimal()), default=0)


def _by_size(name: str) -> str:
    return name.rjust(_WIDEST) if name.isdecimal() else name
