"""A command as a source: its process, its versions, and one clear line for each that is bad."""

from __future__ import annotations

import os
import shlex
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.sources.command.choose import make_source
from pytest_pmd_migrations.sources.command.process import run_process
from pytest_pmd_migrations.sources.protocol import check_source

from tests.every import for_every
from tests.warm_python import WarmPython

PYTHON = shlex.quote(sys.executable)
# A runner as there are many: --to N, and what it does with a number that it has not.
RUNNER = """
import sqlite3, sys
steps, unknown, (to, path) = {steps!r}, {unknown!r}, sys.argv[1:]
if int(to) > len(steps) and unknown == "refuse":
    sys.exit(f"no version {{to}}")
if int(to) > len(steps) and unknown == "refuse in silence":
    sys.exit(3)
conn = sqlite3.connect(path, isolation_level=None)
(at,) = conn.execute("PRAGMA user_version").fetchone()
for number in range(at + 1, min(int(to), len(steps)) + 1):
    conn.execute(steps[number - 1])
    conn.execute(f"PRAGMA user_version = {{number}}")
"""
GOOD = ["CREATE TABLE a(x)", "CREATE TABLE b(x)"]
BAD = [*GOOD, "CREATE TABLE a(y)"]

ENDS = {
    "a number that it has not is refused": (GOOD, "refuse", [1, 2]),
    "one that it has not is as good as the last": (GOOD, "go as far as possible", [1, 2]),
    "the last one fails": (BAD, "refuse", "ended with 1 with {to} = 3, and not as with a number"),
    "the last one fails, and unknown ones too": (
        BAD,
        "go as far as possible",
        "ended with 1 with {to} = 3, and not as with a number",
    ),
    "the first one fails": (["nonsense"], "refuse", "on an empty database with {to} = 1"),
    "a refusal without the number": (
        GOOD,
        "refuse in silence",
        "ended with 3 with {to} = 3, and not as with a number that it does not have",
    ),
}

MESSAGES = {
    "command:": "migration_source 'command:' names no command",
    "command: myapp {to}": "does not say where the database goes; expected {db} in it",
    "command: myapp '{to} {db}": "cannot be split into words: No closing quotation",
    "command: cd app && myapp {to} {db}": "is written for a shell, and started without one",
    "command: no-such-program {to} {db}": "there is no program no-such-program, on PATH or in ROOT",
    "command: A=1 myapp {to} {db}": "there is no program A=1: it is started without a shell",
    "command: ./plain {to} {db}": "the program ./plain cannot be started: Permission denied",
    "command: sh -c 'echo oh dear >&2; exit 1' {to} {db}": "{to} = 1: oh dear. Versions are tried",
    "command: sh -c 'kill -9 $$' {to} {db}": "was ended by signal 9 on an empty database",
    "command: sh -c 'yes | head -c 10000000; echo end; exit 1' {to} {db}": "= 1: end. Versions",
    "command: sh -c 'echo oh dear; echo \\#0 {main}; exit 1' {to} {db}": "= 1: oh dear. Versions",
    "command: true {to} {db}": "but leaves PRAGMA user_version at nothing; expected 1",
    "command: echo 'not yet' {to} {db}": ". Its last line: 'not yet 1 ",
    "command: true {db}": "leaves nothing in PRAGMA user_version, so that nobody can tell",
    "command: false {db}": "ended with 1 on an empty database",
}

