"""The source of yoyo: a folder of scripts in Python and SQL, each applied by yoyo's own backend."""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import IrreversibleError, SourceError
from pytest_pmd_migrations.messages.wording import error_text, typed_path
from pytest_pmd_migrations.sources.applied.numbered_ids import NumberedIds
from pytest_pmd_migrations.sources.import_tool import import_tool
from pytest_pmd_migrations.sources.protocol import Location, usable_name

__all__ = ["YoyoSource", "make_source"]

_import = partial(import_tool, package="yoyo-migrations", known="yoyo-migrations 9.0")
_NEEDED = ("get_backend", "read_migrations")
_TABLE = "_yoyo_migration"
_WAIT, _SHORT_WAIT = 10.0, 0.01


class _Process:
    """When this process began, as yoyo writes times."""

    began = datetime.min

    @classmethod
    def note(cls) -> None:
        cls.began = datetime.now(UTC).replace(tzinfo=None)


_Process.note()
os.register_at_fork(after_in_child=_Process.note)


def make_source(text: str, root: Path, named: str) -> YoyoSource:
    """Return the source of the folder that ``"yoyo:migrations"`` names.

    Raises SourceError where yoyo, the folder or one of its migrations cannot be used.
    """
    yoyo = _import("yoyo", named, needed=_NEEDED)
    migrations = _import("yoyo.migrations", named, needed=("topological_sort",))
    folder = root / (text.partition(":")[2] or "migrations")
    if not folder.is_dir():
        raise SourceError(f"{named} is no folder: {folder} does not exist")
    try:
        found = yoyo.read_migrations(glob.escape(str(folder)))
        for one in (*found, *found.post_apply):
            one.load()
        in_order = found.replace(list(migrations.topological_sort(found)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise SourceError(f"{named}: yoyo cannot read it: {error_text(error)}") from error
    if not in_order:
        raise SourceError(f"{named}: yoyo finds no migration there; expected files .py or .sql")
    return YoyoSource(yoyo, folder, in_order, _own_table(root, named))


class YoyoSource:
    """Migrations by the names of their files, in the order of what each depends on.

    ``table`` is where yoyo keeps what was applied.
    """

    runner = "yoyo"
    applies = "set"

    def __init__(self, yoyo: Any, folder: Path, migrations: Any, table: str) -> None:  # noqa: ANN401 - another package's
        self.name = usable_name(folder.name)
        self.begins = f'yoyo new {typed_path(folder)} -m "{{}}"'
        self.bookkeeping = (table, "_yoyo_*", "yoyo_lock", "yoyo_tmp_*")
        self._yoyo = yoyo
        self._migrations = migrations
        self._table = table
        self._by_id: Mapping[str, Any] = {one.id: one for one in migrations}
        self._ids = NumberedIds(list(self._by_id))
        self.versions = self._ids.versions
        self.label = self._ids.label
        self.own_order = self._ids.own_order

    def location(self, version: int) -> Location:
        """Return the migration's file."""
        return Location(Path(self._by_id[self.label(version)].path))

    def applied(self, conn: sqlite3.Connection) -> Collection[str]:
        """Return the ids that the database has; of one that nobody has, what yoyo calls it."""
        columns = [
            row[1] for row in conn.execute("SELECT * FROM pragma_table_info(?)", (self._table,))
        ]
        if not columns:
            return []
        name = "migration_id" if "migration_id" in columns else "migration_hash"
        known = {one.hash: one.id for one in self._migrations}
        rows = conn.execute(f'SELECT migration_hash, {name} FROM "{self._table}"')
        return [known.get(str(row[0]), str(row[1])) for row in rows]

    def upgrade_file(self, path: Path, to: int) -> None:
        """Let yoyo apply what is missing up to that version."""
        wanted = {*self._ids.up_to(to)}
        with _adapters_kept():
            backend = self._yoyo.get_backend(f"sqlite:///{path}", self._table)
            with backend, ExitStack() as opened:
                self._lock(backend, opened)
                pending = backend.to_apply(self._migrations.filter(lambda one: one.id in wanted))
                backend.apply_migrations(pending)

    def downgrade_file(self, path: Path, version: int) -> None:
        """Let yoyo roll a migration back; raises IrreversibleError where it has nothing to do."""
        one = self._by_id[self.label(version)]
        if not any(_rollbacks(one.steps)):
            raise IrreversibleError(f"{one.id} has no rollback step: yoyo takes its mark alone")
        with _adapters_kept():
            backend = self._yoyo.get_backend(f"sqlite:///{path}", self._table)
            with backend, ExitStack() as opened:
                self._lock(backend, opened)
                backend.rollback_migrations(self._migrations.filter(lambda each: each is one))

    def forget(self, conn: sqlite3.Connection, version: int) -> None:
        """Take the migration out of yoyo's table."""
        one = self._by_id[self.label(version)]
        conn.execute(f'DELETE FROM "{self._table}" WHERE migration_hash = ?', (one.hash,))

    def _lock(self, backend: Any, opened: ExitStack) -> None:  # noqa: ANN401 - yoyo's
        """Take yoyo's lock, waiting for it as long as yoyo does.

        A run that was killed leaves its row in the lock's table for good. A row from before this
        process is such a one, or one of its own, as nobody else works on the file: yoyo would
        raise the same after ten seconds.
        """
        timed_out = self._yoyo.exceptions.LockTimeout
        try:
            opened.enter_context(backend.lock(timeout=_SHORT_WAIT))
        except timed_out:
            own = {"began": _Process.began, "pid": os.getpid()}
            where = "WHERE ctime < :began OR pid = :pid"
            left = f"SELECT 1 FROM {backend.lock_table_quoted} {where}"
            if backend.execute(left, own).fetchone():
                raise
            opened.enter_context(backend.lock(timeout=_WAIT))


def _rollbacks(steps: Iterable[Any]) -> Iterator[bool]:
    """Yield of each step, and of those in groups, whether it has a way back."""
    for step in steps:
        inner = getattr(step, "step", step)
        if hasattr(inner, "steps"):
            yield from _rollbacks(inner.steps)
        else:
            yield bool(inner._rollback)


@contextmanager
def _adapters_kept() -> Iterator[None]:
    """Have sqlite3's adapters and converters as they were: yoyo's stay, for all of the process."""
    modules = [getattr(sqlite3.dbapi2, name) for name in ("adapters", "converters")]
    kept = [dict(one) for one in modules]
    try:
        yield
    finally:
        for one, before in zip(modules, kept, strict=True):
            one.clear()
            one.update(before)


def _own_table(root: Path, named: str) -> str:
    """Return the table that yoyo.ini names, if it names another than yoyo's own."""
    file = root / "yoyo.ini"
    if not file.is_file():
        return _TABLE
    config = _import("yoyo.config", named, needed=("read_config",))
    try:
        found = config.read_config(str(file))
    except Exception as error:
        raise SourceError(f"{named}: yoyo cannot read {file}: {error_text(error)}") from error
    return str(found.defaults().get("migration_table", _TABLE))
