"""The source of an object of ``sqlite_utils.Migrations``: its own code applies its functions.

Its ``apply(stop_before=...)`` stops at the first of its functions in the order of their definition,
so it cannot place one that was inserted before released ones. An object of the same class that
holds only the wanted functions can.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.applied.numbered_ids import NumberedIds
from pytest_pmd_migrations.sources.in_python.function_location import location_of_function
from pytest_pmd_migrations.sources.protocol import Location, usable_name

__all__ = ["SqliteUtilsSource"]

_KNOWN = "4.2"


class SqliteUtilsSource:
    """The functions that are registered with one object, ``migrations``.

    ``named`` is how messages name the setting. Raises SourceError where the object is not as
    sqlite-utils makes it, and where a function would do nothing when sqlite-utils calls it.
    """

    runner = "sqlite-utils"
    begins = "a function after the last one: {}"
    applies = "set"

    def __init__(self, migrations: Any, named: str) -> None:  # noqa: ANN401 - another package's class
        self._migrations = migrations
        try:
            found = {one.name: one.fn for one in migrations._migrations}
            table, own_name = str(migrations.migrations_table), str(migrations.name)
        except AttributeError as error:
            raise SourceError(
                f"{named} is not as sqlite-utils {_KNOWN} makes it: {error}. Install that version:"
                f" pip install 'sqlite-utils~={_KNOWN}'"
            ) from error
        for function_name, function in found.items():
            _refuse_unrun(function_name, function, named)
        self._functions: Mapping[str, Any] = found
        self._ids = NumberedIds(list(found))
        self.name = usable_name(own_name)
        self.bookkeeping = (table, f"idx_{table}_*")
        self.volatile = (f"{table}.applied_at", f"{table}.id")
        # pytest imports it late, or not at all.
        self._package = importlib.import_module(type(migrations).__module__.partition(".")[0])
        self.versions = self._ids.versions
        self.label = self._ids.label
        self.own_order = self._ids.own_order

    def location(self, version: int) -> Location:
        """Return where the function is written."""
        return location_of_function(self._functions[self.label(version)])

    def applied(self, conn: sqlite3.Connection) -> Collection[str]:
        """Return the names that the database has as applied."""
        return [one.name for one in self._migrations.applied(self._database(conn))]

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        """Let sqlite-utils apply what is missing up to that version."""
        self._only(self._ids.up_to(to)).apply(self._database(conn))

    def forget(self, conn: sqlite3.Connection, version: int) -> None:
        """Take the row of that function out of sqlite-utils' table."""
        table = self._migrations.migrations_table
        values = (self._migrations.name, self.label(version))
        conn.execute(f"DELETE FROM [{table}] WHERE migration_set = ? AND name = ?", values)

    def _only(self, names: Sequence[str]) -> Any:  # noqa: ANN401 - another package's class
        wanted = copy.copy(self._migrations)
        wanted._migrations = [one for one in self._migrations._migrations if one.name in {*names}]
        return wanted

    def _database(self, conn: sqlite3.Connection) -> Any:  # noqa: ANN401 - another package's class
        if self._package.__name__ == "sqlite_utils":
            return self._package.Database(conn)
        return importlib.import_module("sqlite_utils").Database(conn)


def _refuse_unrun(name: str, function: Any, named: str) -> None:  # noqa: ANN401 - whatever was registered
    called = inspect.unwrap(function)
    if (
        inspect.iscoroutinefunction(called)
        or inspect.isgeneratorfunction(called)
        or inspect.isasyncgenfunction(called)
    ):
        raise SourceError(
            f"{named}: {name} would not run when called: it is async or a generator; expected a"
            f" plain function {name}(db)"
        )
