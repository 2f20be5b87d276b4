"""The command ``forecast``, and the check of that name, on projects as a person has them."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.budget import Budget, parse_budget, parse_size
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.forecast import measuring_folder
from pytest_pmd_migrations.run_report.report_file import read_report

from tests.every import for_every
from tests.unit.plugin.cli.conftest import Project

NOTES = (
    "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT NOT NULL, size INTEGER);\n"
    "INSERT INTO notes VALUES (1, 'the first of all notes', 120), (2, 'another one', 340);\n"
)
UPDATE = "UPDATE notes SET size = size + 1;\n"
INDEX = "CREATE INDEX notes_by_title ON notes(title);\n"

FAST = ("--seconds", "0", "--folder", ".")
"""As few sizes as there may be, where the test's own files are."""

LIST = '''
"""Migrations as a list: the second one stops the command that measures it, once it was told to."""
import os, signal
from pathlib import Path

def second(conn):
    conn.execute("UPDATE notes SET size = size + 1")
    rows = conn.execute("SELECT count(*) FROM notes").fetchone()[0]
    if Path("stop").exists() and rows >= 1000:
        os.kill(os.getppid(), signal.SIGINT)
    if Path("fail").exists() and rows >= 1000:
        raise ValueError("too many notes")

MIGRATIONS = ["CREATE TABLE notes(id INTEGER PRIMARY KEY, size INTEGER)", second]
'''