LISTS = {
    "echo 2 1": ([2], {}),
    "printf '0010 b\\n\\n0002 a\\n'": ([2, 10], {}),
    "printf 'notes first.sql\\ntags\\n'": ([1, 2], {1: "notes", 2: "tags"}),
    "true": "migration_versions 'true' prints nothing; expected one id a line",
    "false": "migration_versions 'false' ended with 1",
    "printf 'a\\na b\\n'": "twice; expected one id a line, the oldest first, and two lines are"
    " 'a' and 'a b'",
    "printf '\\033[1;32mnotes\\033[0m\\n\\033]8;;x\\007tags\\033]8;;\\007\\n'": (
        [1, 2],
        {1: "notes", 2: "tags"},
    ),
    'echo \'[{"id": 1}, {"id": 2}]\'': 'prints JSON, which begins with \'[{"id": 1}, {"id": 2}]\'',
    'printf \'{"id": 1}\\n{"id": 2}\\n\'': "one id a line, the oldest first. Take them out of it",
    "printf '0010_b\\n0009_a\\n'": "prints the newest first, '0010_b' before '0009_a'; expected",
    "printf '2024-02-01_b\\n2024-01-31_a\\n'": "migrations list | tac'",
    "printf '2024-01-31_b\\n2024-01-31_a\\n'": ([1, 2], {1: "2024-01-31_b", 2: "2024-01-31_a"}),
    "printf '[1] notes\\n[x] tags\\n'": ([1, 2], {1: "[1]", 2: "[x]"}),
    "printf 'Name\\n----\\nnotes\\n'": "prints a line that begins with '----', which is no id",
    "printf '\\033notes\\n'": "begins with '\\x1bnotes', which is no id",
    "sh -c 'echo none yet >&2'": "prints nothing: none yet; expected one id a line",
    "no-such-program list": "migration_versions 'no-such-program list': there is no program"
    " no-such-program, on PATH or in",
    "seq 1000000": "prints more than 1 MB; expected one id a line",
}


class Settings:
    """The part of pytest's Config that a source asks."""

    def __init__(self, **values: str) -> None:
        self._values = {"migration_step_timeout": "60", **values}

    def getini(self, name: str) -> str:
        return self._values.get(name, "")


def opened(text: str, root: Path, **settings: str) -> object:
    source = make_source(text, root, f"migration_source {text!r}")
    return check_source(source, setting="migration_source", config=Settings(**settings))


@for_every("steps, unknown, expected", ENDS.values(), ids=ENDS)
def test_the_end_of_a_history_is_told_from_a_migration_that_fails(
    tmp_path: Path, steps: list[str], unknown: str, expected: list[int] | str
) -> None:
    (tmp_path / "run.py").write_text(RUNNER.format(steps=steps, unknown=unknown))
    text = f"command: {PYTHON} run.py {{to}} {{db}}"
    if isinstance(expected, str):
        with pytest.raises(MigrationTestError) as caught:
            opened(text, tmp_path)
        assert expected in str(caught.value)
        assert "\n" not in str(caught.value)
        return
    assert [*opened(text, tmp_path).versions()] == expected
    assert not [*tmp_path.glob("*.db")]


@for_every("text, expected", MESSAGES.items(), ids=lambda case: case[0])
def test_a_command_that_cannot_be_used_is_one_line(
    tmp_path: Path, text: str, expected: str
) -> None:
    (tmp_path / "plain").touch()
    with pytest.raises(MigrationTestError) as caught:
        opened(text, tmp_path)
    assert expected in str(caught.value).replace(str(tmp_path), "ROOT")
    assert "\n" not in str(caught.value)


@for_every("text, expected", LISTS.items(), ids=lambda case: case[0])
def test_versions_are_what_a_command_lists(
    tmp_path: Path, text: str, expected: tuple[list[int], dict[int, str]] | str
) -> None:
    (tmp_path / "first.sql").write_text("SELECT 1")
    command = "command: myapp {to} {db}"
    if isinstance(expected, str):
        with pytest.raises(MigrationTestError) as caught:
            opened(command, tmp_path, migration_versions=text)
        assert expected in str(caught.value)
        return
    source = opened(command, tmp_path, migration_versions=text)
    versions, labels = expected
    assert [*source.versions()] == versions
    assert {v: source.label(v) for v in versions if source.label(v)} == labels
    if "first.sql" in text:
        assert (source.location(1).path.name, source.text(1)) == ("first.sql", b"SELECT 1")
        assert (source.location(2).path.name, source.text(2)) == ("myapp", b"tags")


# A runner that takes note of all names in a table, or of the last one alone.
NOTING = """
import sqlite3, sys
names, (keeps, to, path) = ["first", "second", "third"], sys.argv[1:]
conn = sqlite3.connect(path, isolation_level=None)
conn.execute("CREATE TABLE IF NOT EXISTS done(name TEXT)")
at = max([names.index(name) for (name,) in conn.execute("SELECT name FROM done")], default=-1)
for name in names[at + 1 : names.index(to) + 1]:
    if keeps == "last":
        conn.execute("DELETE FROM done")
    conn.execute("INSERT INTO done VALUES (?)", (name,))
"""


