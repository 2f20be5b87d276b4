"""Tell pytest the options, settings, hooks and fixtures of the installed package.

Everything else is imported by the hook or fixture that needs it, so that a run without the flag
and without a fixture pays for this module alone.
"""

from __future__ import annotations

import sys
import time
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import TYPE_CHECKING

import pytest

from pytest_pmd_migrations.pytest_side import STARTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import ModuleType

    from pytest_pmd_migrations.pytest_side.database import MigrationDatabase
    from pytest_pmd_migrations.pytest_side.database_factory import DatabaseFactory

PREFIX = "migrations::"


class _OwnModules(MetaPathFinder):
    """Finds the package's modules as Python does: pytest would compile them anew in each run.

    It rewrites asserts, of which these have none, and may not keep that (PYTHONDONTWRITEBYTECODE).
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of this package, None for any other."""
        own = name.startswith(f"{__package__}.")
        return PathFinder.find_spec(name, path, target) if own else None

    def take_away(self) -> None:
        """Let the modules be found as before; somebody may have put all finders back already."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make the hooks known that an application may implement."""
    from pytest_pmd_migrations.pytest_side import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and settings, all of which begin with ``migration``."""
    group = parser.getgroup("migrations", "SQLite schema migrations")
    group.addoption(
        "--migration-matrix",
        action="store_true",
        help="Also take every stored database to the newest version, step by step, and compare",
    )
    group.addoption(
        "--migration-checks",
        metavar="LIST",
        default="",
        help="Checks to run in the matrix, by name, separated by commas (default: all)",
    )
    group.addoption(
        "--migration-report",
        metavar="FILE",
        action="append",
        help="Write what the matrix says to FILE.json (its values) or FILE.html (a page)",
    )
    group.addoption(
        "--migration-report-values",
        choices=("cut", "none"),
        default="cut",
        help="Values of rows in the report: cut short, or none at all (default: cut)",
    )
    parser.addini(
        "migration_source",
        "Where migrations come from: app.migrations, db/sql or app.db:thing",
        type="string",
        default="",
    )
    parser.addini(
        "migration_applied",
        "Table and column of a list's applied migrations: _migrations.name; else user_version",
        type="string",
        default="",
    )
    parser.addini(
        "migration_dialect",
        "Tool whose rules a folder of SQL scripts follows: goose, flyway...; else recognised",
        type="string",
        default="",
    )
    parser.addini(
        "migration_versions",
        "Command that prints the versions of a command's migrations, one id a line",
        type="string",
        default="",
    )
    parser.addini(
        "migration_snapshots",
        "Folder of the stored databases, relative to the root folder",
        type="string",
        default="fixtures/snapshots",
    )
    parser.addini(
        "migration_ignore",
        "Objects that are not the application's, as globs on their names",
        type="args",
        default=[],
    )
    parser.addini(
        "migration_volatile",
        'Columns whose values differ from run to run, as globs on "table.column"',
        type="args",
        default=[],
    )
    parser.addini(
        "migration_column_order",
        "Columns of a table in another order than fresh, and nothing else: fail or ignore",
        type="string",
        default="fail",
    )
    parser.addini(
        "migration_idempotent",
        "Insist that a migration run a second time changes nothing",
        type="bool",
        default=False,
    )
    parser.addini(
        "migration_faults",
        "Faults that the check atomic tries: default, or full (all kinds, both journal modes)",
        type="string",
        default="default",
    )
    parser.addini(
        "migration_connection",
        "Function that adds what the application adds to its own connections: app.db:prepare",
        type="string",
        default="",
    )
    parser.addini(
        "migration_step_timeout",
        "Seconds that a migration may go on without progress; 0 sets no limit",
        type="string",
        default="60",
    )
    parser.addini(
        "migration_step_memory",
        "Megabytes that a migration may take; 0 sets no limit",
        type="string",
        default="1024",
    )
    parser.addini(
        "migration_share",
        "Take the steps of lineages that have become the same only once",
        type="bool",
        default=True,
    )
    parser.addini(
        "migration_down",
        "Ask whether each migration can be taken back, where its tool can do that",
        type="bool",
        default=False,
    )
    parser.addini("migration_budget", "Time that a step may take: 5s at 1000000 rows", "string", "")
    parser.addini(
        "migration_rows", "TOML file that declares what migrations do to rows", "string", default=""
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Note when the run began: a file that changes from now on may be loaded already."""
    early_config.stash[STARTED] = time.time()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and the matrix when the flag or an id of a cell asks for it."""
    config.addinivalue_line(
        "markers", "migration(version, check): A cell of the migration matrix (added to each one)"
    )
    own_modules = _OwnModules()
    sys.meta_path.insert(0, own_modules)
    config.add_cleanup(own_modules.take_away)
    ids = _take_cell_ids(config)
    if config.option.migration_matrix or config.option.migration_report or ids:
        from pytest_pmd_migrations.pytest_side.registration import register_matrix

        register_matrix(config, ids)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for ``migration_version`` once for every stored snapshot."""
    if "migration_version" in metafunc.fixturenames:
        from pytest_pmd_migrations.pytest_side.database_factory import parametrize_versions

        parametrize_versions(metafunc)


