"""Make the source of a command that ``migration_source`` names."""

from __future__ import annotations

from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.command.command_line import DATABASE, CommandLine, words
from pytest_pmd_migrations.sources.command.latest import LatestSource
from pytest_pmd_migrations.sources.command.source import CommandSource
from pytest_pmd_migrations.sources.protocol import usable_name

__all__ = ["make_source"]


def make_source(text: str, root: Path, named: str) -> object | None:
    """Return the source of ``"command: myapp migrate --to {to} --db {db}"``.

    None for the object of a module that the application calls ``command``.
    Raises SourceError where the text names no command, or where it cannot be given a database.
    """
    written = text.partition(":")[2]
    if written.isidentifier() and _has_module(root):
        return None
    command = CommandLine(words(written, named), root)
    if not any(DATABASE in word for word in command.words):
        raise SourceError(
            f"{named} does not say where the database goes; expected {{db}} in it, as in"
            ' "command: myapp migrate --to {to} --db {db}"'
        )
    name = usable_name(command.file.stem)
    kind = CommandSource if command.has_target else LatestSource
    return kind(command, name, named)


def _has_module(root: Path) -> bool:
    folders = (root, root / "src")
    return any((one / "command.py").is_file() or (one / "command").is_dir() for one in folders)
