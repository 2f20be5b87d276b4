"""The source of an application whose databases Alembic migrates."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.sources.alembic.advice import ATOMIC_ADVICE
from pytest_pmd_migrations.sources.alembic.databases import Database, FileDatabase, LentDatabase
from pytest_pmd_migrations.sources.alembic.environment import Environment
from pytest_pmd_migrations.sources.alembic.history import numbered
from pytest_pmd_migrations.sources.alembic.irreversible import says_irreversible
from pytest_pmd_migrations.sources.alembic.load import load_revisions, version_table
from pytest_pmd_migrations.sources.memory_copy import NeedsFileError
from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["AlembicSource"]


class AlembicSource:
    """The revisions of an Alembic environment; a version is a revision's place in the history.

    ``needs_file`` says that it opens a second connection, or one of another driver.
    ``bookkeeping`` is the table in which env.py lets Alembic keep what is applied.
    ``environment`` is loaded, ``named`` is the setting in messages.
    Raises SourceError where its revisions cannot be used, or its env.py cannot run.
    """

    applies = "set"
    atomic_advice = ATOMIC_ADVICE
    begins = 'alembic revision -m "{}"'

    def __init__(self, environment: Environment, *, name: str, runner: str, named: str) -> None:
        self.name = name
        self.runner = runner
        self._environment = environment
        self._named = named
        self.needs_file = False
        self._revisions = load_revisions(environment.scripts, environment.folder, named)
        self._history = numbered(self._revisions, {}, described=named)
        self._table = version_table(environment, named)
        self.bookkeeping = (self._table,)

    def versions(self, recorded: Mapping[int, str] | None = None) -> Sequence[int]:
        """Return a number for each revision: ``recorded`` ones keep theirs from then on."""
        if recorded is not None:
            self._history = numbered(self._revisions, recorded, described=self._named)
        return tuple(self._history.ids)

    def label(self, version: int) -> str:
        """Return the revision's id."""
        return self._history.ids[version]

    def location(self, version: int) -> Location:
        """Return the revision's file, and the line of its ``upgrade``."""
        return self._history.revision(version).location

    def own_order(self) -> Sequence[int]:
        """Return the versions in the order in which Alembic applies them to an empty database."""
        numbers = self._history.numbers()
        heads = self._history.target(max(self._history.ids))
        steps = self._environment.steps(heads, ())
        return tuple(numbers[one.revision.revision] for one in steps)

    def applied(self, conn: sqlite3.Connection) -> Collection[str]:
        """Return the ids of all revisions that the database's own heads say were applied."""
        try:
            rows = conn.execute(f"SELECT version_num FROM {quote(self._table)}").fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            return ()
        return self._history.applied(str(head) for (head,) in rows)

    def upgrade_file(self, path: Path, to: int) -> None:
        """Let Alembic upgrade the file to the heads of all revisions up to that version."""
        self._environment.upgrade(FileDatabase(path), self._history.target(to))

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        """Do the same to the database that ``conn`` shows.

        Raises NeedsFileError where it must be in a file.
        """
        with self._lent(conn) as database:
            self._environment.upgrade(database, self._history.target(to))

    def downgrade_file(self, path: Path, version: int) -> None:
        """Let Alembic take one revision back in the file.

        Raises IrreversibleError where its ``downgrade`` says so, or is not there.
        """
        self._take_back(FileDatabase(path), version)

    def downgrade(self, conn: sqlite3.Connection, version: int) -> None:
        """Do the same to the database that ``conn`` shows.

        Raises IrreversibleError, and NeedsFileError where it must be in a file.
        """
        with self._lent(conn) as database:
            self._take_back(database, version)

    def forget(self, conn: sqlite3.Connection, version: int) -> None:
        """Take one revision out of the heads that the database has."""
        left = set(self.applied(conn)) - {self._history.ids[version]}
        ids = [one for one in self._history.ids.values() if one in left]
        conn.execute(f"DELETE FROM {quote(self._table)}")
        conn.executemany(
            f"INSERT INTO {quote(self._table)} (version_num) VALUES (?)",
            [(one,) for one in self._history.heads(ids)],
        )

    @contextmanager
    def _lent(self, conn: sqlite3.Connection) -> Iterator[LentDatabase]:
        database = LentDatabase(conn)
        try:
            yield database
        finally:
            self.needs_file = database.needs_file
        if database.needs_file:
            raise NeedsFileError

    def _take_back(self, database: Database, version: int) -> None:
        revision = self._history.revision(version)
        with says_irreversible(self._environment.scripts.get_revision(revision.id)):
            self._environment.downgrade(database, revision.id)
