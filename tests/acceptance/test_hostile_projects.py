"""Small projects that went wrong in real reports, taken through whole runs as by their owners."""

from __future__ import annotations

import importlib.util
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

SETTINGS = '[tool.pytest.ini_options]\nmigration_source = "{source}"\n'
CHECKS = "--migration-checks=schema,data,again,frozen"
RAISES = "class MigrationRunner:\n    def __init__(self, conn): raise RuntimeError('mine')\n"
PYSQLITE3 = """
from pathlib import Path

import pysqlite3
from pytest_pmd_migrations import Location

STEPS = ("CREATE TABLE t(a INTEGER PRIMARY KEY, b)", "ALTER TABLE t ADD COLUMN c DEFAULT 7")


class Source:
    name = "app"

    def versions(self):
        return [1, 2]

    def location(self, version):
        return Location(Path(__file__))

    def upgrade_file(self, path, to):
        conn = pysqlite3.connect(path, isolation_level=None)
        for version in range(conn.execute("PRAGMA user_version").fetchone()[0] + 1, to + 1):
            conn.execute("BEGIN IMMEDIATE")
            conn.execute(STEPS[version - 1])
            conn.execute(f"PRAGMA user_version = {version}")
            conn.execute("COMMIT")
        conn.close()
"""
RUNS = "    def run_migrations(self, target=None): ...\n"


def project(
    pytester: pytest.Pytester, files: dict[str, str], *, source: str = "migrations"
) -> Path:
    """Write a project into the folder of the test."""
    for name, text in {"pyproject.toml": SETTINGS.format(source=source), **files}.items():
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return pytester.path


