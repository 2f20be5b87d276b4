"""The source of a folder of scripts in a tool's dialect."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from pytest_pmd_migrations.errors import IrreversibleError, SourceError
from pytest_pmd_migrations.sources.applied.numbered_ids import NumberedIds
from pytest_pmd_migrations.sources.ask import described
from pytest_pmd_migrations.sources.protocol import Location, usable_name
from pytest_pmd_migrations.sources.sql_folder.dialect import Dialect
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.run_script import as_tool, run_script
from pytest_pmd_migrations.sources.sql_folder.script import Script
from pytest_pmd_migrations.sources.sql_folder.statements import statements

__all__ = ["SqlFolderSource"]


class SqlFolderSource:
    """Scripts that this package runs by the rules of ``dialect``; ``why`` these are its rules.

    ``tool`` is what the tool is called. ``text`` is there only for a tool whose files
    hold more than the step itself, ``downgrade`` only for one whose scripts may go back.
    """

    text: Callable[[int], str]
    downgrade: Callable[[sqlite3.Connection, int], None]

    def __init__(self, folder: SqlFolder, dialect: Dialect, why: str) -> None:
        scripts = dialect.scripts(folder)
        if not scripts:
            raise SourceError(
                f"{folder.named}: there are no migrations of {dialect.name} in"
                f" {folder.path.name}; expected files"
                f" such as {dialect.files}"
            )
        self.name = usable_name(folder.path.name)
        self.tool = dialect.name
        self.runner = f"the rules of {dialect.name}: {why}"
        self.begins = f"by {dialect.name}: {{}}"
        self.applies = dialect.applies
        self.bookkeeping = dialect.bookkeeping(folder)
        self.when_edited = dialect.when_edited
        self.unasked = {
            "atomic": f"the transaction around each script is this package's, not {dialect.name}'s"
        }
        self._folder, self._dialect, self._scripts = folder, dialect, scripts
        self._by_label: Mapping[str, Script] = {script.label: script for script in scripts}
        self._ids = NumberedIds(list(self._by_label))
        self.versions = self._ids.versions
        self.label = self._ids.label
        self.own_order = self._ids.own_order
        if any(script.own_text is not None for script in scripts):
            self.text = self._own_text
        if dialect.goes_down:
            self.downgrade = self._downgrade

    def location(self, version: int) -> Location:
        """Return the script, and the line where its part that goes up begins."""
        script = self._script(version)
        return Location(script.path, script.line)

    def applied(self, conn: sqlite3.Connection) -> Collection[str]:
        """Return what the tool's table has as applied; nothing where there is no such table."""
        if not self._dialect.is_set_up(conn):
            return []
        try:
            return self._dialect.applied(conn, self._scripts)
        except sqlite3.OperationalError as error:
            raise self._not_its_table(error) from error

    def altered(self, conn: sqlite3.Connection) -> Mapping[str, str]:
        """Return what the tool says of applied scripts that have another text now, by labels."""
        return self._dialect.altered(conn, self._scripts) if self._dialect.is_set_up(conn) else {}

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        """Run what the database has not, up to that version, as the tool does."""
        with as_tool(conn, foreign_keys=self._dialect.foreign_keys):
            self._dialect.set_up(conn)
            done = {*self.applied(conn)}
            for label in self._ids.up_to(to):
                if label not in done:
                    self._run(conn, self._by_label[label])
            if to == self.versions()[-1]:
                self._dialect.finish(conn, self._folder)

    def forget(self, conn: sqlite3.Connection, version: int) -> None:
        """Take the note away that a script was applied."""
        script = self._script(version)
        at = self._scripts.index(script)
        self._dialect.forget(conn, script, self._scripts[at - 1] if at else None)

    def _downgrade(self, conn: sqlite3.Connection, version: int) -> None:
        script = self._script(version)
        if not any(statements(script.down)):
            raise IrreversibleError(f"{script.path.name} has nothing that goes down")
        back = replace(script, up=script.down, in_transaction=script.down_in_transaction)
        with as_tool(conn, foreign_keys=self._dialect.foreign_keys):
            run_script(conn, back, lambda: self.forget(conn, version))

    def _run(self, conn: sqlite3.Connection, script: Script) -> None:
        run_script(conn, script, lambda: self._dialect.take_note(conn, script))

    def _script(self, version: int) -> Script:
        return self._by_label[self.label(version)]

    def _own_text(self, version: int) -> str:
        script = self._script(version)
        return script.whole if script.own_text is None else script.own_text

    def _not_its_table(self, error: sqlite3.Error) -> SourceError:
        return SourceError(
            f"{described(self)}: the database's table {self._dialect.table} is not as"
            f" {self._dialect.name} makes it: {error}. Say which tool it is:"
            ' migration_dialect = "..."'
        )
