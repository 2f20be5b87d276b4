"""One run of a command on a database; what it printed is the error where it fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytest_pmd_migrations.errors import RunnerFailedError
from pytest_pmd_migrations.sources.command.command_line import CommandLine, complaint

__all__ = ["migrate"]


def migrate(
    command: CommandLine, path: Path, *, to: str = "", stop: Callable[[], bool] | None = None
) -> bool:
    """Run the command on the file at ``path``; how long it may take, the step's own limit says.

    It is killed as soon as ``stop`` says so. Returns whether it was.
    Raises RunnerFailedError, with the last lines that it printed, where it does not end well.
    """
    ended = command.run(path, to=to, stop=stop)
    if stop is not None and ended.code is None:
        return True
    wrong = complaint(ended, 0)
    if not wrong:
        return False
    shown = command.written.replace("{to}", to)
    told = f": {ended.error}" if ended.error else ""
    others = tuple(line for line in ended.last_lines() if line.strip() != ended.error)
    raise RunnerFailedError(f"{shown} {wrong}{told}", lines=others)
