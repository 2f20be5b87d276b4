"""The command that a setting names: its words, and what stands for a version and a database."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.command.process import Ended, run_process

__all__ = ["DATABASE", "TARGET", "CommandLine", "complaint", "words"]

TARGET, DATABASE = "{to}", "{db}"
_OF_A_SHELL = frozenset({"&&", "||", "|", ";", "&", ">", ">>", "<", "2>", "2>&1"})


@dataclass(frozen=True)
class CommandLine:
    """The words of a command, run in ``folder``; ``{to}`` and ``{db}`` stand in some of them."""

    words: Sequence[str]
    folder: Path

    @property
    def has_target(self) -> bool:
        """Whether the command can be told where to stop."""
        return any(TARGET in word for word in self.words)

    @property
    def written(self) -> str:
        """The command as it is written in a terminal, what stands for others left as it is."""
        return " ".join(self.words)

    @property
    def file(self) -> Path:
        """The first file of the project's that the command names, such as ``tools/migrate.js``.

        Else the program, as if it lay in the folder.
        """
        found = (self.folder / word for word in self.words if not word.startswith("-"))
        program = self.folder / Path(self.words[0]).name
        return next((path for path in found if path.is_file()), program)

    def run(
        self,
        database: Path,
        *,
        to: str = "",
        seconds: float = 0.0,
        stop: Callable[[], bool] | None = None,
    ) -> Ended:
        """Run it on the file ``database``, until ``stop`` says that it shall be killed.

        Raises SourceError where it cannot be started.
        """
        filled = [w.replace(TARGET, to).replace(DATABASE, str(database)) for w in self.words]
        return run_process(filled, folder=self.folder, seconds=seconds, stop=stop)


def words(text: str, named: str) -> list[str]:
    """Return the words of a command as a shell would split them.

    Raises SourceError where it has none, or is written for a shell.
    """
    try:
        found = shlex.split(text)
    except ValueError as error:
        raise SourceError(f"{named} cannot be split into words: {error}") from error
    if not found:
        raise SourceError(
            f"{named} names no command; expected one such as"
            ' "command: myapp migrate --to {to} --db {db}"'
        )
    if _OF_A_SHELL.intersection(found):
        raise SourceError(
            f"{named} is written for a shell, and started without one; expected a program and its"
            " arguments. Write it into a script, or: sh -c '...'"
        )
    return found


def complaint(ended: Ended, seconds: float) -> str:
    """Return what is wrong with how a command ended, "" where it is well."""
    if ended.code is None:
        return f"did not end within {seconds:g} s (migration_step_timeout)"
    if ended.code < 0:
        return f"was ended by signal {-ended.code}"
    return f"ended with {ended.code}" if ended.code else ""
