"""One run of a command on a database; what it printed is the error where it fails."""

from __future__ import annotations

from pathlib import Path

from pytest_pmd_migrations.errors import RunnerFailedError
from pytest_pmd_migrations.sources.command.command_line import CommandLine, complaint

__all__ = ["migrate"]


def migrate(command: CommandLine, path: Path, *, to: str = "") -> None:
    """Run the command on the file at ``path``; how long it may take, the step's own limit says.

    Raises RunnerFailedError, with the last lines that it printed, where it does not end well.
    """
    ended = command.run(path, to=to)
    wrong = complaint(ended, 0)
    if not wrong:
        return
    shown = command.written.replace("{to}", to)
    last = ended.last_lines()
    told = f": {last[-1]}" if last else ""
    raise RunnerFailedError(f"{shown} {wrong}{told}", lines=last)
