"""The matrix under the command lines people use."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable

import pytest
from pytest_pmd_migrations.grid.cells import parse_cell_id

from tests.acceptance.conftest import NO_FAULTS, Application, Finished, plain

App = Callable[[str], Application]
Finish = Callable[[str], Finished]
FAILING = "migrations::0001..0002[data]"
"""The cell that fails of the application `lost-row`."""
CELLS = [
    *(f"migrations::000{n}..0003[{check}]" for n in (1, 2, 3) for check in ("schema", "data")),
    *(f"migrations::000{n}[{check}]" for n in (1, 2, 3) for check in ("again", "atomic", "frozen")),
]
"""Every cell of the application `downstream`."""
OWN = [
    "tests/test_notes.py::test_notes_survive",
    *(f"tests/test_notes.py::test_every_stored_database_can_be_tagged[000{n}]" for n in (1, 2, 3)),
]
"""Every test that the application `downstream` has beside its cells."""


def listed(app: Application, *arguments: str) -> list[str]:
    """Return the ids of what a run with these arguments would run, in its order."""
    result = app.matrix("--collect-only", "-q", *arguments)
    assert result.ret == 0
    return [line for line in result.outlines if "::" in line]


def test_without_the_flag_nothing_is_added_or_printed(application: App) -> None:
    result = application("downstream").run()
    result.assert_outcomes(passed=4)
    assert "migration" not in plain(result).replace("migration_", "")


def test_the_flag_adds_the_matrix_to_the_other_tests(application: App) -> None:
    result = application("downstream").matrix()
    result.assert_outcomes(passed=19)
    result.stdout.fnmatch_lines(["3 snapshots, 3 migrations: 15 ok in *s"])


def test_the_marker_chooses_the_matrix_alone_or_leaves_it_out(application: App) -> None:
    app = application("downstream")
    assert listed(app, "-m", "migration") == CELLS
    assert listed(app, "-m", "not migration") == OWN
    assert listed(app, "-m", 'migration(check="schema")') == [
        one for one in CELLS if "[schema]" in one
    ]
    app.matrix("-m", "migration(version=2)").assert_outcomes(passed=5, deselected=14)


def test_a_path_beside_the_flag_is_collected_too(application: App) -> None:
    assert listed(application("downstream"), "tests/test_notes.py") == [*OWN, *CELLS]


def test_collect_only_lists_every_cell_and_runs_none(application: App) -> None:
    result = application("downstream").matrix("--collect-only", "-q", "-m", "migration")
    assert [line for line in result.outlines if line.startswith("migrations::")] == CELLS
    assert "snapshots," not in result.stdout.str()


def test_a_keyword_chooses_the_cells_of_a_version(application: App) -> None:
    result = application("downstream").matrix("-k", "0002")
    # Five cells, and the application's own test at that version.
    result.assert_outcomes(passed=6, deselected=13)
    result.stdout.fnmatch_lines(["3 snapshots, 3 migrations: 5 ok of 15 in *s"])


def test_checks_can_be_chosen(application: App) -> None:
    app = application("downstream")
    app.matrix("-m", "migration", "--migration-checks=schema,again").assert_outcomes(
        passed=6, deselected=4
    )
    result = app.matrix("--migration-checks=shema")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == (
        "ERROR: --migration-checks names 'shema'; expected some of schema, data, statements, again,"
        " atomic, frozen, down, forecast"
    )


def test_a_pasted_id_implies_the_flag_and_runs_that_cell_alone(application: App) -> None:
    app = application("downstream")
    result = app.run("migrations::0001..0003[schema]")
    result.assert_outcomes(passed=1)
    app.run("migrations::0002[again]", "migrations::0001..0003[data]").assert_outcomes(passed=2)
    app.run("migrations::0002[again]", "tests/test_notes.py").assert_outcomes(passed=5)


def test_the_matrix_alone_collects_no_test_of_the_project(application: App) -> None:
    app = application("lost-row")
    (app.path / "test_web.py").write_text("import a_package_that_this_job_does_not_install\n")
    assert app.matrix().ret == pytest.ExitCode.INTERRUPTED
    app.run("migrations::").assert_outcomes(passed=9, failed=1)
    app.run("migrations::", "-n", "2", "-k", "0002").assert_outcomes(passed=6, failed=1)


def test_workers_may_have_any_name(application: App) -> None:
    app = application("lost-row")
    workers = ("--tx", "popen//id=alpha", "--tx", "popen//id=beta", "--dist", "load")
    app.run("migrations::", *workers).assert_outcomes(passed=9, failed=1)


def test_a_pasted_id_that_is_no_cell_says_what_there_is(application: App) -> None:
    app = application("leftover-index")
    result = app.run("migrations::0012..0013[schema]")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == (
        "ERROR: no such cell: migrations::0012..0013[schema]. Versions are 0001..0002 and"
        " 0000+legacy; checks of a snapshot are schema, data; checks of a migration are again,"
        " atomic, frozen."
    )


def test_xdist_runs_every_cell_once_and_shows_what_one_process_shows(
    application: App, finished: Finish, request: pytest.FixtureRequest
) -> None:
    app = application("lost-row")

    def shown(result: pytest.RunResult) -> str:
        text = plain(result)
        return text[text.index("= FAILURES =") :].replace(" (2 workers)", "")

    one = shown(finished("lost-row").result)
    # The controller, too, shall import what it needs by itself.
    request.getfixturevalue("cold_child_runs")
    result = app.matrix("-m", "migration", "-n", "2")
    result.assert_outcomes(passed=9, failed=1)
    two = shown(result)
    worker = re.compile(r"^\[gw\d\].*\n", re.MULTILINE)
    assert re.sub(r"=+", "=", worker.sub("", two)) == re.sub(r"=+", "=", one)
    assert result.stdout.str().count("1 failed, 9 ok in") == 1


def test_a_worker_that_is_killed_leaves_a_cell_that_died(application: App) -> None:
    app = application("downstream")
    step = app.path / "app/migrations/0002_pin_notes.py"
    step.write_text("import os, signal\ndef up(conn): os.kill(os.getpid(), signal.SIGKILL)\n")
    result = app.matrix("-n", "1", "migrations::0001..0003[schema]")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["  0001         died *", "1 failed of 15 in 0.00s"])


def test_last_failed_runs_the_failed_cells_again(application: App, finished: Finish) -> None:
    app = application("lost-row")
    shutil.copytree(finished("lost-row").path, app.path, dirs_exist_ok=True)
    app.matrix("--lf").assert_outcomes(failed=1)
    app.matrix("--lf", "-n", "1").assert_outcomes(failed=1)
    cells = listed(app)
    assert listed(app, "--ff") == [FAILING, *(one for one in cells if one != FAILING)] != cells


def test_it_stops_at_the_first_failure_when_asked(application: App) -> None:
    result = application("lost-row").matrix("-m", "migration", "-x")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["1 failed, 1 ok of 10 in *s", "*stopping after 1 failures*"])


def test_it_works_without_pytests_cache(application: App) -> None:
    app = application("lost-row")
    result = app.matrix("--migration-checks=schema,data", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=3, failed=1)
    assert "copy of the database" not in result.stdout.str()
    assert not (app.path / ".pytest_cache").exists()


def test_the_copy_of_a_failed_database_is_where_the_message_says(finished: Finish) -> None:
    run = finished("lost-row")
    run.result.stdout.fnmatch_lines(
        ["copy of the database: .pytest_cache/d/migrations/0001..0002.db"]
    )
    content = (run.path / ".pytest_cache/d/migrations/0001..0002.db").read_bytes()
    assert content.startswith(b"SQLite format 3\x00")


def test_it_works_from_a_subfolder(application: App, monkeypatch: pytest.MonkeyPatch) -> None:
    app = application("lost-row")
    app.pytester.mkdir("sub")
    monkeypatch.chdir(app.path / "sub")
    app.matrix(NO_FAULTS, "-m", "migration").assert_outcomes(passed=7, failed=1)
    result = app.run("../migrations::0001..0002[data]")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["copy of the database: ../.pytest_cache/d/migrations/0001..0002.db"]
    )


def test_it_works_from_the_folder_above(application: App, monkeypatch: pytest.MonkeyPatch) -> None:
    app = application("scripts")
    (app.path / "db/sql").rename(app.path / "migrations")
    settings = app.path / "pyproject.toml"
    settings.write_text(settings.read_text().replace("db/sql", "migrations"))
    monkeypatch.chdir(app.path.parent)
    app.run(f"{app.path.name}/migrations::0001..0002[schema]").assert_outcomes(passed=1)


def test_a_deselected_cell_is_left_out(application: App) -> None:
    one, *others = CELLS
    assert listed(application("downstream"), "-m", "migration", "--deselect", one) == others


def test_an_unset_or_broken_source_is_one_line(application: App) -> None:
    app = application("downstream")
    settings = app.path / "pyproject.toml"
    good = settings.read_text()

    def error(line: str) -> str:
        settings.write_text(f"[tool.pytest.ini_options]\n{line}\n")
        result = app.matrix()
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        return result.stderr.str().strip()

    assert error("") == (
        'ERROR: migration_source is not set; expected "app.migrations", "db/sql" or'
        ' "app.db:thing" (pyproject.toml), or the hook pytest_migration_sources. Found here:'
        ' "app.migrations" (numbered files). Write it: pmd-migrations init'
    )
    assert error('migration_source = "app.migration"') == (
        "ERROR: migration_source 'app.migration' cannot be imported: No module named"
        " 'app.migration'. Did you mean 'app.migrations'? (pyproject.toml)"
    )
    assert error('migration_source = "app.migrations"\nmigration_snapshots = "nowhere"') == (
        "ERROR: no snapshot is stored in nowhere, so nothing can be checked."
        " Build them: pmd-migrations snapshot"
    )
    assert error('migration_source = "app.migrations"\nmigration_snapshots = "pyproject.toml"') == (
        f"ERROR: migration_snapshots 'pyproject.toml' is no folder: {app.path}/pyproject.toml"
    )
    settings.write_text(good)
    assert listed(app) == [*OWN, *CELLS]


def test_every_cell_is_the_same_whichever_order_they_run_in(application: App) -> None:
    app = application("lost-row")
    cells = listed(app)
    assert len(cells) == 10
    assert all(parse_cell_id(one) for one in cells)
    result = app.run("-v", *reversed(cells))
    assert [line.split()[:2] for line in result.outlines if line.startswith("migrations::")] == [
        [one, "FAILED" if one == FAILING else "PASSED"] for one in reversed(cells)
    ]