@for_every("keeps", ["all", "last"])
def test_names_that_a_command_notes_in_a_table_say_what_was_applied(
    tmp_path: Path, keeps: str
) -> None:
    (tmp_path / "run.py").write_text(NOTING)
    settings = {
        "migration_versions": "printf 'first\\nsecond\\nthird\\n'",
        "migration_applied": "done.name",
        # It is refused where all settings are read.
        "migration_step_timeout": "soon",
    }
    text = f"command: {PYTHON} run.py {keeps} {{to}} {{db}}"
    source = opened(text, tmp_path, **settings)
    assert (source.applies, source.bookkeeping, source.volatile) == ("set", ("done",), ("done.*",))
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        assert source.why_elsewhere(conn) == ()
        source.upgrade_file(path, 2)
        assert sorted(source.applied(conn)) == ["first", "second"]
        assert "done.name says second" in " ".join(source.why_elsewhere(conn))
        if keeps == "all":
            conn.execute("INSERT INTO done VALUES ('of another')")
        for version, left in ((2, {"first"}), (1, set())):
            source.forget(conn, version)
            assert {*source.applied(conn)} - {"of another"} == left


def test_a_module_named_command_is_none_and_an_older_mark_keeps_its_label(tmp_path: Path) -> None:
    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = 7')"
    latest = opened(f"command: {PYTHON} -c {shlex.quote(script)} {{db}}", tmp_path)
    assert latest.versions({1: "5"}) == (2,)
    assert [latest.label(version) for version in (1, 2, 3)] == ["5", "7", ""]
    with pytest.raises(MigrationTestError, match=r"^it does not say where the database goes"):
        make_source("command:STEPS", tmp_path, "it")
    (tmp_path / "src/command").mkdir(parents=True)
    assert make_source("command:STEPS", tmp_path, "it") is None


def runs(number: int) -> bool:
    """Whether a process is there that is not dead; who reaps the orphans may take its time."""
    try:
        os.kill(number, 0)
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def test_a_process_is_ended_with_all_that_it_started_and_little_of_it_is_kept(
    tmp_path: Path,
) -> None:
    """It hangs, leaves others behind, waits for an answer, or prints 10 MB."""
    pid = tmp_path / "pid"
    hangs = f"sleep 1000 & echo $! > {pid}; wait"
    ended = run_process(["sh", "-c", hangs], folder=tmp_path, seconds=0.5)
    assert ended.code is None
    leaves = f"sleep 1000 & echo $! >> {pid}; echo done"
    ended = run_process(["sh", "-c", leaves], folder=tmp_path)
    assert (ended.code, ended.out) == (0, "done\n")
    ends = time.monotonic() + 10
    while any(runs(int(number)) for number in pid.read_text().split()):
        assert time.monotonic() < ends
    asks = run_process(["sh", "-c", "read answer; echo \"got '$answer'\""], folder=tmp_path)
    assert asks.out == "got ''\n"
    prints = run_process(["sh", "-c", "yes | head -c 10000000; echo e >&2"], folder=tmp_path)
    assert (prints.code, prints.is_cut, len(prints.out)) == (0, True, 16 * 1024)
    assert prints.last_lines()[-2:] == ("y", "e")


ADOPTS_AND_NEVER_ASKS = """
import ctypes, math, sys
from pathlib import Path
from pytest_pmd_migrations.sources.command import process

PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
process._DYING = math.inf
started = Path("started")
leaves = f"sleep 1000 & touch {started}; wait"
ended = process.run_process(["sh", "-c", leaves], folder=Path(), stop=started.exists)
print(ended.code)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_the_dead_that_nobody_asks_for_are_not_waited_for(
    tmp_path: Path, warm_python: WarmPython
) -> None:
    """Some containers have a first process that never does; this one waits for ever then."""
    done = warm_python.run(sys.executable, "-c", ADOPTS_AND_NEVER_ASKS, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("None\n", "")
