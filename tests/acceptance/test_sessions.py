"""Whole sessions: several databases, sources of one's own, scripts, no pmd, downstream tests."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import NO_FAULTS, Application, Finished, plain

App = Callable[[str], Application]

OWN = """
import sqlite3
from pathlib import Path

from pytest_pmd_migrations import Location

STEPS = {
    1: "CREATE TABLE visits(page TEXT NOT NULL)",
    2: "ALTER TABLE visits ADD COLUMN seconds INTEGER",
}


class Visits:
    name = "visits"
    volatile = ("versions.applied_at",)

    def versions(self):
        return sorted(STEPS)

    def location(self, version):
        return Location(Path(__file__), 8)

    def current_version(self, conn):
        conn.execute("CREATE TABLE IF NOT EXISTS versions(number INTEGER, applied_at REAL)")
        return conn.execute("SELECT coalesce(max(number), 0) FROM versions").fetchone()[0]

    def upgrade(self, conn, to):
        for version in range(self.current_version(conn) + 1, to + 1):
            conn.execute("BEGIN")
            conn.execute(STEPS[version])
            conn.execute("INSERT INTO versions VALUES (?, random())", [version])
            conn.execute("COMMIT")
"""
HOOK = """

def pytest_migration_sources(config):
    return [Visits()]