@pytest.fixture
def list_project(project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Project:
    made = project()
    # Syncing to a disk takes most of the time: what runs apart waits for it, this process does not.
    monkeypatch.setattr(measuring_folder, "_ON_DISK", made.path)
    made.write("app/__init__.py", "")
    made.write("app/db.py", LIST)
    made.write(
        "pyproject.toml",
        '[tool.pytest.ini_options]\nmigration_source = "app.db:MIGRATIONS"\npythonpath = ["."]\n',
    )
    code, text = made.run("snapshot")
    assert code == 0, text
    return made


def test_each_measure_is_printed_also_beside_a_step_that_fails_and_no_stored_file_changes(
    stored: Callable[..., Project],
) -> None:
    fails = "CREATE TABLE few(n CHECK (n < 600));\nINSERT INTO few SELECT count(*) FROM notes;\n"
    made = stored(NOTES, fails, INDEX)
    before = made.files()
    code, text = made.run("forecast", "2", "3", "2", "--rows", "4000", *FAST)
    assert code == 1, text
    pattern = r"""0002  0002_step_2\.sql
.*  measured: 2 sizes from 250 to 500 rows, .+

0003  0003_step_3\.sql
  at 4,000 rows, a file of .+, journal mode delete
  time        \S+ \w+ +\(.+ to .+\)
  write lock  \S+ \w+ +\(.+ to .+\)
  journal     \S+ \wB +\(.+ to .+\)
  file grows  \S+ \wB +\(.+ to .+\)
  memory      .+ \(.+ to .+\)
  grows       .+
  - builds the index notes_by_title on notes
    helps: build the index in a step of its own, .+
  - holds one transaction over everything
    helps: split the step in several, .+
  measured: 4 sizes from 250 to 2,000 rows, 5 runs each;\s+the\s+largest\s+took\s+\S+ s
Error: the step to 0002 fails on the filled database \(1,000 rows copied from 0001\.db\): .+
"""
    assert re.fullmatch(pattern, text, re.DOTALL), text
    assert made.files() == before


def test_json_has_each_size_run_and_estimate_of_a_step_with_a_write_ahead_log(
    stored: Callable[..., Project],
) -> None:
    made = stored(NOTES, UPDATE)
    arguments = ("--rows", "16000", "--journal-mode", "wal", *FAST, "--json")
    code, text = made.run("forecast", "2", *arguments)
    assert code == 0, text
    found = json.loads(text)
    (step,) = found.pop("steps")
    assert found == {
        "format": "pmd-migrations forecast",
        "format_version": 1,
        "source": "sql",
        "complete": True,
    }
    assert (step["version"], step["rows"], step["tables"]) == (2, 16_000, {"notes": 16_000})
    assert step["journal_mode"] == "wal"
    assert [size["rows"] for size in step["sizes"]] == [1_000, 2_000, 4_000, 8_000]
    for size in step["sizes"]:
        for run in size["runs"]:
            assert run["seconds"] > 0
            assert run["file_bytes"] > 20 * size["rows"]
            # Snapshots have pages of 1024 bytes, databases of users those of SQLite.
            assert run["file_bytes"] % 4096 == 0
    # Every page of the table is written into the log.
    last = step["sizes"][-1]["runs"][0]
    estimates = step["estimates"]
    assert last["log_bytes"] > last["file_bytes"] * 0.9
    assert estimates["file_bytes"]["value"] == pytest.approx(2 * last["file_bytes"], rel=0.1)
    assert estimates["log_bytes"]["value"] == pytest.approx(2 * last["log_bytes"], rel=0.1)
    for name, one in estimates.items():
        assert 0 <= one["low"] <= one["value"] <= one["high"], name
    assert [trait["kind"] for trait in step["traits"]][:2] == ["rewrite", "transaction"]


def test_a_file_like_which_it_is_gives_rows_sizes_and_journal_mode(
    stored: Callable[..., Project], tmp_path: Path
) -> None:
    made = stored(NOTES, UPDATE)
    like = tmp_path / "users.db"
    shutil.copyfile(made.snapshots / "0001.db", like)
    made.execute(str(like), "PRAGMA journal_mode = wal")
    made.execute(
        str(like),
        "WITH RECURSIVE k(n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM k WHERE n < 3000)"
        " INSERT INTO notes SELECT n, printf('%0200d', n), n FROM k",
    )
    # One that the application does not have is not what a million rows are asked of.
    made.execute(
        str(like),
        "CREATE TABLE foreign_log AS WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k"
        " WHERE n < 50000) SELECT n FROM k",
    )
    before = like.read_bytes()
    code, text = made.run("forecast", "2", "--like", str(like), *FAST, "--json")
    assert code == 0, text
    (step,) = json.loads(text)["steps"]
    assert (step["rows"], step["tables"]) == (3_000, {"notes": 3_000})
    assert step["journal_mode"] == "wal"
    assert step["sizes"][-1]["runs"][0]["file_bytes"] > 200 * 1_500
    assert like.read_bytes() == before


REFUSED = {
    ("--rows", "5", "--size", "1GB"): "--rows and --size both say how large; expected one of them",
    ("--size", "large"): "'large' is no size of a file; expected one such as 10GB or 500MB",
    ("7",): "there is no migration 0007; expected one of 0001..0002",
    ("--like", "none.db"): "--like none.db cannot be read: No such file or directory; expected a"
    " database of SQLite",
    ("--like", "foreign.db"): "the database that --like names has no rows in the tables that are"
    " there before 0002: notes; it has some in fruit",
    ("--size", "9kB"): "a file of 9,000 bytes is too small to forecast: with 4,000 rows it has",
}


def test_what_cannot_be_used_is_refused_in_one_line(stored: Callable[..., Project]) -> None:
    made = stored(NOTES, UPDATE)
    foreign = str(made.path / "foreign.db")
    made.execute(foreign, "CREATE TABLE fruit(id INTEGER)", "INSERT INTO fruit VALUES (1)")
    for arguments, message in REFUSED.items():
        code, text = made.run("forecast", "--folder", ".", *arguments)
        assert (code, text.count("\n")) == (2, 1), text
        assert text.startswith(f"Error: {message}"), text


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="nobody can write there, root neither")
def test_a_folder_that_cannot_be_written_to_is_refused_by_its_option(
    stored: Callable[..., Project],
) -> None:
    assert stored(NOTES, UPDATE).run("forecast", "--folder", "/proc/self") == (
        2,
        "Error: --folder /proc/self cannot be written to: No such file or directory. Name another"
        " folder, or leave --folder out\n",
    )


def test_without_room_nothing_is_measured_unless_somebody_says_so(
    stored: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stored(NOTES, UPDATE)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 9 * 10**8, 10**8))
    code, text = made.run("forecast", "2", "--rows", "4000", *FAST)
    assert code == 2
    message = r"Error: it needs up to 1 GB in \S+, which has 100 MB free\. Name another folder"
    assert re.match(message, text), text
    code, text = made.run("forecast", "2", "--rows", "4000", *FAST, "--yes")
    assert code == 0, text
    assert "measured: 4 sizes" in text


def test_a_list_in_python_is_measured_and_what_was_measured_is_printed_when_interrupted(
    list_project: Project,
) -> None:
    arguments = ("forecast", "2", "--rows", "8000", *FAST, "--json")
    code, text = list_project.run(*arguments)
    assert code == 0, text
    assert json.loads(text)["steps"][0]["estimates"]["seconds"]["value"] > 0
    list_project.write("stop", "")
    code, text = list_project.run("forecast", "2", "--rows", "10000", *FAST)
    assert code == 130, text
    assert "measured: 1 size of 625 rows, 5 runs of " in text
    assert text.endswith(
        "  too few sizes were measured for a forecast: 1 of 4; it needs more rows,\n"
        "  room or time\n"
        "interrupted: this is what was measured until then\n"
    )


