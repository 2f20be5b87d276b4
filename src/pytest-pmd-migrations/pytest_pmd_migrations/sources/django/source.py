"""A Django project as a migration source: its apps' migrations are the versions."""

from __future__ import annotations

import ast
import inspect
import sqlite3
import sys
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import IrreversibleError
from pytest_pmd_migrations.sources.applied.recorded_order import positions
from pytest_pmd_migrations.sources.declared.declarations import EXCUSES, Declarations
from pytest_pmd_migrations.sources.declared.parse_declarations import parse_constants
from pytest_pmd_migrations.sources.django.environment import set_up
from pytest_pmd_migrations.sources.django.graphs import Graphs, Key
from pytest_pmd_migrations.sources.django.order import (
    foreign_tables,
    label,
    module_of,
    read_graphs,
    versions_in_order,
)
from pytest_pmd_migrations.sources.django.parts import part, refuse_unusable
from pytest_pmd_migrations.sources.django.run import MigrateCommand
from pytest_pmd_migrations.sources.django.settings_module import VARIABLE
from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["DjangoSource"]

_TABLE = "django_migrations"


class DjangoSource:
    """The migrations of the apps below ``root``, or of the one app with the label ``app``.

    What other apps bring along is applied as Django's graph asks, and is no version. ``named`` is
    how messages name the setting.
    """

    applies = "set"
    opens_heard = True
    bookkeeping = (_TABLE, "django_content_type", "auth_permission")
    volatile = (f"{_TABLE}.applied", f"{_TABLE}.id")

    def __init__(self, app: str, *, root: Path, named: str) -> None:
        self.name = app or "django"
        self._app, self._root, self._named = app, root, named
        self._ini, self._blocker = "", None
        self._recorded: Mapping[int, str] = {}
        self._locations: dict[Key, Location] = {}

    def open(self, config: Any) -> None:  # noqa: ANN401 - pytest's own class
        """Take the name of the settings from pytest's own, and what keeps tests from databases."""
        self._ini = _ini_value(config)
        plugin: Any = sys.modules.get("pytest_django.plugin")
        if plugin is not None:
            self._blocker = config.stash.get(plugin.blocking_manager_key, None)

    begins = "python manage.py makemigrations"

    @property
    def runner(self) -> str:
        """What applies the migrations."""
        return f"Django {part('django', 'get_version')()}"

    @property
    def foreign(self) -> Sequence[str]:
        """The tables of the apps that are not the project's own."""
        return foreign_tables({key[0] for key in self._order}, besides=self.bookkeeping)

    def versions(self, recorded: Mapping[int, str] | None = None) -> Sequence[int]:
        """Return the positions of the migrations; those that the lock file has keep theirs."""
        if recorded is not None:
            self._recorded = dict(recorded)
            self.__dict__.pop("_keys", None)
        return tuple(self._keys)

    def own_order(self) -> Sequence[int]:
        """Return the versions as Django applies them to an empty database."""
        numbers = {key: version for version, key in self._keys.items()}
        return tuple(numbers[key] for key in self._order)

    def label(self, version: int) -> str:
        """Return what Django calls a migration: ``notes.0003_tag``."""
        return label(self._keys[version])

    def location(self, version: int) -> Location:
        """Return the file of a migration and the line of its class."""
        key = self._keys[version]
        if key not in self._locations:
            path = Path(inspect.getfile(module_of(self._graphs.found[key])))
            self._locations[key] = Location(path, _class_line(path))
        return self._locations[key]

    def atomic_advice(self, version: int) -> Sequence[str]:
        """Return the lines on how a migration becomes one transaction."""
        # Hardly any run has such a finding.
        from pytest_pmd_migrations.sources.django.advice import advise_on_transaction

        return advise_on_transaction(self._graphs.found[self._keys[version]])

    def declarations(self, version: int) -> Declarations:
        """Return what the module declares: DELETES, CHANGES, MOVES and excuses beside its class."""
        module = module_of(self._graphs.found[self._keys[version]])
        return parse_constants(
            Path(inspect.getfile(module)).name,
            deletes=getattr(module, "DELETES", {}),
            changes=getattr(module, "CHANGES", {}),
            moves=getattr(module, "MOVES", {}),
            verify=None,
            excuses={kind: getattr(module, kind) for kind in EXCUSES if hasattr(module, kind)},
        )

    def prepare(self, conn: sqlite3.Connection) -> None:
        """Add the SQL functions that Django adds to each of its connections."""
        part("django.db.backends.sqlite3._functions", "register")(conn)

    def applied(self, conn: sqlite3.Connection) -> Collection[str]:
        """Return the migrations that the database's own table says it has.

        Rows of migrations that Django has forgotten are left out, as it does: replaced ones, and
        those that the lock file knew.
        """
        if not conn.execute(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", (_TABLE,)
        ).fetchone():
            return ()
        rows = {
            (str(row[0]), str(row[1])) for row in conn.execute(f"SELECT app, name FROM {_TABLE}")
        }
        known = {*self._keys.values()}
        replaced = {each for key in self._graphs.replaced for each in self._graphs.replaced[key]}
        apps = {key[0] for key in known}
        unknown = rows - known - replaced
        unheard = {key for key in unknown if label(key) not in self._recorded.values()}
        return {label(key) for key in rows & known | unheard if key[0] in apps}

    def forget(self, conn: sqlite3.Connection, version: int) -> None:
        """Take a migration's row out of Django's table: the next run applies it again."""
        conn.execute(f"DELETE FROM {_TABLE} WHERE app = ? AND name = ?", self._keys[version])

    def upgrade_file(self, path: Path, to: int) -> None:
        """Let Django apply what the file lacks of the migrations up to a version."""
        allowed = [key for version, key in self._keys.items() if version <= to]
        try:
            self._command.upgrade(path, allowed, self._held_back(to))
        except part("django.db.transaction", "TransactionManagementError") as error:
            first = error.__cause__
            if first is None:
                raise
            # It only says that something failed before, which tells more. No circle is left.
            error.__cause__ = None
            raise first from first.__cause__

    def downgrade_file(self, path: Path, version: int) -> None:
        """Let Django take a migration back."""
        key = self._keys[version]
        if any(each in self._graphs.found for each in self._graphs.replaced.get(key, ())):
            raise IrreversibleError("it stands for the migrations that it replaces")
        try:
            self._command.take_back(path, key, self._held_back(version))
        except part("django.db.migrations.exceptions", "IrreversibleError") as error:
            raise IrreversibleError(str(error)) from error

    def _held_back(self, to: int) -> set[Key]:
        """Return the squashed migrations that come later than a version."""
        later = {key for version, key in self._keys.items() if version > to}
        return {key for key in self._graphs.replaced if key in later}

    @cached_property
    def _graphs(self) -> Graphs:
        refuse_unusable(self._named)
        set_up(self._root, self._ini, self._named)
        return read_graphs(self._named)

    @cached_property
    def _order(self) -> tuple[Key, ...]:
        return versions_in_order(self._graphs, self._app, self._root, self._named)

    @cached_property
    def _keys(self) -> dict[int, Key]:
        keys = {label(key): key for key in self._order}
        return {n: keys[name] for n, name in positions([*keys], self._recorded).items()}

    @cached_property
    def _command(self) -> MigrateCommand:
        return MigrateCommand(self._graphs, self._blocker)


def _ini_value(config: Any) -> str:  # noqa: ANN401 - pytest's own class
    try:
        return str(config.getini(VARIABLE) or "")
    except ValueError:
        # It is pytest-django that makes this setting known to pytest.
        return ""


def _class_line(path: Path) -> int:
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.ClassDef) and node.name == "Migration":
            return node.lineno
    return 1
