"""A shell completes the commands, and for `show` the versions and snapshots of the project."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class
from pytest_pmd_migrations.cli import main

from pmd.cli.command import main as pmd
from tests.unit.plugin.cli.conftest import COMMAND, FIRST, SECOND, Project

PMD = str(Path(sys.executable).with_name("pmd"))


def test_commands_versions_and_sources(
    stored: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stored(FIRST, SECOND)
    shutil.copy(made.snapshots / "0001.db", made.snapshots / "0001+x.db")

    def typed(words: str, place: object) -> None:
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(place))

    def in_bash(words: str) -> list[str]:
        command = words.partition(" ")[0]
        typed(words, len(words.split(" ")) - 1)
        monkeypatch.setenv(f"_{command.upper().replace('-', '_')}_COMPLETE", "bash_complete")
        run = made.python.run(PMD if command == "pmd" else COMMAND, cwd=made.path)
        assert (run.returncode, run.stderr) == (0, "")
        return run.stdout.split()

    assert in_bash("pmd se") == ["plain,search"]
    assert in_bash("pmd-migrations s") == ["plain,show", "plain,snapshot"]
    assert in_bash("pmd-migrations show ") == ["plain,0001", "plain,0001+x", "plain,0002"]
    assert in_bash("pmd-migrations show 1 2") == ["plain,0002"]
    assert in_bash("pmd-migrations check --source s") == ["plain,sql"]

    def in_shell(shell: str, words: str, place: object) -> str:
        typed(words, place)
        cli, name = (pmd, "pmd") if words.startswith("pmd ") else (main, "pmd-migrations")
        found = get_completion_class(shell)
        assert found is not None
        return found(cli, {}, name, "").complete()

    for shell, place in (("zsh", 2), ("fish", "000")):
        found = in_shell(shell, "pmd-migrations show 000", place)
        assert [name for name in ("0001", "0001+x", "0002", "0003") if name in found] == [
            "0001",
            "0001+x",
            "0002",
        ]
        assert "search" in in_shell(shell, "pmd se", 1 if shell == "zsh" else "se")

    made.write("pyproject.toml", "[tool.pytest.ini_options]\nmigration_source = 'gone'\n")
    assert in_bash("pmd-migrations show ") == []
