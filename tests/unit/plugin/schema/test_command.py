"""`python -m pytest_pmd_migrations.schema a.db b.db`: what it prints and how it exits."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.schema.__main__ import main

from tests.every import for_every
from tests.warm_python import WarmPython

COMMAND = [sys.executable, "-m", "pytest_pmd_migrations.schema"]


def make(path: Path, script: str) -> str:
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(script)
    return str(path)


@pytest.fixture
def run(warm_python: WarmPython) -> Callable[..., tuple[int, str, str]]:
    """Run the command in a process of its own; return its exit code, output and errors."""

    def run_apart(*arguments: str) -> tuple[int, str, str]:
        done = warm_python.run(*COMMAND, *arguments)
        return done.returncode, done.stdout, done.stderr

    return run_apart


def run_here(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return the same, for what is no other in a process of its own."""
    return (main(arguments), *capsys.readouterr())


def test_equal_schemas_exit_0(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    run: Callable[..., tuple[int, str, str]],
) -> None:
    one = make(tmp_path / "a.db", "CREATE TABLE t(a INT)")
    other = make(tmp_path / "b.db", 'create table "t" (a int)')
    assert run(one, other) == (0, "equal\n", "")
    assert run_here(capsys, one, one) == (0, "equal\n", "")


def test_different_schemas_exit_1_and_are_told_with_what_mends_them(
    tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    one = make(tmp_path / "a.db", "CREATE TABLE t(a INT); CREATE TABLE u(x)")
    other = make(tmp_path / "b.db", "CREATE TABLE t(a INT NOT NULL)")
    expected = """\
different: 2 differences
  only in upgraded   table u (1 column)
                     mend: DROP TABLE u;
  different          column t.a
                     NOT NULL    upgraded: no    fresh: yes
                     mend: needs a table rebuild
"""
    assert run(one, other) == (1, expected, "")


def test_another_order_of_columns_exits_1_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make(tmp_path / "a.db", "CREATE TABLE t(a, b)")
    other = make(tmp_path / "b.db", "CREATE TABLE t(b, a)")
    expected = """\
order: only the order of columns differs
  order              columns of t
                       upgraded: a, b
                                    ^
                       fresh:    b, a
                                 ^
                     mend: needs a table rebuild
"""
    assert run_here(capsys, one, other) == (1, expected, "")


def test_a_file_that_cannot_be_read_exits_2(
    tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    one = make(tmp_path / "a.db", "CREATE TABLE t(a)")
    gone = tmp_path / "gone.db"
    message = f"{gone} does not exist; expected a SQLite database file\n"
    assert run(one, str(gone)) == (2, "", message)


@for_every("arguments", [(), ("a.db",), ("a", "b", "c"), ("--fast", "a", "b")])
def test_wrong_arguments_exit_2_with_the_usage(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    output, errors = capsys.readouterr()
    assert (caught.value.code, output) == (2, "")
    assert errors.startswith("usage: python -m pytest_pmd_migrations.schema [-h] upgraded fresh\n")


def test_pytest_is_not_needed(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db", "CREATE TABLE t(a)")
    program = (
        "import sys; sys.modules['pytest'] = None\n"
        "from pytest_pmd_migrations.schema import compare, read_schema\n"
        f"schema = read_schema({path!r}); print(compare(schema, schema).verdict)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "equal\n", "")