def test_a_step_over_its_budget_fails_and_one_within_it_passes(
    list_project: Project, pytester: pytest.Pytester
) -> None:
    options = ("--migration-matrix", "--migration-checks=forecast", "-p", "no:cacheprovider")
    over = pytester.runpytest(*options, "-o", "migration_budget=0.01ms at 6000 rows")
    over.stdout.fnmatch_lines(
        [
            "*migrations::0002*forecast*",
            "* takes *, over its budget",
            'migration_budget = "0.01ms at 6000 rows"',
            "  measured: *",
            "Make the step faster, or the budget larger:",
            "  - rewrites the table notes*",
            "    helps: *",
            "measure it again: pmd-migrations forecast 2 --rows 6000",
        ]
    )
    assert over.ret == 1
    within = pytester.runpytest(*options, "-o", "migration_budget=900h at 5000 rows")
    assert within.ret == 0
    small = pytester.runpytest(*options, "-rs", "-o", "migration_budget=5s at 5 rows")
    small.stdout.fnmatch_lines(["*forecast: too few sizes were measured for a forecast: 1 of 4;*"])
    unset = pytester.runpytest(*options)
    unset.stdout.no_fnmatch_line("*0002*ok*")
    wrong = pytester.runpytest(*options, "-o", "migration_budget=soon")
    wrong.stderr.fnmatch_lines(["*migration_budget 'soon' is no budget; expected a time*"])


@pytest.mark.parametrize("budget", ["0.01ms at 6000 rows", "900h at 5000 rows"])
def test_what_was_measured_for_a_budget_is_in_the_report_of_the_run(
    list_project: Project, budget: str
) -> None:
    list_project.python.run(
        *(sys.executable, "-mpytest", "--migration-matrix", "--migration-checks=forecast"),
        *("-n", "1", "-o", f"migration_budget={budget}", "--migration-report=report.json"),
        cwd=list_project.path,
    )
    report = read_report(list_project.path / "report.json")
    (application,) = report.runs[0].applications
    assert application.forecast is not None
    assert application.forecast.source == application.source
    (step,) = application.forecast.steps
    assert (step.version, step.rows) == (2, int(budget.split()[2]))
    assert step.estimates["seconds"].value > 0
    assert len(step.sizes) > 2


def test_a_step_that_fails_where_its_budget_is_measured_says_so_and_how_to_try_again(
    list_project: Project, pytester: pytest.Pytester
) -> None:
    list_project.write("fail", "")
    ran = pytester.runpytest(
        *("--migration-matrix", "--migration-checks=forecast", "-p", "no:cacheprovider"),
        *("-o", "migration_budget=5s at 30000 rows"),
    )
    ran.stdout.fnmatch_lines(
        [
            "*0002* fails on a large database",
            "the step to 0002 fails on the filled database (1,000 rows copied from*",
            "",
            "Mend the step.",
            "measure it again: pmd-migrations forecast 2 --rows 30000",
        ]
    )
    assert ran.ret == 1


@for_every(
    "text, budget",
    [
        ("5s at 1000000 rows", ("5s at 1000000 rows", 5.0, 1_000_000, 0)),
        (" 2 min at 10GB ", ("2 min at 10GB", 120.0, 0, 10 * 10**9)),
        ("250ms at 1_000,000 rows", ("250ms at 1_000,000 rows", 0.25, 1_000_000, 0)),
        ("1.5h at 500 MiB", ("1.5h at 500 MiB", 5400.0, 0, 500 * 10**6)),
        ("1s at 1 row", ("1s at 1 row", 1.0, 1, 0)),
    ],
)
def test_a_budget_is_a_time_at_a_size(text: str, budget: tuple[str, float, int, int]) -> None:
    assert parse_budget(text) == Budget(*budget)


def test_other_budgets_and_sizes_are_refused() -> None:
    assert parse_budget("") is None
    for text in (
        *("5s", "at 5 rows", "0s at 5 rows", "5s at 0 rows", "5 days at 5 rows", "5s at x"),
        *(f"5s at {2**63} rows", "5s at 282TB"),
    ):
        with pytest.raises(SettingError, match=re.escape(repr(text))):
            parse_budget(text)
    for text in ("", "GB", "0GB", "10", "ten GB", "999999TB"):
        with pytest.raises(SettingError, match="is no size of a file"):
            parse_size(text)
