"""Find the module in or above a folder of migrations that has the application's own runner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pytest_pmd_migrations.files.regular_file import read_regular
from pytest_pmd_migrations.sources.numbered.numbered_files import versions_folder

__all__ = ["RunnerModule", "modules_with_runner"]

_NAMED = re.compile(r"\bMigrationRunner\b")
_DEFINED = re.compile(r"^class MigrationRunner\b", re.MULTILINE)

RunnerModule = tuple[Path, str]
"""The folder from which a module is imported, and its dotted name."""


def modules_with_runner(folder: Path) -> Iterator[RunnerModule]:
    """Yield each module that may have a ``MigrationRunner`` which runs the files in ``folder``.

    It is the folder's own package, or a module in it; likewise in the folder above, where the
    files lie in its ``versions``. Modules are read as text: nothing is imported to find out.
    """
    above = folder.parent
    for place in (folder, above) if versions_folder(above) == folder else (folder,):
        yield from _in(place)


def _in(folder: Path) -> Iterator[RunnerModule]:
    root, package = _package(folder)
    if _matches(folder / "__init__.py", _NAMED):
        yield root, package
    for file in sorted(folder.glob("*.py")):
        if file.stem.isidentifier() and file.stem != "__init__" and _matches(file, _DEFINED):
            yield root, f"{package}.{file.stem}"


def _package(folder: Path) -> RunnerModule:
    """Return the dotted name of a folder as a package, and the folder that it is imported from."""
    names = [folder.name]
    above = folder.parent
    while (above / "__init__.py").is_file():
        names.append(above.name)
        above = above.parent
    return above, ".".join(reversed(names))


def _matches(file: Path, pattern: re.Pattern[str]) -> bool:
    try:
        return pattern.search(read_regular(file).decode(errors="replace")) is not None
    except OSError:
        # Not there, or not for us: the import of the source tells what matters.
        return False