@pytest.fixture
def _migration_databases(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[DatabaseFactory]:
    __tracebackhide__ = True
    from pytest_pmd_migrations.pytest_side.database import without_own_frames
    from pytest_pmd_migrations.pytest_side.database_factory import DatabaseFactory

    databases = without_own_frames(DatabaseFactory)(request.config, tmp_path)
    yield databases
    databases.close()


@pytest.fixture
def migration_version(request: pytest.FixtureRequest) -> str:
    """Name of a stored snapshot, once for each: db = migration_db(migration_version)."""
    from pytest_pmd_migrations.pytest_side.database_factory import stored_version

    return stored_version(request.param)


@pytest.fixture
def migration_db(_migration_databases: DatabaseFactory) -> Callable[..., MigrationDatabase]:
    """A private copy of a stored database: db = migration_db(7) or migration_db("0000+u1").

    The answer is a ``sqlite_utils.Database`` with ``path``, ``version``, ``upgrade(to=None)`` and
    ``read_schema()``; where an application has several sources, ``source=`` names one. It is
    closed after the test.
    """
    from pytest_pmd_migrations.pytest_side.database import without_own_frames

    return without_own_frames(_migration_databases.stored)


@pytest.fixture
def migration_fresh_db(_migration_databases: DatabaseFactory) -> Callable[..., MigrationDatabase]:
    """A private fresh database, at latest or at a version: db = migration_fresh_db().

    It is copied from one that is built once for all workers, and kept for later runs, so an
    ordinary test gets a migrated database in the time of a copy. Otherwise as ``migration_db``.
    """
    from pytest_pmd_migrations.pytest_side.database import without_own_frames

    return without_own_frames(_migration_databases.fresh)


@pytest.fixture
def migration_upgrade(_migration_databases: DatabaseFactory) -> Callable[..., tuple[int, ...]]:
    """Upgrade a file or connection step by step: versions = migration_upgrade(path, to=9).

    Returns the versions that were reached, ascending. Refuses a stored snapshot itself.
    """
    from pytest_pmd_migrations.pytest_side.database import without_own_frames

    return without_own_frames(_migration_databases.upgrade)


@pytest.fixture
def assert_schema_matches_fresh(_migration_databases: DatabaseFactory) -> Callable[..., None]:
    """Compare with a fresh database at the same version: assert_schema_matches_fresh(db).

    Takes a database of the other fixtures, a connection or a path. Raises SchemaMismatchError,
    an AssertionError, with every difference.
    """
    from pytest_pmd_migrations.pytest_side.database import without_own_frames

    return without_own_frames(_migration_databases.assert_fresh)


def _take_cell_ids(config: pytest.Config) -> list[str]:
    """Take the arguments that are ids of cells out of ``config.args``, which expects paths.

    A worker of pytest-xdist gets the controller's options, and arguments without the ids; with
    none left it would collect the ``testpaths``.
    """
    ids: list[str] = getattr(config.option, "migration_ids", [])
    paths = [] if getattr(config.option, "migration_ids_only", False) else list(config.args)
    config.args[:] = paths
    if any(PREFIX in argument for argument in paths):
        from pytest_pmd_migrations.pytest_side.cell_arguments import split_arguments

        here = config.invocation_params.dir
        given, paths = split_arguments(paths, here=here, root=config.rootpath)
        ids.extend(given)
    if ids:
        config.args[:] = paths
        config.option.migration_ids = ids
        config.option.migration_ids_only = not paths
    return ids