"""


@pytest.fixture
def own(application: App, pytester: pytest.Pytester) -> Application:
    """A project without settings: a source of its own in conftest.py, its version in a table."""
    app = Application(application("downstream").pytester)
    for path in (*app.path.glob("app/**/*.py"), *app.path.glob("fixtures/snapshots/*")):
        path.unlink()
    (app.path / "pyproject.toml").unlink()
    (app.path / "tests/test_notes.py").unlink()
    (app.path / "conftest.py").write_text(OWN + HOOK)
    return app


def snapshot(app: Application, *arguments: str) -> None:
    command = Path(sys.executable).with_name("pmd-migrations")
    assert app.pytester.run(command, "snapshot", *arguments).ret == 0


def test_a_source_of_ones_own_needs_no_settings_file(own: Application) -> None:
    snapshot(own)
    result = own.matrix("-v")
    result.assert_outcomes(passed=8)
    ids = [line.split()[0] for line in result.outlines if line.startswith("migrations::")]
    assert ids == [
        "migrations::0001..0002[schema]",
        "migrations::0001..0002[data]",
        "migrations::0002..0002[schema]",
        "migrations::0002..0002[data]",
        "migrations::0001[atomic]",
        "migrations::0001[frozen]",
        "migrations::0002[atomic]",
        "migrations::0002[frozen]",
    ]
    text = plain(result)
    text = re.sub(r"\d+ faults, 0 broken .*", "N faults, 0 broken", text)
    assert text[text.index("= migration matrix") :].split("\n")[1:-3] == [
        "  snapshots   schema    data",
        "  0001        ok        ok",
        "  0002        ok        ok",
        "",
        "  migrations   atomic    frozen",
        "  0001         ok        ok",
        "  0002         ok        ok",
        "",
        "note 0002: versions: 1 new row",
        "note 0001: N faults, 0 broken",
        "note 0002: N faults, 0 broken",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "return sorted(STEPS)",
            "raise OSError('gone')",
            "a source of pytest_migration_sources: versions() raised OSError: gone",
        ),
        (
            "[Visits()]",
            "Visits()",
            "pytest_migration_sources returned a Visits; expected a list of sources",
        ),
        (
            '"visits"',
            '"a/b"',
            "a source of pytest_migration_sources has the name 'a/b', which stands in ids and is a"
            " folder's name; expected letters, digits, '_', '-' and '.' only",
        ),
    ],
)
def test_a_source_that_cannot_be_used_is_one_line(
    own: Application, old: str, new: str, line: str
) -> None:
    text = (own.path / "conftest.py").read_text()
    (own.path / "conftest.py").write_text(text.replace(old, new))
    result = own.matrix()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == f"ERROR: {line}"


def test_a_location_that_cannot_be_told_fails_frozen_and_stops_nothing(own: Application) -> None:
    snapshot(own)
    text = (own.path / "conftest.py").read_text()
    text = text.replace("return Location(Path(__file__), 8)", "raise OSError('nowhere')")
    (own.path / "conftest.py").write_text(text)
    result = own.matrix()
    result.assert_outcomes(passed=6, failed=2)
    result.stdout.fnmatch_lines(["source visits: location(1) raised OSError: nowhere"])


def test_several_databases_have_ids_grids_and_fixtures_of_their_own(own: Application) -> None:
    text = OWN + HOOK.replace("[Visits()]", "[Visits(), Other()]")
    text += "\nclass Other(Visits):\n    name = 'other'\n"
    (own.path / "conftest.py").write_text(text)
    hidden = "note migration_ignore: 1 object hidden from every check"
    (own.path / "pytest.ini").write_text("[pytest]\nmigration_ignore = versions\n")
    snapshot(own, "--source", "visits")
    snapshot(own, "--source", "other")
    (own.path / "test_both.py").write_text(
        "def test_each(migration_db, migration_version):\n"
        "    assert migration_db(migration_version).upgrade() in ((), (2,))\n"
        "def test_named(migration_db, migration_fresh_db):\n"
        "    assert migration_db(1, source='other').version == 1\n"
        "    assert migration_fresh_db(source='visits').version == 2\n"
    )
    result = own.matrix(NO_FAULTS, "-n", "1", "-v")
    result.assert_outcomes(passed=17)
    result.stdout.fnmatch_lines(
        [
            "visits",
            "  0001        ok        ok",
            "  0002         ok",
            hidden,
            "other",
            hidden,
            "4 snapshots, 4 migrations: 12 ok in *",
        ]
    )
    assert result.outlines.count(hidden) == 2
    own.run("migrations::other::0001..0002[schema]").assert_outcomes(passed=1)
    own.matrix("-k", "visits and frozen").assert_outcomes(passed=2, deselected=19)


def test_checks_that_no_source_can_be_asked_are_one_line(
    own: Application, cold_child_runs: None
) -> None:
    """The command and pytest are run in processes that have imported nothing."""
    snapshot(own)
    result = own.matrix("--migration-checks=again")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == (
        "ERROR: --migration-checks=again leaves no cell: no source here can be asked that."
        " See docs/reference/sources.md and fixtures-and-hooks.md"
    )


def test_scripts_alone_are_run_by_pmds_runner(finished: Callable[[str], Finished]) -> None:
    result = finished("scripts").result
    assert result.ret == 0
    result.stdout.fnmatch_lines(["2 snapshots, 2 migrations: 10 ok in *"])


def without_pmd(app: Application) -> None:
    """Make pmd unknown to the run, as where it is not installed."""
    (app.path / "without_pmd.py").write_text(
        "import sys\n"
        "class Gone:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'pmd':\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Gone())\n"
    )


def test_a_package_with_its_own_runner_needs_no_pmd(
    application: App, cold_child_runs: None
) -> None:
    app = application("downstream")
    without_pmd(app)
    result = app.matrix("-p", "without_pmd", "-o", "pythonpath=.", "-m", "migration(version=2)")
    result.assert_outcomes(passed=5, deselected=14)


def test_scripts_without_pmd_name_what_to_install(application: App, cold_child_runs: None) -> None:
    app = application("scripts")
    without_pmd(app)
    result = app.run(
        "-c", str(app.path / "pyproject.toml"), "-p", "without_pmd", "--migration-matrix"
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == (
        "ERROR: migration_source 'db/sql' has no MigrationRunner of its own and pmd, whose runner"
        " would run it, is not installed: pip install 'pytest-pmd-migrations[pmd]'"
        " (pyproject.toml)"
    )


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("def up(conn): raise SystemExit(3)", "the step to 0002 raised SystemExit: 3"),
        ("def up(conn:", "0002_pin_notes.py cannot be imported: line 1: '(' was never closed"),
        (
            "import os, threading\ndef up(conn):\n    threading.Thread(target=print).start()\n"
            "    os.chdir('/')\n    print('loud')\n    raise ValueError('then')",
            "the step to 0002 raised ValueError: then",
        ),
    ],
)
def test_a_migration_that_breaks_leaves_a_report_of_every_cell(
    application: App, damage: str, expected: str
) -> None:
    app = application("downstream")
    (app.path / "app/migrations/0002_pin_notes.py").write_text(damage + "\n")
    result = app.matrix(NO_FAULTS, "-m", "migration")
    result.assert_outcomes(passed=5, failed=1, skipped=6, deselected=4)
    result.stdout.fnmatch_lines([expected, "1 failed, 6 blocked by it, 5 ok in *"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_a_malformed_declaration_fails_its_own_cells_and_no_summary(application: App) -> None:
    app = application("downstream")
    with (app.path / "app/migrations/0002_pin_notes.py").open("a") as file:
        file.write("\nDELETES = 3\n")
    result = app.matrix("--migration-checks=schema,data,again", "-m", "migration")
    result.assert_outcomes(passed=8, failed=1, deselected=4)
    result.stdout.fnmatch_lines(["0002_pin_notes.py: DELETES is 3; expected a dict, {*"])
    assert result.stdout.str().count("DELETES is 3; expected a dict") == 2
    assert "note 0002" not in result.stdout.str()


def test_an_interrupt_in_a_migration_stops_the_run(application: App) -> None:
    app = application("downstream")
    (app.path / "app/migrations/0002_pin_notes.py").write_text(
        "def up(conn): raise KeyboardInterrupt\n"
    )
    result = app.matrix("-m", "migration")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["3 snapshots, 3 migrations: no cell of 15 was run"])


def test_an_unset_source_is_said_once_at_collection(application: App) -> None:
    app = application("downstream")
    (app.path / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\nmigration_source = 'app.migration'\n"
    )
    result = app.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "migration_source 'app.migration' cannot be imported: No module named"
            " 'app.migration'. Did you mean 'app.migrations'? (pyproject.toml)"
        ]
    )


def test_a_test_for_every_snapshot_fails_where_none_is_stored(application: App) -> None:
    app = application("downstream")
    for path in (app.path / "fixtures/snapshots").iterdir():
        path.unlink()
    result = app.run("-k", "tagged")
    result.assert_outcomes(errors=1, deselected=1)
    result.stdout.fnmatch_lines(
        ["*no snapshot is stored, so there is nothing to test; build them: pmd-migrations snapshot"]
    )


def test_an_error_of_a_fixture_points_at_the_tests_own_line(application: App) -> None:
    app = application("downstream")
    (app.path / "tests/test_notes.py").write_text(
        "def test_it(migration_db):\n    migration_db(77)\n"
    )
    result = app.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">       migration_db(77)",
            "E       pytest_pmd_migrations.errors.SnapshotError: no snapshot 0077 is stored;"
            " there are 0001, 0002, 0003",
            "tests/test_notes.py:2: SnapshotError",
        ]
    )
    assert "fixtures.py" not in result.stdout.str()


def test_a_copy_that_cannot_be_kept_is_said_beside_the_finding(application: App) -> None:
    app = application("lost-row")
    (app.path / "taken").write_text("a file where the cache would be a folder")
    result = app.matrix("migrations::0001..0002[data]", "-o", "cache_dir=taken", "-W", "ignore")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "0002_name_authors.py: notes lost 1 of 3 rows",
            "copy of the database: none, Not a directory: *",
        ]
    )


def test_a_check_of_the_projects_own_that_raises_shows_its_traceback(application: App) -> None:
    app = application("downstream")
    (app.path / "conftest.py").write_text(
        "from pytest_pmd_migrations import Check, register\n"
        "def watch(history):\n    return lambda step: step.nothing\n"
        "register(Check('own', 'snapshot', watch, lambda *_: None))\n"
    )
    result = app.matrix("--migration-checks=schema,data,own", "-m", "migration")
    result.assert_outcomes(passed=6, failed=3, deselected=4)
    result.stdout.fnmatch_lines(
        [
            "*return lambda step: step.nothing",
            "E   * has no attribute 'nothing'",
            "3 failed, 6 ok in *",
        ]
    )


def test_without_flag_and_fixture_no_room_but_the_first_is_loaded(
    application: App, monkeypatch: pytest.MonkeyPatch, cold_child_runs: None
) -> None:
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        monkeypatch.delenv(name)  # coverage imports sqlite3 itself
    app = application("downstream")
    (app.path / "tests/test_notes.py").write_text(
        "import sys\n"
        "def test_modules():\n"
        "    own = {name for name in sys.modules if name.startswith('pytest_pmd_migrations')}\n"
        "    assert own == {'pytest_pmd_migrations', 'pytest_pmd_migrations.plugin',\n"
        "                   'pytest_pmd_migrations.pytest_side',\n"
        "                   'pytest_pmd_migrations.pytest_side.hookspecs'}\n"
        "    assert not {'sqlite3', 'sqlite_utils', 'click', 'pmd'} & set(sys.modules)\n"
    )
    result = app.run("-p", "no:hypothesispytest", "-p", "no:xdist")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("settings", ["pytest.ini", "tox.ini"])
def test_settings_may_stand_in_any_of_pytests_files(application: App, settings: str) -> None:
    app = application("downstream")
    (app.path / "pyproject.toml").unlink()
    (app.path / settings).write_text(
        "[pytest]\nmigration_source = app.migrations\nmigration_idempotent = true\n"
        "migration_ignore = tag* idx_*\ntestpaths = tests\n"
    )
    result = app.matrix("--migration-checks=again,frozen,data", "-m", "migration")
    result.assert_outcomes(passed=7, failed=2, deselected=4)
    result.stdout.fnmatch_lines(
        [
            "FAILED migrations::0002[[]again] - 0002_pin_notes.py is not idempotent",
            "FAILED migrations::0003[[]frozen] - *",  # its lock line was written with tags in view
        ]
    )
