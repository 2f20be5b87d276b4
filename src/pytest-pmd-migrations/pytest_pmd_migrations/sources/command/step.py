"""One run of a command on a database; what it printed is the error where it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.errors import RunnerFailedError
from pytest_pmd_migrations.sources.command.command_line import CommandLine, complaint
from pytest_pmd_migrations.sources.command.process import Ended

__all__ = ["CommandStep"]

_INDENT = "  "


@dataclass(frozen=True)
class CommandStep:
    """The command on its way to the id ``to``; ``of_id`` says where that comes from, if anybody."""

    command: CommandLine
    to: str = ""
    of_id: str = ""

    def migrate(self, path: Path, *, stop: Callable[[], bool] | None = None) -> Ended:
        """Run the command on the file at ``path``; how long it may take, the step's limit says.

        It is killed as soon as ``stop`` says so, and has no code then.
        Raises RunnerFailedError, with the last lines that it printed, where it does not end well.
        """
        ended = self.command.run(path, to=self.to, stop=stop)
        wrong = complaint(ended, 0)
        if not wrong or (stop is not None and ended.code is None):
            return ended
        told = f": {ended.error}" if ended.error else ""
        others = [line for line in ended.last_lines() if line.strip() != ended.error]
        raise RunnerFailedError(f"{self._shown} {wrong}{told}", lines=(*others, *self._of_id))

    def why_elsewhere(self, ended: Ended, where: str) -> tuple[str, ...]:
        """Return what to tell of a run that ended well, but not at the id: ``where`` it stands."""
        lines = [f"{_INDENT}{line}" for line in ended.last_lines()]
        printed = "It printed:" if lines else "It printed nothing."
        return (f"{self._shown} ended with 0, and {where}. {printed}", *lines, *self._of_id)

    @property
    def _shown(self) -> str:
        return self.command.written.replace("{to}", self.to)

    @property
    def _of_id(self) -> tuple[str, ...]:
        return (self.of_id,) if self.of_id else ()