def command(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.run(Path(sys.executable).with_name("pmd-migrations"), *arguments)


def test_a_folder_with_a_runner_of_its_own_is_run_by_that(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    files = {"migrations/__init__.py": RAISES + RUNS, "migrations/0001_a.sql": "CREATE TABLE t(a);"}
    project(pytester, files)
    refused = command(pytester, "snapshot")
    assert refused.ret == 1
    assert "the step to 0001 raised RuntimeError: mine" in refused.stderr.str()
    (pytester.path / "migrations/__init__.py").unlink()
    assert command(pytester, "snapshot").ret == 0
    project(pytester, files)
    result = pytester.runpytest_subprocess("--migration-matrix", CHECKS)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["migrations: migrations 0001..0001 by migrations.MigrationRunner", "*RuntimeError: mine*"]
    )


def test_a_step_that_fails_in_python_after_a_statement_shows_pythons_line(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    project(pytester, {"migrations/0001_a.sql": "CREATE TABLE t(a);"})
    assert command(pytester, "snapshot").ret == 0
    step = "VERSION = 2\nDESCRIPTION = 'x'\ndef up(db):\n"
    step += "    db.execute('UPDATE t SET a = 1')\n    rows = 3\n    rows['x']\n"
    project(pytester, {"migrations/0002_x.py": step})
    result = pytester.runpytest_subprocess("--migration-matrix", CHECKS)
    at = result.outlines.index("  migrations/0002_x.py:6, in up")
    assert result.outlines[at + 1] == "    rows['x']"
    assert "UPDATE t" not in result.stdout.str()


def test_names_and_values_give_no_order_to_terminal_log_or_junit_file(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    made = "".join(
        f"CREATE TABLE {name}(a); INSERT INTO {name} VALUES ('v\n::warning::w');"
        for name in ('"\x1b[31mRED"', '"\n::error::x"', '"a\u202eb"')
    )
    lost = 'DELETE FROM "\x1b[31mRED"; DELETE FROM "\n::error::x"; DROP TABLE "a\u202eb";'
    project(pytester, {"migrations/0001_a.sql": made})
    stored = command(pytester, "snapshot")
    assert (stored.ret, command(pytester, "release").ret) == (0, 0)
    project(pytester, {"migrations/0002_b.sql": lost})
    result = pytester.runpytest_subprocess("--migration-matrix", CHECKS, "-vv", "--junitxml=j.xml")
    result.assert_outcomes(failed=1, passed=7)
    twin = (pytester.path / "fixtures/snapshots/0001.sql").read_text(encoding="utf-8")
    junit = (pytester.path / "j.xml").read_text(encoding="utf-8")
    printed = result.stdout.str() + stored.stdout.str() + command(pytester, "check").stdout.str()
    for text in (printed, twin, junit):
        assert not {"\x1b", "\u202e"} & {*text}
        assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert r"\x1b[31mRED lost 1 of 1 row" in printed
    assert r"\n::error::x lost 1 of 1 row" in printed


def test_a_stored_table_whose_name_is_no_utf8_goes_through_everything(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    """Another program made it; the steps only ever add."""
    steps = {
        f"migrations/000{n}_{name}.sql": f"CREATE TABLE {name}(a);"
        for n, name in ((1, "t"), (2, "u"))
    }
    project(pytester, {**steps, "pyproject.toml": SETTINGS.format(source="migrations")})
    with closing(sqlite3.connect("made.db")) as conn:
        conn.executescript("CREATE TABLE t(a); CREATE TABLE fzz(a); INSERT INTO fzz VALUES (1);")
        conn.execute("PRAGMA user_version = 1")
    assert command(pytester, "snapshot").ret == 0
    content = Path("made.db").read_bytes().replace(b"fzz", b"f\xffz")
    Path("fixtures/snapshots/0001+old.db").write_bytes(content)
    stored = command(pytester, "snapshot")
    assert "wrote    0001+old.sql  text twin, for the reviewer's diff" in stored.outlines
    assert command(pytester, "check").ret == 0
    result = pytester.runpytest_subprocess("--migration-matrix", CHECKS, "-v")
    result.assert_outcomes(failed=1, passed=9)
    assert r"  only in upgraded   table f\xffz (1 column)" in result.outlines


def test_a_package_that_ends_the_process_when_it_is_imported_is_one_line(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    exits = "import sys\nsys.exit('no config')\n"
    project(pytester, {"app/__init__.py": exits}, source="app.migrations")
    result = pytester.runpytest_subprocess("--migration-matrix")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == (
        "ERROR: migration_source 'app.migrations' cannot be imported: SystemExit: no config"
        " (app/__init__.py:2) (pyproject.toml)"
    )
    refused = command(pytester, "check")
    assert refused.ret == 2
    assert "SystemExit: no config (app/__init__.py:2)" in refused.stderr.str()


@pytest.mark.skipif(not importlib.util.find_spec("pysqlite3"), reason="pysqlite3 is not installed")
def test_a_runner_of_pysqlite3_works_by_files_and_is_told_so_where_it_has_none(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    folder = project(pytester, {"app.py": PYSQLITE3}, source="app:Source")
    assert command(pytester, "snapshot").ret == 0
    result = pytester.runpytest_subprocess("--migration-matrix", CHECKS)
    result.assert_outcomes(passed=6)
    by_connection = PYSQLITE3.replace("upgrade_file(self, path, to)", "upgrade(self, given, to)")
    own = by_connection.replace("connect(path", "connect('beside.db'")
    (folder / "app.py").write_text(own)
    refused = command(pytester, "check")
    assert refused.ret == 1
    assert "needs a source with upgrade_file(path, to) in the place of" in refused.stderr.str()


def test_names_beyond_ascii_need_no_locale(
    pytester: pytest.Pytester, plain_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANG", "LC_ALL", "PYTHONIOENCODING", "PYTHONUTF8"):
        monkeypatch.setenv(name, {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}.get(name, "C"))
    folder = pytester.mkdir("\u00e4")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(pytester, "_path", folder)
    files = {"migrations/0001_\u00e4.sql": 'CREATE TABLE "\u00fc"(a);'}
    project(pytester, files)
    assert command(pytester, "snapshot").ret == 0
    snapshots = folder / "fixtures/snapshots"
    variant = snapshots / "0001+b.db"
    variant.write_bytes((snapshots / "0001.db").read_bytes())
    assert command(pytester, "snapshot").ret == 0
    project(pytester, {**files, "migrations/0002_\u00e9.sql": 'DELETE FROM "\u00fc";'})
    result = pytester.runpytest_subprocess("--migration-matrix", CHECKS, "-v")
    result.assert_outcomes(failed=2, passed=8)
    assert "INTERNALERROR" not in result.stdout.str()
    assert command(pytester, "check").ret == 1
