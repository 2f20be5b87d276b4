"""A small application with migrations of its own, and what its database holds."""

from __future__ import annotations

import sqlite3
import textwrap
from contextlib import closing

from pmd.store.migrations import MigrationRunner, load_migrations


class Application:
    """A folder of migrations and one database file."""

    def __init__(self, folder):
        self.folder = folder / "steps"
        self.folder.mkdir()
        self.path = folder / "app.db"
        self.count = 0

    def add(self, body, *, constants=""):
        """Add a module whose up(db) has this body."""
        self.count += 1
        lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        text = f"VERSION = {self.count}\nDESCRIPTION = 'step {self.count}'\n{constants}\n"
        path = self.folder / f"{self.count:04d}_step.py"
        path.write_text(f"{text}\ndef up(db):\n{lines}\n", encoding="utf-8")
        return path

    def add_script(self, sql):
        """Add a script, described as a module would be."""
        self.count += 1
        path = self.folder / f"{self.count:04d}_step_{self.count}.sql"
        path.write_text(sql, encoding="utf-8")
        return path

    def replace(self, body):
        self.count -= 1
        self.add(body)

    def connect(self, **options):
        options = {"isolation_level": None, "timeout": 0, **options}
        return closing(sqlite3.connect(self.path, **options))

    def runner(self, conn):
        return MigrationRunner(conn, load_migrations(self.folder))


def state(conn):
    """Return everything the database holds, and its version."""
    return [*conn.iterdump(), conn.execute("PRAGMA user_version").fetchone()[0]]
