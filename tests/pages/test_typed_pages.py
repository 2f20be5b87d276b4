"""Pages that a reader types word for word print what they say."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages.typed_pages import (
    ROOT,
    Command,
    File,
    comparable,
    in_a_shell,
    steps,
    type_page,
    typed_pages,
    with_new_outputs,
)
from tests.pages.wheel_environment import build_wheels, make_environment
from tests.warm_python import NOTHING_IS_LONG, WarmPython

TUTORIAL = ROOT / "docs/tutorial.md"
OTHERS = [page for page in typed_pages() if page != TUTORIAL]


@pytest.fixture
def plain_variables(monkeypatch):
    """The variables of a reader's shell: nothing that changes what pytest prints."""
    for name in [name for name in os.environ if name.startswith("PYTEST")]:
        monkeypatch.delenv(name)
    for name in ("CI", "BUILD_NUMBER", "PYTHONPATH", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv(NOTHING_IS_LONG, "1")
    # Its plugin imports all of hypothesis at the end of every run.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")


def typed_into(warm: WarmPython, programs: Path):
    """Types commands: those that start Python are forked, others run in a shell."""
    in_shell = in_a_shell(f"{programs}{os.pathsep}{os.environ['PATH']}")

    def type_command(line: str, folder: Path) -> str:
        words = shlex.split(line)
        program = programs / words[0]
        is_simple = not {"&&", "||", ">", "|"} & {*words}
        if not (is_simple and program.exists()):
            return in_shell(line, folder)
        command = [warm.python if words[0] == "python" else str(program), *words[1:]]
        done = warm.run(*command, cwd=folder)
        return done.stdout + done.stderr

    return type_command


def differences(page: str, folder: Path, type_command) -> list[str]:
    """What each command that prints something else than the page says prints now."""
    return [
        f"$ {command.line}\n{printed}"
        for command, printed in type_page(page, folder, type_command)
        if comparable(command.printed) != comparable(printed)
    ]


ADVICE = "where that is right: python -m tests.pages.typed_pages"


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.stem)
def test_a_page_prints_what_it_says(page, tmp_path, plain_variables, warm_python):
    if "$ git " in page.read_text(encoding="utf-8") and not shutil.which("git"):
        pytest.skip("there is no git")
    if "$(sqlite3 " in page.read_text(encoding="utf-8") and not shutil.which("sqlite3"):
        pytest.skip("there is no sqlite3, the command")
    type_command = typed_into(warm_python, Path(sys.executable).parent)
    found = differences(page.read_text(encoding="utf-8"), tmp_path, type_command)
    assert not found, "\n".join([f"{page.name}, {ADVICE}", *found])


@pytest.fixture(scope="session")
def wheels_only(tmp_path_factory):
    """The programs of an environment that holds the two wheels and what they need.

    It is what the tutorial's first block makes, which needs a network.
    """
    folder = tmp_path_factory.mktemp("wheels")
    return make_environment(folder / "environment", build_wheels(folder))


def test_the_tutorial_works_in_an_empty_folder_with_the_wheels_alone(
    tmp_path, plain_variables, wheels_only
):
    where = subprocess.run(
        [
            wheels_only / "python",
            "-c",
            "import pmd, pytest_pmd_migrations as plugin; print(pmd.__file__, plugin.__file__)",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert all(Path(file).is_relative_to(wheels_only.parent) for file in where), where
    warm = WarmPython(str(wheels_only / "python"))
    try:
        type_command = typed_into(warm, wheels_only)
        found = differences(TUTORIAL.read_text(encoding="utf-8"), tmp_path, type_command)
    finally:
        warm.close()
    assert not found, "\n".join([f"{TUTORIAL.name}, {ADVICE}", *found])


PAGE = """
Write `app/a.txt`:

```text
one
```

A block that is only shown, of `b.txt`.

```text
b
```

At the end of `app/a.txt`, add:

```text
two
```

```console
$ cat app/a.txt
one
$ echo three
three
```
"""


def test_a_page_is_read_as_files_and_commands():
    assert [*steps(PAGE)] == [
        File("app/a.txt", "one\n", is_added=False),
        File("app/a.txt", "two\n", is_added=True),
        Command("cat app/a.txt", "one\n"),
        Command("echo three", "three\n"),
    ]


def test_a_page_is_written_anew_where_something_else_is_printed():
    new = with_new_outputs(PAGE, in_a_shell(os.environ["PATH"]))
    assert new == PAGE.replace("$ cat app/a.txt\none\n", "$ cat app/a.txt\none\ntwo\n")


def test_what_is_printed_elsewhere_is_told(tmp_path):
    found = differences(PAGE, tmp_path, in_a_shell(os.environ["PATH"]))
    assert found == ["$ cat app/a.txt\none\ntwo\n"]
