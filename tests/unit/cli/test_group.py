"""The command imports what one of its commands needs, and is the same in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from pmd.cli import main

NAMES = ["add", "db", "get", "index", "ls", "search", "tags"]
SPARED = {
    "importlib.metadata",
    "logging",
    "platformdirs",
    "pmd.cli.db",
    "pmd.cli.documents",
    "pmd.cli.search",
    "pmd.indexing.markdown",
    "pmd.indexing.yaml_fields",
    "pmd.store.files.backup",
    "pmd.store.migrations.run",
    "shlex",
    "sqlite_utils",
    "tempfile",
    "textwrap",
    "yaml",
}
"""What takes a while to import, and a look through unchanged files can do without."""


@pytest.mark.parametrize("start", [["-m", "pmd"], ["-c", "from pmd.__main__ import run; run()"]])
def test_the_command_runs_in_a_process_of_its_own(start, indexed):
    ran = subprocess.run([sys.executable, *start, "index"], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "indexed   notes: 4 unchanged\n", "")
    failed = subprocess.run([sys.executable, *start, "index", "x"], capture_output=True, text=True)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr == ("Error: there is no collection 'x'. See which there are: pmd ls\n")


def test_a_look_through_unchanged_files_imports_nothing_that_it_can_do_without(indexed):
    script = (
        "import sys\n"
        "from pmd.__main__ import run\n"
        "sys.argv = ['pmd', 'index']\n"
        "try:\n"
        "    run()\n"
        "finally:\n"
        "    print(*sys.modules, file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ran.stdout == "indexed   notes: 4 unchanged\n"
    assert SPARED & set(ran.stderr.split()) == set()


def test_each_command_is_imported_by_its_name():
    assert {name: main.commands[name].name for name in main.commands} == {
        name: name for name in NAMES
    }
    shown = CliRunner().invoke(main, ["--help"]).stdout.partition("Commands:\n")[2]
    assert [line.split()[0] for line in shown.splitlines()] == NAMES


def test_a_command_that_does_not_exist_is_wrong_usage():
    ran = CliRunner().invoke(main, ["idnex"])
    assert ran.exit_code == 2
    assert ran.stderr.splitlines()[-1].startswith("Error: No such command 'idnex'.")


def test_a_command_can_be_added_and_taken_away():
    @click.command()
    def hello():
        click.echo("hello")

    main.add_command(hello)
    try:
        assert CliRunner().invoke(main, ["hello"]).stdout == "hello\n"
        assert len(main.commands) == len(NAMES) + 1
    finally:
        del main.commands["hello"]
    assert sorted(main.commands) == NAMES
